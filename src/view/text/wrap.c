#include "view/text/wrap.h"

#include <string.h>

#include "view/table.h"

void nm_text_wrap(const struct nm_view_options *how, int indent, const char *text)
{
	size_t start = (size_t)indent, column = start, length;

	for (; *text; text += length + strspn(text + length, " ")) {
		length = strcspn(text, " ");
		if (column > start && column + 1 + length > NM_LINE_WIDTH) {
			fprintf(how->out, "\n%*s", indent, "");
			column = start;
		}
		if (column > start) {
			fputc(' ', how->out);
			column++;
		}
		nm_table_foreign(how->out, text, length);
		column += length;
	}
	fputc('\n', how->out);
}
