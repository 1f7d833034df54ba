/*
 * push.h - metrics sent to a receiver of OTLP/HTTP, in a thread of the loop's pool
 *
 * One request at a time. What could not be sent is not kept: the next request has newer numbers, and counters that
 * go on. A receiver that is not there is tried again after 1, 2, 4, ... seconds, and told of once.
 */
#ifndef NM_CMD_SERVE_PUSH_H
#define NM_CMD_SERVE_PUSH_H

#include <stdatomic.h>
#include <uv.h>

#include "cmd/serve/otel.h"

struct nm_push {
	struct nm_otel otel;
	uv_loop_t *loop;
	uv_timer_t timer;
	/* The body of a request, to be freed; NULL when there is none. */
	char *(*make)(void *context, const struct nm_otlp_options *options);
	void *context;
	bool is_started, is_sending, is_verbose;
	bool has_failed;   /* and it was told */
	bool has_rejected; /* likewise, that some were left out */
	uint64_t backoff_ms;
	atomic_bool is_stopping;
	/* The request under way; of the thread until it is done. */
	uv_work_t work;
	char *body;
	CURLcode code;
	long status;
	long retry_after_s;
	char problem[CURL_ERROR_SIZE];
	char answer[4096];
	size_t answer_length;
};

/* Begin to send, if the otel has an address. NM_E_IO. */
int nm_push_start(struct nm_push *push, uv_loop_t *loop, struct nm_error *err);

/* A request under way is given up. The loop must run until it has nothing to do. */
void nm_push_stop(struct nm_push *push);
void nm_push_done(struct nm_push *push);

#endif
