/*
 * screens.c - draws the screens of `top` from a planted model, into a window of its own, and prints them
 *
 *	top-screens PAGE COLUMNSxROWS [KEY...]
 *
 * PAGE is list, overview, heaps, classes, history or help; the keys come after it is opened. The locale and NO_COLOR
 * count as for `top`. Colours are not printed: the tests of the terminal look at those.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/heap/classes.h"
#include "model/ledger.h"
#include "model/limits.h"
#include "model/sample.h"
#include "view/tui/tui.h"

#define MIB    (UINT64_C(1) << 20)
#define BEGIN  INT64_C(1700000000000)
#define PASSED 120 /* seconds of history */
#define COUNT  5

struct planted {
	struct nm_target_info infos[COUNT];
	struct nm_sample samples[COUNT];
	struct nm_forecast forecasts[COUNT];
	struct nm_trail trails[COUNT];
	struct nm_roster_row rows[COUNT];
	struct nm_system system;
	struct nm_limits limits;
	struct nm_ledger ledger;
	struct nm_classes classes;
	struct nm_tui_state state;
};

static const struct {
	pid_t pid, parent;
	const char *name, *node;
	uint64_t rss, total, used, buffers, limit; /* MiB */
} plan[COUNT] = {
	{4121, 0, "server.js", "v22.23.3", 812, 480, 402, 96, 1024},
	{4180, 4121, "worker.js", "v22.23.3", 164, 70, 41, 24, 4144},
	{4181, 4121, "worker.js", "v22.23.3", 140, 66, 60, 2, 4144},
	{977, 0, "agent", "v18.20.8", 58, 9, 7, 0, 2096},
	{12345, 0, "\343\203\227.js", "", 230, 0, 0, 0, 0},
};

static void plant_sample(struct nm_sample *sample, size_t index, uint64_t share)
{
	struct nm_isolate *isolate;

	sample->pid = plan[index].pid;
	sample->has = NM_HAS_RSS | NM_HAS_UPTIME;
	sample->rss = plan[index].rss * MIB / 100 * share;
	sample->uptime_ms = 11223344;
	if (plan[index].limit == 0 || nm_sample_reserve(sample, 1) != NM_OK)
		return;
	sample->isolate_count = 1;
	isolate = sample->isolates;
	memset(isolate, 0, sizeof(*isolate));
	snprintf(isolate->name, sizeof(isolate->name), "main");
	isolate->has = NM_HAS_HEAP_TOTAL | NM_HAS_HEAP_USED | NM_HAS_EXTERNAL |
		       NM_HAS_ARRAY_BUFFERS | NM_HAS_HEAP_SIZE_LIMIT | NM_HAS_GC_COUNTS;
	isolate->heap_total = plan[index].total * MIB;
	isolate->heap_used = plan[index].used * MIB / 100 * share;
	isolate->external = (plan[index].buffers + 3) * MIB;
	isolate->array_buffers = plan[index].buffers * MIB;
	isolate->heap_size_limit = plan[index].limit * MIB;
	isolate->major_gcs = 12;
	isolate->minor_gcs = 345;
	isolate->spaces[0] =
		(struct nm_space){.name = "new_space", .size = 16 * MIB, .used = 5 * MIB};
	isolate->spaces[1] = (struct nm_space){.name = "old_space",
					       .size = isolate->heap_total - 16 * MIB,
					       .used = isolate->heap_used - 5 * MIB};
	isolate->space_count = 2;
}

