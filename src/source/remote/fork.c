#include "source/remote/fork.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "source/proc/stat.h"
#include "source/proc/children.h"
#include "source/proc/file.h"

/* What its control group must have left: page tables of the child, and copies of pages that it
   writes while the child is read. */
#define LEFT_MIN      (UINT64_C(24) << 20)
#define LEFT_PART     16 /* of what it has in memory */
#define LEFT_CHECK_US 10000

/* The child is read in a second or two; one that cannot be must not stay. */
#define READ_MAX_US UINT64_C(30000000)

#define BUSY_TRIES    20
#define REAP_TRIES    200
#define REAP_PAUSE_US 5000

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void nm_fork_init(struct nm_fork *fork, struct nm_freeze *freeze)
{
	memset(fork, 0, sizeof(*fork));
	fork->freeze = freeze;
	nm_smaps_init(&fork->smaps);
	nm_copy_init(&fork->fresh);
}

void nm_fork_done(struct nm_fork *fork)
{
	nm_smaps_done(&fork->smaps);
	nm_copy_done(&fork->fresh);
}

/* ---- can it be done? --------------------------------------------------------------------- */

static bool object(struct nm_fork *fork, const char *why)
{
	snprintf(fork->why, sizeof(fork->why), "%.*s", NM_FORK_WHY_LENGTH - 1, why);
	return false;
}

/* Does a line "VmLck:  12 kB" tell of any? */
static bool has_any(const char *status, const char *key)
{
	const char *line = strstr(status, key);

	return line && strtoull(line + strlen(key), NULL, 10) > 0;
}

/* Enough for a second one of each page: the process may write to all of them before the child is read, and a
   child that is killed then has not yet let go of its pages when the kernel looks for whom to kill. */
static uint64_t left_wanted(const struct nm_fork *fork)
{
	return LEFT_MIN + fork->freeze->copy.present;
}

/* Others take of the same memory meanwhile. */
static bool has_little_left(const struct nm_fork *fork)
{
	return nm_room_left(fork->freeze->pid) < LEFT_MIN + fork->freeze->copy.present / LEFT_PART;
}

static bool has_room_for_child(struct nm_fork *fork)
{
	char left[32], wanted[32];
	uint64_t bytes = nm_room_left(fork->freeze->pid);

	if (bytes >= left_wanted(fork))
		return true;
	snprintf(fork->why, sizeof(fork->why),
		 "its control group has %s left, and %s are wanted for pages that it writes "
		 "meanwhile",
		 nm_units_words(bytes, left, sizeof(left)),
		 nm_units_words(left_wanted(fork), wanted, sizeof(wanted)));
	return false;
}

bool nm_fork_prepare(struct nm_fork *fork)
{
	struct nm_freeze *freeze = fork->freeze;
	const char *objection = nm_inject_find_objection(freeze->pid_dir, freeze->pid);
	char status[8192];

	if (objection)
		return object(fork, objection);
	if (nm_proc_read(freeze->pid_dir, "status", status, sizeof(status)) <= 0)
		return object(fork, "its status cannot be read");
	if (has_any(status, "\nVmLck:") || has_any(status, "\nVmPin:"))
		return object(fork, "it has locked memory, which a child would get a copy of at "
				    "once");
	if (!has_room_for_child(fork))
		return false;
	if (!fork->code.call &&
	    !nm_inject_find_code(freeze->pid, freeze->pid_dir, &freeze->copy.maps, &fork->code))
		return object(fork, "its C library is not one of those known");
	if (nm_smaps_read(freeze->pid_dir, &fork->smaps) != 0)
		return object(fork, "its smaps cannot be read");
	/* Ready before the stop; enough for most. */
	if (!fork->fresh.room.bytes &&
	    nm_room_make(NM_FORK_FRESH_MAX, "what is new", &fork->fresh.room, NULL) != NM_OK)
		return object(fork, "there is not enough memory here");
	return true;
}

/* ---- in the stop ------------------------------------------------------------------------- */

