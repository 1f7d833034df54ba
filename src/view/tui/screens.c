/*
 * screens.c - the table of screens, and what is around each
 */
#include "view/tui/screens.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "view/tui/words.h"

#define TAB_WIDTH  12
#define MENU_WIDTH 22
#define ASK_WIDTH  60

const struct nm_tui_screen nm_tui_screens[NM_TUI_PAGE_COUNT] = {
	[NM_TUI_LIST] = {"Processes",
			 nm_screen_list,
			 {{"F1", "Help"},
			  {"F3", "Search"},
			  {"F4", "Filter"},
			  {"F5", "Tree"},
			  {"F6", "Sort"},
			  {"Enter", "Look"},
			  {"F10", "Quit"}}},
	[NM_TUI_OVERVIEW] = {"Overview",
			     nm_screen_overview,
			     {{"F1", "Help"},
			      {"Tab", "Next"},
			      {"h", "Classes"},
			      {"Esc", "Back"},
			      {"F10", "Quit"}}},
	[NM_TUI_HEAPS] = {"Heaps",
			  nm_screen_heaps,
			  {{"F1", "Help"},
			   {"Tab", "Next"},
			   {"h", "Classes"},
			   {"Esc", "Back"},
			   {"F10", "Quit"}}},
	[NM_TUI_CLASSES] = {"Classes",
			    nm_screen_classes,
			    {{"F1", "Help"},
			     {"Tab", "Next"},
			     {"h", "Take"},
			     {"Esc", "Back"},
			     {"F10", "Quit"}}},
	[NM_TUI_HISTORY] = {"History",
			    nm_screen_history,
			    {{"F1", "Help"},
			     {"Tab", "Next"},
			     {"Down", "Number"},
			     {"z", "Zero"},
			     {"Esc", "Back"},
			     {"F10", "Quit"}}},
	[NM_TUI_HELP] = {"Help", nm_screen_help, {{"Esc", "Back"}, {"F10", "Quit"}}},
};

static bool is_of_process(enum nm_tui_page page)
{
	return page >= NM_TUI_OVERVIEW && page <= NM_TUI_HISTORY;
}

/* ---- the title and tabs of a process ------------------------------------------------------- */

bool nm_page_tab_at(int x, enum nm_tui_page *out)
{
	const int index = x / TAB_WIDTH;

	if (index > NM_TUI_HISTORY - NM_TUI_OVERVIEW)
		return false;
	*out = (enum nm_tui_page)(NM_TUI_OVERVIEW + index);
	return true;
}

static void draw_tabs(const struct nm_canvas *canvas, const struct nm_tui_state *state)
{
	for (int page = NM_TUI_OVERVIEW; page <= NM_TUI_HISTORY; page++) {
		const int index = page - NM_TUI_OVERVIEW;
		const bool is_open = page == (int)state->page;
		char text[TAB_WIDTH + 1];

		snprintf(text, sizeof(text), " %d %-8s", index + 1, nm_tui_screens[page].name);
		nm_canvas_text(canvas, NM_PAGE_TABS, index * TAB_WIDTH, TAB_WIDTH - 1,
			       is_open ? NM_INK_SELECTED : NM_INK_PLAIN, text);
	}
}

static void draw_process_title(const struct nm_canvas *canvas, const struct nm_tui_subject *subject)
{
	const struct nm_roster_row *row = subject->row;
	char age[32];
	int x;

	x = nm_canvas_format(canvas, 0, 0, canvas->columns, NM_INK_TITLE, "process %d %s",
			     (int)row->info->pid, row->name);
	if (row->info->node[0])
		x += nm_canvas_format(canvas, 0, x, canvas->columns - x, NM_INK_PLAIN, ", Node %s",
				      row->info->node);
	if (row->sample->has & NM_HAS_UPTIME)
		x += nm_canvas_format(
			canvas, 0, x, canvas->columns - x, NM_INK_PLAIN, ", up %s",
			nm_units_duration(row->sample->uptime_ms / 1000 * 1000, age, sizeof(age)));
	if (subject->has_ended)
		nm_canvas_text(canvas, 0, x, canvas->columns - x, NM_INK_BAD, ", has ended");
	nm_canvas_text(canvas, 1, 0, canvas->columns, NM_INK_DIM, row->info->command);
}

