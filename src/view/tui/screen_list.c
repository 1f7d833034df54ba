/*
 * screen_list.c - every process in a row
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "view/tui/curve.h"
#include "view/tui/screens.h"
#include "view/tui/words.h"

#define RAILS_MAX 12 /* columns that the tree may take of a name */

#define SOON_MS	   (UINT64_C(10) * 60 * 1000)
#define WARNING_MS (UINT64_C(60) * 60 * 1000)

/* What a row is drawn with. */
struct scene {
	const struct nm_canvas *canvas;
	const struct nm_tui_model *model;
	const struct nm_tui_state *state;
	uint64_t scale; /* rss of the longest bar */
	const struct nm_roster_row *row;
	const struct nm_roster_line *line;
	int y;
};

struct column {
	const char *heading;
	int width;
	int most;		/* it may grow up to this */
	unsigned share;		/* how much of what is left over it gets */
	int from;		/* shown from so many columns of the terminal on */
	enum nm_roster_key key; /* what a click on it sorts by; NM_ROSTER_COUNT for nothing */
	bool is_left;
	void (*draw)(const struct scene *scene, int x, int width);
};

static void draw_pid(const struct scene *scene, int x, int width)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)scene->row->info->pid);
	nm_canvas_right(scene->canvas, scene->y, x, width, NM_INK_PLAIN, text);
}

/* "|  `- " in front of a name, as deep as it is in the tree. Returns how many columns it took. */
static int draw_rails(const struct scene *scene, int x)
{
	const struct nm_canvas *canvas = scene->canvas;
	const unsigned depth = scene->line->depth;
	int used = 0;

	for (unsigned i = 1; i <= depth && used < RAILS_MAX; i++) {
		const bool goes_on = (scene->line->rails >> i & 1) != 0;
		const char *glyph;

		if (i < depth)
			glyph = goes_on ? nm_canvas_glyph(canvas, "│ ", "| ") : "  ";
		else
			glyph = goes_on ? nm_canvas_glyph(canvas, "├ ", "|-")
					: nm_canvas_glyph(canvas, "└ ", "`-");
		used += nm_canvas_text(canvas, scene->y, x + used, 2, NM_INK_DIM, glyph);
	}
	return used;
}

static void draw_name(const struct scene *scene, int x, int width)
{
	const int used = scene->state->order.is_tree ? draw_rails(scene, x) : 0;

	nm_canvas_text(scene->canvas, scene->y, x + used, width - used, NM_INK_STRONG,
		       scene->row->name);
}

static void draw_node(const struct scene *scene, int x, int width)
{
	nm_canvas_text(scene->canvas, scene->y, x, width, NM_INK_PLAIN,
		       scene->row->info->node[0] ? scene->row->info->node : "-");
}

static void draw_size(const struct scene *scene, int x, int width, bool is_known, uint64_t bytes)
{
	char text[32] = "-";

	if (is_known)
		nm_words_size(bytes, text, sizeof(text));
	nm_canvas_right(scene->canvas, scene->y, x, width, NM_INK_PLAIN, text);
}

static void draw_number(const struct scene *scene, int x, int width, enum nm_trail_number number)
{
	uint64_t bytes = 0;
	const bool is_known = nm_trail_sum(scene->row->sample, number, &bytes);

	draw_size(scene, x, width, is_known, bytes);
}

static void draw_rss(const struct scene *scene, int x, int width)
{
	draw_number(scene, x, width, NM_TRAIL_RSS);
}

static void draw_bar(const struct scene *scene, int x, int width)
{
	uint64_t parts[NM_SPLIT_COUNT];

	nm_split_rss(scene->row->sample, parts);
	nm_canvas_split(scene->canvas, scene->y, x, width, parts, scene->scale);
}

static void draw_heap(const struct scene *scene, int x, int width)
{
	draw_number(scene, x, width, NM_TRAIL_HEAP_USED);
}

static void draw_buffers(const struct scene *scene, int x, int width)
{
	draw_number(scene, x, width, NM_TRAIL_ARRAY_BUFFERS);
}

static void draw_limit(const struct scene *scene, int x, int width)
{
	const struct nm_isolate *fullest = nm_roster_fullest(scene->row);

	draw_size(scene, x, width, fullest != NULL, fullest ? fullest->heap_size_limit : 0);
}

static void draw_full(const struct scene *scene, int x, int width)
{
	char text[16] = "-";
	unsigned percent = 0;

	if (nm_roster_fullness(scene->row, &percent))
		snprintf(text, sizeof(text), "%u%%", percent < 999 ? percent : 999);
	nm_canvas_right(scene->canvas, scene->y, x, width,
			text[0] == '-' ? NM_INK_PLAIN : nm_canvas_level_ink(percent), text);
}

