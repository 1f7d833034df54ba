#include "cmd/serve/push.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_LEAST_MS 1000
#define BACKOFF_MOST_MS	 60000
#define RETRY_AFTER_MOST 3600

/* ---- in the thread ----------------------------------------------------------------------- */

static size_t take_answer(char *bytes, size_t size, size_t count, void *context)
{
	struct nm_push *push = context;
	const size_t room = sizeof(push->answer) - 1 - push->answer_length;
	const size_t taken = size * count < room ? size * count : room;

	memcpy(push->answer + push->answer_length, bytes, taken);
	push->answer_length += taken;
	/* The rest of a long one is read, and not kept. */
	return size * count;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct nm_push *push = context;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return atomic_load(&push->is_stopping);
}

static void send_body(uv_work_t *work)
{
	struct nm_push *push = work->data;
	CURL *curl = curl_easy_init();
	curl_off_t retry_after = 0;

	push->code = CURLE_OUT_OF_MEMORY;
	push->status = push->retry_after_s = 0;
	push->problem[0] = '\0';
	push->answer_length = 0;
	if (!curl)
		return;
	curl_easy_setopt(curl, CURLOPT_URL, push->otel.url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, push->otel.headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, push->body);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(push->body));
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "nodemem");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)push->otel.timeout_ms);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, push->problem);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, push);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, push);
	if (push->otel.certificate)
		curl_easy_setopt(curl, CURLOPT_CAINFO, push->otel.certificate);
	push->code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &push->status);
	curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
	push->retry_after_s = retry_after > RETRY_AFTER_MOST ? RETRY_AFTER_MOST : (long)retry_after;
	push->answer[push->answer_length] = '\0';
	curl_easy_cleanup(curl);
}

/* ---- in the loop ------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static bool was_taken(const struct nm_push *push)
{
	return push->code == CURLE_OK && push->status >= 200 && push->status < 300;
}

/* OTLP: these may go away by themselves; others will not. */
static bool may_pass(const struct nm_push *push)
{
	return push->code != CURLE_OK || push->status == 429 || push->status == 502 ||
	       push->status == 503 || push->status == 504;
}

/* Once when it begins to go wrong, and once when that is over. */
static void tell(struct nm_push *push)
{
	if (was_taken(push)) {
		if (push->has_failed)
			fprintf(stderr, "nodemem: %s takes metrics again\n", push->otel.name);
		push->has_failed = false;
		return;
	}
	if (push->has_failed && !push->is_verbose)
		return;
	if (push->code == CURLE_OK)
		fprintf(stderr,
			"nodemem: cannot send metrics to %s: it answers with the status %ld%s\n",
			push->otel.name, push->status,
			push->status == 404 ? " (is it OTLP over HTTP?)" : "");
	else
		fprintf(stderr, "nodemem: cannot send metrics to %s: %s; it is tried again\n",
			push->otel.name,
			push->problem[0] ? push->problem : curl_easy_strerror(push->code));
	push->has_failed = true;
}

/* What a receiver left out of a request that it took. */
static void tell_rejected(struct nm_push *push)
{
	json_t *answer, *partial;
	const char *why = NULL;

	if (!was_taken(push) || push->has_rejected)
		return;
	answer = json_loads(push->answer, 0, NULL);
	partial = json_object_get(answer, "partialSuccess");
	why = json_string_value(json_object_get(partial, "errorMessage"));
	if (why && why[0]) {
		fprintf(stderr, "nodemem: %s did not take all metrics: ", push->otel.name);
		for (size_t i = 0; why[i] && i < 300; i++)
			fputc(why[i] >= ' ' && why[i] <= '~' ? why[i] : '?', stderr);
		fputc('\n', stderr);
		push->has_rejected = true;
	}
	json_decref(answer);
}

/* A little more or less each time, so that many senders do not come back at once. */
static uint64_t vary(uint64_t ms)
{
	return ms - ms / 4 + uv_hrtime() / 1000 % (ms / 2 + 1);
}

static uint64_t next_wait(struct nm_push *push)
{
	const uint64_t asked = (uint64_t)push->retry_after_s * 1000;

	if (was_taken(push) || !may_pass(push)) {
		push->backoff_ms = 0;
		return push->otel.interval_ms;
	}
	push->backoff_ms = push->backoff_ms ? 2 * push->backoff_ms : BACKOFF_LEAST_MS;
	if (push->backoff_ms > BACKOFF_MOST_MS)
		push->backoff_ms = BACKOFF_MOST_MS;
	return asked > 0 ? asked : vary(push->backoff_ms);
}

static void on_sent(uv_work_t *work, int status)
{
	struct nm_push *push = work->data;

	(void)status;
	free(push->body);
	push->body = NULL;
	push->is_sending = false;
	if (atomic_load(&push->is_stopping))
		return;
	tell(push);
	tell_rejected(push);
	uv_timer_start(&push->timer, on_timer, next_wait(push), 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct nm_push *push = timer->data;
	const struct nm_otlp_options options = {
		.service = push->otel.service,
		.host = push->otel.host,
		.attributes = push->otel.attributes,
		.attribute_count = push->otel.attribute_count,
	};

	push->body = push->make(push->context, &options);
	if (push->body && uv_queue_work(push->loop, &push->work, send_body, on_sent) == 0) {
		push->is_sending = true;
		return;
	}
	free(push->body);
	push->body = NULL;
	uv_timer_start(timer, on_timer, push->otel.interval_ms, 0);
}

int nm_push_start(struct nm_push *push, uv_loop_t *loop, struct nm_error *err)
{
	const uint64_t first_ms = push->otel.interval_ms < BACKOFF_LEAST_MS ? push->otel.interval_ms
									    : BACKOFF_LEAST_MS;

	if (!push->otel.url)
		return NM_OK;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return nm_error_set(err, NM_E_IO, "cannot start the HTTP client");
	push->loop = loop;
	push->work.data = push->timer.data = push;
	uv_timer_init(loop, &push->timer);
	uv_timer_start(&push->timer, on_timer, first_ms, 0);
	push->is_started = true;
	return NM_OK;
}

void nm_push_stop(struct nm_push *push)
{
	if (!push->is_started)
		return;
	atomic_store(&push->is_stopping, true);
	uv_close((uv_handle_t *)&push->timer, NULL);
}

void nm_push_done(struct nm_push *push)
{
	nm_otel_done(&push->otel);
	if (push->is_started)
		curl_global_cleanup();
}
