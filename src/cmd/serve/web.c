#include "cmd/serve/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"

#define BACKLOG 128
#define REAP_MS 1000
#define POLICY                                                                          \
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " \
	"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* ---- addresses --------------------------------------------------------------------------- */

/* Without the brackets of an IPv6 address. */
static bool take_host(char *host, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	const size_t length = strlen(host);

	if (strcmp(host, "localhost") == 0)
		host = (char[]){"127.0.0.1"};
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		return true;
	}
	if (length < 3 || host[0] != '[' || host[length - 1] != ']')
		return false;
	host[length - 1] = '\0';
	if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) != 1)
		return false;
	v6->sin6_family = AF_INET6;
	return true;
}

int nm_web_parse_address(const char *text, struct sockaddr_storage *out, struct nm_error *err)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	uint64_t port;

	memset(out, 0, sizeof(*out));
	if (!colon || (size_t)(colon - text) >= sizeof(host) ||
	    !nm_units_parse_whole(colon + 1, 0, 65535, &port))
		return nm_error_set(err, NM_E_USAGE,
				    "'%s' is no address and port: 127.0.0.1:9469 or [::1]:9469",
				    text);
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	if (!take_host(host, out))
		return nm_error_set(err, NM_E_USAGE,
				    "'%s' is no address and port: the address must be in "
				    "numbers, as 127.0.0.1:9469 or [::1]:9469",
				    text);
	/* Both have it at the same place. */
	((struct sockaddr_in *)out)->sin_port = htons((uint16_t)port);
	return NM_OK;
}

bool nm_web_is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

	if (address->ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

void nm_web_name(const struct sockaddr_storage *address, char *out, size_t room)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	const bool is_v6 = address->ss_family == AF_INET6;
	char host[INET6_ADDRSTRLEN] = "";

	inet_ntop(address->ss_family,
		  is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, host,
		  sizeof(host));
	snprintf(out, room, "http://%s%s%s:%u/", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
		 ntohs(v4->sin_port));
}

static int listen_at(struct sockaddr_storage *address, struct nm_error *err)
{
	const int yes = 1, no = 0;
	int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t length = address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
							 : sizeof(struct sockaddr_in6);
	char name[80];

	nm_web_name(address, name, sizeof(name));
	if (fd < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot listen at %s", name);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (address->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	if (bind(fd, (struct sockaddr *)address, length) != 0 || listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)address, &length) != 0) {
		nm_error_set_errno(err, NM_E_IO, errno,
				   "cannot listen at %s (--listen takes another port)", name);
		close(fd);
		return NM_E_IO;
	}
	return fd;
}

/* ---- requests ---------------------------------------------------------------------------- */

static struct nm_web_place *place_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void take_word(char *out, size_t room, const char *word)
{
	const size_t length = strlen(word);

	memcpy(out, length < room ? word : "", (length < room ? length : 0) + 1);
}

static struct nm_exchange *begin(struct nm_web *web, struct MHD_Connection *connection,
				 const char *path, const char *method)
{
	struct nm_exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange || !place_of(connection)) {
		free(exchange);
		return NULL;
	}
	exchange->web = web;
	exchange->connection = connection;
	exchange->place = place_of(connection);
	take_word(exchange->path, sizeof(exchange->path), path);
	take_word(exchange->method, sizeof(exchange->method), method);
	return exchange;
}

/* First with the headers, then with each part of a body, then at its end; once more after a wait. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
				  const char *path, const char *method, const char *version,
				  const char *body, size_t *body_length, void **state)
{
	struct nm_web *web = context;
	struct nm_exchange *exchange = *state;

	(void)version;
	(void)body;
	if (!exchange) {
		*state = begin(web, connection, path, method);
		return *state ? MHD_YES : MHD_NO;
	}
	if (*body_length > 0) {
		exchange->body += *body_length;
		*body_length = 0;
		return exchange->body <= NM_WEB_BODY_MAX ? MHD_YES : MHD_NO;
	}
	if (exchange->response) {
		struct MHD_Response *response = exchange->response;

		exchange->response = NULL;
		exchange->is_answered =
			MHD_queue_response(connection, exchange->status, response) == MHD_YES;
		MHD_destroy_response(response);
	} else if (!exchange->is_waiting && !exchange->is_failed) {
		web->answer(web->context, exchange);
	}
	return exchange->is_answered || exchange->is_waiting ? MHD_YES : MHD_NO;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct nm_web *web = context;
	struct nm_exchange *exchange = *state;

	(void)connection;
	(void)why;
	if (!exchange)
		return;
	exchange->place->since_ms = uv_now(web->loop);
	exchange->place->is_patient = false;
	exchange->place->extra_ms = 0;
	web->files -= exchange->sends_file;
	if (exchange->response)
		MHD_destroy_response(exchange->response);
	free(exchange);
	*state = NULL;
}

/* ---- connections ------------------------------------------------------------------------- */

static void on_connection(void *context, struct MHD_Connection *connection, void **own,
			  enum MHD_ConnectionNotificationCode what)
{
	struct nm_web *web = context;
	struct nm_web_place *place = *own;
	const union MHD_ConnectionInfo *info;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (!place)
			return;
		*place->at = place->next;
		if (place->next)
			place->next->at = place->at;
		free(place);
		*own = NULL;
		return;
	}
	*own = place = calloc(1, sizeof(*place));
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (!place)
		return;
	place->fd = info ? info->connect_fd : -1;
	place->since_ms = uv_now(web->loop);
	place->next = web->places;
	place->at = &web->places;
	if (place->next)
		place->next->at = &place->next;
	web->places = place;
}

