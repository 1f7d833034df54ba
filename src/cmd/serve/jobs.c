#include "cmd/serve/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cmd/serve/snapshot_file.h"
#include "model/heap/classes.h"
#include "view/view.h"

#define STOP_MAX_US 500000
#define CLASSES_MAX 500

struct job {
	uv_work_t work;
	struct nm_jobs *jobs;
	struct nm_exchange *exchange;
	enum nm_job_kind kind;
	pid_t pid;
	int64_t started_ms;
	int status;
	struct nm_error err;
	char *text; /* of the document; owned */
	size_t length;
	int file; /* or the snapshot; -1 for none */
	struct nm_dump dump;
};

/* ---- in the thread ------------------------------------------------------------------------- */

static int show_ledger(FILE *out, struct nm_target *target, struct nm_error *err)
{
	const struct nm_ledger_options options = {.no_stop = true};
	const struct nm_view_options how = {.out = out, .format = &nm_view_json};
	struct nm_ledger ledger;
	int status = nm_ledger_read(target, &options, &ledger, err);

	if (status != NM_OK)
		return status;
	nm_view_json.ledger(&how, nm_target_info(target), &ledger, NULL);
	nm_ledger_done(&ledger);
	return NM_OK;
}

static int show_classes(FILE *out, struct nm_target *target, struct nm_error *err)
{
	const struct nm_classes_options options = {.max_stop_us = STOP_MAX_US};
	const struct nm_view_options how = {.out = out, .format = &nm_view_json};
	struct nm_view_classes view = {.top = CLASSES_MAX};
	struct nm_class_row *rows;
	struct nm_classes classes;
	int status = nm_classes_read(target, &options, &classes, err);

	if (status != NM_OK)
		return status;
	rows = calloc(classes.count + 1, sizeof(*rows));
	for (size_t i = 0; rows && i < classes.count; i++)
		if (classes.items[i].count > 0)
			rows[view.row_count++].one = classes.items[i];
	view.classes = &classes;
	view.rows = rows;
	if (rows)
		nm_view_json.classes(&how, &view);
	else
		status = nm_error_nomem(err);
	free(rows);
	nm_classes_done(&classes);
	return status;
}

static int find_out(struct job *job, FILE *out, struct nm_target *target)
{
	const struct nm_dump_options options = {
		.max_stop_us = STOP_MAX_US,
		.redact = job->kind == NM_JOB_REDACTED_SNAPSHOT,
	};

	switch (job->kind) {
	case NM_JOB_LEDGER:
		return show_ledger(out, target, &job->err);
	case NM_JOB_HISTOGRAM:
		return show_classes(out, target, &job->err);
	default:
		return nm_snapshot_file_make(target, &options, &job->dump, &job->file, &job->err);
	}
}

static void work(uv_work_t *request)
{
	struct job *job = request->data;
	struct nm_target *target = NULL;
	FILE *out = open_memstream(&job->text, &job->length);

	if (!out) {
		job->status = nm_error_nomem(&job->err);
		return;
	}
	job->status = nm_target_open(job->pid, &target, &job->err);
	/* The number may be another process's by now. Starts are told in ticks of the kernel's. */
	if (job->status == NM_OK &&
	    llabs(nm_target_info(target)->started_ms - job->started_ms) >= 1000)
		job->status =
			nm_error_set(&job->err, NM_E_GONE, "process %d has ended", (int)job->pid);
	if (job->status == NM_OK)
		job->status = find_out(job, out, target);
	nm_target_close(target);
	if (fclose(out) != 0 && job->status == NM_OK)
		job->status = nm_error_nomem(&job->err);
}

/* ---- in the loop --------------------------------------------------------------------------- */

void nm_web_reply_error(struct nm_exchange *exchange, const struct nm_error *err)
{
	static const struct {
		int code;
		unsigned status;
	} statuses[] = {
		{NM_E_GONE, MHD_HTTP_GONE},	 {NM_E_NOT_NODE, MHD_HTTP_GONE},
		{NM_E_PERM, MHD_HTTP_FORBIDDEN}, {NM_E_UNSUPPORTED, MHD_HTTP_NOT_IMPLEMENTED},
		{NM_E_LIMIT, MHD_HTTP_CONFLICT}, {NM_E_BUSY, MHD_HTTP_CONFLICT},
	};
	unsigned status = MHD_HTTP_INTERNAL_SERVER_ERROR;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].code == err->code)
			status = statuses[i].status;
	if (out) {
		nm_view_json_error(out, err);
		fclose(out);
	}
	nm_web_reply(exchange, status, "application/json", text ? text : "", length);
	free(text);
}

/* As a file to be kept. */
static void send_snapshot(struct job *job)
{
	char name[64], stopped[32];
	struct MHD_Response *response = nm_web_file(job->exchange, job->file, job->dump.bytes);

	if (response) {
		snprintf(name, sizeof(name), "attachment; filename=\"process-%d.heapsnapshot\"",
			 (int)job->pid);
		snprintf(stopped, sizeof(stopped), "%.1f", (double)job->dump.stopped_us / 1000);
		MHD_add_response_header(response, "Content-Disposition", name);
		MHD_add_response_header(response, "X-Nodemem-Stopped-Ms", stopped);
	}
	nm_web_send(job->exchange, MHD_HTTP_OK, response);
}

static void on_done(uv_work_t *request, int status)
{
	struct job *job = request->data;

	(void)status;
	job->jobs->count--;
	if (job->status == NM_OK && job->file >= 0)
		send_snapshot(job);
	else if (job->status == NM_OK)
		nm_web_reply(job->exchange, MHD_HTTP_OK, "application/json", job->text,
			     job->length);
	else
		nm_web_reply_error(job->exchange, &job->err);
	free(job->text);
	free(job);
}

void nm_jobs_start(struct nm_jobs *jobs, struct nm_exchange *exchange, enum nm_job_kind kind,
		   const struct nm_target_info *info)
{
	struct job *job;

	/* A client that takes its time has a file on our disk meanwhile. */
	const unsigned files = kind == NM_JOB_SNAPSHOT || kind == NM_JOB_REDACTED_SNAPSHOT
				       ? exchange->web->files
				       : 0;

	if (jobs->is_closed || jobs->count + files >= NM_JOBS_MAX) {
		nm_web_reply_text(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
				  "others are being answered: try again\n");
		return;
	}
	job = calloc(1, sizeof(*job));
	if (!job)
		return;
	job->jobs = jobs;
	job->exchange = exchange;
	job->kind = kind;
	job->pid = info->pid;
	job->started_ms = info->started_ms;
	job->file = -1;
	job->work.data = job;
	if (uv_queue_work(jobs->loop, &job->work, work, on_done) != 0) {
		free(job);
		return;
	}
	jobs->count++;
	nm_web_wait(exchange);
}

void nm_jobs_finish(struct nm_jobs *jobs)
{
	jobs->is_closed = true;
	while (jobs->count > 0)
		uv_run(jobs->loop, UV_RUN_ONCE);
}
