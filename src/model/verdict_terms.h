/*
 * verdict_terms.h - sentences of a verdict, and the names and numbers in them
 */
#ifndef NM_MODEL_VERDICT_TERMS_H
#define NM_MODEL_VERDICT_TERMS_H

#include "model/ending.h"

/* A heap is one part of a process: leave the rest of it, and the others, a quarter. */
#define NM_HEAP_SHARE_PERCENT 75

/* Append to a text; what does not fit is left out. */
void nm_verdict_say(char *text, size_t room, const char *format, ...) NM_PRINTF(3, 4);

#define HEADLINE(ending, ...) \
	nm_verdict_say((ending)->headline, sizeof((ending)->headline), __VA_ARGS__)
#define REASON(ending, ...) nm_verdict_say((ending)->reason, sizeof((ending)->reason), __VA_ARGS__)
#define ADVICE(ending, ...) nm_verdict_say((ending)->advice, sizeof((ending)->advice), __VA_ARGS__)

/* What there is for all that the process needs, and what sets it; 0: not known. */
uint64_t nm_verdict_room(const struct nm_ending *ending, const char **out_whose);

const char *nm_verdict_subject_name(const struct nm_ending *ending);

/*
 * A value for --max-old-space-size, in MiB, for a program which a heap limit of `limit` bytes did
 * not suffice and which has `room` bytes of memory for all it needs. 0 when there is no room for
 * a limit that is worth trying; `room` 0 means not known.
 */
uint64_t nm_verdict_old_space_mib(uint64_t limit, uint64_t room);

/* "SIGTERM"; "signal 40" for those without a name. Returns `out`. */
const char *nm_verdict_signal_name(int number, char *out, size_t room);

#endif
