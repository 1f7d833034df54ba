#include "cmd/top/look.h"

#include <stdlib.h>

#include "base/error.h"
#include "cmd/flight.h"

/* A process may be stopped so long for its classes, not longer. */
#define STOP_MAX_US 500000

/* Starts are told in ticks of the kernel's. */
#define SAME_START_MS 1000

struct nm_top_look_job {
	struct nm_top_looks *looks;
	uv_work_t work;
	uint64_t rss;
	struct nm_top_look_result result;
};

static int read_ledger(struct nm_target *target, struct nm_top_look_result *result)
{
	const struct nm_ledger_options options = {.no_stop = true};

	return nm_ledger_read(target, &options, &result->ledger, &result->err);
}

static int read_classes(struct nm_target *target, struct nm_top_look_result *result, uint64_t rss)
{
	const struct nm_classes_options options = {.max_stop_us = STOP_MAX_US};
	const int status = nm_flight_check_room(result->pid, rss, &result->err);

	return status != NM_OK ? status
			       : nm_classes_read(target, &options, &result->classes, &result->err);
}

/* In the thread. */
static void look(uv_work_t *work)
{
	struct nm_top_look_job *job = work->data;
	struct nm_top_look_result *result = &job->result;
	struct nm_target *target = NULL;

	result->status = nm_target_open(result->pid, &target, &result->err);
	if (result->status == NM_OK &&
	    llabs(nm_target_info(target)->started_ms - result->started_ms) >= SAME_START_MS)
		result->status = nm_error_set(&result->err, NM_E_GONE, "process %d has ended",
					      (int)result->pid);
	if (result->status == NM_OK)
		result->status = result->kind == NM_TOP_LEDGER
					 ? read_ledger(target, result)
					 : read_classes(target, result, job->rss);
	nm_target_close(target);
}

static void on_looked(uv_work_t *work, int status)
{
	struct nm_top_look_job *job = work->data;

	(void)status;
	job->looks->jobs[job->result.kind] = NULL;
	job->looks->done(job->looks->context, &job->result);
	nm_ledger_done(&job->result.ledger);
	nm_classes_done(&job->result.classes);
	free(job);
}

bool nm_top_look(struct nm_top_looks *looks, enum nm_top_look_kind kind,
		 const struct nm_target_info *info, uint64_t rss)
{
	struct nm_top_look_job *job = looks->jobs[kind] ? NULL : calloc(1, sizeof(*job));

	if (!job)
		return false;
	job->looks = looks;
	job->work.data = job;
	job->rss = rss;
	job->result.kind = kind;
	job->result.pid = info->pid;
	job->result.started_ms = info->started_ms;
	if (uv_queue_work(looks->loop, &job->work, look, on_looked) != 0) {
		free(job);
		return false;
	}
	looks->jobs[kind] = job;
	return true;
}

void nm_top_looks_finish(struct nm_top_looks *looks)
{
	for (int i = 0; i < NM_TOP_LOOK_COUNT; i++)
		while (looks->jobs[i])
			uv_run(looks->loop, UV_RUN_ONCE);
}
