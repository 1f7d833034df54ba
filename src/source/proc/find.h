/*
 * find.h - the processes of the machine, by what /proc tells everybody
 */
#ifndef NM_PROC_FIND_H
#define NM_PROC_FIND_H

#include "base/error.h"

#define NM_PROC_FIND_MAX (1u << 22) /* the kernel's PID_MAX_LIMIT */

/*
 * The processes under `proc`, ascending, but for the kernel's own threads and those that have
 * ended and wait for their parent. The caller frees *out. NM_E_IO, NM_E_NOMEM.
 */
int nm_proc_find(int proc, pid_t **out, size_t *out_count, struct nm_error *err);

#endif
