#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "source/proc/file.h"
#include "source/v8/calibrate_find.h"
#include "source/v8/counters.h"
#include "source/v8/layout_file.h"

/* A field can be missed when the child's heap moves between its words and ours, and the heap
   limit can stand in several places. */
#define TRIES 8

/* The child's own report allocates after it was taken, in new_space alone. */
#define NEW_SLACK   UINT64_C(65536)
#define PAGED_SLACK UINT64_C(4096)
/* A page taken meanwhile. */
#define NEAR_SLACK UINT64_C(524288)

static const char differs[] = "cannot calibrate: %s read with the new layout is not what a second "
			      "run of the binary prints";

/* One run of the binary. */
struct run {
	struct nm_v8_child *child;
	struct nm_v8_process process;
	int pid_dir;
	struct nm_v8_truth truth;
};

static int open_pid_dir(pid_t pid, struct nm_error *err)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int dir = proc < 0 ? -errno : nm_proc_open_pid(proc, pid);

	if (proc >= 0)
		close(proc);
	if (dir < 0)
		nm_error_set_errno(err, NM_E_IO, -dir, "cannot look at process %d", (int)pid);
	return dir;
}

/* Start the binary and take it to its first step, whose numbers are not used: printing them
   for the first time allocates. */
static int start(struct run *run, const char *path, bool limited, struct nm_error *err)
{
	int status;

	memset(run, 0, sizeof(*run));
	run->pid_dir = run->process.pagemap.fd = -1;
	status = nm_v8_child_open(path, limited, &run->child, err);
	if (status != NM_OK)
		return status;
	status = nm_v8_child_step(run->child, &run->truth, err);
	if (status <= 0)
		return status;
	run->pid_dir = open_pid_dir(nm_v8_child_pid(run->child), err);
	if (run->pid_dir < 0)
		return NM_E_IO;
	return nm_v8_process_open(nm_v8_child_pid(run->child), run->pid_dir, &run->process, err);
}

static void stop(struct run *run)
{
	nm_v8_child_close(run->child);
	nm_v8_process_close(&run->process);
	if (run->pid_dir >= 0)
		close(run->pid_dir);
}

/* What the code tells; the rest is to be found. */
static int begin_layout(struct run *run, struct nm_error *err)
{
	struct nm_v8_layout *layout = &run->process.layout;

	memset(layout, 0, sizeof(*layout));
	snprintf(layout->name, sizeof(layout->name), "V8 %u.%u (calibrated on %.16s)",
		 run->process.program.version.major, run->process.program.version.minor,
		 run->truth.node);
	layout->heap_gc_counts = NM_V8_NONE;
	layout->free_list = layout->free_list_bytes = NM_V8_NONE;
	layout->new_target = layout->new_large_capacity = NM_V8_NONE;
	layout->isolate_heap = layout->isolate_allocator = layout->heap_gc_state = NM_V8_BINARY;
	return nm_v8_layout_complete(layout, run->process.program.elf, err);
}

static int find_layout(const char *path, unsigned choice, struct nm_v8_layout *out,
		       struct nm_error *err)
{
	struct nm_v8_finder *finder = NULL;
	struct run run;
	int status = start(&run, path, false, err);

	if (status == NM_OK)
		status = begin_layout(&run, err);
	if (status == NM_OK)
		status = nm_v8_finder_new(&run.process, &run.process.layout, &finder, err);
	while (status == NM_OK) {
		status = nm_v8_child_step(run.child, &run.truth, err);
		if (status == 0)
			break;
		if (status > 0)
			status = nm_v8_finder_step(finder, &run.truth, err);
	}
	if (status == NM_OK)
		status = nm_v8_finder_finish(finder, choice, err);
	if (status == NM_OK)
		*out = run.process.layout;
	nm_v8_finder_free(finder);
	stop(&run);
	return status;
}

/* How well a step of the second run was read. */
enum match { EQUAL, NEAR, DIFFERENT };

static enum match match_used(uint64_t computed, uint64_t printed, uint64_t more)
{
	uint64_t off = computed > printed ? computed - printed : printed - computed;

	if (off <= PAGED_SLACK || (computed > printed && off <= more))
		return EQUAL;
	return off <= NEAR_SLACK ? NEAR : DIFFERENT;
}

/* Compare with what the process said; `out_name` is the number that differs most. */
static enum match match_isolate(const struct nm_isolate *isolate, const struct nm_v8_truth *truth,
				const char **out_name)
{
	enum match worst = EQUAL;

	*out_name = isolate->external != truth->external		 ? "external"
		    : isolate->array_buffers != truth->array_buffers	 ? "arrayBuffers"
		    : isolate->heap_size_limit != truth->heap_size_limit ? "the heap limit"
									 : NULL;
	if (*out_name)
		return DIFFERENT;
	for (uint32_t i = 0; i < truth->space_count; i++) {
		const struct nm_space *space = &isolate->spaces[i];
		uint64_t more = truth->spaces[i] == NM_V8_SPACE_NEW ? NEW_SLACK : PAGED_SLACK;
		enum match match = match_used(space->used, truth->used[i], more);

		if (space->size != truth->size[i] && match != DIFFERENT)
			match = match_used(space->size, truth->size[i], 0) == DIFFERENT ? DIFFERENT
											: NEAR;
		if (match <= worst)
			continue;
		worst = match;
		*out_name = space->name;
	}
	return worst;
}

