/*
 * oom.h - how often the kernel killed for want of memory, on the machine and in a cgroup
 *
 * Read before and after, the difference tells whether an end by SIGKILL was the kernel's doing.
 * cgroup v1 and v2. A kill is counted in the cgroup of the one who was killed even when it was
 * the whole machine that had no memory left (mm/oom_kill.c, __oom_kill_process); only the other
 * counter, of allocations that failed at a limit, tells the two apart.
 */
#ifndef NM_PROC_OOM_H
#define NM_PROC_OOM_H

#include "model/ending.h"

struct nm_oom {
	bool knows_machine;
	bool knows_cgroup;
	uint64_t machine_kills; /* oom_kill of /proc/vmstat */
	uint64_t cgroup_kills;	/* oom_kill of the cgroup */
	uint64_t group_kills;	/* how often all of it, or of one above it, were killed together */
	uint64_t cgroup_failures; /* allocations that failed at its limit or one above it */
	uint64_t cgroup_limit;	  /* the lowest of them; 0 when there is none */
	bool is_v2;
	char mount[128];   /* where the hierarchy is mounted */
	char folder[512];  /* of the cgroup, below `mount`; "" for the topmost */
	char limited[512]; /* which folder has the lowest limit */
};

/* The counters for the cgroup of `pid`. `proc` is the folder /proc. What cannot be read is marked
   as not known; that is no failure. */
void nm_oom_read(int proc, pid_t pid, struct nm_oom *out);

/* The same counters now, also when the process is gone: the cgroup may be left. */
void nm_oom_read_again(int proc, const struct nm_oom *before, struct nm_oom *out);

/* What was counted in between. */
void nm_oom_compare(const struct nm_oom *before, const struct nm_oom *after, struct nm_kills *out);

#endif