void nm_web_cut(struct nm_web_place *place)
{
	if (place && place->fd >= 0)
		shutdown(place->fd, SHUT_RDWR);
}

static void on_reap(uv_timer_t *timer)
{
	struct nm_web *web = timer->data;
	const uint64_t now = uv_now(web->loop);

	for (struct nm_web_place *place = web->places; place; place = place->next)
		if (!place->is_patient && now - place->since_ms > NM_WEB_TIME_MS + place->extra_ms)
			nm_web_cut(place);
}

/* ---- the loop ---------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static void run(struct nm_web *web)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	MHD_run(web->daemon);
	if (MHD_get_timeout(web->daemon, &wait_ms) == MHD_YES)
		uv_timer_start(&web->timer, on_timer, wait_ms, 0);
	else
		uv_timer_stop(&web->timer);
}

static void on_timer(uv_timer_t *timer)
{
	run(timer->data);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(poll->data);
}

void nm_web_wake(struct nm_web *web)
{
	uv_timer_start(&web->timer, on_timer, 0, 0);
}

int nm_web_start(struct nm_web *web, uv_loop_t *loop, struct sockaddr_storage *address,
		 struct nm_error *err)
{
	const union MHD_DaemonInfo *info;
	int fd = listen_at(address, err);

	if (fd < 0)
		return fd;
	web->loop = loop;
	web->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, web,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)NM_WEB_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)NM_WEB_HEADERS, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, web, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, web, MHD_OPTION_END);
	if (!web->daemon) {
		close(fd);
		return nm_error_set(err, NM_E_IO, "cannot start the HTTP server");
	}
	info = MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	uv_timer_init(loop, &web->timer);
	uv_timer_init(loop, &web->reaper);
	uv_poll_init(loop, &web->poll, info->epoll_fd);
	web->timer.data = web->reaper.data = web->poll.data = web;
	uv_poll_start(&web->poll, UV_READABLE, on_ready);
	uv_timer_start(&web->reaper, on_reap, REAP_MS, REAP_MS);
	web->is_started = true;
	run(web);
	return NM_OK;
}

void nm_web_stop(struct nm_web *web)
{
	if (!web->is_started)
		return;
	uv_close((uv_handle_t *)&web->poll, NULL);
	uv_close((uv_handle_t *)&web->timer, NULL);
	uv_close((uv_handle_t *)&web->reaper, NULL);
	MHD_stop_daemon(web->daemon);
	web->is_started = false;
}

/* ---- answers ----------------------------------------------------------------------------- */

const char *nm_web_header(const struct nm_exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

const char *nm_web_cookie(const struct nm_exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_COOKIE_KIND, name);
}

void nm_web_add_headers(struct MHD_Response *response, const char *type)
{
	static const char *const headers[][2] = {
		{"Content-Security-Policy", POLICY},
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cache-Control", "no-store"},
	};

	MHD_add_response_header(response, "Content-Type", type);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
}

struct MHD_Response *nm_web_response(const char *type, const void *bytes, size_t length)
{
	/* Copied: not written to. */
	struct MHD_Response *response = MHD_create_response_from_buffer(
		length, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY);

	if (response)
		nm_web_add_headers(response, type);
	return response;
}

struct MHD_Response *nm_web_file(struct nm_exchange *exchange, int fd, uint64_t size)
{
	struct MHD_Response *response = MHD_create_response_from_fd64(size, fd);

	if (!response) {
		close(fd);
		return NULL;
	}
	nm_web_add_headers(response, "application/octet-stream");
	exchange->place->extra_ms = size / (NM_WEB_FILE_RATE / 1000);
	exchange->sends_file = true;
	exchange->web->files++;
	return response;
}

void nm_web_send(struct nm_exchange *exchange, unsigned status, struct MHD_Response *response)
{
	if (!exchange->is_waiting && !response)
		return;
	if (exchange->is_waiting) {
		exchange->is_waiting = false;
		exchange->place->is_patient = false;
		exchange->place->since_ms = uv_now(exchange->web->loop);
		exchange->status = status;
		exchange->response = response;
		exchange->is_failed = !response;
		MHD_resume_connection(exchange->connection);
		nm_web_wake(exchange->web);
		return;
	}
	exchange->is_answered =
		MHD_queue_response(exchange->connection, status, response) == MHD_YES;
	MHD_destroy_response(response);
}

void nm_web_reply(struct nm_exchange *exchange, unsigned status, const char *type,
		  const void *bytes, size_t length)
{
	nm_web_send(exchange, status, nm_web_response(type, bytes, length));
}

void nm_web_reply_text(struct nm_exchange *exchange, unsigned status, const char *text)
{
	struct MHD_Response *response =
		nm_web_response("text/plain; charset=utf-8", text, strlen(text));

	if (response && status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"nodemem\"");
	nm_web_send(exchange, status, response);
}

void nm_web_wait(struct nm_exchange *exchange)
{
	exchange->is_waiting = true;
	exchange->place->is_patient = true;
	MHD_suspend_connection(exchange->connection);
}
