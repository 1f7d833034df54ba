/*
 * fork.h - a copy-on-write child of a process, which never runs: its memory as it was at one moment
 *
 * V8 keeps its pages from children (MADV_DONTFORK), so that for the one call they are given free
 * and then kept again. Only frozen.c uses this.
 *
 * Costs    50 us of stop for each MiB in memory, and a second stop of a millisecond, in which the
 *          process takes note of its child's end. While the child is there each page that the
 *          process writes is copied.
 */
#ifndef NM_REMOTE_FORK_H
#define NM_REMOTE_FORK_H

#include "source/proc/smaps.h"
#include "source/remote/freeze.h"
#include "source/remote/inject.h"

#define NM_FORK_RUNS_MAX   60
#define NM_FORK_FRESH_MAX  (UINT64_C(32) << 20)
#define NM_FORK_ENDED_MAX  64
#define NM_FORK_WHY_LENGTH 200

/* Mappings that V8 keeps from children and that follow each other. */
struct nm_fork_run {
	nm_addr start;
	nm_addr end;
};

struct nm_fork {
	struct nm_freeze *freeze;
	struct nm_inject_code code;
	struct nm_smaps smaps; /* as they were a little before the stop */
	struct nm_fork_run runs[NM_FORK_RUNS_MAX];
	size_t run_count;
	bool has_too_many_runs;
	/* Mappings that are new since `smaps`: whether the child has them is not known, so they are
	   copied in the stop. */
	struct nm_copy fresh;
	unsigned busy_count; /* how often no thread could be made to do calls */
	pid_t child;
	char why[NM_FORK_WHY_LENGTH]; /* when it cannot be */
	/* Children that ended and that the process does not know of. */
	pid_t ended[NM_FORK_ENDED_MAX];
	size_t ended_count;
	int reap_status;
};

void nm_fork_init(struct nm_fork *fork, struct nm_freeze *freeze);

/* Before the stop: can it be done? False with `why`. Reads smaps: 5 to 50 ms. */
bool nm_fork_prepare(struct nm_fork *fork);

/* Take the image by a child. The plan and its room are the freeze's. NM_E_UNSUPPORTED with `why` when
   it turned out that it cannot be; else as nm_frozen_take(). No child is left running. */
int nm_fork_take(struct nm_fork *fork);

/* Let the process take note of children of ours that have ended, those of a nodemem that was killed
   among them. NM_OK also when there are none. */
int nm_fork_reap(struct nm_fork *fork);

void nm_fork_done(struct nm_fork *fork);

#endif
