/*
 * kernel.h - what the kernel's log tells of processes that it killed for want of memory
 *
 * Fed line by line, without the time before it. Wordings of Linux 3.10 to 6.18: mm/oom_kill.c and
 * mm/memcontrol.c. Lines of one kill stand together, the last one names the process.
 */
#ifndef NM_CRASHLOG_KERNEL_H
#define NM_CRASHLOG_KERNEL_H

#include "model/ending.h"

struct nm_kernel_kill {
	pid_t pid;
	char name[32];
	char cgroup[160];      /* whose limit was reached; "" for the machine, or not told */
	uint64_t cgroup_limit; /* 0: not told */
	struct nm_kill_record record;
};

struct nm_kernel_log {
	struct nm_kernel_kill next; /* what was told so far of the kill to come */
	struct nm_kernel_kill last; /* the one before */
	bool is_group;
};

void nm_kernel_log_init(struct nm_kernel_log *log);

/* Does the line name a process that was killed? Then `*out` has it and what was told before. */
bool nm_kernel_log_line(struct nm_kernel_log *log, const char *line, struct nm_kernel_kill *out);

#endif
