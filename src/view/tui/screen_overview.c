/*
 * screen_overview.c - the numbers of a process, its limits, its forecast and its ledger
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "model/ledger.h"
#include "view/tui/screens.h"
#include "view/tui/sheet.h"

#define NAME_WIDTH  15
#define BYTES_WIDTH 10
#define SCOPE_WIDTH 14
#define BAR_MAX	    40

/* From here on the ledger stands beside the rest. */
#define TWO_SHEETS_FROM 150
#define GAP		3

#define TEXT_MAX 2000

static void draw_size(const struct nm_sheet *sheet, int y, int x, bool is_known, uint64_t bytes)
{
	char text[32] = "-";

	if (is_known)
		nm_units_words(bytes, text, sizeof(text));
	nm_canvas_right(sheet->canvas, y, sheet->x + x, BYTES_WIDTH, NM_INK_PLAIN, text);
}

static int bar_width(const struct nm_sheet *sheet, int x)
{
	const int width = sheet->width - x;

	return width < BAR_MAX ? width : BAR_MAX;
}

/* A row for each number, all with bars of one scale. */
static void draw_numbers(struct nm_sheet *sheet, const struct nm_sample *sample)
{
	const struct nm_canvas *canvas = sheet->canvas;
	const int bar = NAME_WIDTH + BYTES_WIDTH + 2;
	uint64_t values[NM_TRAIL_COUNT], parts[NM_SPLIT_COUNT], scale = 0;
	bool is_known[NM_TRAIL_COUNT];

	for (int i = 0; i < NM_TRAIL_COUNT; i++) {
		values[i] = 0;
		is_known[i] = nm_trail_sum(sample, (enum nm_trail_number)i, &values[i]);
		scale = values[i] > scale ? values[i] : scale;
	}
	nm_split_rss(sample, parts);
	for (int i = 0; i < NM_TRAIL_COUNT; i++) {
		static const enum nm_split_part looks[] = {NM_SPLIT_OTHER, NM_SPLIT_FREE,
							   NM_SPLIT_USED, NM_SPLIT_OTHER,
							   NM_SPLIT_BUFFERS};
		const int y = nm_sheet_next(sheet);
		uint64_t own[NM_SPLIT_COUNT] = {0};

		nm_canvas_text(canvas, y, sheet->x, NAME_WIDTH, NM_INK_STRONG,
			       nm_trail_name((enum nm_trail_number)i));
		draw_size(sheet, y, NAME_WIDTH, is_known[i], values[i]);
		own[looks[i]] = values[i];
		nm_canvas_split(canvas, y, sheet->x + bar, bar_width(sheet, bar),
				i == NM_TRAIL_RSS ? parts : own, scale);
	}
	if (sample->isolate_count > 1) {
		const int y = nm_sheet_next(sheet);

		nm_canvas_format(canvas, y, sheet->x, sheet->width, NM_INK_DIM,
				 "all but rss: of its %u isolates together", sample->isolate_count);
	}
}

static bool is_shown(const struct nm_limit *limit)
{
	return (limit->has & NM_LIMIT_HAS_LIMIT) != 0 &&
	       (limit->kind != NM_LIMIT_MACHINE_SWAP || limit->limit > 0);
}

/* The end of a path tells groups apart: what does not fit is cut in front. */
static void draw_scope(const struct nm_sheet *sheet, int y, int x, const char *scope)
{
	const size_t length = strlen(scope);

	if (length > SCOPE_WIDTH)
		nm_canvas_format(sheet->canvas, y, sheet->x + x, SCOPE_WIDTH, NM_INK_PLAIN, "...%s",
				 scope + length - SCOPE_WIDTH + 3);
	else
		nm_canvas_text(sheet->canvas, y, sheet->x + x, SCOPE_WIDTH, NM_INK_PLAIN, scope);
}

static void draw_limit(struct nm_sheet *sheet, const struct nm_limit *limit, bool is_first)
{
	const unsigned both = NM_LIMIT_HAS_USED | NM_LIMIT_HAS_LIMIT;
	const int sizes = NAME_WIDTH + SCOPE_WIDTH + 1;
	const int bar = sizes + 2 * (BYTES_WIDTH + 1) + 1;
	const int y = nm_sheet_next(sheet);

	nm_canvas_text(sheet->canvas, y, sheet->x, NAME_WIDTH,
		       is_first ? NM_INK_WARN : NM_INK_STRONG, nm_limit_name(limit->kind));
	draw_scope(sheet, y, NAME_WIDTH, limit->scope);
	draw_size(sheet, y, sizes, true, limit->limit);
	draw_size(sheet, y, sizes + BYTES_WIDTH + 1, (limit->has & NM_LIMIT_HAS_HEADROOM) != 0,
		  limit->headroom);
	if ((limit->has & both) == both && limit->limit > 0)
		nm_canvas_meter(sheet->canvas, y, sheet->x + bar, bar_width(sheet, bar) - 8,
				(double)limit->used / (double)limit->limit, NM_INK_PLAIN);
	if (is_first)
		nm_canvas_text(sheet->canvas, y, sheet->x + bar + bar_width(sheet, bar) - 7, 7,
			       NM_INK_WARN, "<-first");
}

