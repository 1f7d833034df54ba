#include "source/crashlog/lines.h"

#include <stdbool.h>
#include <string.h>

#define ESCAPE '\033'

void nm_lines_init(struct nm_lines *lines)
{
	lines->length = 0;
	lines->state = NM_LINES_TEXT;
}

static bool is_text(struct nm_lines *lines, char c)
{
	if (lines->state == NM_LINES_ESCAPE) {
		lines->state = c == '[' ? NM_LINES_SEQUENCE : NM_LINES_TEXT;
		return false;
	}
	if (lines->state == NM_LINES_SEQUENCE) {
		if (c >= 0x40 && c <= 0x7e)
			lines->state = NM_LINES_TEXT;
		if (c != '\n')
			return false;
		lines->state = NM_LINES_TEXT;
	}
	if (c == ESCAPE)
		lines->state = NM_LINES_ESCAPE;
	return c != ESCAPE && c != '\r' && c != '\0';
}

static void end_line(struct nm_lines *lines, nm_line_fn *take, void *context)
{
	lines->line[lines->length] = '\0';
	lines->length = 0;
	take(context, lines->line);
}

void nm_lines_feed(struct nm_lines *lines, const char *bytes, size_t length, nm_line_fn *take,
		   void *context)
{
	for (size_t i = 0; i < length; i++) {
		if (!is_text(lines, bytes[i]))
			continue;
		if (bytes[i] == '\n')
			end_line(lines, take, context);
		else if (lines->length < NM_LINE_MAX - 1)
			lines->line[lines->length++] = bytes[i];
	}
}

void nm_lines_end(struct nm_lines *lines, nm_line_fn *take, void *context)
{
	if (lines->length > 0)
		end_line(lines, take, context);
}
