/*
 * cgroup.h - the control groups above a process and the memory limits they set
 *
 * Version 2 of cgroups, version 1, and both at once (hybrid: the memory controller then is in
 * one of them). In a container the cgroup file system shows a part of the tree only; the groups
 * are then those that can be seen, and what lies above stays unknown.
 *
 * Owns     the array and the paths, until nm_cgroups_done().
 * Trusts   nothing: paths and numbers are checked; a number which is none counts as unknown.
 * Costs    two small files and five to seven more per group.
 */
#ifndef NM_PROC_CGROUP_H
#define NM_PROC_CGROUP_H

#include "base/error.h"

enum nm_cgroup_has {
	NM_CGROUP_HAS_MAX = 1u << 0,
	NM_CGROUP_HAS_HIGH = 1u << 1,
	NM_CGROUP_HAS_USAGE = 1u << 2,
	NM_CGROUP_HAS_SWAP_MAX = 1u << 3,
	NM_CGROUP_HAS_SWAP_USAGE = 1u << 4,
	NM_CGROUP_HAS_CACHE = 1u << 5,
	NM_CGROUP_HAS_KILLS = 1u << 6,
};

struct nm_cgroup {
	char *path;    /* owned by the list; as in /proc/PID/cgroup: "/" for the topmost */
	unsigned has;  /* enum nm_cgroup_has; a limit not set is one that is not there */
	uint64_t max;  /* past it the kernel kills: memory.max, memory.limit_in_bytes */
	uint64_t high; /* past it the kernel slows down and reclaims: memory.high, version 2 only */
	uint64_t usage;
	uint64_t swap_max;   /* memory.swap.max; in version 1 memory.memsw: with memory together */
	uint64_t swap_usage; /* likewise */
	uint64_t cache;	     /* part of usage that can be dropped: active and inactive files */
	uint64_t kills;	     /* processes killed in it for want of memory */
};

struct nm_cgroups {
	struct nm_cgroup *items; /* the group of the process first, the topmost last */
	size_t count;		 /* 0 when there are none, or none that can be seen */
	int version; /* of cgroups, where the memory controller is: 1 or 2; 0 for none */
};

#define NM_CGROUPS_MAX 256 /* levels */

/*
 * Read the groups of process `pid`, or with 0 the caller's own. `proc` is /proc and `root` the
 * file tree which the mounts of the caller stand in: "/" or a recorded copy. NM_E_GONE,
 * NM_E_PERM, NM_E_CORRUPT, NM_E_LIMIT (too many levels), NM_E_IO.
 */
int nm_cgroups_read(int proc, int root, pid_t pid, struct nm_cgroups *out, struct nm_error *err);

/* The lower of a group's max and high. False when it has neither. */
bool nm_cgroup_limit(const struct nm_cgroup *group, uint64_t *out);

void nm_cgroups_done(struct nm_cgroups *groups);

#endif
