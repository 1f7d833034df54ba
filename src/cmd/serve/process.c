/*
 * process.c - what may be asked of one process: the documents of the commands usage, limits, forecast and rss, its
 * past, and what takes a job: a histogram, a heap snapshot
 */
#include <stdlib.h>

#include "cmd/serve/serve.h"
#include "view/json/live.h"

/* A text being written. */
struct document {
	char *text;
	size_t length;
	FILE *out;
};

static FILE *begin(struct document *document)
{
	*document = (struct document){.text = NULL};
	return document->out = open_memstream(&document->text, &document->length);
}

static void reply(struct nm_exchange *exchange, struct document *document)
{
	fclose(document->out);
	nm_web_reply(exchange, MHD_HTTP_OK, "application/json", document->text, document->length);
	free(document->text);
}

static void fail(struct nm_exchange *exchange, int code, const char *what)
{
	struct nm_error err;

	nm_error_set(&err, code, "%s", what);
	nm_web_reply_error(exchange, &err);
}

static void show(const struct nm_watched *watched, enum nm_process_page page, FILE *out)
{
	const struct nm_view_options how = {.out = out, .format = &nm_view_json};
	const struct nm_target_info *info = nm_target_info(watched->member->target);
	const struct nm_sample *sample = &watched->member->sample;
	const struct nm_view_forecast forecast = {info, &watched->forecast, NULL};

	switch (page) {
	case NM_PAGE_LIMITS:
		nm_view_json.limits(&how, info, sample, &watched->limits);
		break;
	case NM_PAGE_FORECAST:
		nm_view_json.forecast(&how, &forecast);
		break;
	case NM_PAGE_PAST:
		nm_json_live_past(out, info, &watched->past);
		break;
	default:
		nm_view_json.usage(&how, info, sample);
	}
}

/* False when the page needs none. */
static bool find_job(enum nm_process_page page, enum nm_job_kind *out)
{
	static const struct {
		enum nm_process_page page;
		enum nm_job_kind kind;
	} jobs[] = {
		{NM_PAGE_LEDGER, NM_JOB_LEDGER},
		{NM_PAGE_HISTOGRAM, NM_JOB_HISTOGRAM},
		{NM_PAGE_SNAPSHOT, NM_JOB_SNAPSHOT},
		{NM_PAGE_REDACTED_SNAPSHOT, NM_JOB_REDACTED_SNAPSHOT},
	};

	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		if (jobs[i].page != page)
			continue;
		*out = jobs[i].kind;
		return true;
	}
	return false;
}

void nm_process_answer(struct nm_serve *serve, struct nm_exchange *exchange, pid_t pid,
		       enum nm_process_page page)
{
	const struct nm_watched *watched;
	struct document document;
	enum nm_job_kind job;

	nm_lookout_fleet(&serve->lookout, NM_FRESH_MS);
	watched = nm_lookout_find(&serve->lookout, pid);
	if (!watched) {
		fail(exchange, NM_E_GONE, "there is no such process, or it is not read");
		return;
	}
	if (find_job(page, &job)) {
		nm_jobs_start(&serve->jobs, exchange, job, nm_target_info(watched->member->target));
		return;
	}
	if (page == NM_PAGE_LIMITS && !watched->has_limits) {
		fail(exchange, NM_E_IO, "the limits of this process could not be read");
		return;
	}
	if (!begin(&document))
		return;
	show(watched, page, document.out);
	reply(exchange, &document);
}

/* ---- all of them ------------------------------------------------------------------------- */

static void write_fleet(struct nm_serve *serve, const struct nm_fleet *fleet, FILE *out)
{
	const struct nm_lookout *lookout = &serve->lookout;
	const struct nm_json_live_options options = {
		.allow_actions = serve->allow_actions,
		.ended = lookout->ended,
		.ended_count = lookout->ended_count < NM_ENDED_MAX ? (size_t)lookout->ended_count
								   : NM_ENDED_MAX,
	};

	nm_json_live_fleet(out, fleet, &options);
}

void nm_processes_answer(struct nm_serve *serve, struct nm_exchange *exchange)
{
	struct nm_fleet *fleet = nm_lookout_fleet(&serve->lookout, NM_FRESH_MS);
	struct document document;

	if (!begin(&document))
		return;
	write_fleet(serve, fleet, document.out);
	reply(exchange, &document);
}

void nm_processes_tell(void *context)
{
	struct nm_serve *serve = context;
	const uint64_t now = uv_now(&serve->loop);
	struct document document;

	nm_lookout_set_pace(&serve->lookout, serve->stream.count > 0 ? NM_LIVE_MS : NM_CALM_MS);
	/* Somebody who asked for metrics may have made it look between two ticks. */
	if (serve->stream.count == 0 || now - serve->told_ms < NM_LIVE_MS / 2 || !begin(&document))
		return;
	serve->told_ms = now;
	write_fleet(serve, &serve->lookout.fleet, document.out);
	fclose(document.out);
	/* Without the line break at its end. */
	if (document.length > 0)
		nm_stream_tell(&serve->stream, document.text, document.length - 1);
	free(document.text);
}