/* Which lines are seen, when not all are. */
static void draw_position(const struct nm_canvas *canvas, const struct nm_tui_state *state, int y)
{
	const int last = state->scroll + state->content_rows;
	char text[64];

	if (state->content_lines <= state->content_rows)
		return;
	snprintf(text, sizeof(text), "lines %d to %d of %d", state->scroll + 1,
		 last < state->content_lines ? last : state->content_lines, state->content_lines);
	nm_canvas_right(canvas, y, canvas->columns - 30, 30, NM_INK_DIM, text);
}

/* ---- the last line, and what lies above all ------------------------------------------------ */

static void draw_hints(const struct nm_canvas *canvas, const struct nm_tui_hint *hints)
{
	const int y = canvas->rows - 1;
	int x = 0;

	for (int i = 0; i < NM_TUI_HINTS_MAX && hints[i].key; i++) {
		x += nm_canvas_text(canvas, y, x, canvas->columns - x, NM_INK_KEY, hints[i].key);
		x += nm_canvas_format(canvas, y, x, canvas->columns - x, NM_INK_LABEL, "%-6s ",
				      hints[i].label);
	}
	nm_canvas_fill(canvas, y, x, canvas->columns - x, NM_INK_LABEL);
}

static void draw_prompt(const struct nm_canvas *canvas, const char *what, const char *text,
			const char *keys)
{
	const int y = canvas->rows - 1;
	int x;

	nm_canvas_fill(canvas, y, 0, canvas->columns, NM_INK_LABEL);
	x = nm_canvas_format(canvas, y, 0, canvas->columns, NM_INK_LABEL, "%s: %s", what, text);
	nm_canvas_text(canvas, y, x, 1, NM_INK_STRONG, "_");
	nm_canvas_right(canvas, y, x + 1, canvas->columns - x - 1, NM_INK_LABEL, keys);
}

static void draw_last_line(const struct nm_canvas *canvas, const struct nm_tui_state *state)
{
	static const struct nm_tui_hint menu[] = {{"Up", "Before"},
						  {"Down", "Next"},
						  {"Enter", "Sort"},
						  {"Esc", "Back"},
						  {NULL, NULL}};
	static const struct nm_tui_hint question[] = {{"y", "Take"}, {"n", "Back"}, {NULL, NULL}};
	const int y = canvas->rows - 1;

	switch (state->mode) {
	case NM_TUI_SEARCH:
		draw_prompt(canvas, "Search", state->search,
			    state->note[0] ? state->note : "F3 next  Enter or Esc ends ");
		return;
	case NM_TUI_FILTER:
		draw_prompt(canvas, "Filter", state->order.filter, "Enter keeps  Esc shows all ");
		return;
	case NM_TUI_SORT:
		draw_hints(canvas, menu);
		return;
	case NM_TUI_ASK:
		draw_hints(canvas, question);
		return;
	case NM_TUI_BROWSE:
		break;
	}
	if (state->note[0]) {
		nm_canvas_fill(canvas, y, 0, canvas->columns, NM_INK_LABEL);
		nm_canvas_text(canvas, y, 0, canvas->columns, NM_INK_LABEL, state->note);
		return;
	}
	draw_hints(canvas, nm_tui_screens[state->page].hints);
}

