/*
 * verdict.h - what the facts of an ending mean, in words
 */
#ifndef NM_MODEL_VERDICT_H
#define NM_MODEL_VERDICT_H

#include "model/ending.h"

/* Fill the verdict from the facts. The pointers in it point into `ending`. */
void nm_verdict_reach(struct nm_ending *ending);

/*
 * A value for --max-old-space-size, in MiB, for a program which a heap limit of `limit` bytes did
 * not suffice and which has `room` bytes of memory for all it needs. 0 when there is no room for
 * a limit that is worth trying; `room` 0 means not known.
 */
uint64_t nm_verdict_old_space_mib(uint64_t limit, uint64_t room);

/* "SIGTERM"; "signal 40" for those without a name. Returns `out`. */
const char *nm_verdict_signal_name(int number, char *out, size_t room);

#endif
