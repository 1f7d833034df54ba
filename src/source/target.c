#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "model/sample.h"
#include "source/proc/file.h"
#include "source/proc/stat.h"
#include "source/target.h"
#include "source/v8/available.h"
#include "source/v8/counters.h"

/* A collection's pause is 1 to 20 ms mostly. While one is under way we wait this long, this
   often, then show what is known. */
#define GC_PAUSE_US    1000
#define GC_TRIES       8
#define GC_TRIES_FIRST 300 /* there is nothing older to show yet */
/* A reading during which new memory was taken is repeated at once. */
#define TORN_TRIES 20
/* Where node's list of isolates is not to be had, or has more of them than were found because a
   worker is just starting, they are searched anew: soon, and then ever less often. */
#define SEARCH_AGAIN_MS	    20
#define SEARCH_AGAIN_MAX_MS 1000
/* A process younger than this may not have made its heap yet. */
#define STARTING_MS 2000

struct nm_target {
	pid_t pid;
	int pid_dir;
	int pidfd; /* -1 where the kernel has none */
	int statm; /* /proc/PID/statm, kept open */
	uint64_t start_ticks;
	struct nm_target_info info;
	struct nm_target_cost cost;
	struct nm_v8_process process;
	struct nm_v8_isolates isolates;
	struct nm_v8_counters *counters;
	unsigned workers_seen;
	uint64_t searched_ms;
	uint64_t search_again_ms; /* after that time */
	struct nm_sample last;	  /* the last numbers outside a collection */
};

static uint64_t clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t age_ms(const struct nm_target *target)
{
	uint64_t now = clock_us(CLOCK_BOOTTIME) / 1000;
	uint64_t start = target->start_ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);

	return now > start ? now - start : 0;
}

/* True once the process has ended, even if its number is in use again. */
static bool has_ended(const struct nm_target *target)
{
	struct pollfd poll_fd = {.fd = target->pidfd, .events = POLLIN};
	struct nm_proc_stat stat;

	if (target->pidfd >= 0)
		return poll(&poll_fd, 1, 0) > 0;
	return nm_proc_stat_read(target->pid_dir, &stat) != 0 || stat.state == 'Z' ||
	       stat.state == 'X' || stat.start_ticks != target->start_ticks;
}

static int fail_gone(const struct nm_target *target, struct nm_error *err)
{
	return nm_error_set(err, NM_E_GONE, "process %d has ended", (int)target->pid);
}

/* What kind of thing the process is, before anything of it is read. */
static int check_kind(struct nm_target *target, struct nm_error *err)
{
	struct nm_proc_stat stat;
	int status = nm_proc_stat_read(target->pid_dir, &stat);

	if (status == -ESRCH || status == -ENOENT)
		return fail_gone(target, err);
	if (status != 0)
		return nm_error_set_errno(err, NM_E_IO, -status, "cannot read /proc/%d/stat",
					  (int)target->pid);
	target->start_ticks = stat.start_ticks;
	if (nm_proc_stat_is_kernel_thread(&stat))
		return nm_error_set(err, NM_E_NOT_NODE,
				    "process %d is a thread of the kernel (%s), not a Node.js "
				    "process (nodemem ps lists those)",
				    (int)target->pid, stat.comm);
	if (stat.state == 'Z' || stat.state == 'X')
		return nm_error_set(err, NM_E_GONE,
				    "process %d (%s) has ended and waits for its parent %d to "
				    "take note (a zombie: its memory is gone)",
				    (int)target->pid, stat.comm, (int)stat.parent);
	return NM_OK;
}

static int open_proc(struct nm_target *target, struct nm_error *err)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot open /proc");
	target->pidfd = (int)syscall(SYS_pidfd_open, target->pid, 0);
	target->pid_dir = nm_proc_open_pid(proc, target->pid);
	close(proc);
	if (target->pid_dir == -ENOENT || target->pid_dir == -ESRCH)
		return nm_error_set(err, NM_E_GONE,
				    "there is no process %d (nodemem ps lists the Node processes)",
				    (int)target->pid);
	if (target->pid_dir < 0)
		return nm_error_set_errno(err, NM_E_PERM, -target->pid_dir,
					  "cannot look at process %d", (int)target->pid);
	target->statm = openat(target->pid_dir, "statm", O_RDONLY | O_CLOEXEC);
	if (target->statm < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot read /proc/%d/statm",
					  (int)target->pid);
	return check_kind(target, err);
}

