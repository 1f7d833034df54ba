/*
 * web.h - an HTTP server on a libuv loop: libmicrohttpd, with bounds on all that a client decides
 *
 * One thread: libmicrohttpd's epoll is watched by the loop, so nothing here needs a lock. An answer is given at
 * once, or later by a job, or is a stream that never ends. A request that is not done within NM_WEB_TIME_MS is cut
 * off, however busily its client goes on sending a byte now and then; a file may take longer, at NM_WEB_FILE_RATE.
 */
#ifndef NM_CMD_SERVE_WEB_H
#define NM_CMD_SERVE_WEB_H

#include <microhttpd.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/error.h"

#define NM_WEB_CONNECTIONS 128
#define NM_WEB_HEADERS	   (16 << 10) /* all headers of a request, and what it takes to read them */
#define NM_WEB_BODY_MAX	   (64 << 10) /* is read, and not used */
#define NM_WEB_TIME_MS	   30000
#define NM_WEB_FILE_RATE   (64 << 10) /* bytes a second, at least */

struct nm_web;
struct nm_web_place;

/* One request. */
struct nm_exchange {
	struct nm_web *web;
	struct MHD_Connection *connection;
	struct nm_web_place *place;
	char method[16], path[256]; /* "" when longer */
	size_t body;		    /* bytes of it so far */
	bool is_answered, is_waiting, is_failed, sends_file;
	unsigned status; /* of the answer that was waited for */
	struct MHD_Response *response;
	void *job; /* of whoever waits */
};

/* A connection. */
struct nm_web_place {
	struct nm_web_place *next, **at;
	int fd;
	uint64_t since_ms; /* accepted, or its last request answered */
	uint64_t extra_ms; /* for a file */
	bool is_patient;   /* a job or a stream is waited for */
};

struct nm_web {
	uv_loop_t *loop;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer, reaper;
	struct nm_web_place *places;
	/* A whole request: it calls one of the functions below. */
	void (*answer)(void *context, struct nm_exchange *exchange);
	void *context;
	unsigned files; /* being sent */
	bool is_started;
};

/* "127.0.0.1:9469", "[::1]:9469", "localhost:0". NM_E_USAGE. */
int nm_web_parse_address(const char *text, struct sockaddr_storage *out, struct nm_error *err);

/* Can nobody but programs of this machine connect to it? */
bool nm_web_is_loopback(const struct sockaddr_storage *address);

/* Listen; `address` then has the port that was taken. NM_E_IO. */
int nm_web_start(struct nm_web *web, uv_loop_t *loop, struct sockaddr_storage *address,
		 struct nm_error *err);

/* "http://127.0.0.1:9469/" */
void nm_web_name(const struct sockaddr_storage *address, char *out, size_t room);

/* A header of the request, or NULL. */
const char *nm_web_header(const struct nm_exchange *exchange, const char *name);
const char *nm_web_cookie(const struct nm_exchange *exchange, const char *name);

/* Answer. The bytes are copied; a response is taken, and NULL cuts the connection off. */
void nm_web_reply(struct nm_exchange *exchange, unsigned status, const char *type,
		  const void *bytes, size_t length);
void nm_web_reply_text(struct nm_exchange *exchange, unsigned status, const char *text);
void nm_web_send(struct nm_exchange *exchange, unsigned status, struct MHD_Response *response);

/* A response with the headers that all have. NULL when there is no memory. */
struct MHD_Response *nm_web_response(const char *type, const void *bytes, size_t length);
void nm_web_add_headers(struct MHD_Response *response, const char *type);

/* The same with all of a file, which is closed when it is sent. */
struct MHD_Response *nm_web_file(struct nm_exchange *exchange, int fd, uint64_t size);

/* The answer comes later, by one of the functions above. Meanwhile nothing else is read from there. */
void nm_web_wait(struct nm_exchange *exchange);

/* Something can be sent again: see to it soon. */
void nm_web_wake(struct nm_web *web);

/* Cut off a connection. */
void nm_web_cut(struct nm_web_place *place);

/* Nobody may wait any more. The loop must run once more after it. */
void nm_web_stop(struct nm_web *web);

#endif
