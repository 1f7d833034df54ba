/*
 * report.c - one HTML file with all that a colleague needs to see
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/objects.h"
#include "model/heap/statistics.h"
#include "model/heap/territory.h"
#include "model/outlook.h"
#include "source/recording/read.h"
#include "source/snapshot/output.h"
#include "view/html/heap.h"
#include "view/html/history.h"
#include "view/html/page.h"

/* More and smaller boxes than these can not be told apart. */
#define AREAS	   1200
#define AREA_DEPTH 40
#define AREA_LEAST 0.0002

#define SENTENCE_MAX 1000

/* ---- the file ---------------------------------------------------------------------------------- */

static ssize_t put(void *to, const char *text, size_t length)
{
	nm_output_put(to, text, length);
	return nm_output_is_good(to) ? (ssize_t)length : 0;
}

/* A stream into `output`. NM_E_NOMEM. */
static int open_stream(struct nm_output *output, FILE **out, struct nm_error *err)
{
	*out = fopencookie(output, "w", (cookie_io_functions_t){.write = put});
	return *out ? NM_OK : nm_error_nomem(err);
}

/* What writes a page. */
typedef int (*page_writer)(FILE *out, const void *what, struct nm_error *err);

/* The file has its name when it is whole. */
static int write_page(const char *path, page_writer writer, const void *what, uint64_t *out_bytes,
		      struct nm_error *err)
{
	struct nm_output *output;
	struct nm_error failure;
	uint64_t bytes;
	FILE *stream;
	int status = nm_output_open(path, &output, err), closed;

	if (status != NM_OK)
		return status;
	status = open_stream(output, &stream, err);
	if (status == NM_OK) {
		status = writer(stream, what, err);
		fclose(stream);
	}
	closed = nm_output_close(output, &bytes, &failure);
	if (status != NM_OK)
		return status;
	if (closed != NM_OK && err)
		*err = failure;
	*out_bytes = bytes;
	return closed;
}

/* ---- a heap ------------------------------------------------------------------------------------ */

struct heap_page {
	const char *subject;
	struct nm_view_heap view;
	struct nm_territory territory;
};

static int write_heap(FILE *out, const void *what, struct nm_error *err)
{
	const struct heap_page *page = what;

	return nm_view_html_heap(out, page->subject, &page->view, &page->territory, err);
}

/* "process 4121", or the name of the file without its folders. */
static const char *name_subject(const char *word, pid_t pid, char *out, size_t room)
{
	const char *slash = strrchr(word, '/');

	if (pid > 0)
		snprintf(out, room, "process %d", (int)pid);
	else
		snprintf(out, room, "%s", slash ? slash + 1 : word);
	return out;
}

static int report_heap(struct nm_call *call, const struct nm_heap_of *of, const char *path,
		       uint64_t *out_bytes, struct nm_error *err)
{
	static const struct nm_territory_limits limits = {AREAS, AREA_DEPTH, AREA_LEAST};
	struct nm_heap_statistics statistics;
	struct heap_page page = {0};
	char subject[256];
	int status = nm_heap_statistics(of->heap, &statistics, err);

	if (status == NM_OK)
		status = nm_territory_make(of->classes, &limits, &page.territory, err);
	if (status != NM_OK)
		return status;
	page.subject = name_subject(call->words[0], of->of.pid, subject, sizeof(subject));
	page.view = (struct nm_view_heap){.origin = nm_origin_of(&of->of),
					  .heap = of->heap,
					  .classes = of->classes,
					  .statistics = &statistics};
	status = write_page(path, write_heap, &page, out_bytes, err);
	nm_territory_done(&page.territory);
	return status;
}

/* ---- a recording ------------------------------------------------------------------------------- */

struct history_page {
	struct nm_history history;
	struct nm_html_forecast *forecasts; /* one a process */
};

static int write_history(FILE *out, const void *what, struct nm_error *err)
{
	const struct history_page *page = what;

	return nm_view_html_history(out, &page->history, page->forecasts, err);
}

/* As of the process's last sample. */
static int forecast_process(const struct nm_history_process *process, struct nm_html_forecast *out,
			    struct nm_error *err)
{
	struct nm_forecast forecast;
	struct nm_strbuf text;