static void draw_menu(const struct nm_canvas *canvas, const struct nm_tui_state *state)
{
	static const char *const names[NM_ROSTER_COUNT] = {
		[NM_ROSTER_PID] = "P  pid",
		[NM_ROSTER_NAME] = "N  name",
		[NM_ROSTER_RSS] = "M  rss",
		[NM_ROSTER_HEAP] = "H  heap used",
		[NM_ROSTER_BUFFERS] = "B  buffers",
		[NM_ROSTER_FULL] = "L  % of limit",
		[NM_ROSTER_TIME] = "T  time to limit",
		[NM_ROSTER_AGE] = "A  age",
	};
	int y = NM_LIST_HEADING;

	nm_canvas_fill(canvas, y, 0, MENU_WIDTH, NM_INK_HEADING);
	nm_canvas_text(canvas, y++, 1, MENU_WIDTH - 1, NM_INK_HEADING, "Sort by");
	for (int i = 0; i < NM_ROSTER_COUNT && y < canvas->rows - 1; i++, y++) {
		const enum nm_ink ink =
			(size_t)i == state->menu_index ? NM_INK_SELECTED : NM_INK_PLAIN;

		nm_canvas_fill(canvas, y, 0, MENU_WIDTH, ink);
		nm_canvas_text(canvas, y, 1, MENU_WIDTH - 1, ink, names[i]);
		nm_canvas_text(canvas, y, MENU_WIDTH - 1, 1, NM_INK_DIM,
			       nm_canvas_glyph(canvas, "│", "|"));
	}
}

static void draw_question(const struct nm_canvas *canvas, const struct nm_roster_row *row)
{
	const int y = canvas->rows / 2 - 2, x = (canvas->columns - ASK_WIDTH) / 2;

	for (int i = 0; i < 4; i++)
		nm_canvas_fill(canvas, y + i, x, ASK_WIDTH, NM_INK_SELECTED);
	nm_canvas_format(canvas, y + 1, x + 2, ASK_WIDTH - 4, NM_INK_SELECTED,
			 "This stops process %d for about %" PRIu64 " ms.", (int)row->info->pid,
			 nm_tui_stop_ms(row->sample->rss));
	nm_canvas_text(canvas, y + 2, x + 2, ASK_WIDTH - 4, NM_INK_SELECTED,
		       "Take a histogram of its heap? y/n");
}

static void clamp_scroll(struct nm_tui_state *state)
{
	const int most = state->content_lines - state->content_rows;

	if (state->scroll > most)
		state->scroll = most;
	if (state->scroll < 0)
		state->scroll = 0;
}

static void draw_page(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		      struct nm_tui_state *state)
{
	const int scroll = state->scroll;

	nm_tui_screens[state->page].draw(canvas, model, state);
	if (state->page == NM_TUI_LIST)
		return;
	/* How far it can be scrolled is known only now. */
	clamp_scroll(state);
	if (state->scroll != scroll) {
		werase(canvas->window);
		nm_tui_screens[state->page].draw(canvas, model, state);
	}
	if (is_of_process(state->page)) {
		draw_process_title(canvas, &model->subject);
		draw_tabs(canvas, state);
	}
	draw_position(canvas, state, state->page == NM_TUI_HELP ? 0 : NM_PAGE_TABS);
}

void nm_tui_draw(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		 struct nm_tui_state *state)
{
	if (canvas->columns < NM_TUI_COLUMNS_MIN || canvas->rows < NM_TUI_ROWS_MIN) {
		nm_canvas_format(canvas, 0, 0, canvas->columns, NM_INK_PLAIN,
				 "%d x %d is too small:", canvas->columns, canvas->rows);
		nm_canvas_format(canvas, 1, 0, canvas->columns, NM_INK_PLAIN, "%d x %d are needed.",
				 NM_TUI_COLUMNS_MIN, NM_TUI_ROWS_MIN);
		nm_canvas_text(canvas, 2, 0, canvas->columns, NM_INK_PLAIN, "q quits.");
		return;
	}
	if (is_of_process(state->page) && !model->subject.row)
		state->page = NM_TUI_LIST;
	draw_page(canvas, model, state);
	if (state->mode == NM_TUI_SORT)
		draw_menu(canvas, state);
	if (state->mode == NM_TUI_ASK && model->subject.row)
		draw_question(canvas, model->subject.row);
	draw_last_line(canvas, state);
}