/* Counts the steps read exactly. */
struct proof {
	unsigned steps;
	unsigned equal;
	const char *different;	   /* the number that spoils it */
	bool has_other_gcs;	   /* what was read for collections was something else, once */
	struct nm_isolate isolate; /* at the last step, and what the process said then */
	struct nm_v8_truth truth;
};

/* The collections since the step before, as read and as told. */
static void prove_gc_counts(struct proof *proof, const struct nm_isolate *isolate,
			    const struct nm_v8_truth *truth)
{
	uint64_t majors = isolate->major_gcs - proof->isolate.major_gcs;
	uint64_t minors = isolate->minor_gcs - proof->isolate.minor_gcs;
	uint64_t told_majors = truth->major_gcs - proof->truth.major_gcs;
	uint64_t told_minors = truth->minor_gcs - proof->truth.minor_gcs;

	if (!(isolate->has & NM_HAS_GC_COUNTS) ||
	    (proof->steps > 0 && truth->only_collected &&
	     (majors != told_majors || minors != told_minors)))
		proof->has_other_gcs = true;
	proof->isolate = *isolate;
	proof->truth = *truth;
}

static int compare(struct run *run, struct proof *proof, struct nm_error *err)
{
	struct nm_v8_isolates isolates = {NULL, 0};
	struct nm_v8_counters *counters = NULL;
	struct nm_isolate isolate;
	const char *name = "the state of the collector";
	enum match match = DIFFERENT;
	int status = nm_v8_isolates_find(&run->process, &isolates, err);

	if (status == NM_OK && (isolates.count != 1 || !isolates.items[0].is_main))
		name = "the number of isolates";
	else if (status == NM_OK)
		status = nm_v8_counters_new(&run->process, &isolates, &counters, err);
	if (counters && nm_v8_counters_read(counters, &isolate) == NM_V8_READING_GOOD) {
		match = match_isolate(&isolate, &run->truth, &name);
		prove_gc_counts(proof, &isolate, &run->truth);
	}
	proof->steps++;
	proof->equal += match == EQUAL;
	if (match == DIFFERENT || (match == NEAR && !proof->different))
		proof->different = name;
	if (status == NM_OK && match == DIFFERENT)
		status = nm_error_set(err, NM_E_UNSUPPORTED, differs, name);
	nm_v8_counters_free(counters);
	nm_v8_isolates_done(&isolates);
	return status;
}

/*
 * A second run must print what is read from it with the layout: exactly at most of its steps,
 * and nearly at all. Between its printing and its standing still a process can take a new page
 * or area. Without the counts of collections a layout is good: it loses them when they differ.
 */
static int prove_layout(const char *path, struct nm_v8_layout *layout, struct nm_calibration *out,
			struct nm_error *err)
{
	struct proof proof = {.steps = 0};
	struct run run;
	int status = start(&run, path, true, err);

	while (status == NM_OK) {
		run.process.layout = *layout;
		status = nm_v8_child_step(run.child, &run.truth, err);
		if (status == 0)
			break;
		if (status > 0)
			status = compare(&run, &proof, err);
	}
	if (status == NM_OK && 3 * proof.equal < 2 * proof.steps)
		status = nm_error_set(err, NM_E_UNSUPPORTED, differs, proof.different);
	if (proof.has_other_gcs)
		layout->heap_gc_counts = NM_V8_NONE;
	if (status == NM_OK) {
		memcpy(out->node, run.truth.node, sizeof(out->node));
		memcpy(out->v8, run.truth.v8, sizeof(out->v8));
		snprintf(out->build_id, sizeof(out->build_id), "%s",
			 nm_elf_build_id(run.process.program.elf));
	}
	stop(&run);
	return status;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int nm_calibrate(const char *path, struct nm_calibration *out, struct nm_error *err)
{
	struct nm_calibration found = {.runs = 0};
	struct nm_v8_layout layout;
	uint64_t begun = now_us();
	int status = NM_E_UNSUPPORTED;

	for (unsigned i = 0; i < TRIES && status == NM_E_UNSUPPORTED; i++) {
		found.runs++;
		status = find_layout(path, i, &layout, err);
		if (status != NM_OK)
			continue;
		found.runs++;
		status = prove_layout(path, &layout, &found, err);
	}
	if (status != NM_OK)
		return status;
	nm_v8_layout_row(&layout, found.node, found.row, sizeof(found.row));
	status = nm_v8_layout_save(found.build_id, &layout, found.saved_to, sizeof(found.saved_to),
				   err);
	if (status != NM_OK)
		return status;
	found.took_us = now_us() - begun;
	*out = found;
	return NM_OK;
}