/* Where it goes, if that can be said. */
static const char *trend_of(const struct scene *scene)
{
	const struct nm_canvas *canvas = scene->canvas;

	if (!scene->row->forecast)
		return " ";
	switch (scene->row->forecast->reason) {
	case NM_FORECAST_OK:
	case NM_FORECAST_SLOWING:
	case NM_FORECAST_TOO_FAR:
		return nm_canvas_glyph(canvas, "↗", "^");
	case NM_FORECAST_NO_TREND:
		return nm_canvas_glyph(canvas, "→", ">");
	case NM_FORECAST_SHRINKING:
		return nm_canvas_glyph(canvas, "↘", "v");
	default:
		return nm_canvas_glyph(canvas, "·", ".");
	}
}

static void draw_time(const struct scene *scene, int x, int width)
{
	const struct nm_forecast *forecast = scene->row->forecast;
	enum nm_ink ink = NM_INK_PLAIN;
	char text[32] = "-";

	if (forecast && forecast->reason == NM_FORECAST_OK) {
		nm_words_time(forecast->eta_ms, text, sizeof(text));
		ink = forecast->eta_ms < SOON_MS      ? NM_INK_BAD
		      : forecast->eta_ms < WARNING_MS ? NM_INK_WARN
						      : NM_INK_PLAIN;
	}
	nm_canvas_text(scene->canvas, scene->y, x, 1, ink, trend_of(scene));
	nm_canvas_right(scene->canvas, scene->y, x + 2, width - 2, ink, text);
}

static void draw_history(const struct scene *scene, int x, int width)
{
	uint64_t values[NM_CURVE_CELLS_MAX];
	const struct nm_trail *trail = scene->row->trail;
	int64_t from_ms;

	if (!trail || trail->count == 0)
		return;
	/* All of it; while that is less than a column an interval, what there is stands at the right. */
	from_ms = trail->points[trail->count - 1].time_ms -
		  (int64_t)scene->model->interval_ms * (width - 1);
	if (trail->points[0].time_ms < from_ms)
		from_ms = trail->points[0].time_ms;
	nm_trail_columns(trail, NM_TRAIL_RSS, from_ms, (size_t)width, values);
	nm_curve_spark(scene->canvas, scene->y, x, width, NM_INK_CURVE, values);
}

static void draw_age(const struct scene *scene, int x, int width)
{
	char text[32] = "-";

	if (scene->row->sample->has & NM_HAS_UPTIME)
		nm_words_time(scene->row->sample->uptime_ms, text, sizeof(text));
	nm_canvas_right(scene->canvas, scene->y, x, width, NM_INK_PLAIN, text);
}

static void draw_command(const struct scene *scene, int x, int width)
{
	nm_canvas_text(scene->canvas, scene->y, x, width, NM_INK_DIM, scene->row->info->command);
}

/* What there is room for, from the left. A problem is told in place of what follows NODE and RSS. */
static const struct column columns[] = {
	{"PID", 7, 7, 0, 0, NM_ROSTER_PID, false, draw_pid},
	{"NAME", 12, 30, 2, 0, NM_ROSTER_NAME, true, draw_name},
	{"NODE", 8, 8, 0, 0, NM_ROSTER_COUNT, true, draw_node},
	{"RSS", 5, 5, 0, 0, NM_ROSTER_RSS, false, draw_rss},
	{"RSS IS", 10, 44, 4, 0, NM_ROSTER_RSS, true, draw_bar},
	{"BUFS", 5, 5, 0, 100, NM_ROSTER_BUFFERS, false, draw_buffers},
	{"HEAP", 5, 5, 0, 0, NM_ROSTER_HEAP, false, draw_heap},
	{"LIMIT", 5, 5, 0, 90, NM_ROSTER_COUNT, false, draw_limit},
	{"FULL", 4, 4, 0, 0, NM_ROSTER_FULL, false, draw_full},
	{"TO LIMIT", 8, 8, 0, 0, NM_ROSTER_TIME, false, draw_time},
	{"HISTORY", 10, 40, 3, 0, NM_ROSTER_COUNT, true, draw_history},
	{"AGE", 6, 6, 0, 130, NM_ROSTER_AGE, false, draw_age},
	{"COMMAND", 20, 300, 1, 150, NM_ROSTER_COUNT, true, draw_command},
};

#define COLUMN_COUNT   (sizeof(columns) / sizeof(columns[0]))
#define PROBLEM_COLUMN 4

struct place {
	int x, width; /* 0: not shown */
};

