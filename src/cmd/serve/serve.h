/*
 * serve.h - all that `serve` holds while it runs
 */
#ifndef NM_CMD_SERVE_SERVE_H
#define NM_CMD_SERVE_SERVE_H

#include "cmd/command.h"
#include "cmd/serve/guard.h"
#include "cmd/serve/jobs.h"
#include "cmd/serve/lookout.h"
#include "cmd/serve/push.h"
#include "cmd/serve/stream.h"
#include "cmd/serve/web.h"

struct nm_serve {
	struct nm_call *call;
	uv_loop_t loop;
	uv_signal_t interrupt, terminate;
	struct nm_lookout lookout;
	struct nm_web web;
	struct nm_guard guard;
	struct nm_push push;
	struct nm_jobs jobs;
	struct nm_stream stream;
	uint64_t told_ms; /* when the stream was told of the fleet */
	bool needs_token;
	bool allow_actions;
	bool no_pid_label;
	uint64_t max_series;
	struct nm_points points;
	/* /metrics as it was last made, in the older format and in OpenMetrics; NULL before that. */
	struct MHD_Response *metrics[2];
	uint64_t metrics_look[2]; /* of which look it tells */
};

/* Answer a whole request. `context` is the struct nm_serve. */
void nm_routes_answer(void *context, struct nm_exchange *exchange);

/* What is told of one process. */
enum nm_process_page {
	NM_PAGE_USAGE,
	NM_PAGE_LIMITS,
	NM_PAGE_FORECAST,
	NM_PAGE_PAST,
	NM_PAGE_LEDGER,
	NM_PAGE_HISTOGRAM,
	NM_PAGE_SNAPSHOT,
	NM_PAGE_REDACTED_SNAPSHOT,
};

void nm_process_answer(struct nm_serve *serve, struct nm_exchange *exchange, pid_t pid,
		       enum nm_process_page page);

/* All processes in short. */
void nm_processes_answer(struct nm_serve *serve, struct nm_exchange *exchange);

/* The same to all who listen, after a look. `context` is the struct nm_serve. */
void nm_processes_tell(void *context);

#endif
