/*
 * inside_malloc.c - what malloc holds, seen while the process stands still
 *
 * The process is stopped for a few milliseconds at a time and runs for as long in between, so
 * that a large heap does not mean a long stop.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/ledger/job.h"
#include "source/remote/stop.h"

#define MAX_STOP_US 15000
#define TRIES	    4
/* A thread that waits for a processor is no reason to keep the others waiting, again and again. */
#define BUSY_TRIES    200
#define BUSY_PAUSE_US 5000
#define SLICES_MAX    100000
/* A stop can fall into the moment at which malloc moves its top. */
#define STUMBLES_MAX 5

/* One walk, in as many stops as it takes. */
struct visit {
	struct nm_ledger_job *job;
	struct nm_glibc_walk walk;
	struct nm_window window;
	struct nm_stop stop;
	uint64_t max_us;   /* of a stop */
	unsigned stumbles; /* stops at which the main arena was not as known */
	bool is_done;
	bool has_overflowed;
};

static void name_allocator(struct nm_ledger_job *job)
{
	struct nm_malloc *malloc = &job->ledger->malloc;
	const struct nm_map *library;
	char version[16];
	int fd;

	job->allocator = nm_allocator_find(&job->process->maps, &library);
	snprintf(malloc->allocator, sizeof(malloc->allocator), "%s",
		 nm_allocator_name(job->allocator));
	if (job->allocator != NM_ALLOCATOR_GLIBC)
		return;
	fd = nm_map_open(library, job->process->pid_dir);
	if (fd < 0)
		return;
	if (nm_allocator_glibc_version(fd, version, sizeof(version)))
		snprintf(malloc->allocator, sizeof(malloc->allocator), "glibc %s", version);
	close(fd);
}

/* While the process stands still: no allocation here. */
static void see_store(void *context, nm_addr user, const uint64_t words[6])
{
	struct visit *visit = context;
	struct nm_ledger_job *job = visit->job;
	struct nm_v8_backing_store memory;

	(void)user;
	if (!nm_v8_backing_store_parse(words, &memory))
		return;
	if (job->store_count == job->store_room)
		visit->has_overflowed = true;
	else
		job->stores[job->store_count++] = (struct nm_store){.memory = memory};
}

/* Is every chunk in a heap that is listed? */
static bool has_caught_up(struct visit *visit)
{
	struct nm_v8_process *process = visit->job->process;

	nm_window_reset(&visit->window);
	return nm_glibc_is_whole(&visit->job->glibc) ||
	       (nm_v8_process_read_maps(process, NULL) == NM_OK &&
		nm_glibc_catch_up(&visit->job->glibc, &process->maps));
}

static void walk_on(void *context)
{
	struct visit *visit = context;

	if (!has_caught_up(visit)) {
		if (++visit->stumbles == STUMBLES_MAX)
			visit->walk.broken = "not all memory of its main arena was found";
		visit->is_done = visit->walk.broken != NULL;
		return;
	}
	/* The last tenth is for the threads to go on. */
	visit->is_done =
		nm_glibc_walk_on(&visit->walk, visit->stop.begun_us + visit->max_us * 9 / 10);
}

/* Find the arenas and make room for whatever the walk may meet. */
static int begin(struct visit *visit, struct nm_error *err)
{
	struct nm_ledger_job *job = visit->job;
	struct nm_v8_process *process = job->process;
	uint64_t size = 0;
	int status;

	nm_glibc_done(&job->glibc);
	free(job->stores);
	job->stores = NULL;
	job->store_count = 0;
	status = nm_v8_process_read_maps(process, err);
	if (status != NM_OK)
		return status;
	nm_window_reset(&visit->window);
	status = nm_glibc_find(&visit->window, &process->maps, &job->glibc, err);
	if (status == NM_OK)
		status = nm_glibc_prepare(&job->glibc, err);
	if (status != NM_OK)
		return status;
	for (size_t i = 0; i < job->glibc.heap_count; i++)
		size += job->glibc.heaps[i].end - job->glibc.heaps[i].start;
	job->store_room = (size_t)(size / NM_V8_BACKING_STORE_CHUNK_MIN) + 65536;
	job->stores = calloc(job->store_room, sizeof(*job->stores));
	if (!job->stores)
		return nm_error_nomem(err);
	visit->has_overflowed = visit->is_done = false;
	visit->stumbles = 0;
	visit->walk = (struct nm_glibc_walk){
		.glibc = &job->glibc,
		.look = {.size_min = NM_V8_BACKING_STORE_CHUNK_MIN,
			 .size_max = NM_V8_BACKING_STORE_CHUNK_MAX,
			 .see = see_store,
			 .context = visit},
	};
	return NM_OK;
}