static void fill_info(struct nm_target *target)
{
	struct nm_target_info *info = &target->info;
	ssize_t length;

	nm_proc_command_read(target->pid_dir, info->command, sizeof(info->command));
	length = readlinkat(target->pid_dir, "exe", info->executable, sizeof(info->executable) - 1);
	if (length > 0)
		info->executable[length] = '\0';
	info->pid = target->pid;
	info->started_ms = (int64_t)(clock_us(CLOCK_REALTIME) / 1000 - age_ms(target));
	memcpy(info->node, target->process.program.node, sizeof(info->node));
	memcpy(info->v8, target->process.program.v8, sizeof(info->v8));
}

/* Give each isolate a number that stays its own: those known before keep theirs. */
static void number_isolates(struct nm_target *target, const struct nm_v8_isolates *before)
{
	for (size_t i = 0; i < target->isolates.count; i++) {
		struct nm_v8_isolate *isolate = &target->isolates.items[i];

		if (isolate->is_main)
			continue;
		for (size_t k = 0; k < before->count; k++)
			if (before->items[k].isolate == isolate->isolate &&
			    before->items[k].thread == isolate->thread)
				isolate->number = before->items[k].number;
		if (isolate->number == 0)
			isolate->number = ++target->workers_seen;
	}
}

/* Find the isolates, now or again. */
static int search(struct nm_target *target, struct nm_error *err)
{
	struct nm_v8_isolates before = target->isolates;
	int status;

	nm_v8_counters_free(target->counters);
	target->counters = NULL;
	target->isolates = (struct nm_v8_isolates){NULL, 0};
	status = nm_v8_isolates_find(&target->process, &target->isolates, err);
	if (status == NM_OK) {
		number_isolates(target, &before);
		status = nm_v8_counters_new(&target->process, &target->isolates, &target->counters,
					    err);
	}
	if (status != NM_OK)
		target->isolates.count = 0;
	nm_v8_isolates_done(&before);
	target->searched_ms = clock_us(CLOCK_MONOTONIC) / 1000;
	if (status != NM_OK && has_ended(target))
		return fail_gone(target, err);
	return status;
}

static int open_target(struct nm_target *target, struct nm_error *err)
{
	char who[32];
	int status = open_proc(target, err);

	if (status != NM_OK)
		return status;
	status = nm_v8_process_open(target->pid, target->pid_dir, &target->process, err);
	if (status == NM_OK) {
		fill_info(target);
		snprintf(who, sizeof(who), "process %d", (int)target->pid);
		status = nm_v8_process_choose_layout(&target->process, who, err);
	}
	if (status != NM_OK)
		return has_ended(target) ? fail_gone(target, err) : status;
	memcpy(target->info.layout, target->process.layout.name,
	       sizeof(target->process.layout.name));
	status = search(target, err);
	if (status == NM_E_UNSUPPORTED && age_ms(target) < STARTING_MS)
		return nm_error_set(err, NM_E_BUSY, "process %d is still starting (try again)",
				    (int)target->pid);
	return status;
}

int nm_target_open(pid_t pid, struct nm_target **out, struct nm_error *err)
{
	uint64_t begun = clock_us(CLOCK_MONOTONIC);
	struct nm_target *target = calloc(1, sizeof(*target));
	int status;

	if (!target)
		return nm_error_nomem(err);
	target->pid = pid;
	target->search_again_ms = SEARCH_AGAIN_MS;
	target->pid_dir = target->pidfd = target->statm = target->process.pagemap.fd = -1;
	status = open_target(target, err);
	if (status != NM_OK) {
		nm_target_close(target);
		return status;
	}
	nm_elf_relax(target->process.program.elf);
	target->cost.open_us = clock_us(CLOCK_MONOTONIC) - begun;
	target->cost.open_reads = nm_reader_calls(target->process.reader);
	*out = target;
	return NM_OK;
}

/*
 * The kernel's count of resident pages, as process.memoryUsage() has it. It tells also whether the
 * process is still there: the open file belongs to that one process and, once it has ended, cannot
 * be read any more or says 0.
 */
static bool read_rss(struct nm_target *target, struct nm_sample *sample)
{
	char text[128];
	ssize_t length = pread(target->statm, text, sizeof(text) - 1, 0);

	if (length <= 0)
		return false;
	text[length] = '\0';
	sample->has |= NM_HAS_RSS;
	return nm_proc_statm_parse(text, target->process.pagemap.page_size, &sample->rss) ==
		       NM_OK &&
	       sample->rss > 0;
}

