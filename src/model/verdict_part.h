/*
 * verdict_part.h - the parts of the verdict: by whom a process was ended
 *
 * verdict.c decides; verdict_v8.c tells how V8 gave up, verdict_kill.c how the kernel killed,
 * verdict_end.c all other ends.
 */
#ifndef NM_MODEL_VERDICT_PART_H
#define NM_MODEL_VERDICT_PART_H

#include "model/verdict_terms.h"

/* nodemem was there, so that it counted what the kernel killed. */
static inline bool nm_verdict_was_there(const struct nm_ending *ending)
{
	return ending->source == NM_ENDING_RUN || ending->source == NM_ENDING_WATCH;
}

/* ---- verdict_v8.c -------------------------------------------------------------------------- */

/* `ending->last_words` are of memory. */
void nm_verdict_words(struct nm_ending *ending);

/* It was seen from outside only, aborted, and its heap was near its limit. */
void nm_verdict_seen_full(struct nm_ending *ending);

/* A worker was full, and its error ended the process. */
void nm_verdict_worker(struct nm_ending *ending);

/* ---- verdict_kill.c ------------------------------------------------------------------------ */

/* Did the kernel kill it for want of memory, and of whose? Then it is told. */
bool nm_verdict_kill(struct nm_ending *ending);

/* A kill shows as SIGKILL, and as 137 behind a shell. */
bool nm_verdict_is_killed(const struct nm_ending *ending);

/* ---- verdict_end.c ------------------------------------------------------------------------- */

/* It ended by itself, or by a signal that has nothing to do with memory. `ending->last_words` are
   those of a fatal error that is not of memory, if there are any. */
void nm_verdict_end(struct nm_ending *ending);

#endif
