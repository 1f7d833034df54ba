/*
 * sheet.h - lines below one another in a part of the window, of which some are scrolled out of sight
 */
#ifndef NM_VIEW_TUI_SHEET_H
#define NM_VIEW_TUI_SHEET_H

#include "view/tui/canvas.h"

struct nm_sheet {
	const struct nm_canvas *canvas;
	int y, x;	 /* its upper left corner */
	int rows, width; /* what is seen of it */
	int scroll;	 /* lines above what is seen */
	int lines;	 /* so far */
};

/* Begin the next line: its row of the window, or -1, where nothing is drawn, when it is out of sight. */
int nm_sheet_next(struct nm_sheet *sheet);

/* The heading of a section. */
void nm_sheet_title(struct nm_sheet *sheet, const char *text);

/* Text of several lines, broken between words. */
void nm_sheet_wrap(struct nm_sheet *sheet, enum nm_ink ink, const char *text);

#endif
