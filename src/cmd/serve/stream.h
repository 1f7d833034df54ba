/*
 * stream.h - server-sent events: the same text to all who listen
 *
 * A listener gets the newest text there is once it has taken the one before; those in between are left out for it.
 * One that does not take a text within NM_STREAM_TIME_MS is cut off. So each costs what is under way to it, and no
 * more.
 */
#ifndef NM_CMD_SERVE_STREAM_H
#define NM_CMD_SERVE_STREAM_H

#include "cmd/serve/web.h"

#define NM_LISTENERS_MAX  32
#define NM_STREAM_TIME_MS 20000

struct nm_frame;
struct nm_listener;

struct nm_stream {
	uv_loop_t *loop;
	struct nm_listener *listeners;
	unsigned count;
	struct nm_frame *latest; /* NULL before the first */
	uint64_t number;	 /* of it, from 1 on */
};

/* Answer with the stream; or with a refusal, when there are too many. */
void nm_stream_join(struct nm_stream *stream, struct nm_exchange *exchange);

/* Tell all of them one line of JSON. */
void nm_stream_tell(struct nm_stream *stream, const char *text, size_t length);

/* Nobody waits any more: before the server is stopped. */
void nm_stream_stop(struct nm_stream *stream);

#endif