/* Where each column is on a terminal of that width. */
static void lay_out(int width, struct place out[COLUMN_COUNT])
{
	int left = width, x = 0;
	unsigned shares = 0;

	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		out[i].width = width >= columns[i].from ? columns[i].width : 0;
		if (out[i].width == 0)
			continue;
		left -= out[i].width + (i > 0);
		shares += columns[i].share;
	}
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		int more;

		if (out[i].width == 0 || columns[i].share == 0 || left <= 0)
			continue;
		/* The last one that can grow gets the rest. */
		more = left * (int)columns[i].share / (int)shares;
		if (more > columns[i].most - columns[i].width)
			more = columns[i].most - columns[i].width;
		out[i].width += more;
		left -= more;
		shares -= columns[i].share;
	}
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		out[i].x = x;
		if (out[i].width > 0)
			x += out[i].width + 1;
	}
}

bool nm_list_key_at(int width, int x, enum nm_roster_key *out)
{
	struct place places[COLUMN_COUNT];

	lay_out(width, places);
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		if (places[i].width > 0 && x >= places[i].x && x <= places[i].x + places[i].width &&
		    columns[i].key != NM_ROSTER_COUNT) {
			*out = columns[i].key;
			return true;
		}
	return false;
}

/* ---- above the rows ------------------------------------------------------------------------ */

static void draw_title(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		       const struct nm_tui_state *state)
{
	size_t unreadable = 0;
	int x;

	for (size_t i = 0; i < model->count; i++)
		unreadable += model->rows[i].problem != NULL;
	x = nm_canvas_text(canvas, 0, 0, canvas->columns, NM_INK_TITLE, "nodemem top");
	x += nm_canvas_format(canvas, 0, x, canvas->columns - x, NM_INK_PLAIN,
			      "  %zu Node.js process%s", model->count,
			      model->count == 1 ? "" : "es");
	if (unreadable > 0)
		x += nm_canvas_format(canvas, 0, x, canvas->columns - x, NM_INK_WARN,
				      ", %zu unreadable", unreadable);
	if (state->order.filter[0])
		x += nm_canvas_format(canvas, 0, x, canvas->columns - x, NM_INK_WARN,
				      ", %zu with '%s'", state->line_count, state->order.filter);
	if (model->hidden > 0)
		nm_canvas_format(canvas, 0, x, canvas->columns - x, NM_INK_DIM,
				 "; %zu other%s may not be looked at", model->hidden,
				 model->hidden == 1 ? "" : "s");
}

static void draw_machine(const struct nm_canvas *canvas, const struct nm_tui_model *model)
{
	const struct nm_system *system = model->system;
	char used[32], total[32], text[80];
	uint64_t limit, taken;

	if (!system)
		return;
	limit = system->totalmem;
	taken = limit > system->freemem ? limit - system->freemem : 0;
	nm_canvas_text(canvas, 1, 0, 8, NM_INK_PLAIN, "Machine");
	nm_canvas_meter(canvas, 1, 9, 24, limit ? (double)taken / (double)limit : 0, NM_INK_PLAIN);
	snprintf(text, sizeof(text), " %s of %s", nm_words_size(taken, used, sizeof(used)),
		 nm_words_size(limit, total, sizeof(total)));
	nm_canvas_text(canvas, 1, 33, canvas->columns - 33, NM_INK_PLAIN, text);
	if (!(system->has & NM_HAS_SWAP))
		return;
	if (system->swap_total == 0) {
		nm_canvas_text(canvas, 1, 52, 20, NM_INK_DIM, "no swap");
		return;
	}
	taken = system->swap_total - system->swap_free;
	nm_canvas_format(canvas, 1, 52, canvas->columns - 52, NM_INK_PLAIN, "swap %s of %s",
			 nm_words_size(taken, used, sizeof(used)),
			 nm_words_size(system->swap_total, total, sizeof(total)));
}

/* The sums of all rows, and what the characters of the bars stand for. */
static void draw_sums(const struct nm_canvas *canvas, const struct nm_tui_model *model)
{
	static const char *const names[] = {"heap used", "free", "buffers", "other"};
	uint64_t sums[NM_SPLIT_COUNT] = {0}, parts[NM_SPLIT_COUNT], total = 0;
	char size[32];
	int x = 9;

	for (size_t i = 0; i < model->count; i++) {
		nm_split_rss(model->rows[i].sample, parts);
		for (int k = 0; k < NM_SPLIT_COUNT; k++) {
			sums[k] += parts[k];
			total += parts[k];
		}
	}
	nm_canvas_text(canvas, 2, 0, 8, NM_INK_PLAIN, "Node.js");
	x += nm_canvas_format(canvas, 2, x, canvas->columns - x, NM_INK_STRONG, "%s",
			      nm_words_size(total, size, sizeof(size)));
	x += nm_canvas_text(canvas, 2, x, canvas->columns - x, NM_INK_PLAIN, " rss =");
	for (int k = 0; k < NM_SPLIT_COUNT; k++) {
		const enum nm_split_part part = (enum nm_split_part)k;

		x += nm_canvas_format(canvas, 2, x, canvas->columns - x, nm_canvas_part_ink(part),
				      " %s", nm_canvas_part_glyph(canvas, part));
		x += nm_canvas_format(canvas, 2, x, canvas->columns - x, NM_INK_PLAIN, " %s %s",
				      nm_words_size(sums[k], size, sizeof(size)), names[k]);
	}
}