static bool is_same(const struct nm_map *a, const struct nm_map *b)
{
	return a->start == b->start && a->end == b->end && a->access == b->access &&
	       a->inode == b->inode;
}

/* Was a part of this mapping there before, and given to children? A mapping that only grew or
   shrank is as it was. */
static bool was_given_to_children(const struct nm_smaps *smaps, size_t at, const struct nm_map *map)
{
	size_t first = at > 0 ? at - 1 : 0;

	for (size_t i = first; i < smaps->maps.count; i++) {
		const struct nm_map *before = &smaps->maps.items[i];

		if (before->start >= map->end)
			break;
		if (before->end > map->start && !smaps->items[i].is_kept_from_children &&
		    (before->access & NM_MAP_READ))
			return true;
	}
	return false;
}

static void extend_runs(struct nm_fork *fork, const struct nm_map *map, bool *is_open)
{
	if (!*is_open && fork->run_count == NM_FORK_RUNS_MAX) {
		fork->has_too_many_runs = true;
		return;
	}
	if (!*is_open)
		fork->runs[fork->run_count++].start = map->start;
	fork->runs[fork->run_count - 1].end = map->end;
	*is_open = true;
}

/*
 * Which mappings are kept from children, as runs that hold nothing else, and which are new. That
 * a mapping equal in all to one of before is another one by now would take an allocation of the
 * same size at the same place, among V8's pages, within milliseconds; nobody but V8 maps there.
 */
static int compare_maps(struct nm_fork *fork)
{
	const struct nm_maps *maps = &fork->freeze->copy.maps;
	const struct nm_smaps *smaps = &fork->smaps;
	bool is_open = false;
	size_t at = 0;

	fork->run_count = 0;
	fork->has_too_many_runs = false;
	fork->fresh.maps.count = 0;
	for (size_t i = 0; i < maps->count; i++) {
		struct nm_map map = maps->items[i];
		bool is_known, is_anonymous = nm_map_is_anonymous(&map);

		while (at < smaps->maps.count && smaps->maps.items[at].start < map.start)
			at++;
		is_known = at < smaps->maps.count && is_same(&smaps->maps.items[at], &map);
		if (is_known && is_anonymous && !(map.access & NM_MAP_SHARED) &&
		    smaps->items[at].is_kept_from_children)
			extend_runs(fork, &map, &is_open);
		else
			is_open = false;
		map.path = "";
		if (!is_known && is_anonymous && nm_copy_wants(&map) &&
		    !was_given_to_children(smaps, at, &map) &&
		    nm_maps_add(&fork->fresh.maps, &map) != NM_OK)
			return nm_error_nomem(fork->freeze->err);
	}
	return NM_OK;
}

static int fail_unsupported(struct nm_fork *fork, const char *why)
{
	if (why)
		object(fork, why);
	return nm_error_set(fork->freeze->err, NM_E_UNSUPPORTED,
			    "cannot make a child of process %d: %s", (int)fork->freeze->pid,
			    fork->why);
}

/* Should memory run out while it is there, then it is the one to go, and not the process: of those that the
   kernel may kill it takes the one with the highest score (mm/oom_kill.c, oom_badness). */
static void offer_child(pid_t child)
{
	static const char most[] = "1000";
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)child);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	/* Where that is not permitted, the watch on what is left is all there is. */
	(void)!write(fd, most, sizeof(most) - 1);
	close(fd);
}

/* The child is to die with us, and to stand still until then. */
static void hold_child(struct nm_fork *fork)
{
	int status;

	if (fork->child > 0 && waitpid(fork->child, &status, __WALL) == fork->child &&
	    WIFSTOPPED(status)) {
		ptrace(PTRACE_SETOPTIONS, fork->child, NULL, (void *)PTRACE_O_EXITKILL);
		offer_child(fork->child);
	}
}

