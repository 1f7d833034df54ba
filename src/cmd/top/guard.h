/*
 * guard.h - a terminal that is left as it was found, whatever happens to the program that draws on it
 *
 * What draws is a child process; the parent waits for it and does nothing else. A child that crashes or is killed, even
 * by SIGKILL, leaves the terminal to the parent, which puts it right before the shell hears of the end. A child that
 * loses its parent puts it right itself. Only when both are killed at once nobody does: the parent has a name of its
 * own, so that `killall nodemem` is not that.
 */
#ifndef NM_CMD_TOP_GUARD_H
#define NM_CMD_TOP_GUARD_H

#include <stdbool.h>
#include <termios.h>

#include "base/error.h"

/* What both processes see. */
struct nm_top_guard_shared {
	volatile bool is_drawing; /* the terminal is not as it was */
	struct termios drawing;	  /* its modes then */
};

struct nm_top_guard {
	struct nm_top_guard_shared *shared;
	struct termios before;
	char sequence[256]; /* makes the terminal leave what drawing needs */
	int parent_fd;	    /* in the child: ends when the parent has */
	int stderr_fd;	    /* where the child's stderr goes meanwhile; -1: it is no terminal */
};

/*
 * Run `draw` in a child process, on the terminal of stdin and stdout. Returns the exit code that the child returned, or
 * 128 and the number of the signal that it ended by, after saying so. -1 and an error when the terminal cannot be
 * drawn on: NM_E_UNSUPPORTED, NM_E_IO.
 */
int nm_top_guard_run(int (*draw)(void *context, struct nm_top_guard *guard), void *context,
		     struct nm_error *err);

/* In the child: the terminal is being drawn on from now on, or was given back. */
void nm_top_guard_drawing(struct nm_top_guard *guard, bool is_drawing);

/* Put the terminal right, unless somebody else has changed its modes since. Safe in a signal handler. */
void nm_top_guard_restore(const struct nm_top_guard *guard);

#endif
