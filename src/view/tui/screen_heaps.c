/*
 * screen_heaps.c - the isolates of a process and the spaces of their heaps
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/units.h"
#include "model/sample.h"
#include "view/tui/screens.h"
#include "view/tui/sheet.h"

#define NAME_WIDTH  13
#define SPACE_WIDTH 26
#define BYTES_WIDTH 10
#define BAR_MAX	    60

static void draw_size(const struct nm_sheet *sheet, int y, int x, bool is_known, uint64_t bytes)
{
	char text[32] = "-";

	if (is_known)
		nm_units_words(bytes, text, sizeof(text));
	nm_canvas_right(sheet->canvas, y, sheet->x + x, BYTES_WIDTH, NM_INK_PLAIN, text);
}

static void draw_isolate(struct nm_sheet *sheet, const struct nm_isolate *isolate)
{
	const struct {
		bool is_known;
		uint64_t bytes;
	} sizes[] = {
		{(isolate->has & NM_HAS_HEAP_TOTAL) != 0, isolate->heap_total},
		{(isolate->has & NM_HAS_HEAP_USED) != 0, isolate->heap_used},
		{(isolate->has & NM_HAS_EXTERNAL) != 0, isolate->external},
		{(isolate->has & NM_HAS_ARRAY_BUFFERS) != 0, isolate->array_buffers},
		{(isolate->has & NM_HAS_HEAP_SIZE_LIMIT) != 0, isolate->heap_size_limit},
	};
	const int count = (int)(sizeof(sizes) / sizeof(sizes[0]));
	const int y = nm_sheet_next(sheet);
	char full[16] = "-";
	unsigned percent = 0;

	nm_canvas_text(sheet->canvas, y, sheet->x, NAME_WIDTH, NM_INK_STRONG, isolate->name);
	for (int i = 0; i < count; i++)
		draw_size(sheet, y, NAME_WIDTH + i * (BYTES_WIDTH + 1), sizes[i].is_known,
			  sizes[i].bytes);
	if (nm_isolate_fullness(isolate, &percent))
		snprintf(full, sizeof(full), "%u%%", percent);
	nm_canvas_right(sheet->canvas, y, sheet->x + NAME_WIDTH + count * (BYTES_WIDTH + 1), 5,
			nm_canvas_level_ink(percent), full);
	if (isolate->in_gc)
		nm_canvas_text(sheet->canvas, y,
			       sheet->x + NAME_WIDTH + count * (BYTES_WIDTH + 1) + 5, 2,
			       NM_INK_WARN, " *");
}

static void draw_isolates(struct nm_sheet *sheet, const struct nm_sample *sample)
{
	static const char *const headings[] = {"heapTotal", "heapUsed", "external", "buffers",
					       "limit"};
	const int count = (int)(sizeof(headings) / sizeof(headings[0]));
	const int y = nm_sheet_next(sheet);
	bool is_collecting = false;

	nm_canvas_text(sheet->canvas, y, sheet->x, NAME_WIDTH, NM_INK_TITLE, "isolate");
	for (int i = 0; i < count; i++)
		nm_canvas_right(sheet->canvas, y, sheet->x + NAME_WIDTH + i * (BYTES_WIDTH + 1),
				BYTES_WIDTH, NM_INK_DIM, headings[i]);
	nm_canvas_right(sheet->canvas, y, sheet->x + NAME_WIDTH + count * (BYTES_WIDTH + 1), 5,
			NM_INK_DIM, "full");
	for (unsigned i = 0; i < sample->isolate_count; i++) {
		draw_isolate(sheet, &sample->isolates[i]);
		is_collecting = is_collecting || sample->isolates[i].in_gc;
	}
	if (is_collecting)
		nm_sheet_wrap(sheet, NM_INK_DIM,
			      "* memory is being collected: not known, or as it was before");
}

static uint64_t largest_space(const struct nm_sample *sample)
{
	uint64_t largest = 0;

	for (unsigned i = 0; i < sample->isolate_count; i++)
		for (unsigned k = 0; k < sample->isolates[i].space_count; k++)
			if (sample->isolates[i].spaces[k].size > largest)
				largest = sample->isolates[i].spaces[k].size;
	return largest;
}

static void draw_space(struct nm_sheet *sheet, const struct nm_space *space, bool knows_used,
		       uint64_t scale)
{
	const int bar = SPACE_WIDTH + 2 * (BYTES_WIDTH + 1) + 1;
	const int y = nm_sheet_next(sheet);
	const uint64_t used = knows_used ? space->used : 0;
	const uint64_t parts[NM_SPLIT_COUNT] = {
		[NM_SPLIT_USED] = used,
		[NM_SPLIT_FREE] = space->size > used ? space->size - used : 0,
	};
	int width = sheet->width - bar;

	width = width < BAR_MAX ? width : BAR_MAX;
	nm_canvas_format(sheet->canvas, y, sheet->x, SPACE_WIDTH, NM_INK_PLAIN, "  %s",
			 space->name);
	draw_size(sheet, y, SPACE_WIDTH, true, space->size);
	draw_size(sheet, y, SPACE_WIDTH + BYTES_WIDTH + 1, knows_used, space->used);
	if (width > 0)
		nm_canvas_split(sheet->canvas, y, sheet->x + bar, width, parts, scale);
}

static void draw_spaces(struct nm_sheet *sheet, const struct nm_isolate *isolate, uint64_t scale)
{
	int y;

	nm_sheet_next(sheet);
	y = nm_sheet_next(sheet);
	nm_canvas_format(sheet->canvas, y, sheet->x, SPACE_WIDTH, NM_INK_TITLE, "spaces of %s",
			 isolate->name);
	nm_canvas_right(sheet->canvas, y, sheet->x + SPACE_WIDTH, BYTES_WIDTH, NM_INK_DIM, "size");
	nm_canvas_right(sheet->canvas, y, sheet->x + SPACE_WIDTH + BYTES_WIDTH + 1, BYTES_WIDTH,
			NM_INK_DIM, "used");
	if (isolate->has & NM_HAS_GC_COUNTS)
		nm_canvas_format(sheet->canvas, y,
				 sheet->x + SPACE_WIDTH + 2 * (BYTES_WIDTH + 1) + 1, sheet->width,
				 NM_INK_DIM, "%" PRIu64 " major, %" PRIu64 " minor GCs",
				 isolate->major_gcs, isolate->minor_gcs);
	for (unsigned i = 0; i < isolate->space_count; i++)
		if (isolate->spaces[i].size > 0)
			draw_space(sheet, &isolate->spaces[i],
				   (isolate->has & NM_HAS_HEAP_USED) != 0, scale);
}

void nm_screen_heaps(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		     struct nm_tui_state *state)
{
	const struct nm_roster_row *row = model->subject.row;
	const uint64_t scale = largest_space(row->sample);
	struct nm_sheet sheet = {.canvas = canvas,
				 .y = NM_PAGE_TOP,
				 .rows = canvas->rows - NM_PAGE_TOP - 1,
				 .width = canvas->columns,
				 .scroll = state->scroll};

	if (row->problem)
		nm_sheet_wrap(&sheet, NM_INK_WARN, row->problem);
	else
		draw_isolates(&sheet, row->sample);
	for (unsigned i = 0; i < row->sample->isolate_count; i++)
		draw_spaces(&sheet, &row->sample->isolates[i], scale);
	state->content_rows = sheet.rows;
	state->content_lines = sheet.lines;
}