/* The same isolate in the last good sample, or NULL. */
static const struct nm_isolate *find_last(const struct nm_target *target,
					  const struct nm_isolate *isolate)
{
	for (unsigned i = 0; i < target->last.isolate_count; i++)
		if (strcmp(target->last.isolates[i].name, isolate->name) == 0)
			return &target->last.isolates[i];
	return NULL;
}

/* In a collection: the heap's numbers are those of the last good sample, if there is one. */
static void show_last(const struct nm_target *target, struct nm_isolate *isolate)
{
	const struct nm_isolate *last = find_last(target, isolate);

	if (!last)
		return;
	*isolate = *last;
	isolate->in_gc = true;
}

static void forget_gc_counts(struct nm_isolate *isolate)
{
	isolate->major_gcs = isolate->minor_gcs = 0;
	isolate->has &= ~(unsigned)NM_HAS_GC_COUNTS;
}

/*
 * The counts of collections prove themselves: an isolate never has fewer than before. A worker may be
 * another one that came to lie where it lay, so all are searched anew; the main isolate stays the
 * same, so that the layout must be wrong about the place, and it is not read again.
 */
static void check_gc_counts(struct nm_target *target, struct nm_sample *sample)
{
	struct nm_v8_layout *layout = &target->process.layout;
	bool is_wrong = false, is_other = false;

	for (unsigned i = 0; i < sample->isolate_count; i++) {
		struct nm_isolate *isolate = &sample->isolates[i];
		const struct nm_isolate *last = find_last(target, isolate);

		if (isolate->in_gc || layout->heap_gc_counts == NM_V8_NONE)
			continue;
		if (!(isolate->has & NM_HAS_GC_COUNTS)) {
			is_wrong = true;
		} else if (last && nm_isolate_lost_gcs(isolate, last)) {
			is_wrong = is_wrong || target->isolates.items[i].is_main;
			is_other = true;
			forget_gc_counts(isolate);
		}
	}
	if (!is_wrong && !is_other)
		return;
	/* The next sample finds the isolates anew, and what is to be read of them. */
	nm_v8_counters_free(target->counters);
	target->counters = NULL;
	if (!is_wrong)
		return;
	layout->heap_gc_counts = NM_V8_NONE;
	for (unsigned i = 0; i < sample->isolate_count; i++)
		forget_gc_counts(&sample->isolates[i]);
	for (unsigned i = 0; i < target->last.isolate_count; i++)
		forget_gc_counts(&target->last.isolates[i]);
}

static void keep_last(struct nm_target *target, const struct nm_sample *sample)
{
	struct nm_sample *last = &target->last;

	if (nm_sample_reserve(last, sample->isolate_count) != NM_OK)
		return;
	memcpy(last->isolates, sample->isolates, sample->isolate_count * sizeof(*sample->isolates));
	last->isolate_count = sample->isolate_count;
	/* The numbers of an isolate in a collection are from before already. */
	for (unsigned i = 0; i < last->isolate_count; i++)
		last->isolates[i].in_gc = false;
}

static int fail_reading(const struct nm_target *target, enum nm_v8_reading reading,
			struct nm_error *err)
{
	if (reading == NM_V8_READING_DENIED)
		return nm_error_set(err, NM_E_PERM,
				    "cannot read the memory of process %d any more: not permitted",
				    (int)target->pid);
	return fail_gone(target, err);
}

