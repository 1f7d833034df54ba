/*
 * children.h - the processes that a process started, and those that they started
 */
#ifndef NM_PROC_CHILDREN_H
#define NM_PROC_CHILDREN_H

#include "nodemem.h"

/*
 * Add the descendants of the first `*count` pids of the array behind them, up to `room`; none
 * is named twice. `proc` is the folder /proc. Processes come and go while this looks, so one
 * that was just started may be missing.
 */
void nm_proc_descendants(int proc, pid_t *pids, size_t room, size_t *count);

/*
 * The children of process `pid` that have ended, are still there, and whose end no signal told of: as
 * is the case with none that it started itself. Returns how many, at most `room`; each named as in
 * the PID namespace that the child is in.
 */
size_t nm_proc_silent_zombies(int proc, pid_t pid, pid_t *out, size_t room);

#endif
