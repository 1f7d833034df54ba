/*
 * screen_help.c - what the keys do, and what is shown
 */
#include <stdio.h>

#include "view/tui/screens.h"
#include "view/tui/sheet.h"

#define KEY_WIDTH 18

static const struct {
	const char *key; /* NULL: a heading */
	const char *what;
} lines[] = {
	{NULL, "Keys in the list"},
	{"Arrows PgUp PgDn", "select a process; Home, End: the first, the last"},
	{"Enter", "look at it: overview, heaps, classes, history"},
	{"F3 /", "search for text in a row; F3 again: the next one"},
	{"F4 \\", "filter: only rows with the text; empty: all"},
	{"F5 t", "tree of parents and children, or list"},
	{"F6 < >", "choose what to sort by, as a click on a heading does"},
	{"P N M H", "sort by pid, name, rss, heap used"},
	{"B L T A", "sort by buffers, % of limit, time to limit, age"},
	{"I", "turn the order round"},
	{"F10 q", "quit, as Ctrl-C does"},
	{NULL, "Keys at a process"},
	{"Tab Left Right", "the next page, the one before; 1 to 4: that page"},
	{"Up Down PgUp PgDn", "scroll; in the history: another number"},
	{"h", "take a histogram of classes; asks before it stops it"},
	{"z", "history: the axis begins at 0, or at the least value"},
	{"Esc q", "back to the list"},
	{"Ctrl-L", "paint the screen anew"},
	{NULL, "What is shown"},
	{"RSS", "memory of the process in RAM; RSS IS: what it is"},
	{"HEAP BUFS", "used by objects, by array buffers, of all isolates"},
	{"FULL", "the fullest heap: what may stay in it, of V8's limit"},
	{"TO LIMIT", "trend, and time until a limit is reached; -: not known"},
	{"HISTORY", "rss since nodemem top began, from least to greatest"},
	{"K M G T", "1024 bytes, and 1024 times the one before"},
};

void nm_screen_help(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		    struct nm_tui_state *state)
{
	struct nm_sheet sheet = {.canvas = canvas,
				 .y = 1,
				 .rows = canvas->rows - 2,
				 .width = canvas->columns,
				 .scroll = state->scroll};

	(void)model;
	nm_canvas_text(canvas, 0, 0, canvas->columns, NM_INK_TITLE,
		       "nodemem top - the memory of every Node.js process");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int y;

		if (!lines[i].key) {
			if (i > 0)
				nm_sheet_next(&sheet);
			nm_sheet_title(&sheet, lines[i].what);
			continue;
		}
		y = nm_sheet_next(&sheet);
		nm_canvas_text(canvas, y, 2, KEY_WIDTH, NM_INK_KEY, lines[i].key);
		nm_canvas_text(canvas, y, 2 + KEY_WIDTH + 1, canvas->columns, NM_INK_PLAIN,
			       lines[i].what);
	}
	state->content_rows = sheet.rows;
	state->content_lines = sheet.lines;
}
