/*
 * routes.c - which request gets which answer, and which none
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/units.h"
#include "cmd/serve/serve.h"
#include "view/html/live.h"
#include "view/openmetrics.h"

#define METRICS_MAX    (64 << 20)
#define NM_FRESH_MS    1000
#define SESSION_COOKIE "nodemem-session"

enum route_flag {
	ROUTE_OPEN = 1u << 0,	/* without a token too */
	ROUTE_ACTION = 1u << 1, /* stops a process */
};

struct route {
	const char *method;
	const char *path; /* in which '*' stands for the number of a process */
	unsigned flags;	  /* enum route_flag */
	void (*answer)(struct nm_serve *serve, struct nm_exchange *exchange);
	enum nm_process_page page; /* where there is no such function */
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

/* ---- the page ---------------------------------------------------------------------------- */

static void answer_page(struct nm_serve *serve, struct nm_exchange *exchange)
{
	(void)serve;
	if (!nm_html_live_is_built()) {
		nm_web_reply_text(exchange, MHD_HTTP_NOT_FOUND,
				  "this nodemem was built without its page; there is /metrics\n");
		return;
	}
	nm_web_reply(exchange, MHD_HTTP_OK, "text/html; charset=utf-8", nm_html_live_page(),
		     strlen(nm_html_live_page()));
}

static void answer_script(struct nm_serve *serve, struct nm_exchange *exchange)
{
	(void)serve;
	nm_web_reply(exchange, MHD_HTTP_OK, "text/javascript; charset=utf-8", nm_html_live_script(),
		     strlen(nm_html_live_script()));
}

static void answer_style(struct nm_serve *serve, struct nm_exchange *exchange)
{
	(void)serve;
	nm_web_reply(exchange, MHD_HTTP_OK, "text/css; charset=utf-8", nm_html_live_style(),
		     strlen(nm_html_live_style()));
}

static void answer_events(struct nm_serve *serve, struct nm_exchange *exchange)
{
	nm_stream_join(&serve->stream, exchange);
	nm_lookout_set_pace(&serve->lookout, NM_LIVE_MS);
}

/* A token for a cookie. */
static void answer_login(struct nm_serve *serve, struct nm_exchange *exchange)
{
	struct MHD_Response *response;
	const char *session;
	char cookie[256];

	if (!nm_guard_has_token(&serve->guard, nm_web_header(exchange, "Authorization"))) {
		nm_web_reply_text(exchange, MHD_HTTP_UNAUTHORIZED, "that is not the token\n");
		return;
	}
	session = nm_guard_begin_session(&serve->guard, uv_now(&serve->loop));
	response = session ? nm_web_response("text/plain; charset=utf-8", "ok\n", 3) : NULL;
	if (!response)
		return;
	snprintf(cookie, sizeof(cookie),
		 SESSION_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict; "
				"Max-Age=%d",
		 session, NM_SESSION_S);
	MHD_add_response_header(response, "Set-Cookie", cookie);
	nm_web_send(exchange, MHD_HTTP_OK, response);
}

/* ---- which page -------------------------------------------------------------------------- */

#define PROCESS "/api/process/*"

static const struct route routes[] = {
	{"GET", "/metrics", 0, answer_metrics, 0},
	{"GET", "/healthz", ROUTE_OPEN, answer_health, 0},
	/* The page has nothing in it but where to ask. */
	{"GET", "/", ROUTE_OPEN, answer_page, 0},
	{"GET", "/app.js", ROUTE_OPEN, answer_script, 0},
	{"GET", "/app.css", ROUTE_OPEN, answer_style, 0},
	{"POST", "/login", ROUTE_OPEN, answer_login, 0},
	{"GET", "/events", 0, answer_events, 0},
	{"GET", "/api/processes", 0, nm_processes_answer, 0},
	{"GET", PROCESS, 0, NULL, NM_PAGE_USAGE},
	{"GET", PROCESS "/limits", 0, NULL, NM_PAGE_LIMITS},
	{"GET", PROCESS "/forecast", 0, NULL, NM_PAGE_FORECAST},
	{"GET", PROCESS "/past", 0, NULL, NM_PAGE_PAST},
	{"GET", PROCESS "/ledger", 0, NULL, NM_PAGE_LEDGER},
	{"POST", PROCESS "/histogram", ROUTE_ACTION, NULL, NM_PAGE_HISTOGRAM},
	{"POST", PROCESS "/snapshot", ROUTE_ACTION, NULL, NM_PAGE_SNAPSHOT},
	{"POST", PROCESS "/redacted-snapshot", ROUTE_ACTION, NULL, NM_PAGE_REDACTED_SNAPSHOT},
};

#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

/* Does the path lead there? Then `*out_pid` is the number in it. */
static bool is_path(const struct route *route, const char *path, pid_t *out_pid)
{
	const char *star = strchr(route->path, '*');
	const size_t head = star ? (size_t)(star - route->path) : 0;
	size_t digits;
	char number[16];
	uint64_t pid;

	if (!star)
		return strcmp(route->path, path) == 0;
	if (strncmp(route->path, path, head) != 0)
		return false;
	path += head;
	digits = strspn(path, "0123456789");
	if (digits == 0 || digits >= sizeof(number) || strcmp(path + digits, star + 1) != 0)
		return false;
	memcpy(number, path, digits);
	number[digits] = '\0';
	if (!nm_units_parse_whole(number, 1, INT32_MAX, &pid))
		return false;
	*out_pid = (pid_t)pid;
	return true;
}

static bool is_method(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

/* Each path takes one method: `*out_other` is the route of another one. */
static const struct route *find_route(const struct nm_exchange *exchange, pid_t *out_pid,
				      const struct route **out_other)
{
	*out_other = NULL;
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (!is_path(&routes[i], exchange->path, out_pid))
			continue;
		if (is_method(&routes[i], exchange->method))
			return &routes[i];
		*out_other = &routes[i];
	}
	return NULL;
}

static void refuse_method(struct nm_exchange *exchange, const struct route *other)
{
	static const char text[] = "this page does not take that method\n";
	struct MHD_Response *response =
		nm_web_response("text/plain; charset=utf-8", text, sizeof(text) - 1);

	if (response)
		MHD_add_response_header(response, "Allow",
					strcmp(other->method, "GET") == 0 ? "GET, HEAD"
									  : other->method);
	nm_web_send(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, response);
}

/* ---- who may ask ------------------------------------------------------------------------- */

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

/* Only a page of this server can send that header: a browser asks first, for any other. False after it was
   refused. */
static bool check_action(const struct nm_serve *serve, struct nm_exchange *exchange)
{
	const char *site = nm_web_header(exchange, "Sec-Fetch-Site");

	if (!serve->allow_actions) {
		nm_web_reply_text(exchange, MHD_HTTP_FORBIDDEN,
				  "nodemem serve was started without --allow-actions\n");
		return false;
	}
	if (!nm_web_header(exchange, "X-Nodemem") || (site && strcmp(site, "same-origin") != 0)) {
		nm_web_reply_text(exchange, MHD_HTTP_FORBIDDEN,
				  "this takes the header X-Nodemem, and none of another site\n");
		return false;
	}
	return true;
}

void nm_routes_answer(void *context, struct nm_exchange *exchange)
{
	struct nm_serve *serve = context;
	const struct route *route, *other;
	pid_t pid = 0;

	if (!check_sender(serve, exchange))
		return;
	route = find_route(exchange, &pid, &other);
	if (!route && other)
		refuse_method(exchange, other);
	else if (!route)
		nm_web_reply_text(exchange, MHD_HTTP_NOT_FOUND, "there is no such page\n");
	else if (!(route->flags & ROUTE_OPEN) && !is_known(serve, exchange))
		nm_web_reply_text(exchange, MHD_HTTP_UNAUTHORIZED,
				  "this needs the token: Authorization: Bearer TOKEN\n");
	else if (!(route->flags & ROUTE_ACTION) || check_action(serve, exchange)) {
		if (route->answer)
			route->answer(serve, exchange);
		else
			nm_process_answer(serve, exchange, pid, route->page);
	}
}
