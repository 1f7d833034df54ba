/*
 * screen_history.c - a number of a process over time, as a chart
 */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "view/tui/curve.h"
#include "view/tui/screens.h"

#define AXIS_WIDTH 11 /* of the sizes at the left, with the line beside them */
/* So many sizes above the lowest are written, if there are as many rows for each as this. */
#define LABELS	   4
#define LABEL_ROWS 2

/* The numbers that can be chosen, and their last values. */
static void draw_choice(const struct nm_canvas *canvas, const struct nm_trail *trail,
			enum nm_trail_number chosen)
{
	int x = 0;

	for (int i = 0; i < NM_TRAIL_COUNT; i++) {
		const enum nm_trail_number number = (enum nm_trail_number)i;
		const uint64_t last = nm_trail_last(trail, number);
		char size[32] = "-";

		if (last != NM_TRAIL_UNKNOWN)
			nm_units_words(last, size, sizeof(size));
		x += nm_canvas_format(canvas, NM_PAGE_TOP, x, canvas->columns - x,
				      number == chosen ? NM_INK_SELECTED : NM_INK_PLAIN, " %s ",
				      nm_trail_name(number));
		if (canvas->columns >= 120 || number == chosen)
			x += nm_canvas_format(canvas, NM_PAGE_TOP, x, canvas->columns - x,
					      number == chosen ? NM_INK_STRONG : NM_INK_DIM, " %s ",
					      size);
		x++;
	}
}

static void draw_size_axis(const struct nm_canvas *canvas, int y, int rows, uint64_t bottom,
			   uint64_t top)
{
	const int labels = rows > LABELS * LABEL_ROWS ? LABELS : 2;

	for (int row = 0; row < rows; row++)
		nm_canvas_text(canvas, y + row, AXIS_WIDTH - 1, 1, NM_INK_DIM,
			       nm_canvas_glyph(canvas, "│", "|"));
	for (int i = 0; i <= labels; i++) {
		const int row = (int)((double)(rows - 1) * (labels - i) / labels + 0.5);
		char size[32];

		nm_units_words(bottom + (top - bottom) / (uint64_t)labels * (uint64_t)i, size,
			       sizeof(size));
		nm_canvas_right(canvas, y + row, 0, AXIS_WIDTH - 2, NM_INK_DIM, size);
		nm_canvas_text(canvas, y + row, AXIS_WIDTH - 1, 1, NM_INK_DIM,
			       nm_canvas_glyph(canvas, "┤", "+"));
	}
}

static void draw_time_axis(const struct nm_canvas *canvas, int y, int width, uint64_t span_ms)
{
	const int marks = width >= 100 ? 4 : 2;
	char text[48], ago[32];

	nm_canvas_text(canvas, y, AXIS_WIDTH - 1, 1, NM_INK_DIM, nm_canvas_glyph(canvas, "└", "+"));
	for (int x = 0; x < width; x++)
		nm_canvas_text(canvas, y, AXIS_WIDTH + x, 1, NM_INK_DIM,
			       nm_canvas_glyph(canvas, "─", "-"));
	for (int i = 0; i < marks; i++) {
		const uint64_t back = span_ms - span_ms * (uint64_t)i / (uint64_t)marks;

		snprintf(text, sizeof(text), "%s ago",
			 nm_units_duration(back >= 10000 ? back / 1000 * 1000 : back, ago,
					   sizeof(ago)));
		nm_canvas_text(canvas, y + 1, AXIS_WIDTH + width * i / marks, width / marks - 1,
			       NM_INK_DIM, text);
		nm_canvas_text(canvas, y, AXIS_WIDTH + width * i / marks, 1, NM_INK_DIM,
			       nm_canvas_glyph(canvas, "┴", "+"));
	}
	nm_canvas_right(canvas, y + 1, AXIS_WIDTH + width - 4, 4, NM_INK_DIM, "now");
}

static void draw_chart(const struct nm_canvas *canvas, const struct nm_trail *trail,
		       const struct nm_tui_state *state)
{
	const int y = NM_PAGE_TOP + 2, rows = canvas->rows - y - 3;
	const int width = canvas->columns - AXIS_WIDTH - 1;
	const int dots = width * nm_curve_dots_across(canvas);
	const int64_t begin = trail->points[0].time_ms;
	const int64_t span = trail->points[trail->count - 1].time_ms - begin;
	uint64_t values[2 * NM_CURVE_CELLS_MAX], bottom, top;

	if (rows < 2 || width < 20 || dots > (int)(sizeof(values) / sizeof(values[0])))
		return;
	nm_trail_columns(trail, state->number, begin, (size_t)dots, values);
	if (!nm_curve_range(values, (size_t)dots, &bottom, &top)) {
		nm_canvas_text(canvas, y, AXIS_WIDTH, width, NM_INK_DIM, "not known");
		return;
	}
	if (!state->fits_curve || top == bottom) {
		bottom = 0;
		top = nm_curve_round_up(top);
	}
	draw_size_axis(canvas, y, rows, bottom, top);
	draw_time_axis(canvas, y + rows, width, (uint64_t)span);
	nm_curve_chart(canvas, y, AXIS_WIDTH, rows, width, NM_INK_CURVE, values, bottom, top);
}

void nm_screen_history(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		       struct nm_tui_state *state)
{
	const struct nm_trail *trail = model->subject.row->trail;

	state->content_lines = state->content_rows = 0;
	draw_choice(canvas, trail, state->number);
	if (trail->count < 2) {
		nm_canvas_text(canvas, NM_PAGE_TOP + 2, 0, canvas->columns, NM_INK_DIM,
			       "A curve needs two samples at least.");
		return;
	}
	draw_chart(canvas, trail, state);
}