	if (nm_forecast_history(process, &forecast) != NM_OK)
		return nm_error_nomem(err);
	out->is_known = forecast.reason == NM_FORECAST_OK && !process->end.cause[0];
	if (process->end.cause[0]) {
		snprintf(out->reason, sizeof(out->reason), "the process has ended");
	} else if (!out->is_known) {
		nm_strbuf_init(&text, SENTENCE_MAX);
		nm_forecast_say(&forecast, &text);
		/* The page sets the full stop. */
		snprintf(out->reason, sizeof(out->reason), "%.*s",
			 (int)(text.length > 0 ? text.length - 1 : 0), nm_strbuf_get(&text));
		nm_strbuf_done(&text);
	}
	snprintf(out->limit, sizeof(out->limit), "%s", nm_limit_name(forecast.kind));
	memcpy(out->scope, forecast.scope, sizeof(out->scope));
	snprintf(out->basis, sizeof(out->basis), "%s", nm_basis_name(forecast.basis));
	out->limit_bytes = forecast.limit;
	out->from_ms = process->last_ms;
	out->from_bytes = forecast.level;
	out->growth_per_hour = forecast.growth_per_hour;
	out->eta_ms = process->last_ms + (int64_t)forecast.eta_ms;
	out->eta_low_ms = process->last_ms + (int64_t)forecast.eta_low_ms;
	out->eta_high_ms =
		forecast.has_high ? process->last_ms + (int64_t)forecast.eta_high_ms : -1;
	return NM_OK;
}

static int forecast_all(struct history_page *page, struct nm_error *err)
{
	const struct nm_history *history = &page->history;
	int status = NM_OK;

	page->forecasts = calloc(history->process_count + 1, sizeof(*page->forecasts));
	if (!page->forecasts)
		return nm_error_nomem(err);
	for (size_t i = 0; i < history->process_count && status == NM_OK; i++)
		status = forecast_process(&history->processes[i], &page->forecasts[i], err);
	return status;
}

static int report_recording(struct nm_call *call, struct nm_view_page *view)
{
	struct history_page page = {.forecasts = NULL};
	struct nm_error err;
	int code = NM_EXIT_OK;

	view->kind = "history";
	if (nm_recording_read(call->words[0], &page.history, &err) != NM_OK)
		return nm_call_fail(call, &err);
	if (forecast_all(&page, &err) == NM_OK &&
	    write_page(view->file, write_history, &page, &view->bytes, &err) == NM_OK)
		call->view.format->page(&call->view, view);
	else
		code = nm_call_fail(call, &err);
	free(page.forecasts);
	nm_history_done(&page.history);
	return code;
}

static int run(struct nm_call *call)
{
	struct nm_view_page page = {.file = nm_call_option(call, "output"), .kind = "heap"};
	struct nm_heap_of of;
	struct nm_error err;
	int code;

	if (!page.file)
		return nm_call_usage(call, "-o OUT.html is missing: where to write the page");
	if (!nm_html_page_is_built()) {
		nm_error_set(
			&err, NM_E_UNSUPPORTED,
			"this nodemem has no pages: it was built without the packages of npm that they "
			"are made of (npm ci --prefix web, then build it with -Dreport=enabled)");
		return nm_call_fail(call, &err);
	}
	if (nm_recording_is_one(call->words[0]))
		return report_recording(call, &page);
	code = nm_call_classes(call, 0, &of);
	if (code != NM_EXIT_OK)
		return code;
	if (report_heap(call, &of, page.file, &page.bytes, &err) == NM_OK) {
		call->view.format->page(&call->view, &page);
		nm_print_graph_cost(call, 0, &of.of);
	} else {
		code = nm_call_fail(call, &err);
	}
	nm_heap_of_done(&of);
	return code;
}

static const struct nm_option options[] = {
	{'o', "output", "OUT.html", "where to write it; it appears when it is whole"},
	NM_IMAGE_OPTIONS,
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_report = {
	.name = "report",
	.summary =
		"one HTML page to look at and to show: a recording as curves, a heap as a treemap",
	.usage = "-o OUT.html [OPTIONS] RECORDING|SNAPSHOT|PID|CORE",
	.about =
		"The page needs no network and no other file. A recording shows the numbers over time,\n"
		"limits, collections and the end; a heap, the classes by what they retain. Of a process\n"
		"an image is taken, as for 'nodemem histo'.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
