#include "cmd/serve/stream.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK (64 << 10)

/* A text that several listeners send. */
struct nm_frame {
	unsigned users;
	size_t length;
	char text[];
};

struct nm_listener {
	struct nm_listener *next, **at;
	struct nm_stream *stream;
	struct MHD_Connection *connection;
	struct nm_web *web;
	struct nm_web_place *place;
	struct nm_frame *sending; /* NULL: nothing */
	size_t sent;
	uint64_t number;   /* of the last text begun */
	uint64_t since_ms; /* when it was begun */
	bool is_waiting;   /* for another one */
};

static void let_go(struct nm_frame *frame)
{
	if (frame && --frame->users == 0)
		free(frame);
}

/* Give the next bytes, or wait for the next text. */
static ssize_t on_read(void *context, uint64_t position, char *out, size_t room)
{
	struct nm_listener *listener = context;
	struct nm_stream *stream = listener->stream;
	size_t length;

	(void)position;
	if (listener->sending && listener->sent == listener->sending->length) {
		let_go(listener->sending);
		listener->sending = NULL;
	}
	if (!listener->sending && listener->number != stream->number) {
		listener->sending = stream->latest;
		listener->sending->users++;
		listener->sent = 0;
		listener->number = stream->number;
		listener->since_ms = uv_now(stream->loop);
	}
	if (!listener->sending) {
		listener->is_waiting = true;
		MHD_suspend_connection(listener->connection);
		return 0;
	}
	length = listener->sending->length - listener->sent;
	length = length < room ? length : room;
	memcpy(out, listener->sending->text + listener->sent, length);
	listener->sent += length;
	return (ssize_t)length;
}

static void on_end(void *context)
{
	struct nm_listener *listener = context;

	*listener->at = listener->next;
	if (listener->next)
		listener->next->at = listener->at;
	listener->stream->count--;
	let_go(listener->sending);
	free(listener);
}

static struct nm_listener *add_listener(struct nm_stream *stream, struct nm_exchange *exchange)
{
	struct nm_listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return NULL;
	listener->stream = stream;
	listener->connection = exchange->connection;
	listener->web = exchange->web;
	listener->place = exchange->place;
	listener->next = stream->listeners;
	listener->at = &stream->listeners;
	if (listener->next)
		listener->next->at = &listener->next;
	stream->listeners = listener;
	stream->count++;
	return listener;
}

void nm_stream_join(struct nm_stream *stream, struct nm_exchange *exchange)
{
	struct nm_listener *listener;
	struct MHD_Response *response;

	if (stream->count >= NM_LISTENERS_MAX) {
		nm_web_reply_text(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
				  "too many pages are open already\n");
		return;
	}
	listener = add_listener(stream, exchange);
	if (!listener)
		return;
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, listener,
						     on_end);
	if (!response) {
		on_end(listener);
		return;
	}
	nm_web_add_headers(response, "text/event-stream; charset=utf-8");
	exchange->place->is_patient = true;
	nm_web_send(exchange, MHD_HTTP_OK, response);
}

static struct nm_frame *make_frame(const char *text, size_t length)
{
	static const char head[] = "data: ", tail[] = "\n\n";
	const size_t whole = sizeof(head) - 1 + length + sizeof(tail) - 1;
	struct nm_frame *frame = malloc(sizeof(*frame) + whole);

	if (!frame)
		return NULL;
	frame->users = 1;
	frame->length = whole;
	memcpy(frame->text, head, sizeof(head) - 1);
	memcpy(frame->text + sizeof(head) - 1, text, length);
	memcpy(frame->text + sizeof(head) - 1 + length, tail, sizeof(tail) - 1);
	return frame;
}

static void wake(struct nm_listener *listener)
{
	if (!listener->is_waiting)
		return;
	listener->is_waiting = false;
	MHD_resume_connection(listener->connection);
	nm_web_wake(listener->web);
}

void nm_stream_tell(struct nm_stream *stream, const char *text, size_t length)
{
	struct nm_frame *frame = make_frame(text, length);
	const uint64_t now = uv_now(stream->loop);

	if (!frame)
		return;
	let_go(stream->latest);
	stream->latest = frame;
	stream->number++;
	for (struct nm_listener *listener = stream->listeners; listener;
	     listener = listener->next) {
		if (listener->sending && now - listener->since_ms > NM_STREAM_TIME_MS)
			nm_web_cut(listener->place);
		wake(listener);
	}
}

void nm_stream_stop(struct nm_stream *stream)
{
	for (struct nm_listener *listener = stream->listeners; listener;
	     listener = listener->next) {
		nm_web_cut(listener->place);
		wake(listener);
	}
	let_go(stream->latest);
	stream->latest = NULL;
	stream->number = 0;
}
