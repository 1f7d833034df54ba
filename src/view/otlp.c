#include "view/otlp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "view/json/write.h"

#define CUMULATIVE 2

/* ---- attributes -------------------------------------------------------------------------- */

static void add_attribute(json_t *attributes, const char *name, const char *value)
{
	json_t *one = json_object(), *wrapped = json_object();

	json_object_set_new(wrapped, "stringValue", nm_json_foreign(value));
	json_object_set_new(one, "key", nm_json_foreign(name));
	json_object_set_new(one, "value", wrapped);
	json_array_append_new(attributes, one);
}

/* 64-bit numbers are texts in the JSON of protobuf. */
static json_t *whole_text(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return json_string(text);
}

static void add_whole_attribute(json_t *attributes, const char *name, uint64_t value)
{
	json_t *one = json_object(), *wrapped = json_object();

	json_object_set_new(wrapped, "intValue", whole_text(value));
	json_object_set_new(one, "key", json_string(name));
	json_object_set_new(one, "value", wrapped);
	json_array_append_new(attributes, one);
}

/* What the user said of all of them, but for what is told better of each. */
static void add_common(json_t *attributes, const struct nm_otlp_options *options, bool has_service)
{
	for (size_t i = 0; i < options->attribute_count; i++)
		if (!has_service || strcmp(options->attributes[i].name, "service.name") != 0)
			add_attribute(attributes, options->attributes[i].name,
				      options->attributes[i].value);
	if (options->host[0])
		add_attribute(attributes, "host.name", options->host);
}

static json_t *make_resource(const struct nm_fleet *fleet, size_t index,
			     const struct nm_otlp_options *options)
{
	json_t *resource = json_object(), *attributes = json_array();
	const struct nm_fleet_process *process;

	json_object_set_new(resource, "attributes", attributes);
	add_common(attributes, options, true);
	if (index == NM_POINT_OF_NONE) {
		add_attribute(attributes, "service.name", "nodemem");
		add_attribute(attributes, "service.version", fleet->version);
		return resource;
	}
	process = &fleet->processes[index];
	add_attribute(attributes, "service.name",
		      options->service[0] ? options->service
		      : process->app[0]	  ? process->app
					  : "unknown_service:node");
	add_whole_attribute(attributes, "process.pid", (uint64_t)process->pid);
	add_attribute(attributes, "process.runtime.name", "nodejs");
	if (process->info && process->info->node[0])
		add_attribute(attributes, "process.runtime.version",
			      process->info->node + (process->info->node[0] == 'v'));
	if (process->container.id[0])
		add_attribute(attributes, "container.id", process->container.id);
	if (process->container.pod[0])
		add_attribute(attributes, "k8s.pod.uid", process->container.pod);
	return resource;
}

/* ---- metrics ----------------------------------------------------------------------------- */

static const char *unit_of(enum nm_export_id id)
{
	static const char *const units[] = {
		[NM_UNIT_NONE] = "1",
		[NM_UNIT_BYTES] = "By",
		[NM_UNIT_SECONDS] = "s",
		[NM_UNIT_BYTES_PER_SECOND] = "By/s",
	};

	switch (id) {
	case NM_EXPORT_GCS:
		return "{collection}";
	case NM_EXPORT_OOM_KILLS:
		return "{kill}";
	case NM_EXPORT_PROCESSES:
	case NM_EXPORT_HIDDEN:
		return "{process}";
	case NM_EXPORT_DROPPED:
		return "{series}";
	default:
		return units[nm_exports[id].unit];
	}
}

/* Sums of several processes mean something: the conventions have an UpDownCounter then. */
static bool is_sum(const struct nm_export *family)
{
	return family->kind == NM_EXPORT_COUNTER ||
	       (family->unit == NM_UNIT_BYTES && family->merge == NM_MERGE_SUM);
}

static json_t *make_point(const struct nm_point *point, const struct nm_fleet *fleet)
{
	const struct nm_fleet_process *process =
		point->process == NM_POINT_OF_NONE ? NULL : &fleet->processes[point->process];
	json_t *one = json_object(), *attributes = json_array();

	for (unsigned i = 0; i < point->label_count; i++)
		add_attribute(attributes, nm_label_otel(point->labels[i].id),
			      point->labels[i].value);
	json_object_set_new(one, "attributes", attributes);
	if (is_sum(&nm_exports[point->id]) && process && process->info)
		json_object_set_new(one, "startTimeUnixNano",
				    whole_text((uint64_t)process->info->started_ms * 1000000));
	json_object_set_new(one, "timeUnixNano", whole_text((uint64_t)fleet->time_ms * 1000000));
	if (point->is_real)
		json_object_set_new(one, "asDouble", json_real(point->real));
	else
		json_object_set_new(one, "asInt", whole_text(point->whole));
	return one;
}

static json_t *make_metric(enum nm_export_id id, json_t *data_points)
{
	const struct nm_export *family = &nm_exports[id];
	json_t *metric = json_object(), *data = json_object();

	json_object_set_new(metric, "name", json_string(family->otel));
	json_object_set_new(metric, "description", json_string(family->help));
	json_object_set_new(metric, "unit", json_string(unit_of(id)));
	json_object_set_new(data, "dataPoints", data_points);
	if (is_sum(family)) {
		json_object_set_new(data, "aggregationTemporality", json_integer(CUMULATIVE));
		json_object_set_new(data, "isMonotonic",
				    json_boolean(family->kind == NM_EXPORT_COUNTER));
	}
	json_object_set_new(metric, is_sum(family) ? "sum" : "gauge", data);
	return metric;
}

/* Of the points from `from` on, those of one process, which stand together. */
static json_t *make_metrics(const struct nm_points *points, size_t from, size_t end,
			    const struct nm_fleet *fleet)
{
	json_t *metrics = json_array();

	for (size_t id = 0; id < NM_EXPORT_COUNT; id++) {
		json_t *data_points = NULL;

		for (size_t i = from; i < end && nm_exports[id].otel; i++) {
			if (points->items[i].id != id)
				continue;
			data_points = data_points ? data_points : json_array();
			json_array_append_new(data_points, make_point(&points->items[i], fleet));
		}
		if (data_points)
			json_array_append_new(metrics,
					      make_metric((enum nm_export_id)id, data_points));
	}
	return metrics;
}

static json_t *make_scope(const struct nm_fleet *fleet, json_t *metrics)
{
	json_t *scopes = json_array(), *one = json_object(), *scope = json_object();

	json_object_set_new(scope, "name", json_string("nodemem"));
	json_object_set_new(scope, "version", json_string(fleet->version));
	json_object_set_new(one, "scope", scope);
	json_object_set_new(one, "metrics", metrics);
	json_array_append_new(scopes, one);
	return scopes;
}

char *nm_otlp_write(const struct nm_points *points, const struct nm_fleet *fleet,
		    const struct nm_otlp_options *options)
{
	json_t *document = json_object(), *resources = json_array();
	char *text;

	json_object_set_new(document, "resourceMetrics", resources);
	for (size_t from = 0, end; from < points->count; from = end) {
		const size_t process = points->items[from].process;
		json_t *one = json_object();

		for (end = from + 1; end < points->count; end++)
			if (points->items[end].process != process)
				break;
		json_object_set_new(one, "resource", make_resource(fleet, process, options));
		json_object_set_new(one, "scopeMetrics",
				    make_scope(fleet, make_metrics(points, from, end, fleet)));
		json_array_append_new(resources, one);
	}
	text = json_dumps(document, JSON_COMPACT);
	json_decref(document);
	return text;
}
