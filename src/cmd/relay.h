/*
 * relay.h - the command's stderr, or stdout, on its way to ours, through a process of its own
 *
 * V8 says on stderr why it dies, so nodemem has to read along; but whoever reads must never go
 * away while the command writes. So a small process does nothing but copy, outlives nodemem if
 * it must, and offers nodemem a copy. What nodemem itself has to say goes through it too, so
 * that it starts on a line of its own. A terminal stays one: the command then gets a
 * pseudo-terminal with the settings and the size of the real one.
 *
 * Never waits for nodemem: what nodemem is too slow to take is forgotten, oldest first.
 */
#ifndef NM_CMD_RELAY_H
#define NM_CMD_RELAY_H

#include <sys/types.h>

#include "base/error.h"

#define NM_RELAY_MESSAGE_MAX (16 * 1024)

struct nm_relay {
	pid_t pid;    /* of the relay's process */
	int peer;     /* the socket to it; -1 when it is gone */
	int end;      /* what the command gets in place of ours; -1 once given away */
	bool is_idle; /* at the last sync nobody held the command's end any more */
};

/* What the command wrote. */
typedef void nm_relay_take(void *context, const char *bytes, size_t length);

/* Start the process, which prints on `to`. Call before anything else is opened or forked. NM_E_IO. */
int nm_relay_start(struct nm_relay *relay, int to, struct nm_error *err);

/* Close our copy of the command's end: from now on the relay sees when the last one closes it. */
void nm_relay_given(struct nm_relay *relay);

/* Print whole lines. When the relay is busy writing, `must` waits and otherwise they are lost. */
void nm_relay_print(struct nm_relay *relay, const char *text, size_t length, bool must);

/* Take what is there without waiting. False when the relay has ended. */
bool nm_relay_read(struct nm_relay *relay, nm_relay_take *take, void *context);

/* Wait until all that was written to the relay so far, by the command and by us, is printed. */
void nm_relay_sync(struct nm_relay *relay, nm_relay_take *take, void *context);

/* Let go of the relay. It runs on as long as somebody holds the command's end, and is waited
   for when nobody does. */
void nm_relay_close(struct nm_relay *relay);

#endif
