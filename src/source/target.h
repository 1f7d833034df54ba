/*
 * target.h - the inside of an open target, for the other sources that look at the same process
 */
#ifndef NM_SOURCE_TARGET_H
#define NM_SOURCE_TARGET_H

#include "source/v8/isolate.h"

/* Borrowed, as long as the target is open. */
struct nm_v8_process *nm_target_process(struct nm_target *target);

/* As last found; the next sample may find others. */
const struct nm_v8_isolates *nm_target_isolates(const struct nm_target *target);

/* True once the process has ended. */
bool nm_target_has_ended(const struct nm_target *target);

#endif
