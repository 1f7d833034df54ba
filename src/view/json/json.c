/*
 * json.c - for programs; the documents are fixed by nodemem(1), section JSON
 */
#include <string.h>

#include "base/error.h"
#include "model/metrics.h"
#include "view/json/buffers.h"
#include "view/json/classes.h"
#include "view/json/diff.h"
#include "view/json/dominators.h"
#include "view/json/forecast.h"
#include "view/json/ending.h"
#include "view/json/heap.h"
#include "view/json/leaks.h"
#include "view/json/ledger.h"
#include "view/json/retainers.h"
#include "view/json/stat.h"
#include "view/json/limits.h"
#include "view/json/top.h"
#include "view/json/write.h"
#include "view/view.h"

void nm_json_metrics(json_t *object, const struct nm_sample *sample,
		     const struct nm_isolate *isolate, bool process_too)
{
	for (size_t i = 0; i < nm_metric_count; i++) {
		const struct nm_metric *metric = &nm_metrics[i];
		uint64_t value = 0;
		bool known = nm_metric_get(metric, sample, isolate, &value);

		if (process_too || metric->scope == NM_METRIC_ISOLATE)
			json_object_set_new(object, metric->key, nm_json_number(known, value));
	}
}

static json_t *make_isolate(const struct nm_sample *sample, const struct nm_isolate *isolate)
{
	bool knows_used = (isolate->has & NM_HAS_HEAP_USED) != 0;
	json_t *object = json_object(), *spaces = json_array();

	json_object_set_new(object, "name", json_string(isolate->name));
	nm_json_metrics(object, sample, isolate, false);
	json_object_set_new(object, "maxSemiSpace",
			    nm_json_number((isolate->has & NM_HAS_MAX_SEMI_SPACE) != 0,
					   isolate->max_semi_space));
	json_object_set_new(object, "inGc", json_boolean(isolate->in_gc));
	for (unsigned i = 0; i < isolate->space_count; i++) {
		const struct nm_space *space = &isolate->spaces[i];
		json_t *one = json_object();

		json_object_set_new(one, "name", json_string(space->name));
		json_object_set_new(one, "size", nm_json_number(true, space->size));
		json_object_set_new(one, "used", nm_json_number(knows_used, space->used));
		json_object_set_new(one, "available",
				    nm_json_number(space->knows_available, space->available));
		json_array_append_new(spaces, one);
	}
	json_object_set_new(object, "spaces", spaces);
	return object;
}

/* The keys that `usage` and each line of `watch` share. */
static json_t *make_sample(const char *schema, const struct nm_target_info *info,
			   const struct nm_sample *sample, bool isolates)
{
	const struct nm_isolate *isolate = nm_sample_main(sample);
	json_t *document = nm_json_document(schema), *array;

	json_object_set_new(document, "pid", json_integer(info->pid));
	json_object_set_new(document, "node", nm_json_text(info->node));
	json_object_set_new(document, "v8", nm_json_text(info->v8));
	nm_json_metrics(document, sample, isolate, true);
	json_object_set_new(document, "inGc", json_boolean(isolate && isolate->in_gc));
	json_object_set_new(document, "source", json_string("memory"));
	json_object_set_new(document, "tookUs", json_integer((json_int_t)sample->took_us));
	if (!isolates)
		return document;
	array = json_array();
	for (unsigned i = 0; i < sample->isolate_count; i++)
		json_array_append_new(array, make_isolate(sample, &sample->isolates[i]));
	json_object_set_new(document, "isolates", array);
	return document;
}

static void show_usage(const struct nm_view_options *how, const struct nm_target_info *info,
		       const struct nm_sample *sample)
{
	nm_json_write(how->out, make_sample("nodemem/usage/1", info, sample, true));
}

static void show_series_row(const struct nm_view_options *how, const struct nm_series_row *row)
{
	json_t *document = make_sample("nodemem/usage/1", row->info, row->sample, how->isolates);

	json_object_set_new(document, "timeMs", json_integer(row->sample->time_ms));
	json_object_set_new(
		document, "uptimeMs",
		nm_json_number((row->sample->has & NM_HAS_UPTIME) != 0, row->sample->uptime_ms));
	nm_json_write(how->out, document);
}