static void plant_row(struct planted *planted, size_t index)
{
	struct nm_sample *sample = &planted->samples[index];

	nm_sample_init(sample);
	for (uint64_t s = 0; s <= PASSED; s++) {
		/* A saw that rises, or a level. */
		plant_sample(sample, index, index == 0 ? 40 + s * 45 / PASSED + s % 16 : 100);
		sample->time_ms = BEGIN + (int64_t)s * 1000;
		nm_trail_add(&planted->trails[index], sample);
	}
	plant_sample(sample, index, 100);
	planted->infos[index].pid = plan[index].pid;
	planted->infos[index].started_ms = BEGIN;
	snprintf(planted->infos[index].node, sizeof(planted->infos[index].node), "%s",
		 plan[index].node);
	snprintf(planted->infos[index].command, sizeof(planted->infos[index].command),
		 "node /srv/app/%s --port 80%zu", plan[index].name, index);
	planted->forecasts[index].reason = index == 3	? NM_FORECAST_NO_TREND
					   : index == 2 ? NM_FORECAST_SHRINKING
							: NM_FORECAST_TOO_EARLY;
	planted->rows[index] = (struct nm_roster_row){
		.info = &planted->infos[index],
		.sample = sample,
		.name = plan[index].name,
		.parent = plan[index].parent,
		.forecast = &planted->forecasts[index],
		.trail = &planted->trails[index],
		.problem = plan[index].limit
				   ? NULL
				   : "cannot look at process 12345: it belongs to another user",
	};
}

static void plant_forecast(struct nm_forecast *forecast)
{
	*forecast = (struct nm_forecast){
		.reason = NM_FORECAST_OK,
		.kind = NM_LIMIT_HEAP,
		.scope = "main",
		.basis = NM_BASIS_FLOOR,
		.limit = 1000 * MIB,
		.level = 390 * MIB,
		.points = 12,
		.span_ms = PASSED * 1000,
		.has_growth = true,
		.growth_per_hour = 3600.0 * (double)MIB,
		.has_high = true,
		.eta_ms = 610000,
		.eta_low_ms = 500000,
		.eta_high_ms = 800000,
	};
}

static void plant_details(struct planted *planted)
{
	struct nm_limit *group;

	planted->system = (struct nm_system){.has = NM_HAS_SWAP,
					     .totalmem = 16384 * MIB,
					     .freemem = 9000 * MIB,
					     .swap_total = 2048 * MIB,
					     .swap_free = 2000 * MIB};
	nm_limits_init(&planted->limits);
	nm_limits_add_isolates(&planted->limits, &planted->samples[0]);
	group = nm_limits_add(&planted->limits, NM_LIMIT_CGROUP_MAX,
			      "/kubepods.slice/kubepods-burstable.slice/web");
	nm_limit_set_limit(group, true, 1200 * MIB);
	nm_limit_set_used(group, true, 980 * MIB);
	nm_limits_judge(&planted->limits);
	nm_ledger_part(&planted->ledger, NM_GROUP_V8_HEAP, "main", "old_space");
	nm_ledger_part(&planted->ledger, NM_GROUP_ARRAY_BUFFERS, "", "in malloc's arenas");
	nm_ledger_part(&planted->ledger, NM_GROUP_PROGRAM, "", "code");
	planted->ledger.parts[0].rss = 470 * MIB;
	planted->ledger.parts[1].rss = 96 * MIB;
	planted->ledger.parts[2].rss = 246 * MIB;
	planted->ledger.rss = 812 * MIB;
	nm_ledger_finish(&planted->ledger, NULL);
	for (int i = 0; i < 40; i++) {
		char name[32];
		const struct nm_class one = {.count = (uint64_t)(1000 - 20 * i),
					     .bytes = (uint64_t)(40 - i) * MIB / 4,
					     .garbage_bytes = (uint64_t)i * 1024};

		snprintf(name, sizeof(name), i == 0 ? "(string)" : "Class%02d", i);
		nm_classes_add(&planted->classes, name, &one);
	}
	nm_classes_finish(&planted->classes);
	planted->classes.via = NM_VIA_COPY;
	planted->classes.stopped_us = 12300;
}

