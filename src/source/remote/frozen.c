#include "source/remote/frozen.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <unistd.h>

#include "base/units.h"
#include "source/remote/fork.h"

/* The process's own processor is free while it stands still. */
#define COPY_THREADS 2

/* What a stop takes, rather more than less; measured: bench/README.md. */
#define COPY_US_PER_MIB 350
#define COPY_US_FIXED	2000
#define FORK_US_PER_MIB 90
#define FORK_US_FIXED	4000

/* Below this a copy is as quick. */
#define FORK_FROM (UINT64_C(50) << 20)

/* A process goes on allocating until it stands still. */
#define SPARE_MIN   (UINT64_C(16) << 20)
#define SPARE_PART  8 /* of what it has */
#define GROWN_TRIES 4

/* A collection takes milliseconds, rarely more than a second. */
#define QUIET_TRIES    60
#define QUIET_PAUSE_US 2000
#define QUIET_LAST_US  100000

/* A thread inside the kernel, as one that starts a child: the others wait with it. */
#define SETTLE_MAX_US 50000
#define BUSY_TRIES    10

const char *nm_via_name(enum nm_via via)
{
	static const char *const names[] = {"auto", "copy", "fork", "core", "snapshot"};

	return names[via];
}

bool nm_freeze_is_quiet(const struct nm_freeze *freeze)
{
	return !freeze->options->is_quiet || freeze->options->is_quiet(freeze->options->context);
}

int nm_freeze_add_threads(struct nm_freeze *freeze)
{
	for (size_t i = 0; i < freeze->stop.thread_count; i++) {
		pid_t thread = freeze->stop.threads[i].id;
		struct user_regs_struct regs;
		struct iovec room = {&regs, sizeof(regs)};

		if (ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &room) != 0)
			return nm_error_set_errno(freeze->err, NM_E_IO, errno,
						  "cannot read the registers of thread %d",
						  (int)thread);
		if (nm_image_add_thread(freeze->image, thread, regs.rsp) != NM_OK)
			return nm_error_nomem(freeze->err);
	}
	return NM_OK;
}

int nm_freeze_try(struct nm_freeze *freeze, void (*work)(void *context),
		  void (*then)(void *context), void *context)
{
	uint64_t pause = QUIET_PAUSE_US;
	unsigned busy = 0;

	for (unsigned i = 0; i < QUIET_TRIES; i++) {
		int status = nm_stop_call_then(&freeze->stop, work, then, context, freeze->err);

		/* A thread that waits inside the kernel, as one that starts a child, may be out of
		   there the next time. */
		if (status != NM_OK && (status != NM_E_BUSY || ++busy == BUSY_TRIES))
			return status;
		if (status == NM_OK && freeze->end != NM_FREEZE_NOT_QUIET)
			return NM_OK;
		usleep((useconds_t)pause);
		pause = pause * 3 / 2 < QUIET_LAST_US ? pause * 3 / 2 : QUIET_LAST_US;
	}
	return nm_error_set(freeze->err, NM_E_BUSY,
			    "cannot take an image of process %d: it was collecting garbage each of "
			    "%d times (try again)",
			    (int)freeze->pid, QUIET_TRIES);
}

static int fail_too_long(const struct nm_freeze *freeze)
{
	bool is_copy = freeze->info->via == NM_VIA_COPY;
	const char *why = freeze->info->why_not_fork;
	char size[32], advice[NM_FORK_WHY_LENGTH + 40] = "";

	if (why[0])
		snprintf(advice, sizeof(advice), "; --via fork cannot be: %s", why);
	else if (is_copy)
		snprintf(advice, sizeof(advice), ", or --via fork");
	return nm_error_set(freeze->err, NM_E_LIMIT,
			    "cannot %s process %d: it has %s in memory and would stand still for "
			    "some %" PRIu64 " ms, and %" PRIu64
			    " ms are allowed (a larger --max-stop%s)",
			    is_copy ? "copy" : "fork", (int)freeze->pid,
			    nm_units_words(freeze->copy.present, size, sizeof(size)),
			    freeze->needed_us / 1000, freeze->max_stop_us / 1000, advice);
}

