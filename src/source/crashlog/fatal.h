/*
 * fatal.h - a line by which Node, V8 or the C++ runtime ends the process, understood
 *
 * Wordings of Node 16 to 26; where each comes from stands in fatal.c. Pure.
 */
#ifndef NM_CRASHLOG_FATAL_H
#define NM_CRASHLOG_FATAL_H

#include "model/ending.h"

struct nm_fatal {
	enum nm_words_kind kind;
	pid_t pid;	    /* 0: not told */
	const char *reason; /* in the line; not ended by '\0' */
	size_t length;
};

/* False: the line tells of no end. The text in `out` is that of `line`. */
bool nm_fatal_read(const char *line, struct nm_fatal *out);

/* Is it the first frame of a native stack trace, as node::Abort() prints it? */
bool nm_fatal_is_first_frame(const char *line);

/* "Node.js v20.20.2", which Node prints when an error that nobody caught ends it. */
bool nm_fatal_is_trailer(const char *line);

/* A line of blanks and '^', which stands below the line of source where an error was thrown. */
bool nm_fatal_is_caret(const char *line);

/* "TypeError: ...", "Error [ERR_X]: ...", "Uncaught ...": as an error begins when it is printed. */
bool nm_fatal_is_error(const char *line);

#endif