int nm_ledger_read_smaps(struct nm_ledger_job *job, struct nm_error *err)
{
	int status = nm_smaps_read(job->process->pid_dir, &job->smaps);

	job->has_smaps = status == 0;
	if (status == 0)
		return NM_OK;
	if (status == -ESRCH)
		return nm_error_set(err, NM_E_GONE, "process %d ended while it was being read",
				    (int)job->process->pid);
	return nm_error_set_errno(err, NM_E_IO, -status, "cannot read /proc/%d/smaps",
				  (int)job->process->pid);
}

/* Between two stops the process has a right to its time. The first time there is something else
   to do, which takes as long in a process that is large enough for two. */
static int pause_between(struct visit *visit, struct nm_error *err)
{
	if (!visit->job->has_smaps)
		return nm_ledger_read_smaps(visit->job, err);
	usleep((useconds_t)(visit->max_us / 3));
	return NM_OK;
}

/* From the first chunk to the last, unless it breaks. */
static int walk_through(struct visit *visit, struct nm_error *err)
{
	int status = NM_OK;
	unsigned busy = 0;

	for (unsigned i = 0; i < SLICES_MAX && !visit->is_done; i++) {
		if (i > 0)
			status = pause_between(visit, err);
		if (status == NM_OK)
			status = nm_stop_call(&visit->stop, walk_on, visit, err);
		if (status == NM_E_BUSY && ++busy < BUSY_TRIES)
			usleep(BUSY_PAUSE_US);
		else if (status != NM_OK)
			return status;
	}
	if (visit->has_overflowed)
		visit->walk.broken = "it has more small chunks than fit";
	return status;
}

/* Another try begins from nothing: a process that allocates all the time can spoil one. */
static int try_to_walk(struct visit *visit, struct nm_error *err)
{
	int status = NM_E_UNSUPPORTED;

	for (int i = 0; i < TRIES && status == NM_E_UNSUPPORTED; i++) {
		status = begin(visit, err);
		if (status == NM_OK)
			status = walk_through(visit, err);
		if (status == NM_OK && (!visit->is_done || visit->walk.broken))
			status = nm_error_set(err, NM_E_UNSUPPORTED, "cannot look into malloc: %s",
					      visit->walk.broken ? visit->walk.broken
								 : "it never ends");
	}
	return status;
}

static void remember_stops(struct nm_ledger *ledger, const struct nm_stop *stop)
{
	ledger->stops = stop->count;
	ledger->stopped_us = stop->total_us;
	ledger->longest_stop_us = stop->longest_us;
}

int nm_ledger_look_into_malloc(struct nm_ledger_job *job, struct nm_error *err)
{
	const struct nm_v8_process *process = job->process;
	const struct nm_ledger_options *options = job->options;
	struct visit visit = {
		.job = job,
		.max_us = options->max_stop_us ? options->max_stop_us : MAX_STOP_US,
	};
	int status = nm_v8_process_read_maps(job->process, err);

	if (status != NM_OK)
		return status;
	name_allocator(job);
	if (job->allocator != NM_ALLOCATOR_GLIBC) {
		nm_ledger_miss(
			job->ledger,
			"what malloc holds, and which of it is ArrayBuffers: it is %s, and only "
			"glibc's can be looked into",
			job->ledger->malloc.allocator);
		return NM_OK;
	}
	status = nm_window_init(&visit.window, process->reader, &job->process->pagemap, err);
	if (status == NM_OK)
		status = nm_stop_init(&visit.stop, process->pid, process->pid_dir, err);
	if (status == NM_OK)
		visit.stop.settle_us = visit.max_us / 2;
	if (status == NM_OK)
		status = options->no_stop ? begin(&visit, err) : try_to_walk(&visit, err);
	remember_stops(job->ledger, &visit.stop);
	nm_window_done(&visit.window);
	nm_stop_done(&visit.stop);
	job->is_walked = status == NM_OK && !options->no_stop;
	if (status == NM_OK && options->no_stop)
		nm_ledger_miss(
			job->ledger,
			"what malloc holds, and which of it is ArrayBuffers: the process was not "
			"to be stopped (--no-stop)");
	if (status == NM_OK || status == NM_E_GONE || status == NM_E_NOMEM)
		return status;
	nm_ledger_miss(job->ledger, "what malloc holds, and which of it is ArrayBuffers: %s",
		       err->message);
	return NM_OK;
}