static int key_of(const char *word)
{
	static const struct {
		const char *name;
		int key;
	} names[] = {{"Up", -KEY_UP},	    {"Down", -KEY_DOWN}, {"PgDn", -KEY_NPAGE},
		     {"End", -KEY_END},	    {"Enter", '\r'},	 {"F5", -KEY_F(5)},
		     {"F6", -KEY_F(6)},	    {"F3", -KEY_F(3)},	 {"F4", -KEY_F(4)},
		     {"Esc", NM_TUI_ESCAPE}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, word) == 0)
			return names[i].key;
	return (unsigned char)word[0];
}

static void print_window(WINDOW *window, int rows, int columns)
{
	for (int y = 0; y < rows; y++) {
		char line[4096] = "";
		wchar_t characters[513];
		size_t length;

		mvwinnwstr(window, y, 0, characters, columns < 512 ? columns : 512);
		length = wcstombs(line, characters, sizeof(line) - 1);
		for (length = length == (size_t)-1 ? 0 : length;
		     length > 0 && line[length - 1] == ' ';)
			length--;
		printf("%.*s\n", (int)length, line);
	}
}

static void show(struct planted *planted, const char *page, const struct nm_canvas *canvas,
		 int key_count, char **keys)
{
	static const char *const pages[] = {"list",    "overview", "heaps",
					    "classes", "history",  "help"};
	struct nm_tui_model model = {
		.rows = planted->rows,
		.count = COUNT,
		.hidden = 3,
		.system = &planted->system,
		.now_ms = BEGIN + PASSED * 1000 + 4000,
		.interval_ms = 1000,
		.subject = {.row = &planted->rows[0],
			    .limits = &planted->limits,
			    .ledger = &planted->ledger,
			    .ledger_ms = BEGIN + PASSED * 1000,
			    .classes = &planted->classes,
			    .classes_ms = BEGIN + PASSED * 1000 + 2000},
	};
	struct nm_tui_state *state = &planted->state;

	nm_tui_init(state);
	nm_tui_arrange(state, &model);
	for (int i = 0; i < NM_TUI_PAGE_COUNT; i++)
		if (strcmp(pages[i], page) == 0)
			state->page = (enum nm_tui_page)i;
	nm_tui_draw(canvas, &model, state);
	for (int i = 0; i < key_count; i++) {
		nm_tui_key(state, &model, key_of(keys[i]));
		werase(canvas->window);
		nm_tui_draw(canvas, &model, state);
	}
	print_window(canvas->window, canvas->rows, canvas->columns);
}

int main(int argc, char **argv)
{
	struct planted *planted = calloc(1, sizeof(*planted));
	struct nm_canvas canvas = {.has_color = true};
	FILE *nowhere = fopen("/dev/null", "r+");
	char rows[8], columns[8];
	SCREEN *screen;

	if (!planted || !nowhere || argc < 3 ||
	    sscanf(argv[2], "%dx%d", &canvas.columns, &canvas.rows) != 2) {
		free(planted);
		return 2;
	}
	setlocale(LC_CTYPE, "");
	snprintf(rows, sizeof(rows), "%d", canvas.rows);
	snprintf(columns, sizeof(columns), "%d", canvas.columns);
	setenv("LINES", rows, 1);
	setenv("COLUMNS", columns, 1);
	screen = newterm("xterm", nowhere, nowhere);
	if (!screen) {
		free(planted);
		return 2;
	}
	start_color();
	use_default_colors();
	nm_canvas_init_colors();
	canvas.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	canvas.window = newwin(canvas.rows, canvas.columns, 0, 0);
	for (size_t i = 0; i < COUNT; i++)
		plant_row(planted, i);
	plant_forecast(&planted->forecasts[0]);
	plant_details(planted);
	show(planted, argv[1], &canvas, argc - 3, argv + 3);
	delwin(canvas.window);
	endwin();
	delscreen(screen);
	for (size_t i = 0; i < COUNT; i++)
		nm_sample_done(&planted->samples[i]);
	nm_limits_done(&planted->limits);
	nm_ledger_done(&planted->ledger);
	nm_classes_done(&planted->classes);
	free(planted);
	fclose(nowhere);
	return 0;
}