static void draw_headings(const struct nm_canvas *canvas, const struct place *places,
			  const struct nm_roster_order *order)
{
	nm_canvas_fill(canvas, NM_LIST_HEADING, 0, canvas->columns, NM_INK_HEADING);
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		const bool is_sorted = columns[i].key == order->key;
		const enum nm_ink ink = is_sorted ? NM_INK_SORTED : NM_INK_HEADING;

		if (places[i].width == 0)
			continue;
		if (is_sorted)
			nm_canvas_fill(canvas, NM_LIST_HEADING, places[i].x, places[i].width, ink);
		if (columns[i].is_left)
			nm_canvas_text(canvas, NM_LIST_HEADING, places[i].x, places[i].width, ink,
				       columns[i].heading);
		else
			nm_canvas_right(canvas, NM_LIST_HEADING, places[i].x, places[i].width, ink,
					columns[i].heading);
	}
}

/* ---- the rows ------------------------------------------------------------------------------ */

static void draw_row(const struct scene *scene, const struct place *places)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		if (places[i].width == 0)
			continue;
		if (scene->row->problem && i == PROBLEM_COLUMN) {
			nm_canvas_text(scene->canvas, scene->y, places[i].x,
				       scene->canvas->columns - places[i].x, NM_INK_WARN,
				       scene->row->problem);
			break;
		}
		columns[i].draw(scene, places[i].x, places[i].width);
	}
	if (scene->row->info->pid == scene->state->selected)
		nm_canvas_restyle(scene->canvas, scene->y, 0, scene->canvas->columns,
				  NM_INK_SELECTED);
}

static uint64_t find_scale(const struct nm_tui_model *model)
{
	uint64_t scale = 0;

	for (size_t i = 0; i < model->count; i++)
		if (model->rows[i].sample->rss > scale)
			scale = model->rows[i].sample->rss;
	return scale;
}

static void draw_emptiness(const struct nm_canvas *canvas, const struct nm_tui_model *model,
			   const struct nm_tui_state *state)
{
	const int y = NM_LIST_HEADING + 2;

	if (model->is_looking)
		nm_canvas_text(canvas, y, 2, canvas->columns - 2, NM_INK_DIM,
			       "Looking for Node.js processes ...");
	else if (model->count == 0)
		nm_canvas_text(canvas, y, 2, canvas->columns - 2, NM_INK_PLAIN,
			       "No Node.js process is running. One that starts will appear here.");
	else
		nm_canvas_format(canvas, y, 2, canvas->columns - 2, NM_INK_PLAIN,
				 "No process has '%s' in its row. F4 changes the filter.",
				 state->order.filter);
}

void nm_screen_list(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		    struct nm_tui_state *state)
{
	const int rows = canvas->rows - NM_LIST_HEADING - 2;
	struct scene scene = {.canvas = canvas, .model = model, .state = state};
	struct place places[COLUMN_COUNT];

	lay_out(canvas->columns, places);
	draw_title(canvas, model, state);
	draw_machine(canvas, model);
	draw_sums(canvas, model);
	draw_headings(canvas, places, &state->order);
	state->list_rows = rows > 0 ? rows : 1;
	if (state->index < state->top)
		state->top = state->index;
	if (state->index >= state->top + (size_t)state->list_rows)
		state->top = state->index - (size_t)state->list_rows + 1;
	if (state->top + (size_t)state->list_rows > state->line_count)
		state->top = state->line_count > (size_t)state->list_rows
				     ? state->line_count - (size_t)state->list_rows
				     : 0;
	if (state->line_count == 0)
		draw_emptiness(canvas, model, state);
	scene.scale = find_scale(model);
	for (int i = 0; i < state->list_rows && state->top + (size_t)i < state->line_count; i++) {
		scene.line = &state->lines[state->top + (size_t)i];
		scene.row = &model->rows[scene.line->row];
		scene.y = NM_LIST_HEADING + 1 + i;
		draw_row(&scene, places);
	}
}
