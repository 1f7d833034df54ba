/*
 * lines.h - a stream of text cut into lines
 *
 * Pieces come as they are read, cut anywhere. Colours and other escape sequences (ECMA-48, 5.4),
 * carriage returns and zeros are left out; what is longer than a line may be is cut.
 */
#ifndef NM_CRASHLOG_LINES_H
#define NM_CRASHLOG_LINES_H

#include <stddef.h>

#define NM_LINE_MAX 2048

struct nm_lines {
	char line[NM_LINE_MAX];
	size_t length;
	enum { NM_LINES_TEXT, NM_LINES_ESCAPE, NM_LINES_SEQUENCE } state;
};

typedef void nm_line_fn(void *context, const char *line);

void nm_lines_init(struct nm_lines *lines);
void nm_lines_feed(struct nm_lines *lines, const char *bytes, size_t length, nm_line_fn *take,
		   void *context);

/* No more will come: a last line without a line feed counts. */
void nm_lines_end(struct nm_lines *lines, nm_line_fn *take, void *context);

#endif
