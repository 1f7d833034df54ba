#include "view/html/history.h"

#include <math.h>

#include "view/html/page.h"
#include "view/html/series.h"
#include "view/json/write.h"

static json_t *make_time(int64_t time_ms)
{
	return time_ms < 0 ? json_null() : json_integer(time_ms);
}

static json_t *make_real(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *make_limits(const struct nm_history_process *process)
{
	json_t *array = json_array();

	for (size_t i = 0; i < process->limit_count; i++) {
		const struct nm_history_limit *limit = &process->limits[i];
		json_t *one = json_object();

		json_object_set_new(one, "timeMs", make_time(limit->time_ms));
		json_object_set_new(one, "name", json_string(nm_limit_name(limit->kind)));
		json_object_set_new(one, "scope", nm_json_foreign(limit->scope));
		json_object_set_new(one, "limit",
				    nm_json_number(limit->limit <= NM_PACK_MAX, limit->limit));
		json_object_set_new(one, "isFirst", json_boolean(limit->is_first));
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *make_ledger(const struct nm_history_ledger *ledger)
{
	json_t *object = json_object(), *groups = json_object();

	for (int group = 0; group < NM_GROUP_COUNT; group++)
		json_object_set_new(
			groups, nm_group_name((enum nm_group)group),
			nm_json_number(ledger->rss[group] <= NM_PACK_MAX, ledger->rss[group]));
	json_object_set_new(object, "timeMs", make_time(ledger->time_ms));
	json_object_set_new(object, "rss", groups);
	return object;
}

/* The first and the last. */
static json_t *make_ledgers(const struct nm_history_process *process)
{
	json_t *array = json_array();

	if (process->ledger_count > 0)
		json_array_append_new(array, make_ledger(&process->ledgers[0]));
	if (process->ledger_count > 1)
		json_array_append_new(array,
				      make_ledger(&process->ledgers[process->ledger_count - 1]));
	return array;
}

/* A row a class, without keys: there are many. */
static json_t *make_classes(const struct nm_history_histogram *histogram)
{
	json_t *array = json_array();

	for (size_t i = 0; i < histogram->class_count && i < NM_HTML_CLASSES_MAX; i++) {
		const struct nm_history_class *class = &histogram->classes[i];
		json_t *row = json_array();

		json_array_append_new(row, nm_json_foreign(class->name ? class->name : ""));
		json_array_append_new(row, nm_json_number(true, class->count));
		json_array_append_new(row, nm_json_number(true, class->bytes));
		json_array_append_new(array, row);
	}
	return array;
}

/* All, or the first and the latest. */
static json_t *make_histograms(const struct nm_history_process *process)
{
	const size_t count = process->histogram_count;
	const size_t left_out = count > NM_HTML_HISTOGRAMS_MAX ? count - NM_HTML_HISTOGRAMS_MAX : 0;
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct nm_history_histogram *histogram = &process->histograms[i];
		json_t *one;

		if (i > 0 && i <= left_out)
			continue;
		one = json_object();
		json_object_set_new(one, "timeMs", make_time(histogram->time_ms));
		json_object_set_new(one, "reason", nm_json_foreign(histogram->reason));
		json_object_set_new(one, "liveBytes", nm_json_number(true, histogram->live_bytes));
		json_object_set_new(one, "stoppedMs",
				    make_real((double)histogram->stopped_us / 1000));
		json_object_set_new(one, "classCount",
				    json_integer((json_int_t)histogram->class_count));
		json_object_set_new(one, "classes", make_classes(histogram));
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *make_findings(const struct nm_history_process *process)
{
	json_t *array = json_array();

	for (size_t i = 0; i < process->finding_count; i++) {
		const struct nm_history_finding *finding = &process->findings[i];
		json_t *one = json_object();

		json_object_set_new(one, "timeMs", make_time(finding->time_ms));
		json_object_set_new(one, "id", nm_json_foreign(finding->id));
		json_object_set_new(one, "severity", nm_json_foreign(finding->severity));
		json_object_set_new(one, "text", nm_json_foreign(finding->text));
		json_object_set_new(one, "fix", nm_json_text(finding->fix));
		json_array_append_new(array, one);
	}
	return array;
}

/* Null: it had not ended. */
static json_t *make_end(const struct nm_history_end *end)
{
	json_t *object;

	if (!end->cause[0])
		return json_null();
	object = json_object();
	json_object_set_new(object, "timeMs", make_time(end->time_ms));
	json_object_set_new(object, "cause", nm_json_foreign(end->cause));
	json_object_set_new(object, "exitCode",
			    end->exit_code < 0 ? json_null() : json_integer(end->exit_code));
	json_object_set_new(object, "signal",
			    end->signal == 0 ? json_null() : json_integer(end->signal));
	json_object_set_new(object, "headline", nm_json_text(end->headline));
	json_object_set_new(object, "reason", nm_json_text(end->reason));
	json_object_set_new(object, "advice", nm_json_text(end->advice));
	return object;
}

static json_t *make_forecast(const struct nm_html_forecast *forecast)
{
	json_t *object;

	if (!forecast)
		return json_null();
	object = json_object();
	json_object_set_new(object, "reason", nm_json_text(forecast->reason));
	if (!forecast->is_known)
		return object;
	json_object_set_new(object, "limit", nm_json_foreign(forecast->limit));
	json_object_set_new(object, "scope", nm_json_foreign(forecast->scope));
	json_object_set_new(object, "basis", nm_json_foreign(forecast->basis));
	json_object_set_new(object, "limitBytes", nm_json_number(true, forecast->limit_bytes));
	json_object_set_new(object, "fromMs", make_time(forecast->from_ms));
	json_object_set_new(object, "fromBytes", nm_json_number(true, forecast->from_bytes));
	json_object_set_new(object, "growthPerHour", make_real(forecast->growth_per_hour));
	json_object_set_new(object, "etaMs", make_time(forecast->eta_ms));
	json_object_set_new(object, "etaLowMs", make_time(forecast->eta_low_ms));
	json_object_set_new(object, "etaHighMs", make_time(forecast->eta_high_ms));
	return object;
}

static json_t *make_process(struct nm_pack *pack, const struct nm_history_process *process,
			    const struct nm_html_forecast *forecast)
{
	json_t *object = json_object();

	json_object_set_new(object, "pid", json_integer(process->pid));
	json_object_set_new(object, "label", nm_json_text(process->label));
	json_object_set_new(object, "node", nm_json_text(process->node));
	json_object_set_new(object, "v8", nm_json_text(process->v8));
	json_object_set_new(object, "command", nm_json_text(process->command));
	json_object_set_new(object, "startedMs", make_time(process->started_ms));
	json_object_set_new(object, "firstMs", make_time(process->first_ms));
	json_object_set_new(object, "lastMs", make_time(process->last_ms));
	json_object_set_new(object, "isolates", nm_html_isolates(pack, process));
	json_object_set_new(object, "gcs", nm_html_gcs(pack, process));
	json_object_set_new(object, "uses", nm_html_uses(pack, process));
	json_object_set_new(object, "spaces", nm_html_spaces(pack, process));
	json_object_set_new(object, "limits", make_limits(process));
	json_object_set_new(object, "ledgers", make_ledgers(process));
	json_object_set_new(object, "histograms", make_histograms(process));
	json_object_set_new(object, "findings", make_findings(process));
	json_object_set_new(object, "end", make_end(&process->end));
	json_object_set_new(object, "forecast", make_forecast(forecast));
	return object;
}

/* The columns go into the page while they are told of in the document, which follows them. */
static json_t *make_document(struct nm_pack *pack, const struct nm_history *history,
			     const struct nm_html_forecast *forecasts)
{
	json_t *document = nm_json_document("nodemem/page/1"), *processes = json_array();

	json_object_set_new(document, "kind", json_string("history"));
	json_object_set_new(document, "host", nm_json_text(history->host));
	json_object_set_new(document, "begunMs", make_time(history->begun_ms));
	json_object_set_new(document, "endedMs", make_time(history->ended_ms));
	json_object_set_new(document, "isComplete", json_boolean(history->is_complete));
	json_object_set_new(document, "totalmem",
			    nm_json_number(history->totalmem > 0, history->totalmem));
	for (size_t i = 0; i < history->process_count; i++)
		json_array_append_new(processes, make_process(pack, &history->processes[i],
							      forecasts ? &forecasts[i] : NULL));
	json_object_set_new(document, "processes", processes);
	return document;
}

int nm_view_html_history(FILE *out, const struct nm_history *history,
			 const struct nm_html_forecast *forecasts, struct nm_error *err)
{
	struct nm_pack pack;
	json_t *document;
	int status = nm_pack_init(&pack, out, err);

	if (status != NM_OK)
		return status;
	nm_html_page_begin(out);
	nm_html_page_begin_data(out, "columns");
	document = make_document(&pack, history, forecasts);
	status = nm_pack_finish(&pack, err);
	nm_html_page_end_data(out);
	nm_pack_done(&pack);
	if (status == NM_OK)
		status = nm_html_page_document(out, document, err);
	else
		json_decref(document);
	nm_html_page_end(out);
	return status;
}