static int check_calls(struct nm_fork *fork, const struct nm_inject_call *calls, size_t count)
{
	const struct nm_inject_call *clone = &calls[fork->run_count];
	const char *advice = clone->result == -EAGAIN	? " (pids.max of its control group, or a "
							  "limit of its user)"
			     : clone->result == -ENOMEM ? " (vm.overcommit_memory)"
							: "";

	if (!clone->was_made || clone->result <= 0) {
		snprintf(fork->why, sizeof(fork->why), "clone: %s%s",
			 strerror(clone->was_made ? (int)-clone->result : EINTR), advice);
		return fail_unsupported(fork, NULL);
	}
	for (size_t i = 0; i < count; i++)
		/* ENOMEM: there are holes, and the rest was done all the same. */
		if (i != fork->run_count && calls[i].result != 0 && calls[i].result != -ENOMEM)
			return fail_unsupported(fork, "V8's pages could not be given to it");
	return NM_OK;
}

static int make_child(struct nm_fork *fork)
{
	struct nm_freeze *freeze = fork->freeze;
	struct nm_inject_call calls[NM_INJECT_CALLS_MAX] = {{0}};
	size_t runs = fork->run_count, count = 2 * runs + 1;
	struct nm_stopped_thread *thread;
	int status;

	if (fork->has_too_many_runs)
		return fail_unsupported(fork, "V8's pages lie in too many places");
	thread = nm_inject_choose(&freeze->stop, &freeze->copy.maps, count);
	if (!thread && ++fork->busy_count < BUSY_TRIES) { /* all compute: later, then */
		freeze->end = NM_FREEZE_NOT_QUIET;
		return NM_OK;
	}
	if (!thread)
		return fail_unsupported(fork, "none of its threads can be made to");
	for (size_t i = 0; i < runs; i++) {
		struct nm_inject_call *free_call = &calls[i], *keep_call = &calls[runs + 1 + i];

		free_call->number = keep_call->number = SYS_madvise;
		free_call->args[0] = keep_call->args[0] = fork->runs[i].start;
		free_call->args[1] = keep_call->args[1] = fork->runs[i].end - fork->runs[i].start;
		free_call->args[2] = MADV_DOFORK;
		keep_call->args[2] = MADV_DONTFORK;
	}
	/* Open files are shared, not held: what the process closes meanwhile is closed. With no
	   signal at its end, the process notices nothing. */
	calls[runs] = (struct nm_inject_call){.number = SYS_clone, .args = {CLONE_FILES}};
	status = nm_inject(thread, &fork->code, calls, count, &fork->child, freeze->err);
	hold_child(fork);
	if (status == NM_OK)
		return check_calls(fork, calls, count);
	return status == NM_E_GONE || !freeze->err ? status
						   : fail_unsupported(fork, freeze->err->message);
}

static bool always(void *context)
{
	(void)context;
	return true;
}

/* What is new, while the process still stands. */
static int copy_fresh(struct nm_fork *fork, bool *out_fits)
{
	struct nm_copy_source source = {.pid = fork->freeze->pid, .mem = -1, .threads = 1};
	struct nm_copy *fresh = &fork->fresh;
	int status = nm_copy_plan_pages(fresh, fork->freeze->pagemap, fork->freeze->err);

	*out_fits = status == NM_OK && fresh->size <= fresh->room.size;
	if (*out_fits)
		nm_copy_read(fresh, &source, always, NULL);
	return status;
}

static int fork_now(struct nm_fork *fork)
{
	struct nm_freeze *freeze = fork->freeze;
	int status = nm_freeze_add_threads(freeze), failed;
	bool fits = true;

	if (status != NM_OK)
		return status;
	failed = nm_maps_read(freeze->pid_dir, &freeze->copy.maps);
	if (failed)
		return nm_error_set_errno(freeze->err, NM_E_IO, -failed,
					  "cannot read the mappings of process %d",
					  (int)freeze->pid);
	status = compare_maps(fork);
	if (status == NM_OK)
		status = copy_fresh(fork, &fits);
	if (status == NM_OK && !fits)
		freeze->end = NM_FREEZE_GROWN;
	else if (status == NM_OK)
		status = make_child(fork);
	return status;
}