static uint64_t estimate_us(const struct nm_freeze *freeze)
{
	if (freeze->info->via == NM_VIA_COPY)
		return COPY_US_FIXED + freeze->copy.present * COPY_US_PER_MIB / NM_MIB;
	return FORK_US_FIXED + freeze->copy.present * FORK_US_PER_MIB / NM_MIB;
}

static bool has_time(void *context)
{
	const struct nm_freeze *freeze = context;

	return nm_stop_took_us(&freeze->stop) < freeze->max_stop_us;
}

/* It came so far in so much time. */
static void end_too_long(struct nm_freeze *freeze)
{
	uint64_t rest = freeze->copy.present - freeze->copy.reached;

	freeze->end = NM_FREEZE_TOO_LONG;
	freeze->needed_us = nm_stop_took_us(&freeze->stop) + rest * COPY_US_PER_MIB / NM_MIB;
}

static void copy_stopped(void *context)
{
	struct nm_freeze *freeze = context;
	struct nm_copy_source source = {.pid = freeze->pid, .mem = -1, .threads = COPY_THREADS};

	freeze->end = NM_FREEZE_NOT_QUIET;
	if (!nm_freeze_is_quiet(freeze))
		return;
	freeze->end = NM_FREEZE_FAILED;
	freeze->status = nm_copy_plan(&freeze->copy, freeze->pid_dir, freeze->pagemap, freeze->err);
	if (freeze->status == NM_OK)
		freeze->status = nm_freeze_add_threads(freeze);
	if (freeze->status != NM_OK)
		return;
	if (freeze->copy.size > freeze->copy.room.size)
		freeze->end = NM_FREEZE_GROWN;
	else if (!nm_copy_read(&freeze->copy, &source, has_time, freeze))
		end_too_long(freeze);
	else
		freeze->end = NM_FREEZE_TAKEN;
}

int nm_freeze_plan(struct nm_freeze *freeze)
{
	nm_image_free(freeze->image);
	freeze->image = nm_image_new();
	if (!freeze->image)
		return nm_error_nomem(freeze->err);
	return nm_copy_plan(&freeze->copy, freeze->pid_dir, freeze->pagemap, freeze->err);
}

int nm_freeze_make_room(struct nm_freeze *freeze)
{
	uint64_t spare = freeze->copy.size / SPARE_PART;
	char what[40];

	snprintf(what, sizeof(what), "a copy of process %d", (int)freeze->pid);
	return nm_copy_make_room(&freeze->copy, spare > SPARE_MIN ? spare : SPARE_MIN, what,
				 freeze->err);
}

/* Plan anew, and refuse what would take too long. */
static int prepare(struct nm_freeze *freeze)
{
	int status = nm_freeze_plan(freeze);

	freeze->estimate_us = freeze->needed_us = estimate_us(freeze);
	if (status == NM_OK && freeze->needed_us > freeze->max_stop_us)
		status = fail_too_long(freeze);
	return status == NM_OK ? nm_freeze_make_room(freeze) : status;
}

static int try_copy(struct nm_freeze *freeze)
{
	return nm_freeze_try(freeze, copy_stopped, NULL, freeze);
}

static int try_fork(struct nm_freeze *freeze, struct nm_fork *fork)
{
	if (!nm_fork_prepare(fork))
		return nm_error_set(freeze->err, NM_E_UNSUPPORTED,
				    "cannot make a child of process %d: %s", (int)freeze->pid,
				    fork->why);
	return nm_fork_take(fork);
}

