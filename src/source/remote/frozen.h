/*
 * frozen.h - a still image of a process, by one of two ways
 *
 * By copy: all threads are stopped, the pages that are in memory copied, and the threads let go.
 * By fork: while they are stopped the process makes a copy-on-write child of itself, goes on at
 * once, and the child, which never runs, is read at leisure and then removed without a trace.
 * A copy stops the process for 0.2 ms per MiB, or half a millisecond with one processor; a fork for a
 * third of that (bench/README.md).
 *
 * Should nodemem die meanwhile, the kernel lets go of all threads, and a thread that was sent to
 * do something goes back by itself to where it was (inject.h).
 */
#ifndef NM_REMOTE_FROZEN_H
#define NM_REMOTE_FROZEN_H

#include "source/proc/pagemap.h"
#include "source/remote/image.h"

#define NM_FROZEN_MAX_STOP_US 500000

struct nm_frozen_options {
	enum nm_via via;
	uint64_t max_stop_us; /* 0: NM_FROZEN_MAX_STOP_US */
	/* Asked while the process stands still: false when a collection is under way, so that it is
	   let go and stopped again later. Runs in a thread of its own; NULL: any moment is good. */
	bool (*is_quiet)(void *context);
	void *context;
};

struct nm_frozen_info {
	enum nm_via via; /* that was taken */
	unsigned stops;	 /* also those in which a collection was under way */
	uint64_t stopped_us;
	uint64_t longest_us;
	uint64_t copied_bytes;
	uint64_t swapped_bytes; /* in swap, and left there: not in the image */
	uint64_t unread_bytes;	/* in memory, and yet not given by the kernel */
	size_t children_left;	/* ended ones that the process could not be made to take note of */
	char why_not_fork[200]; /* when auto took copy: a clause; "" when there was no need */
};

/*
 * Take an image of the process; `out` is the caller's, to end with nm_image_free(). `info` is filled
 * also on failure. NM_E_LIMIT (it would stand still for longer than it may, or there is not enough
 * memory here), NM_E_BUSY (a collection was always under way), NM_E_GONE, NM_E_PERM,
 * NM_E_UNSUPPORTED (fork was asked for and cannot be), NM_E_IO, NM_E_NOMEM.
 */
int nm_frozen_take(pid_t pid, int pid_dir, struct nm_pagemap *pagemap,
		   const struct nm_frozen_options *options, struct nm_image **out,
		   struct nm_frozen_info *info, struct nm_error *err);

#endif
