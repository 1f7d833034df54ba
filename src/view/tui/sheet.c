#include "view/tui/sheet.h"

#include <stdio.h>
#include <string.h>

int nm_sheet_next(struct nm_sheet *sheet)
{
	const int row = sheet->lines++ - sheet->scroll;

	return row >= 0 && row < sheet->rows ? sheet->y + row : -1;
}

void nm_sheet_title(struct nm_sheet *sheet, const char *text)
{
	nm_canvas_text(sheet->canvas, nm_sheet_next(sheet), sheet->x, sheet->width, NM_INK_TITLE,
		       text);
}

void nm_sheet_wrap(struct nm_sheet *sheet, enum nm_ink ink, const char *text)
{
	const size_t width = sheet->width > 0 ? (size_t)sheet->width : 1;

	while (*text) {
		size_t length = strlen(text), fits = length;

		if (length > width) {
			for (fits = width; fits > 0 && text[fits] != ' ';)
				fits--;
			/* A word that is longer than a line is cut. */
			if (fits == 0)
				fits = width;
		}
		nm_canvas_format(sheet->canvas, nm_sheet_next(sheet), sheet->x, sheet->width, ink,
				 "%.*s", (int)fits, text);
		text += fits;
		text += strspn(text, " ");
	}
}
