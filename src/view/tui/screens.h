/*
 * screens.h - the table of screens
 */
#ifndef NM_VIEW_TUI_SCREENS_H
#define NM_VIEW_TUI_SCREENS_H

#include "view/tui/tui.h"

/* A key and what it does, for the last line. */
struct nm_tui_hint {
	const char *key;
	const char *label;
};

#define NM_TUI_HINTS_MAX 8

struct nm_tui_screen {
	const char *name; /* on its tab */
	void (*draw)(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		     struct nm_tui_state *state);
	struct nm_tui_hint hints[NM_TUI_HINTS_MAX];
};

/* In the order of enum nm_tui_page. */
extern const struct nm_tui_screen nm_tui_screens[NM_TUI_PAGE_COUNT];

void nm_screen_list(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		    struct nm_tui_state *state);
void nm_screen_overview(const struct nm_canvas *canvas, const struct nm_tui_model *model,
			struct nm_tui_state *state);
void nm_screen_heaps(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		     struct nm_tui_state *state);
void nm_screen_classes(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		       struct nm_tui_state *state);
void nm_screen_history(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		       struct nm_tui_state *state);
void nm_screen_help(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		    struct nm_tui_state *state);

/* The list's rows on the screen: its heading is in this line, its first process in the next. */
#define NM_LIST_HEADING 4

/* By what a click on the heading in column `x` sorts. False when by nothing. */
bool nm_list_key_at(int columns, int x, enum nm_roster_key *out);

/* A page of a process begins here, below its title and tabs. */
#define NM_PAGE_TOP  4
#define NM_PAGE_TABS 2

/* The page whose tab is at column `x`. False when there is none. */
bool nm_page_tab_at(int x, enum nm_tui_page *out);

#endif