static void fork_stopped(void *context)
{
	struct nm_fork *fork = context;
	struct nm_freeze *freeze = fork->freeze;

	fork->child = 0;
	freeze->end = NM_FREEZE_NOT_QUIET;
	if (!nm_freeze_is_quiet(freeze))
		return;
	/* Once begun it cannot be broken off. */
	freeze->end = NM_FREEZE_TOO_LONG;
	freeze->needed_us = freeze->estimate_us + nm_stop_took_us(&freeze->stop);
	if (freeze->needed_us > freeze->max_stop_us)
		return;
	freeze->end = NM_FREEZE_TAKEN;
	freeze->status = fork_now(fork);
	if (freeze->status != NM_OK)
		freeze->end = NM_FREEZE_FAILED;
}

/* ---- while the process runs again -------------------------------------------------------- */

struct reading {
	struct nm_fork *fork;
	uint64_t begun_us;
	uint64_t checked_us;
	bool has_little_left;
};

static bool may_go_on(void *context)
{
	struct reading *reading = context;
	uint64_t now = now_us();

	if (now - reading->begun_us > READ_MAX_US)
		return false;
	if (now - reading->checked_us < LEFT_CHECK_US)
		return true;
	reading->checked_us = now;
	reading->has_little_left = has_little_left(reading->fork);
	return !reading->has_little_left;
}

/* Is there a mapping that the child should have and has not? */
static bool has_all(const struct nm_copy *copy, const struct nm_maps *child)
{
	for (size_t i = 0; i < copy->maps.count; i++) {
		const struct nm_map *map = &copy->maps.items[i];

		if (nm_copy_wants(map) && nm_map_is_anonymous(map) &&
		    !nm_maps_find(copy->left_out, map->start) && !nm_maps_find(child, map->start))
			return false;
	}
	return true;
}

/* It stands still until it is killed. One that the kernel has killed is not: its pages are gone before it is. */
static bool stands_still(int child_dir)
{
	struct nm_proc_stat stat;

	return nm_proc_stat_read(child_dir, &stat) == 0 && stat.state == 't';
}

static int fail_killed(struct nm_fork *fork)
{
	return fail_unsupported(fork, "the kernel killed the child for want of memory in its "
				      "control group");
}

static int read_pages(struct nm_fork *fork, const struct nm_copy_source *source, int child_dir)
{
	struct nm_freeze *freeze = fork->freeze;
	struct reading reading = {.fork = fork, .begun_us = now_us()};
	int status = nm_copy_make_room(&freeze->copy, 0, "a copy of the process", freeze->err);

	if (status != NM_OK)
		return status;
	if (nm_copy_read(&freeze->copy, source, may_go_on, &reading))
		return stands_still(child_dir) ? NM_OK : fail_killed(fork);
	return fail_unsupported(fork, reading.has_little_left
					      ? "its control group has too little memory left"
					      : "the child could not be read in time");
}

/* What the child has, which is what the process had. */
static int plan_and_read(struct nm_fork *fork, int child_dir)
{
	struct nm_freeze *freeze = fork->freeze;
	struct nm_copy_source source = {.pid = fork->child, .threads = 1};
	struct nm_pagemap pagemap;
	struct nm_maps child;
	int status = NM_OK;

	source.mem = openat(child_dir, "mem", O_RDONLY | O_CLOEXEC);
	if (source.mem < 0 && !stands_still(child_dir))
		return fail_killed(fork);
	if (source.mem < 0)
		return nm_error_set_errno(freeze->err, NM_E_IO, errno,
					  "cannot open the memory of the child");
	nm_maps_init(&child);
	freeze->copy.left_out = &fork->fresh.maps;
	nm_pagemap_open(&pagemap, child_dir, freeze->pagemap->page_size);
	if (nm_maps_read(child_dir, &child) == 0 && has_all(&freeze->copy, &child))
		status = nm_copy_plan_pages(&freeze->copy, &pagemap, freeze->err);
	else if (stands_still(child_dir))
		freeze->end = NM_FREEZE_GROWN;
	else
		status = fail_killed(fork);
	if (status == NM_OK && freeze->end == NM_FREEZE_TAKEN)
		status = read_pages(fork, &source, child_dir);
	nm_pagemap_close(&pagemap);
	nm_maps_done(&child);
	close(source.mem);
	return status;
}