static void show_processes(const struct nm_view_options *how, const struct nm_view_process *rows,
			   size_t count, size_t hidden)
{
	json_t *document = nm_json_document("nodemem/ps/1"), *array = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct nm_view_process *row = &rows[i];
		json_t *one = json_object();

		json_object_set_new(one, "pid", json_integer(row->info->pid));
		json_object_set_new(one, "node", nm_json_text(row->info->node));
		json_object_set_new(one, "command", nm_json_foreign(row->info->command));
		json_object_set_new(one, "uptimeMs",
				    nm_json_number((row->sample->has & NM_HAS_UPTIME) != 0,
						   row->sample->uptime_ms));
		nm_json_metrics(one, row->sample, nm_sample_main(row->sample), true);
		if (row->problem)
			json_object_set_new(one, "problem", nm_json_foreign(row->problem));
		json_array_append_new(array, one);
	}
	json_object_set_new(document, "processes", array);
	json_object_set_new(document, "hidden", json_integer((json_int_t)hidden));
	nm_json_write(how->out, document);
}

static void show_system(const struct nm_view_options *how, const struct nm_system *system)
{
	json_t *document = nm_json_document("nodemem/system/1");
	bool constrained = (system->has & NM_HAS_CONSTRAINED) != 0;
	bool swap = (system->has & NM_HAS_SWAP) != 0;

	json_object_set_new(document, "totalmem", nm_json_number(true, system->totalmem));
	json_object_set_new(document, "freemem", nm_json_number(true, system->freemem));
	json_object_set_new(document, "constrainedMemory",
			    nm_json_number(constrained, system->constrained_memory));
	json_object_set_new(
		document, "availableMemory",
		nm_json_number((system->has & NM_HAS_AVAILABLE) != 0, system->available_memory));
	json_object_set_new(document, "constrainedBy",
			    constrained ? nm_json_foreign(system->constrained_by) : json_null());
	json_object_set_new(document, "swapTotal", nm_json_number(swap, system->swap_total));
	json_object_set_new(document, "swapFree", nm_json_number(swap, system->swap_free));
	nm_json_write(how->out, document);
}

static void show_calibration(const struct nm_view_options *how, const struct nm_calibration *found)
{
	json_t *document = nm_json_document("nodemem/calibrate/1");

	json_object_set_new(document, "node", nm_json_text(found->node));
	json_object_set_new(document, "v8", nm_json_text(found->v8));
	json_object_set_new(document, "buildId", nm_json_text(found->build_id));
	json_object_set_new(document, "savedTo", nm_json_text(found->saved_to));
	json_object_set_new(document, "row", nm_json_text(found->row));
	json_object_set_new(document, "runs", json_integer(found->runs));
	json_object_set_new(document, "tookUs", json_integer((json_int_t)found->took_us));
	nm_json_write(how->out, document);
}

void nm_view_json_error(FILE *out, const struct nm_error *err)
{
	json_t *document = nm_json_document("nodemem/error/1"), *error = json_object();

	json_object_set_new(error, "code", json_string(nm_status_name(err->code)));
	json_object_set_new(error, "message", nm_json_foreign(err->message));
	json_object_set_new(document, "error", error);
	nm_json_write(out, document);
}

static void show_recorded(const struct nm_view_options *how,
			  const struct nm_view_recorded *recorded)
{
	json_t *document = nm_json_document("nodemem/record/1");

	json_object_set_new(document, "file", nm_json_foreign(recorded->path));
	json_object_set_new(document, "durationMs", nm_json_number(true, recorded->duration_ms));
	json_object_set_new(document, "samples", nm_json_number(true, recorded->samples));
	json_object_set_new(document, "processes",
			    json_integer((json_int_t)recorded->process_count));
	nm_json_write(how->out, document);
}

static void show_page(const struct nm_view_options *how, const struct nm_view_page *page)
{
	json_t *document = nm_json_document("nodemem/report/1");

	json_object_set_new(document, "file", nm_json_foreign(page->file));
	json_object_set_new(document, "kind", json_string(page->kind));
	json_object_set_new(document, "bytes", nm_json_number(true, page->bytes));
	nm_json_write(how->out, document);
}

const struct nm_view nm_view_json = {
	.recorded = show_recorded,
	.name = "json",
	.usage = show_usage,
	.series_row = show_series_row,
	.processes = show_processes,
	.top = nm_json_top,
	.system = show_system,
	.ledger = nm_json_ledger,
	.stat = nm_json_stat,
	.forecast = nm_json_forecast,
	.buffers = nm_json_buffers,
	.calibration = show_calibration,
	.ending = nm_json_ending,
	.deaths = nm_json_deaths,
	.limits = nm_json_limits,
	.findings = nm_json_findings,
	.classes = nm_json_classes,
	.heap = nm_json_heap,
	.strings = nm_json_strings,
	.diff = nm_json_diff,
	.leaks = nm_json_leaks,
	.retainers = nm_json_retainers,
	.dominators = nm_json_dominators,
	.dump = nm_json_dump,
	.page = show_page,
};
