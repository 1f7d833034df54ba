/*
 * jobs.h - what takes a while to know of a process, found in a thread with a target of its own
 *
 * The loop, and so the sampling, goes on meanwhile. The answer is the document of the command of that name, or a heap
 * snapshot.
 */
#ifndef NM_CMD_SERVE_JOBS_H
#define NM_CMD_SERVE_JOBS_H

#include "cmd/serve/web.h"
#include "nodemem.h"

#define NM_JOBS_MAX 2 /* of heap snapshots also so many that are made or being sent */

enum nm_job_kind {
	NM_JOB_LEDGER,	  /* does not stop the process: what malloc holds is not looked into */
	NM_JOB_HISTOGRAM, /* stops it, as do these */
	NM_JOB_SNAPSHOT,
	NM_JOB_REDACTED_SNAPSHOT, /* without the texts of strings */
};

struct nm_jobs {
	uv_loop_t *loop;
	unsigned count; /* under way */
	bool is_closed; /* no more of them */
};

/* Answer with what is found, or with a refusal when there are enough already. */
void nm_jobs_start(struct nm_jobs *jobs, struct nm_exchange *exchange, enum nm_job_kind kind,
		   const struct nm_target_info *info);

/* Wait for those under way. */
void nm_jobs_finish(struct nm_jobs *jobs);

/* Answer with an error as the document that --json prints, and the status that fits it. */
void nm_web_reply_error(struct nm_exchange *exchange, const struct nm_error *err);

#endif
