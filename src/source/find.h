/*
 * find.h - what can be said of a process whose memory cannot be read
 */
#ifndef NM_SOURCE_FIND_H
#define NM_SOURCE_FIND_H

#include "nodemem.h"

/* Fill in what the kernel tells everybody: command, executable, start, rss and uptime. The rest
   stays unknown. False when the process has ended. */
bool nm_find_describe(pid_t pid, struct nm_target_info *info, struct nm_sample *sample);

#endif