/* Read until no isolate is in a collection, or often enough. */
static int read_isolates(struct nm_target *target, struct nm_sample *sample, struct nm_error *err)
{
	unsigned tries = target->last.isolate_count ? GC_TRIES : GC_TRIES_FIRST;
	unsigned searches = 0, torn = 0;

	for (sample->tries = 1;; sample->tries++) {
		enum nm_v8_reading reading;
		int status;

		if (nm_sample_reserve(sample, (unsigned)target->isolates.count) != NM_OK)
			return nm_error_nomem(err);
		reading = target->counters ? nm_v8_counters_read(target->counters, sample->isolates)
					   : NM_V8_READING_CHANGED;
		sample->isolate_count = (unsigned)target->isolates.count;
		if (reading == NM_V8_READING_GOOD)
			return NM_OK;
		if (reading == NM_V8_READING_TORN && torn < TORN_TRIES) {
			torn++;
			continue;
		}
		if (reading == NM_V8_READING_IN_GC || reading == NM_V8_READING_TORN) {
			if (sample->tries - torn < tries) {
				usleep(GC_PAUSE_US);
				continue;
			}
			if (reading == NM_V8_READING_IN_GC || searches > 0)
				return NM_OK;
			/* For good: an isolate was found before it had all its parts. */
			searches++;
			if ((status = search(target, err)) != NM_OK)
				return status;
			continue;
		}
		sample->isolate_count = 0;
		target->search_again_ms = SEARCH_AGAIN_MS;
		if (reading != NM_V8_READING_CHANGED || has_ended(target))
			return fail_reading(target, reading, err);
		if (++searches > 3)
			return nm_error_set(err, NM_E_BUSY,
					    "cannot take a sample of process %d: its isolates come "
					    "and go too fast (try again)",
					    (int)target->pid);
		if ((status = search(target, err)) != NM_OK)
			return status;
	}
}

int nm_target_sample(struct nm_target *target, struct nm_sample *sample, struct nm_error *err)
{
	uint64_t begun = clock_us(CLOCK_MONOTONIC), calls = nm_reader_calls(target->process.reader);
	uint64_t bytes = nm_reader_bytes(target->process.reader);
	bool was_good = true;
	int status;

	sample->has = 0;
	sample->isolate_count = 0;
	if (target->counters && !nm_v8_counters_is_complete(target->counters) &&
	    begun / 1000 - target->searched_ms >= target->search_again_ms) {
		status = search(target, err);
		if (status != NM_OK)
			return status;
		if (target->search_again_ms < SEARCH_AGAIN_MAX_MS)
			target->search_again_ms *= 2;
	}
	status = read_isolates(target, sample, err);
	if (status != NM_OK)
		return status;
	if (!read_rss(target, sample))
		return fail_gone(target, err);
	sample->took_us = clock_us(CLOCK_MONOTONIC) - begun;
	sample->pid = target->pid;
	sample->time_ms = (int64_t)(clock_us(CLOCK_REALTIME) / 1000);
	sample->has |= NM_HAS_UPTIME;
	sample->uptime_ms = sample->time_ms > target->info.started_ms
				    ? (uint64_t)(sample->time_ms - target->info.started_ms)
				    : 0;
	check_gc_counts(target, sample);
	for (unsigned i = 0; i < sample->isolate_count; i++) {
		was_good = was_good && !sample->isolates[i].in_gc;
		if (sample->isolates[i].in_gc)
			show_last(target, &sample->isolates[i]);
	}
	if (was_good || target->last.isolate_count > 0)
		keep_last(target, sample);
	target->cost.samples++;
	target->cost.sample_reads += nm_reader_calls(target->process.reader) - calls;
	target->cost.sample_bytes += nm_reader_bytes(target->process.reader) - bytes;
	return NM_OK;
}

void nm_target_read_available(struct nm_target *target, struct nm_sample *sample)
{
	char name[sizeof(sample->isolates[0].name)];

	for (unsigned i = 0; i < sample->isolate_count && i < target->isolates.count; i++) {
		nm_v8_isolate_name(&target->isolates.items[i], name, sizeof(name));
		/* Isolates can have come and gone since. */
		if (!sample->isolates[i].in_gc && strcmp(name, sample->isolates[i].name) == 0)
			nm_v8_available_read(&target->process, &target->isolates.items[i],
					     &sample->isolates[i]);
	}
}

struct nm_v8_process *nm_target_process(struct nm_target *target)
{
	return &target->process;
}

const struct nm_v8_isolates *nm_target_isolates(const struct nm_target *target)
{
	return &target->isolates;
}

bool nm_target_has_ended(const struct nm_target *target)
{
	return has_ended(target);
}

const struct nm_target_info *nm_target_info(const struct nm_target *target)
{
	return &target->info;
}

const struct nm_target_cost *nm_target_cost(const struct nm_target *target)
{
	return &target->cost;
}

void nm_target_close(struct nm_target *target)
{
	if (!target)
		return;
	nm_v8_counters_free(target->counters);
	nm_v8_isolates_done(&target->isolates);
	nm_v8_process_close(&target->process);
	nm_sample_done(&target->last);
	if (target->pid_dir >= 0)
		close(target->pid_dir);
	if (target->pidfd >= 0)
		close(target->pidfd);
	if (target->statm >= 0)
		close(target->statm);
	free(target);
}
