/*
 * verdict_part.h - what the files of the verdict share: sentences, and whose end it is
 *
 * verdict.c decides; verdict_v8.c tells how V8 gave up, verdict_kill.c how the kernel killed,
 * verdict_end.c all other ends.
 */
#ifndef NM_MODEL_VERDICT_PART_H
#define NM_MODEL_VERDICT_PART_H

#include "model/ending.h"

/* A heap is one part of a process: leave the rest of it, and the others, a quarter. */
#define NM_HEAP_SHARE_PERCENT 75

/* nodemem was there, so that it counted what the kernel killed. */
static inline bool nm_verdict_was_there(const struct nm_ending *ending)
{
	return ending->source == NM_ENDING_RUN || ending->source == NM_ENDING_WATCH;
}

/* Append to a text; what does not fit is left out. */
void nm_verdict_say(char *text, size_t room, const char *format, ...) NM_PRINTF(3, 4);

#define HEADLINE(ending, ...) \
	nm_verdict_say((ending)->headline, sizeof((ending)->headline), __VA_ARGS__)
#define REASON(ending, ...) nm_verdict_say((ending)->reason, sizeof((ending)->reason), __VA_ARGS__)
#define ADVICE(ending, ...) nm_verdict_say((ending)->advice, sizeof((ending)->advice), __VA_ARGS__)

/* What there is for all that the process needs, and what sets it; 0: not known. */
uint64_t nm_verdict_room(const struct nm_ending *ending, const char **out_whose);

const char *nm_verdict_subject_name(const struct nm_ending *ending);

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
