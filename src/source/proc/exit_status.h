/*
 * exit_status.h - how a process ended that is not our child
 *
 * From /proc/PID/stat (field 52, proc(5)) while its parent has not collected it, and after that from its
 * pidfd: PIDFD_GET_INFO with PIDFD_INFO_EXIT, Linux 6.15 (include/uapi/linux/pidfd.h).
 */
#ifndef NM_PROC_EXIT_STATUS_H
#define NM_PROC_EXIT_STATUS_H

#include <stdbool.h>
#include <sys/types.h>

/* `pidfd` was opened while it lived; -1 where the kernel has none. `out` is as of wait(2). False when
   it cannot be known. */
bool nm_exit_status_read(int proc, pid_t pid, int pidfd, int *out);

#endif
