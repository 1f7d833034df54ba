/*
 * freeze.h - what the two ways to a still image share; only frozen.c and fork.c use it
 */
#ifndef NM_REMOTE_FREEZE_H
#define NM_REMOTE_FREEZE_H

#include "source/remote/copy.h"
#include "source/remote/frozen.h"
#include "source/remote/stop.h"

/* How a stop ended. */
enum nm_freeze_end {
	NM_FREEZE_TAKEN,
	NM_FREEZE_NOT_QUIET, /* a collection was under way */
	NM_FREEZE_GROWN,     /* it has more memory than there is room for */
	NM_FREEZE_TOO_LONG,  /* the time was up */
	NM_FREEZE_FAILED,    /* the job's error says why */
};

struct nm_freeze {
	pid_t pid;
	int pid_dir;
	struct nm_pagemap *pagemap;
	const struct nm_frozen_options *options;
	uint64_t max_stop_us;
	struct nm_frozen_info *info;
	struct nm_copy copy;
	struct nm_stop stop;
	struct nm_image *image;
	enum nm_freeze_end end;
	uint64_t estimate_us; /* what a stop should take */
	uint64_t needed_us;   /* what one that was too long would have taken */
	struct nm_error *err;
	int status; /* when it has failed */
};

/* In the stop: is this a moment to take an image of? */
bool nm_freeze_is_quiet(const struct nm_freeze *freeze);

/* In the stop, by the tracer: note the stack pointers. NM_E_NOMEM, NM_E_IO. */
int nm_freeze_add_threads(struct nm_freeze *freeze);

/* Stop the process for `work`, and do `then`, again and again until `freeze->end` is another than
   NOT_QUIET; a little later each time. Fails as nm_stop_call_then() does, and with NM_E_BUSY. */
int nm_freeze_try(struct nm_freeze *freeze, void (*work)(void *context),
		  void (*then)(void *context), void *context);

/* Plan what to copy, into a new image. As nm_copy_plan(). */
int nm_freeze_plan(struct nm_freeze *freeze);

/* Make room for what is planned and some more. NM_E_LIMIT, NM_E_NOMEM. */
int nm_freeze_make_room(struct nm_freeze *freeze);

#endif
