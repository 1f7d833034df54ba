/*
 * tui.h - the screens of `top`: what they show, where the user is in them, and what a key does
 *
 * A screen is drawn from a model, which is plain data and borrowed, and a state, which the keys change. Neither knows
 * of a process or a terminal: tests draw into a window of their own.
 */
#ifndef NM_VIEW_TUI_TUI_H
#define NM_VIEW_TUI_TUI_H

#include "model/roster.h"
#include "view/tui/canvas.h"

/* The process that is looked at. */
struct nm_tui_subject {
	const struct nm_roster_row *row; /* NULL: none is */
	bool has_ended;
	const struct nm_limits *limits;	  /* NULL: not known */
	const struct nm_ledger *ledger;	  /* the same */
	int64_t ledger_ms;		  /* when it was read */
	const char *ledger_problem;	  /* why not; NULL */
	const struct nm_classes *classes; /* NULL: not taken yet */
	int64_t classes_ms;
	const char *classes_problem; /* why the last try failed; NULL */
	bool is_taking;
};

struct nm_tui_model {
	const struct nm_roster_row *rows;
	size_t count;
	size_t hidden;			/* processes of any kind that may not be looked at */
	const struct nm_system *system; /* NULL: not known */
	int64_t now_ms;			/* since 1970 */
	uint64_t interval_ms;
	bool is_looking; /* no look was taken yet */
	struct nm_tui_subject subject;
};

enum nm_tui_page {
	NM_TUI_LIST,
	NM_TUI_OVERVIEW, /* this and the next ones are of a process */
	NM_TUI_HEAPS,
	NM_TUI_CLASSES,
	NM_TUI_HISTORY,
	NM_TUI_HELP,
	NM_TUI_PAGE_COUNT,
};

/* What keys are for, besides moving about. */
enum nm_tui_mode {
	NM_TUI_BROWSE,
	NM_TUI_SEARCH, /* text is being typed */
	NM_TUI_FILTER,
	NM_TUI_SORT, /* a menu is open */
	NM_TUI_ASK,  /* may the process be stopped? */
};

struct nm_tui_state {
	enum nm_tui_page page;
	enum nm_tui_page before_help;
	enum nm_tui_mode mode;
	struct nm_roster_order order;
	char search[64];
	size_t menu_index;
	char note[160]; /* of one line, until the next key */

	/* The list: which process is selected, in which line it was, and the first line that is seen. */
	pid_t selected;
	size_t index;
	size_t top;
	int list_rows; /* lines that were seen when it was last drawn */

	pid_t opened;	   /* the process that is looked at; 0 for none */
	int scroll;	   /* of a page of a process, or the help */
	int content_lines; /* of it, and how many of them are seen */
	int content_rows;
	enum nm_trail_number number; /* in the chart */
	bool fits_curve;	     /* its axis begins at the least value and not at 0 */

	struct nm_roster_line lines[NM_ROSTER_MAX];
	size_t line_count;
};

/* What the owner is asked for by a key. */
enum nm_tui_wish {
	NM_TUI_WISH_NOTHING,
	NM_TUI_WISH_QUIT,
	NM_TUI_WISH_OPEN,    /* state.opened is to be looked at, */
	NM_TUI_WISH_CLOSE,   /* or none any more */
	NM_TUI_WISH_CLASSES, /* stop it and take a histogram */
	NM_TUI_WISH_REPAINT, /* something else wrote on the screen */
};

#define NM_TUI_COLUMNS_MIN 80
#define NM_TUI_ROWS_MIN	   12

void nm_tui_init(struct nm_tui_state *state);

/* Put the rows of the model in order, and the selection where it belongs. To be done whenever the model or the order
   has changed. */
void nm_tui_arrange(struct nm_tui_state *state, const struct nm_tui_model *model);

/* Draw all of it; the window must be empty. */
void nm_tui_draw(const struct nm_canvas *canvas, const struct nm_tui_model *model,
		 struct nm_tui_state *state);

/* A key: a character, or the negative of a KEY_ constant of ncurses. */
enum nm_tui_wish nm_tui_key(struct nm_tui_state *state, const struct nm_tui_model *model, int key);

#define NM_TUI_ESCAPE 27

enum nm_tui_button { NM_TUI_CLICK, NM_TUI_WHEEL_UP, NM_TUI_WHEEL_DOWN };

/* A button of the mouse, on a terminal of so many columns. */
enum nm_tui_wish nm_tui_mouse(struct nm_tui_state *state, const struct nm_tui_model *model,
			      int columns, int y, int x, enum nm_tui_button button);

/* About how long taking a histogram stops a process with so much in RAM. */
uint64_t nm_tui_stop_ms(uint64_t rss);

#endif