/* By the tracer, when the process runs again: it has caught the child. */
static void read_child(void *context)
{
	struct nm_fork *fork = context;
	struct nm_freeze *freeze = fork->freeze;
	char path[32];
	int child_dir, status;

	if (fork->child <= 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d", (int)fork->child);
	child_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (freeze->end == NM_FREEZE_TAKEN) {
		freeze->status = child_dir < 0 ? fail_killed(fork) : plan_and_read(fork, child_dir);
		if (freeze->status != NM_OK)
			freeze->end = NM_FREEZE_FAILED;
	}
	if (child_dir >= 0)
		close(child_dir);
	/* It never ran, and does not now. */
	kill(fork->child, SIGKILL);
	waitpid(fork->child, &status, __WALL);
}

int nm_fork_take(struct nm_fork *fork)
{
	struct nm_freeze *freeze = fork->freeze;
	int status = nm_freeze_try(freeze, fork_stopped, read_child, fork);

	freeze->copy.left_out = NULL;
	if (status != NM_OK)
		return status;
	if (freeze->end == NM_FREEZE_FAILED)
		return freeze->status;
	if (freeze->end == NM_FREEZE_GROWN)
		return NM_OK;
	return nm_copy_move(&fork->fresh, freeze->image, freeze->err);
}

/* ---- children that have ended ------------------------------------------------------------ */

static void find_ended(struct nm_fork *fork)
{
	int proc = openat(fork->freeze->pid_dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	fork->ended_count = 0;
	if (proc < 0)
		return;
	fork->ended_count =
		nm_proc_silent_zombies(proc, fork->freeze->pid, fork->ended, NM_FORK_ENDED_MAX);
	close(proc);
}

static void reap_stopped(void *context)
{
	struct nm_fork *fork = context;
	struct nm_freeze *freeze = fork->freeze;
	struct nm_inject_call calls[NM_FORK_ENDED_MAX] = {{0}};
	struct nm_stopped_thread *thread =
		nm_inject_choose(&freeze->stop, &fork->smaps.maps, fork->ended_count);

	if (!thread)
		return;
	for (size_t i = 0; i < fork->ended_count; i++) {
		calls[i].number = SYS_wait4;
		calls[i].args[0] = (uint64_t)fork->ended[i];
		calls[i].args[2] = __WALL | WNOHANG;
	}
	fork->reap_status = nm_inject(thread, &fork->code, calls, fork->ended_count, NULL, NULL);
}

int nm_fork_reap(struct nm_fork *fork)
{
	struct nm_freeze *freeze = fork->freeze;
	struct nm_maps *maps = &fork->smaps.maps;
	int status = NM_OK;

	find_ended(fork);
	for (int i = 0; i < REAP_TRIES && fork->ended_count > 0; i++) {
		if (i > 0)
			usleep(REAP_PAUSE_US);
		if (nm_maps_read(freeze->pid_dir, maps) != 0)
			return NM_OK; /* it has ended, and they with it */
		if (nm_inject_find_objection(freeze->pid_dir, freeze->pid) ||
		    (!fork->code.call &&
		     !nm_inject_find_code(freeze->pid, freeze->pid_dir, maps, &fork->code)))
			return NM_E_UNSUPPORTED;
		status = nm_stop_call(&freeze->stop, reap_stopped, fork, NULL);
		if (status == NM_E_GONE)
			return NM_OK;
		if (status != NM_OK && status != NM_E_BUSY)
			return status;
		find_ended(fork);
	}
	return fork->ended_count > 0 ? NM_E_BUSY : NM_OK;
}
