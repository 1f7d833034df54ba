/*
 * screen_classes.c - what fills the heap of a process, taken when the user asks for it
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/units.h"
#include "view/tui/screens.h"
#include "view/tui/sheet.h"

#define COUNT_WIDTH 12
#define BYTES_WIDTH 11
#define PART_WIDTH  7
#define BAR_WIDTH   20
/* From so many columns on, there is room for garbage, and for bars. */
#define GARBAGE_FROM 96
#define BARS_FROM    130

/* Most are of no interest, and each is a line. */
#define CLASSES_MAX 1000

uint64_t nm_tui_stop_ms(uint64_t rss)
{
	/* docs/safety.md: 0.2 ms a MiB by copy, below 50 MiB; a third of that by fork. */
	const double mib = (double)rss / (double)NM_MIB;

	return (uint64_t)(3 + mib * (mib < 50 ? 0.2 : 0.07));
}

static void draw_cell(const struct nm_sheet *sheet, int y, int x, int width, enum nm_ink ink,
		      const char *text)
{
	nm_canvas_right(sheet->canvas, y, sheet->x + x, width, ink, text);
}

/* Columns from the left edge to the name. */
static int width_before_name(const struct nm_sheet *sheet)
{
	return COUNT_WIDTH + BYTES_WIDTH + PART_WIDTH + 1 +
	       (sheet->width >= GARBAGE_FROM ? BYTES_WIDTH : 0) +
	       (sheet->width >= BARS_FROM ? BAR_WIDTH + 1 : 0);
}

static void draw_headings(struct nm_sheet *sheet)
{
	const int y = nm_sheet_next(sheet);

	draw_cell(sheet, y, 0, COUNT_WIDTH, NM_INK_DIM, "objects");
	draw_cell(sheet, y, COUNT_WIDTH, BYTES_WIDTH, NM_INK_DIM, "size");
	draw_cell(sheet, y, COUNT_WIDTH + BYTES_WIDTH, PART_WIDTH, NM_INK_DIM, "of all");
	if (sheet->width >= GARBAGE_FROM)
		draw_cell(sheet, y, COUNT_WIDTH + BYTES_WIDTH + PART_WIDTH, BYTES_WIDTH, NM_INK_DIM,
			  "garbage");
	nm_canvas_text(sheet->canvas, y, sheet->x + width_before_name(sheet), 10, NM_INK_DIM,
		       "class");
}

static void draw_class(struct nm_sheet *sheet, const struct nm_classes *classes,
		       const struct nm_class *one)
{
	const int y = nm_sheet_next(sheet), before = width_before_name(sheet);
	const double part =
		classes->live_bytes ? (double)one->bytes / (double)classes->live_bytes : 0;
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, one->count);
	draw_cell(sheet, y, 0, COUNT_WIDTH, NM_INK_PLAIN, text);
	draw_cell(sheet, y, COUNT_WIDTH, BYTES_WIDTH, NM_INK_PLAIN,
		  nm_units_words(one->bytes, text, sizeof(text)));
	snprintf(text, sizeof(text), "%.1f%%", 100 * part);
	draw_cell(sheet, y, COUNT_WIDTH + BYTES_WIDTH, PART_WIDTH, NM_INK_PLAIN, text);
	if (sheet->width >= GARBAGE_FROM)
		draw_cell(sheet, y, COUNT_WIDTH + BYTES_WIDTH + PART_WIDTH, BYTES_WIDTH, NM_INK_DIM,
			  one->garbage_bytes
				  ? nm_units_words(one->garbage_bytes, text, sizeof(text))
				  : "-");
	if (sheet->width >= BARS_FROM)
		nm_canvas_meter(sheet->canvas, y, sheet->x + before - BAR_WIDTH - 1, BAR_WIDTH,
				part, NM_INK_USED);
	nm_canvas_text(sheet->canvas, y, sheet->x + before, sheet->width - before, NM_INK_STRONG,
		       one->name);
}

static void draw_cost(struct nm_sheet *sheet, const struct nm_tui_model *model)
{
	const struct nm_classes *classes = model->subject.classes;
	const int64_t age_ms = model->now_ms - model->subject.classes_ms;
	char live[32], garbage[32], ago[32], text[400];

	snprintf(text, sizeof(text),
		 "%s in %" PRIu64 " live objects of %zu classes, and %s of garbage. Taken %s ago "
		 "by %s; the process was stopped for %.1f ms.",
		 nm_units_words(classes->live_bytes, live, sizeof(live)), classes->live_count,
		 classes->count, nm_units_words(classes->garbage_bytes, garbage, sizeof(garbage)),
		 nm_units_duration(age_ms > 0 ? (uint64_t)age_ms / 1000 * 1000 : 0, ago,
				   sizeof(ago)),
		 nm_via_name(classes->via), (double)classes->stopped_us / 1000);
	nm_sheet_wrap(sheet, NM_INK_PLAIN, text);
}

static void draw_invitation(struct nm_sheet *sheet, const struct nm_roster_row *row)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "No histogram of this process was taken yet. It tells what fills the heap: the "
		 "objects by class, live ones and garbage. To take it, process %d is stopped for "
		 "about %" PRIu64 " ms.",
		 (int)row->info->pid, nm_tui_stop_ms(row->sample->rss));
	nm_sheet_wrap(sheet, NM_INK_PLAIN, text);
	nm_sheet_next(sheet);
	nm_sheet_wrap(sheet, NM_INK_STRONG, "Press h to take one.");
}

void nm_screen_classes(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		       struct nm_tui_state *state)
{
	const struct nm_tui_subject *subject = &model->subject;
	struct nm_sheet sheet = {.canvas = canvas,
				 .y = NM_PAGE_TOP,
				 .rows = canvas->rows - NM_PAGE_TOP - 1,
				 .width = canvas->columns,
				 .scroll = state->scroll};

	if (subject->is_taking)
		nm_sheet_wrap(&sheet, NM_INK_WARN, "A histogram is being taken ...");
	else if (subject->classes_problem)
		nm_sheet_wrap(&sheet, NM_INK_BAD, subject->classes_problem);
	else if (!subject->classes && subject->has_ended)
		nm_sheet_wrap(&sheet, NM_INK_PLAIN,
			      "The process has ended, and no histogram of it was taken.");
	else if (!subject->classes && subject->row->problem)
		nm_sheet_wrap(&sheet, NM_INK_WARN, subject->row->problem);
	else if (!subject->classes)
		draw_invitation(&sheet, subject->row);
	if (subject->classes) {
		draw_cost(&sheet, model);
		nm_sheet_next(&sheet);
		draw_headings(&sheet);
		for (size_t i = 0; i < subject->classes->count && i < CLASSES_MAX; i++)
			draw_class(&sheet, subject->classes, &subject->classes->items[i]);
	}
	state->content_rows = sheet.rows;
	state->content_lines = sheet.lines;
}