static void draw_limits(struct nm_sheet *sheet, const struct nm_limits *limits)
{
	const int sizes = NAME_WIDTH + SCOPE_WIDTH + 1;
	int y;

	nm_sheet_next(sheet);
	y = nm_sheet_next(sheet);
	nm_canvas_text(sheet->canvas, y, sheet->x, sheet->width, NM_INK_TITLE, "limits");
	if (!limits) {
		y = nm_sheet_next(sheet);
		nm_canvas_text(sheet->canvas, y, sheet->x, sheet->width, NM_INK_DIM, "not known");
		return;
	}
	nm_canvas_right(sheet->canvas, y, sheet->x + sizes, BYTES_WIDTH, NM_INK_DIM, "limit");
	nm_canvas_right(sheet->canvas, y, sheet->x + sizes + BYTES_WIDTH + 1, BYTES_WIDTH,
			NM_INK_DIM, "left");
	for (size_t i = 0; i < limits->count; i++)
		if (is_shown(&limits->items[i]))
			draw_limit(sheet, &limits->items[i], i == limits->first);
}

static void draw_forecast(struct nm_sheet *sheet, const struct nm_forecast *forecast)
{
	struct nm_strbuf text;

	if (!forecast)
		return;
	nm_strbuf_init(&text, TEXT_MAX);
	nm_forecast_say(forecast, &text);
	nm_sheet_next(sheet);
	nm_sheet_title(sheet, "forecast");
	nm_sheet_wrap(sheet, forecast->reason == NM_FORECAST_OK ? NM_INK_WARN : NM_INK_PLAIN,
		      nm_strbuf_get(&text));
	nm_strbuf_done(&text);
}

/* ---- the ledger ---------------------------------------------------------------------------- */

static int largest_first(const void *a, const void *b)
{
	const struct nm_part *left = a, *right = b;

	if (left->rss != right->rss)
		return left->rss > right->rss ? -1 : 1;
	return (int)left->group - (int)right->group;
}

static const struct nm_part *find_largest(const struct nm_ledger *ledger, enum nm_group group)
{
	const struct nm_part *largest = NULL;

	for (size_t i = 0; i < ledger->part_count; i++)
		if (ledger->parts[i].group == group &&
		    (!largest || ledger->parts[i].rss > largest->rss))
			largest = &ledger->parts[i];
	return largest;
}

static void draw_group(struct nm_sheet *sheet, const struct nm_ledger *ledger,
		       const struct nm_part *group)
{
	const struct nm_part *largest = find_largest(ledger, group->group);
	const double part = ledger->rss ? (double)group->rss / (double)ledger->rss : 0;
	const int y = nm_sheet_next(sheet), x = NAME_WIDTH + BYTES_WIDTH;
	char size[32];

	nm_canvas_text(sheet->canvas, y, sheet->x, NAME_WIDTH, NM_INK_STRONG,
		       nm_group_name(group->group));
	draw_size(sheet, y, NAME_WIDTH, true, group->rss);
	nm_canvas_format(sheet->canvas, y, sheet->x + x, 8, NM_INK_PLAIN, " %5.1f%%", 100 * part);
	if (largest)
		nm_canvas_format(sheet->canvas, y, sheet->x + x + 9, sheet->width - x - 9,
				 NM_INK_DIM, "%s of it %s",
				 nm_units_words(largest->rss, size, sizeof(size)), largest->name);
}

static void draw_ledger(struct nm_sheet *sheet, const struct nm_tui_model *model)
{
	const struct nm_tui_subject *subject = &model->subject;
	const struct nm_ledger *ledger = subject->ledger;
	struct nm_part groups[NM_GROUP_COUNT];
	char ago[32], title[100];
	int64_t age_ms;

	if (!ledger) {
		nm_sheet_title(sheet, "rss is");
		nm_sheet_wrap(sheet, NM_INK_DIM,
			      subject->ledger_problem ? subject->ledger_problem : "being read ...");
		return;
	}
	age_ms = model->now_ms - subject->ledger_ms;
	nm_units_duration(age_ms > 0 ? (uint64_t)age_ms / 1000 * 1000 : 0, ago, sizeof(ago));
	snprintf(title, sizeof(title), "rss is (read %s%s)", age_ms < 1000 ? "just now" : ago,
		 age_ms < 1000 ? "" : " ago");
	nm_sheet_title(sheet, title);
	for (int i = 0; i < NM_GROUP_COUNT; i++)
		groups[i] = nm_ledger_group(ledger, (enum nm_group)i);
	qsort(groups, NM_GROUP_COUNT, sizeof(groups[0]), largest_first);
	for (int i = 0; i < NM_GROUP_COUNT && groups[i].rss > 0; i++)
		draw_group(sheet, ledger, &groups[i]);
}

void nm_screen_overview(const struct nm_canvas *canvas, const struct nm_tui_model *model,
			struct nm_tui_state *state)
{
	const struct nm_roster_row *row = model->subject.row;
	const bool is_wide = canvas->columns >= TWO_SHEETS_FROM;
	struct nm_sheet sheet = {.canvas = canvas,
				 .y = NM_PAGE_TOP,
				 .rows = canvas->rows - NM_PAGE_TOP - 1,
				 .width = canvas->columns,
				 .scroll = state->scroll};
	struct nm_sheet beside;

	if (is_wide)
		sheet.width = (canvas->columns - GAP) / 2;
	beside = sheet;
	beside.x = sheet.width + GAP;
	beside.width = canvas->columns - beside.x;
	if (row->problem)
		nm_sheet_wrap(&sheet, NM_INK_WARN, row->problem);
	else
		draw_numbers(&sheet, row->sample);
	draw_limits(&sheet, model->subject.limits);
	draw_forecast(&sheet, row->forecast);
	if (!is_wide)
		nm_sheet_next(&sheet);
	draw_ledger(is_wide ? &beside : &sheet, model);
	state->content_rows = sheet.rows;
	state->content_lines = is_wide && beside.lines > sheet.lines ? beside.lines : sheet.lines;
}
