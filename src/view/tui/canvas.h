/*
 * canvas.h - drawing into a window of ncurses: text, bars, curves, in colours or without
 *
 * Everything is clipped to the window. Text that a process chose is safe to draw: what controls a terminal, or is no
 * text in the locale, becomes a question mark. Without UTF-8 only ASCII is drawn, without colours attributes and
 * different characters tell things apart.
 */
#ifndef NM_VIEW_TUI_CANVAS_H
#define NM_VIEW_TUI_CANVAS_H

#include <curses.h>
#include <stdint.h>

#include "base/error.h"
#include "model/split.h"

enum nm_ink {
	NM_INK_PLAIN,
	NM_INK_DIM,
	NM_INK_STRONG,
	NM_INK_TITLE,
	NM_INK_HEADING, /* of a table */
	NM_INK_SORTED,	/* the heading of the column that is sorted by */
	NM_INK_SELECTED,
	NM_INK_KEY, /* the name of a key, and what it does: */
	NM_INK_LABEL,
	NM_INK_GOOD,
	NM_INK_WARN,
	NM_INK_BAD,
	NM_INK_USED, /* the parts of rss, in the order of enum nm_split_part */
	NM_INK_FREE,
	NM_INK_BUFFERS,
	NM_INK_OTHER,
	NM_INK_CURVE,
	NM_INK_COUNT,
};

struct nm_canvas {
	WINDOW *window;
	int rows, columns;
	bool is_utf8;
	bool has_color;
};

/* After start_color(): tells ncurses the colours. */
void nm_canvas_init_colors(void);

/* Draw text, at most `width` columns of it. Returns how many it took. */
int nm_canvas_text(const struct nm_canvas *canvas, int y, int x, int width, enum nm_ink ink,
		   const char *text);
int nm_canvas_format(const struct nm_canvas *canvas, int y, int x, int width, enum nm_ink ink,
		     const char *format, ...) NM_PRINTF(6, 7);

/* The same, flush right in `width` columns. */
void nm_canvas_right(const struct nm_canvas *canvas, int y, int x, int width, enum nm_ink ink,
		     const char *text);

/* Blanks. */
void nm_canvas_fill(const struct nm_canvas *canvas, int y, int x, int width, enum nm_ink ink);

/* Give what is drawn in the row another look. */
void nm_canvas_restyle(const struct nm_canvas *canvas, int y, int x, int width, enum nm_ink ink);

/* One of two, by what the terminal can show. */
const char *nm_canvas_glyph(const struct nm_canvas *canvas, const char *utf8, const char *ascii);

/* What stands for a part of rss in bars. */
const char *nm_canvas_part_glyph(const struct nm_canvas *canvas, enum nm_split_part part);
enum nm_ink nm_canvas_part_ink(enum nm_split_part part);

/* A bar of the parts of rss, `width` columns at `scale` bytes. */
void nm_canvas_split(const struct nm_canvas *canvas, int y, int x, int width,
		     const uint64_t parts[NM_SPLIT_COUNT], uint64_t scale);

/* "[#####     ]", `width` columns with the brackets, filled in proportion to `part` in [0, 1]. Its ink tells how near
   1 that is, but for NM_INK_PLAIN no other than `ink`. */
void nm_canvas_meter(const struct nm_canvas *canvas, int y, int x, int width, double part,
		     enum nm_ink ink);

/* How worrying so many percent of a limit are. */
enum nm_ink nm_canvas_level_ink(unsigned percent);

#endif
