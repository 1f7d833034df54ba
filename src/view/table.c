#include "view/table.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"

const char *nm_table_color(const struct nm_view_options *how, const char *sequence)
{
	return how->color ? sequence : "";
}

int nm_table_size_width(const struct nm_view_options *how, const char *heading)
{
	int width = how->bytes ? NM_WIDTH_BYTES : NM_WIDTH_MIB;
	int length = (int)strlen(heading);

	return length > width ? length : width;
}

void nm_table_size(const struct nm_view_options *how, int width, bool known, uint64_t bytes)
{
	char text[32];

	if (!known)
		fprintf(how->out, " %*s", width, "-");
	else if (how->bytes)
		fprintf(how->out, " %*" PRIu64, width, bytes);
	else
		fprintf(how->out, " %*s", width, nm_units_mib(bytes, text, sizeof(text)));
}

void nm_table_heading(const struct nm_view_options *how, int width, const char *heading)
{
	fprintf(how->out, " %*s", width, heading);
}

void nm_table_bar(const struct nm_view_options *how, int width, double part)
{
	int filled = (int)(part * width + 0.5);
	const char *color = part >= 0.9	  ? NM_COLOR_RED
			    : part >= 0.7 ? NM_COLOR_YELLOW
					  : NM_COLOR_GREEN;

	if (filled > width)
		filled = width;
	fprintf(how->out, "[%s", nm_table_color(how, color));
	for (int i = 0; i < width; i++)
		fputc(i < filled ? '#' : ' ', how->out);
	fprintf(how->out, "%s]", nm_table_color(how, NM_COLOR_OFF));
}

/* Length of the UTF-8 character at `text`; 0 for what is none or controls the terminal. */
static size_t character_length(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t length = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;

	if (c[0] < 0x20 || c[0] == 0x7f || c[0] > 0xf4 || (c[0] == 0xc2 && c[1] < 0xa0))
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* Chinese, Japanese, Korean and pictures take two columns: from U+3000 on, roughly. */
static size_t character_columns(const char *text)
{
	return (unsigned char)text[0] >= 0xe3 ? 2 : 1;
}

/* Returns how many columns were printed. */
static size_t print_foreign(FILE *out, const char *text, size_t max)
{
	const size_t room = max;

	while (*text) {
		size_t length = character_length(text);
		size_t columns = length ? character_columns(text) : 1;

		if (columns > max)
			break;
		max -= columns;
		if (length == 0)
			fputc('?', out);
		else
			fwrite(text, 1, length, out);
		text += length ? length : 1;
	}
	return room - max;
}

void nm_table_foreign(FILE *out, const char *text, size_t max)
{
	print_foreign(out, text, max);
}

void nm_table_padded(FILE *out, const char *text, size_t width)
{
	fprintf(out, "%*s", (int)(width - print_foreign(out, text, width)), "");
}
