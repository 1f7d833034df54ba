/*
 * hearing.h - what the command writes, read along on its way
 *
 * Always its stderr, for what V8 says when it dies; its stdout too where that is wanted, for what --trace-gc prints
 * there. Each goes through a relay of its own (relay.h), or both through one when they lead to the same file, which
 * keeps them in order.
 */
#ifndef NM_CMD_HEARING_H
#define NM_CMD_HEARING_H

#include <uv.h>

#include "cmd/relay.h"
#include "source/crashlog/crashlog.h"

/* One stream. */
struct nm_ear {
	struct nm_relay relay;
	struct nm_crashlog log;
	uv_poll_t poll;
};

struct nm_hearing {
	struct nm_ear err;
	struct nm_ear out; /* only if has_out */
	bool has_out;	   /* stdout has a relay of its own */
	int stdout_end;	   /* what the command gets as its stdout */
	int stderr_end;
};

/* Does a command with these words, NULL at their end, print its collections? */
bool nm_hearing_is_traced(char *const *words);

/* Before anything else is opened or forked. `traced`, which may be NULL, is told of every collection that is
   printed while the process lives. NM_E_IO; what was started then is let go. */
int nm_hearing_start(struct nm_hearing *hearing, bool with_stdout, nm_crashlog_traced *traced,
		     void *context, struct nm_error *err);

/* The command has its ends, or there is none. */
void nm_hearing_given(struct nm_hearing *hearing);

/* Read whenever there is something, as long as the loop runs. */
void nm_hearing_listen(struct nm_hearing *hearing, uv_loop_t *loop);

/* Take what is there without waiting. */
void nm_hearing_read(struct nm_hearing *hearing);

/* Wait until all that was written so far, by the command and by us, is printed. */
void nm_hearing_sync(struct nm_hearing *hearing);

/* No more will come: a last line without a line feed counts. */
void nm_hearing_end(struct nm_hearing *hearing);

/* As nm_relay_close(). */
void nm_hearing_close(struct nm_hearing *hearing);

/* The last collections that the process printed; NULL for none. Those on stderr are its last. */
const struct nm_crashlog_gcs *nm_hearing_gcs(const struct nm_hearing *hearing, pid_t pid);

#endif
