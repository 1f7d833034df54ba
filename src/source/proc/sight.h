/*
 * sight.h - the control group limits that Node in a process would find
 *
 * Node asks libuv, and libuv looks at a few fixed paths (src/unix/linux.c, 1.43 to 1.52):
 * the group which /proc/self/cgroup names, below /sys/fs/cgroup, or else the top of
 * /sys/fs/cgroup/memory. In a container that can be another group than the process's own, or
 * none. So the same files are read here through the root of the process.
 */
#ifndef NM_PROC_SIGHT_H
#define NM_PROC_SIGHT_H

#include "model/node_rule.h"

/*
 * Fill in the numbers of control groups. `proc` is /proc and `root` the file tree of a recording,
 * which has no /proc/PID/root. False when the process cannot be looked at.
 */
bool nm_sight_read(int proc, int root, pid_t pid, struct nm_node_sight *out);

#endif
