/*
 * stat.h - /proc/PID/stat, statm, status and cmdline: proc(5)
 */
#ifndef NM_PROC_STAT_H
#define NM_PROC_STAT_H

#include "nodemem.h"

struct nm_proc_stat {
	char comm[64];
	char state; /* 'R', 'S', 'Z', ... */
	pid_t parent;
	uint64_t flags; /* PF_* of the kernel's include/linux/sched.h */
	uint64_t threads;
	uint64_t start_ticks; /* since boot, in clock ticks */
};

/* Parse the text of a stat file. The name in it may hold blanks and brackets. NM_E_CORRUPT. */
int nm_proc_stat_parse(const char *text, struct nm_proc_stat *out);

/* 0, or -errno. */
int nm_proc_stat_read(int pid_dir, struct nm_proc_stat *out);

bool nm_proc_stat_is_kernel_thread(const struct nm_proc_stat *stat);

/* Does it look as the child that a process was made to make of itself, to be read and never to run: one
   thread, stopped by whoever traces it? */
bool nm_proc_stat_is_still_image(const struct nm_proc_stat *stat);

/* Resident memory in bytes: the second number of a statm file. NM_E_CORRUPT. */
int nm_proc_statm_parse(const char *text, uint64_t page_size, uint64_t *out_rss);

/* The number in a line of a status file, as "VmSwap:"; in bytes where the line says kB. False when
   there is no such line, or no number in it. */
bool nm_proc_status_find(const char *text, const char *key, uint64_t *out);

/* The command line with blanks between the words, cut to fit; "" when it is not told. */
void nm_proc_command_read(int pid_dir, char *out, size_t room);

#endif
