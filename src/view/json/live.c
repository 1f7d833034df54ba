#include "view/json/live.h"

#include "model/history.h"
#include "model/metrics.h"
#include "view/json/write.h"

/* ---- all processes ------------------------------------------------------------------------- */

static void add_numbers(json_t *one, const struct nm_sample *sample)
{
	const struct nm_isolate *isolate = nm_sample_main(sample);

	for (size_t i = 0; i < nm_metric_count; i++) {
		uint64_t value = 0;
		const bool known = nm_metric_get(&nm_metrics[i], sample, isolate, &value);

		json_object_set_new(one, nm_metrics[i].key, nm_json_number(known, value));
	}
	json_object_set_new(one, "isolates", json_integer(sample->isolate_count));
	json_object_set_new(one, "uptimeMs",
			    nm_json_number((sample->has & NM_HAS_UPTIME) != 0, sample->uptime_ms));
}

/* The limit that is reached first; null when that is not known. */
static json_t *make_first(const struct nm_limits *limits)
{
	const struct nm_limit *limit;
	json_t *one;

	if (!limits || limits->first >= limits->count)
		return json_null();
	limit = &limits->items[limits->first];
	one = json_object();
	json_object_set_new(one, "name", json_string(nm_limit_name(limit->kind)));
	json_object_set_new(one, "scope", nm_json_foreign(limit->scope));
	json_object_set_new(one, "limit",
			    nm_json_number((limit->has & NM_LIMIT_HAS_LIMIT) != 0, limit->limit));
	json_object_set_new(
		one, "distance",
		nm_json_number((limit->has & NM_LIMIT_HAS_DISTANCE) != 0, limit->distance));
	return one;
}

static json_t *make_forecast(const struct nm_forecast *forecast)
{
	json_t *one;
	bool has_time;

	if (!forecast)
		return json_null();
	has_time = forecast->reason == NM_FORECAST_OK;
	one = json_object();
	json_object_set_new(one, "limit",
			    forecast->reason == NM_FORECAST_NO_LIMIT
				    ? json_null()
				    : json_string(nm_limit_name(forecast->kind)));
	json_object_set_new(one, "scope", nm_json_text(forecast->scope));
	json_object_set_new(one, "etaMs", nm_json_number(has_time, forecast->eta_ms));
	json_object_set_new(one, "etaLowMs", nm_json_number(has_time, forecast->eta_low_ms));
	json_object_set_new(one, "etaHighMs",
			    nm_json_number(has_time && forecast->has_high, forecast->eta_high_ms));
	json_object_set_new(one, "reason", nm_json_text(nm_forecast_reason_name(forecast->reason)));
	return one;
}

static json_t *make_process(const struct nm_fleet_process *process)
{
	json_t *one = json_object();

	json_object_set_new(one, "pid", json_integer(process->pid));
	json_object_set_new(one, "app", nm_json_text(process->app));
	json_object_set_new(one, "containerId", nm_json_text(process->container.id));
	json_object_set_new(one, "podUid", nm_json_text(process->container.pod));
	if (process->problem)
		json_object_set_new(one, "problem", json_string(process->problem));
	if (!process->info || !process->sample)
		return one;
	json_object_set_new(one, "node", nm_json_text(process->info->node));
	json_object_set_new(one, "command", nm_json_foreign(process->info->command));
	json_object_set_new(
		one, "startedMs",
		nm_json_number(process->info->started_ms > 0, (uint64_t)process->info->started_ms));
	json_object_set_new(one, "timeMs", json_integer(process->sample->time_ms));
	add_numbers(one, process->sample);
	json_object_set_new(one, "first", make_first(process->limits));
	json_object_set_new(one, "forecast", make_forecast(process->forecast));
	return one;
}

static json_t *make_ended(const struct nm_fleet_ended *ended)
{
	json_t *one = json_object();

	json_object_set_new(one, "pid", json_integer(ended->pid));
	json_object_set_new(one, "app", nm_json_text(ended->label));
	json_object_set_new(one, "startedMs",
			    nm_json_number(ended->started_ms > 0, (uint64_t)ended->started_ms));
	json_object_set_new(one, "endedMs", json_integer(ended->ended_ms));
	return one;
}

void nm_json_live_fleet(FILE *out, const struct nm_fleet *fleet,
			const struct nm_json_live_options *options)
{
	json_t *document = nm_json_document("nodemem/live/1");
	json_t *processes = json_array(), *ended = json_array();

	json_object_set_new(document, "version", json_string(fleet->version));
	json_object_set_new(document, "timeMs", json_integer(fleet->time_ms));
	json_object_set_new(document, "allowActions", json_boolean(options->allow_actions));
	json_object_set_new(document, "hidden", json_integer((json_int_t)fleet->hidden));
	for (size_t i = 0; i < fleet->count; i++)
		json_array_append_new(processes, make_process(&fleet->processes[i]));
	json_object_set_new(document, "processes", processes);
	for (size_t i = 0; i < options->ended_count; i++)
		json_array_append_new(ended, make_ended(&options->ended[i]));
	json_object_set_new(document, "ended", ended);
	nm_json_write(out, document);
}

/* ---- one of them --------------------------------------------------------------------------- */

void nm_json_live_past(FILE *out, const struct nm_target_info *info, const struct nm_past *past)
{
	static const struct {
		const char *name;
		size_t offset;
	} columns[] = {
		{"rss", offsetof(struct nm_past_row, rss)},
		{"heapTotal", offsetof(struct nm_past_row, heap_total)},
		{"heapUsed", offsetof(struct nm_past_row, heap_used)},
		{"external", offsetof(struct nm_past_row, external)},
		{"arrayBuffers", offsetof(struct nm_past_row, array_buffers)},
	};
	json_t *document = nm_json_document("nodemem/past/1"), *times = json_array();

	json_object_set_new(document, "pid", json_integer(info->pid));
	json_object_set_new(document, "startedMs",
			    nm_json_number(info->started_ms > 0, (uint64_t)info->started_ms));
	for (size_t i = 0; i < past->count; i++)
		json_array_append_new(times, json_integer(nm_past_get(past, i)->time_ms));
	json_object_set_new(document, "timeMs", times);
	for (size_t k = 0; k < sizeof(columns) / sizeof(columns[0]); k++) {
		json_t *column = json_array();

		for (size_t i = 0; i < past->count; i++) {
			const char *row = (const char *)nm_past_get(past, i);
			const uint64_t value =
				*(const uint64_t *)(const void *)(row + columns[k].offset);

			json_array_append_new(column, nm_json_number(value != NM_UNKNOWN, value));
		}
		json_object_set_new(document, columns[k].name, column);
	}
	nm_json_write(out, document);
}
