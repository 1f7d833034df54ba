#include "cmd/flight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/units.h"
#include "model/last_heap.h"

/* A process near the limit of its heap may be stopped so long, not longer. */
#define STOP_MAX_US 500000

/* Below this the whole is copied: it takes a child longer to be made while the heap is collected all the
   time. */
#define COPY_TO (UINT64_C(300) << 20)

/* What an image of the process and its objects take of our memory, as a part of its rss, and at least. */
#define ROOM_PERCENT 150
#define ROOM_MIN     (UINT64_C(64) << 20)

struct nm_flight_job {
	struct nm_flight *flight;
	uv_work_t work;
	int64_t started_ms; /* of the process */
	uint64_t rss;
	struct nm_flight_result result;
};

int nm_flight_check_room(pid_t pid, uint64_t rss, struct nm_error *err)
{
	const uint64_t needed = rss / 100 * ROOM_PERCENT + ROOM_MIN;
	const pid_t pids[] = {0, pid};
	char has[32], needs[32];

	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		struct nm_system system;
		uint64_t room;
		int status = nm_system_read(pids[i], &system, err);

		if (status != NM_OK)
			return status;
		room = system.has & NM_HAS_AVAILABLE ? system.available_memory : system.freemem;
		if (room < needed)
			return nm_error_set(err, NM_E_LIMIT,
					    "it takes some %s of memory to look, and %s are left",
					    nm_units_words(needed, needs, sizeof(needs)),
					    nm_units_words(room, has, sizeof(has)));
	}
	return NM_OK;
}

/* In the thread. */
static void take_dump(struct nm_flight_result *result, struct nm_target *target)
{
	const struct nm_dump_options options = {.max_stop_us = STOP_MAX_US};

	result->dump_status = nm_dump_write(target, result->dump_path, &options, &result->dump,
					    &result->dump_err);
}

static void take(uv_work_t *work)
{
	struct nm_flight_job *job = work->data;
	struct nm_flight_result *result = &job->result;
	const struct nm_classes_options options = {
		.isolate = result->isolate,
		.via = job->rss < COPY_TO ? NM_VIA_COPY : NM_VIA_AUTO,
		.max_stop_us = STOP_MAX_US,
	};
	struct nm_target *target = NULL;

	result->status = nm_flight_check_room(result->pid, job->rss, &result->err);
	if (result->status == NM_OK)
		result->status = nm_target_open(result->pid, &target, &result->err);
	/* The number may be another process's by now. Starts are told in ticks of the kernel's. */
	if (result->status == NM_OK &&
	    llabs(nm_target_info(target)->started_ms - job->started_ms) >= 1000)
		result->status = nm_error_set(&result->err, NM_E_GONE, "process %d has ended",
					      (int)result->pid);
	if (result->status == NM_OK)
		result->status = nm_classes_read(target, &options, &result->classes, &result->err);
	result->dump_status = result->status;
	result->dump_err = result->err;
	if (result->status == NM_OK && result->dump_path[0])
		take_dump(result, target);
	nm_target_close(target);
}

static void on_taken(uv_work_t *work, int status)
{
	struct nm_flight_job *job = work->data;
	struct nm_flight *flight = job->flight;

	(void)status;
	flight->job = NULL;
	flight->taken(flight->context, &job->result);
	nm_classes_done(&job->result.classes);
	free(job);
}

/* One dump is enough: of the first process that needs it. */
static void choose_dump(struct nm_flight *flight, struct nm_flight_result *result)
{
	if (!flight->dump_path || flight->has_dumped)
		return;
	flight->has_dumped = true;
	snprintf(result->dump_path, sizeof(result->dump_path), "%s", flight->dump_path);
}

static const struct nm_isolate *find_due(struct nm_flight_state *state,
					 const struct nm_sample *sample)
{
	for (unsigned i = 0; i < sample->isolate_count && i < NM_FLIGHT_ISOLATES; i++)
		if (nm_last_heap_is_due(sample, &sample->isolates[i], &state->watches[i]))
			return &sample->isolates[i];
	return NULL;
}

static void begin(struct nm_flight *flight, const struct nm_target_info *info, size_t record,
		  const struct nm_sample *sample, const struct nm_isolate *isolate)
{
	struct nm_flight_job *job = calloc(1, sizeof(*job));

	if (!job)
		return;
	job->flight = flight;
	job->work.data = job;
	job->started_ms = info->started_ms;
	job->rss = sample->rss;
	job->result.pid = info->pid;
	job->result.record = record;
	job->result.time_ms = sample->time_ms;
	job->result.heap_used = isolate->heap_used;
	memcpy(job->result.isolate, isolate->name, sizeof(job->result.isolate));
	choose_dump(flight, &job->result);
	if (uv_queue_work(flight->loop, &job->work, take, on_taken) != 0) {
		free(job);
		return;
	}
	flight->job = job;
}

void nm_flight_look(struct nm_flight *flight, struct nm_flight_state *state,
		    const struct nm_target_info *info, size_t record,
		    const struct nm_sample *sample)
{
	const struct nm_isolate *isolate;

	if (flight->is_off || flight->job || state->taken == NM_LAST_HEAP_MAX)
		return;
	isolate = find_due(state, sample);
	if (!isolate)
		return;
	state->taken++;
	begin(flight, info, record, sample, isolate);
}

size_t nm_flight_record(const struct nm_flight *flight)
{
	return flight->job->result.record;
}

void nm_flight_finish(struct nm_flight *flight)
{
	while (flight->job)
		uv_run(flight->loop, UV_RUN_ONCE);
}
