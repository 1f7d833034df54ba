/*
 * system.h - the part of nm_system_read() that comes from a /proc and a file tree
 */
#ifndef NM_SOURCE_SYSTEM_H
#define NM_SOURCE_SYSTEM_H

#include "nodemem.h"

/* Fill in limits and swap; total and free memory are there already. `proc`, `root` and the codes
   are those of nm_cgroups_read(). */
int nm_system_read_limits(int proc, int root, pid_t pid, struct nm_system *system,
			  struct nm_error *err);

#endif