/* By one way, once more when it has grown meanwhile. `fork` is NULL for a copy. */
static int take(struct nm_freeze *freeze, struct nm_fork *fork)
{
	freeze->info->via = fork ? NM_VIA_FORK : NM_VIA_COPY;
	freeze->end = NM_FREEZE_GROWN;
	for (int i = 0; i < GROWN_TRIES && freeze->end == NM_FREEZE_GROWN; i++) {
		int status = prepare(freeze);

		if (status == NM_OK)
			status = fork ? try_fork(freeze, fork) : try_copy(freeze);
		if (status != NM_OK)
			return status;
	}
	switch (freeze->end) {
	case NM_FREEZE_TAKEN:
		return NM_OK;
	case NM_FREEZE_TOO_LONG:
		return fail_too_long(freeze);
	case NM_FREEZE_FAILED:
		return freeze->status;
	default:
		return nm_error_set(freeze->err, NM_E_BUSY,
				    "cannot take an image of process %d: it grows faster than "
				    "room can be made for it (try again)",
				    (int)freeze->pid);
	}
}

/* Fork where that pays and can be. */
static int choose_and_take(struct nm_freeze *freeze, struct nm_fork *fork)
{
	int status = nm_freeze_plan(freeze);

	if (status != NM_OK)
		return status;
	if (freeze->options->via == NM_VIA_COPY ||
	    (freeze->options->via == NM_VIA_AUTO && freeze->copy.present < FORK_FROM))
		return take(freeze, NULL);
	status = take(freeze, fork);
	if (status != NM_E_UNSUPPORTED || freeze->options->via == NM_VIA_FORK)
		return status;
	snprintf(freeze->info->why_not_fork, sizeof(freeze->info->why_not_fork), "%s", fork->why);
	return take(freeze, NULL);
}

/* What has been read becomes the image. */
static int finish(struct nm_freeze *freeze, struct nm_image **out)
{
	int status;

	freeze->info->copied_bytes += freeze->copy.present - freeze->copy.unread;
	freeze->info->swapped_bytes = freeze->copy.swapped;
	freeze->info->unread_bytes = freeze->copy.unread;
	status = nm_copy_move(&freeze->copy, freeze->image, freeze->err);
	if (status == NM_OK && nm_image_seal(freeze->image) != NM_OK)
		status = nm_error_set(freeze->err, NM_E_CORRUPT,
				      "cannot use the mappings of process %d: two overlap",
				      (int)freeze->pid);
	if (status != NM_OK)
		return status;
	*out = freeze->image;
	freeze->image = NULL;
	return NM_OK;
}

int nm_frozen_take(pid_t pid, int pid_dir, struct nm_pagemap *pagemap,
		   const struct nm_frozen_options *options, struct nm_image **out,
		   struct nm_frozen_info *info, struct nm_error *err)
{
	struct nm_freeze freeze = {
		.pid = pid,
		.pid_dir = pid_dir,
		.pagemap = pagemap,
		.options = options,
		.max_stop_us = options->max_stop_us ? options->max_stop_us : NM_FROZEN_MAX_STOP_US,
		.info = info,
		.err = err,
	};
	struct nm_fork fork;
	int status;

	memset(info, 0, sizeof(*info));
	nm_fork_init(&fork, &freeze);
	nm_copy_init(&freeze.copy);
	status = nm_stop_init(&freeze.stop, pid, pid_dir, err);
	if (status == NM_OK) {
		freeze.stop.settle_us = freeze.max_stop_us / 2 < SETTLE_MAX_US
						? freeze.max_stop_us / 2
						: SETTLE_MAX_US;
		status = choose_and_take(&freeze, &fork);
		nm_fork_reap(&fork);
		info->children_left = fork.ended_count;
	}
	if (status == NM_OK)
		status = finish(&freeze, out);
	info->stops = freeze.stop.count;
	info->stopped_us = freeze.stop.total_us;
	info->longest_us = freeze.stop.longest_us;
	nm_image_free(freeze.image);
	nm_fork_done(&fork);
	nm_copy_done(&freeze.copy);
	nm_stop_done(&freeze.stop);
	return status;
}
