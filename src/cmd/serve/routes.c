/*
 * routes.c - which request gets which answer, and which none
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/serve/serve.h"
#include "view/openmetrics.h"

#define METRICS_MAX    (64 << 20)
#define NM_FRESH_MS    1000
#define SESSION_COOKIE "nodemem-session"

enum route_flag {
	ROUTE_OPEN = 1u << 0, /* without a token too */
};

struct route {
	const char *method;
	const char *path;
	unsigned flags; /* enum route_flag */
	void (*answer)(struct nm_serve *serve, struct nm_exchange *exchange);
};

/* ---- metrics ----------------------------------------------------------------------------- */

static struct MHD_Response *make_metrics(struct nm_serve *serve, struct nm_fleet *fleet,
					 bool is_open)
{
	const struct nm_openmetrics_options options = {
		.is_open = is_open,
		.no_pid_label = serve->no_pid_label,
	};
	struct MHD_Response *response = NULL;
	struct nm_strbuf text;

	nm_strbuf_init(&text, METRICS_MAX);
	if (nm_points_make(&serve->points, fleet, serve->max_series) == NM_OK &&
	    nm_openmetrics_write(&serve->points, fleet, &options, &text) == NM_OK)
		response = nm_web_response(is_open ? NM_OPENMETRICS_TYPE : NM_PROMETHEUS_TYPE,
					   text.text, text.length);
	nm_strbuf_done(&text);
	if (response)
		MHD_add_response_header(response, "Vary", "Accept");
	return response;
}

/* Made once for each look, however many ask. */
static void answer_metrics(struct nm_serve *serve, struct nm_exchange *exchange)
{
	struct nm_fleet *fleet = nm_lookout_fleet(&serve->lookout, NM_FRESH_MS);
	const bool is_open = nm_guard_wants_open(nm_web_header(exchange, "Accept"));
	struct MHD_Response **response = &serve->metrics[is_open];

	if (*response && serve->metrics_look[is_open] != serve->lookout.looks) {
		MHD_destroy_response(*response);
		*response = NULL;
	}
	if (!*response)
		*response = make_metrics(serve, fleet, is_open);
	serve->metrics_look[is_open] = serve->lookout.looks;
	if (!*response) {
		nm_web_reply_text(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR,
				  "there was no memory for the metrics\n");
		return;
	}
	exchange->is_answered =
		MHD_queue_response(exchange->connection, MHD_HTTP_OK, *response) == MHD_YES;
}

static void answer_health(struct nm_serve *serve, struct nm_exchange *exchange)
{
	(void)serve;
	nm_web_reply_text(exchange, MHD_HTTP_OK, "ok\n");
}

/* ---- who may ask ------------------------------------------------------------------------- */

static const struct route routes[] = {
	{"GET", "/metrics", 0, answer_metrics},
	{"GET", "/healthz", ROUTE_OPEN, answer_health},
};

#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

static bool is_method(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static const struct route *find_route(const struct nm_exchange *exchange, bool *out_other_method)
{
	*out_other_method = false;
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (strcmp(routes[i].path, exchange->path) != 0)
			continue;
		if (is_method(&routes[i], exchange->method))
			return &routes[i];
		*out_other_method = true;
	}
	return NULL;
}

static void refuse_method(struct nm_exchange *exchange)
{
	static const char text[] = "this page does not take that method\n";
	struct MHD_Response *response =
		nm_web_response("text/plain; charset=utf-8", text, sizeof(text) - 1);

	for (size_t i = 0; response && i < ROUTE_COUNT; i++)
		if (strcmp(routes[i].path, exchange->path) == 0)
			MHD_add_response_header(response, "Allow",
						strcmp(routes[i].method, "GET") == 0
							? "GET, HEAD"
							: routes[i].method);
	nm_web_send(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, response);
}

static bool is_known(struct nm_serve *serve, const struct nm_exchange *exchange)
{
	return !serve->needs_token ||
	       nm_guard_has_token(&serve->guard, nm_web_header(exchange, "Authorization")) ||
	       nm_guard_has_session(&serve->guard, nm_web_cookie(exchange, SESSION_COOKIE),
				    uv_now(&serve->loop));
}

static enum MHD_Result count_host(void *count, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	(void)kind;
	(void)value;
	*(unsigned *)count += strcasecmp(name, "Host") == 0;
	return MHD_YES;
}

/* False after it was refused. */
static bool check_sender(struct nm_serve *serve, struct nm_exchange *exchange)
{
	const char *host = nm_web_header(exchange, "Host");
	unsigned hosts = 0;

	MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, count_host, &hosts);
	if (!host || hosts != 1) {
		nm_web_reply_text(exchange, MHD_HTTP_BAD_REQUEST,
				  "there must be one header Host\n");
		return false;
	}
	if (!nm_guard_allows_host(&serve->guard, host)) {
		nm_web_reply_text(exchange, MHD_HTTP_MISDIRECTED_REQUEST,
				  "the header Host is no address of this server "
				  "(--allow-host allows a name)\n");
		return false;
	}
	if (!nm_guard_allows_origin(nm_web_header(exchange, "Origin"), host)) {
		nm_web_reply_text(exchange, MHD_HTTP_FORBIDDEN,
				  "pages of other sites may not ask here\n");
		return false;
	}
	return true;
}

void nm_routes_answer(void *context, struct nm_exchange *exchange)
{
	struct nm_serve *serve = context;
	const struct route *route;
	bool has_other_method;

	if (!check_sender(serve, exchange))
		return;
	route = find_route(exchange, &has_other_method);
	if (!route && has_other_method)
		refuse_method(exchange);
	else if (!route)
		nm_web_reply_text(exchange, MHD_HTTP_NOT_FOUND, "there is no such page\n");
	else if (!(route->flags & ROUTE_OPEN) && !is_known(serve, exchange))
		nm_web_reply_text(exchange, MHD_HTTP_UNAUTHORIZED,
				  "this needs the token: Authorization: Bearer TOKEN\n");
	else
		route->answer(serve, exchange);
}
