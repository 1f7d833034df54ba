#include "model/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/metrics.h"

/* Room for one more, or a place that nobody looks at. */
static struct nm_point *add(struct nm_points *points, enum nm_export_id id, size_t process)
{
	struct nm_point *point;

	if (points->count == points->room) {
		const size_t room = points->room ? 2 * points->room : 256;
		struct nm_point *grown = realloc(points->items, room * sizeof(*grown));

		if (!grown) {
			points->failed = true;
			return NULL;
		}
		points->items = grown;
		points->room = room;
	}
	point = &points->items[points->count++];
	memset(point, 0, sizeof(*point));
	point->id = id;
	point->process = process;
	return point;
}

static struct nm_point *add_whole(struct nm_points *points, enum nm_export_id id, size_t process,
				  uint64_t value)
{
	struct nm_point *point = add(points, id, process);

	if (point)
		point->whole = value;
	return point;
}

static struct nm_point *add_real(struct nm_points *points, enum nm_export_id id, size_t process,
				 double value)
{
	struct nm_point *point = add(points, id, process);

	if (point) {
		point->is_real = true;
		point->real = value;
	}
	return point;
}

static void label(struct nm_point *point, enum nm_label_id id, const char *value)
{
	if (!point || point->label_count == NM_POINT_LABELS)
		return;
	point->labels[point->label_count].id = id;
	point->labels[point->label_count++].value = value;
}

/* ---- one process ------------------------------------------------------------------------- */

/* "v20.19.2" in three parts; a nightly's tail stays with the last. */
static void split_release(const char *node, char out[3][12])
{
	if (sscanf(node, "v%11[0-9].%11[0-9].%11[0-9A-Za-z-]", out[0], out[1], out[2]) != 3)
		memset(out, 0, 3 * sizeof(out[0]));
}

static void add_release(struct nm_points *points, struct nm_fleet_process *process, size_t index)
{
	struct nm_point *point;

	split_release(process->info->node, process->release);
	if (!process->info->node[0])
		return;
	point = add_whole(points, NM_EXPORT_NODE, index, 1);
	label(point, NM_LABEL_VERSION, process->info->node);
	if (!process->release[0][0])
		return;
	label(point, NM_LABEL_MAJOR, process->release[0]);
	label(point, NM_LABEL_MINOR, process->release[1]);
	label(point, NM_LABEL_PATCH, process->release[2]);
}

static void add_metric(struct nm_points *points, const struct nm_metric *metric, size_t index,
		       const struct nm_sample *sample, const struct nm_isolate *isolate)
{
	struct nm_point *point;
	uint64_t value;

	if (metric->exported_as == NM_EXPORT_NOT || !nm_metric_get(metric, sample, isolate, &value))
		return;
	point = add_whole(points, metric->exported_as, index, value);
	if (isolate)
		label(point, NM_LABEL_ISOLATE, isolate->name);
	if (metric->kind)
		label(point, NM_LABEL_KIND, metric->kind);
}

static void add_space(struct nm_points *points, size_t index, const struct nm_isolate *isolate,
		      const struct nm_space *space, enum nm_export_id id, uint64_t value)
{
	struct nm_point *point = add_whole(points, id, index, value);

	label(point, NM_LABEL_ISOLATE, isolate->name);
	label(point, NM_LABEL_SPACE, space->name);
}

static void add_spaces(struct nm_points *points, size_t index, const struct nm_isolate *isolate)
{
	for (unsigned i = 0; i < isolate->space_count; i++) {
		const struct nm_space *space = &isolate->spaces[i];

		add_space(points, index, isolate, space, NM_EXPORT_SPACE_SIZE, space->size);
		if (isolate->has & NM_HAS_HEAP_USED)
			add_space(points, index, isolate, space, NM_EXPORT_SPACE_USED, space->used);
		if (space->knows_available)
			add_space(points, index, isolate, space, NM_EXPORT_SPACE_AVAILABLE,
				  space->available);
	}
}

static void add_sample(struct nm_points *points, const struct nm_fleet_process *process,
		       size_t index)
{
	const struct nm_sample *sample = process->sample;

	for (size_t i = 0; i < nm_metric_count; i++) {
		if (nm_metrics[i].scope == NM_METRIC_PROCESS) {
			add_metric(points, &nm_metrics[i], index, sample, NULL);
			continue;
		}
		for (unsigned k = 0; k < sample->isolate_count; k++)
			add_metric(points, &nm_metrics[i], index, sample, &sample->isolates[k]);
	}
	for (unsigned k = 0; k < sample->isolate_count; k++)
		add_spaces(points, index, &sample->isolates[k]);
	if (process->info->started_ms > 0)
		add_real(points, NM_EXPORT_START, index, (double)process->info->started_ms / 1000);
	if (sample->has & NM_HAS_UPTIME)
		add_real(points, NM_EXPORT_UPTIME, index, (double)sample->uptime_ms / 1000);
}

static void add_limit_size(struct nm_points *points, enum nm_export_id id, size_t index,
			   const struct nm_limit *limit, unsigned has, uint64_t value)
{
	struct nm_point *point;

	if (!(limit->has & has))
		return;
	point = add_whole(points, id, index, value);
	label(point, NM_LABEL_LIMIT, nm_limit_name(limit->kind));
	label(point, NM_LABEL_SCOPE, limit->scope);
}

static void add_limits(struct nm_points *points, const struct nm_limits *limits, size_t index)
{
	for (size_t i = 0; i < limits->count; i++) {
		const struct nm_limit *limit = &limits->items[i];
		const bool has_used = (limit->has & NM_LIMIT_HAS_USED) != 0;

		/* What counts for these two is known without a limit too, and has names of its own. */
		if (limit->kind == NM_LIMIT_ADDRESS_SPACE && has_used)
			add_whole(points, NM_EXPORT_VIRTUAL, index, limit->used);
		if (limit->kind == NM_LIMIT_DATA && has_used)
			add_whole(points, NM_EXPORT_DATA, index, limit->used);
		if (!(limit->has & NM_LIMIT_HAS_LIMIT))
			continue;
		add_limit_size(points, NM_EXPORT_LIMIT, index, limit, NM_LIMIT_HAS_LIMIT,
			       limit->limit);
		add_limit_size(points, NM_EXPORT_LIMIT_USED, index, limit, NM_LIMIT_HAS_USED,
			       limit->used);
		add_limit_size(points, NM_EXPORT_HEADROOM, index, limit, NM_LIMIT_HAS_HEADROOM,
			       limit->headroom);
		add_limit_size(points, NM_EXPORT_DISTANCE, index, limit, NM_LIMIT_HAS_DISTANCE,
			       limit->distance);
	}
}

static void label_forecast(struct nm_point *point, const struct nm_forecast *forecast)
{
	label(point, NM_LABEL_LIMIT, nm_limit_name(forecast->kind));
	label(point, NM_LABEL_SCOPE, forecast->scope);
}

static void add_forecast(struct nm_points *points, const struct nm_forecast *forecast, size_t index)
{
	if (forecast->has_growth)
		label_forecast(
			add_real(points, NM_EXPORT_GROWTH, index, forecast->growth_per_hour / 3600),
			forecast);
	if (forecast->reason != NM_FORECAST_OK)
		return;
	label_forecast(add_real(points, NM_EXPORT_FORECAST, index, (double)forecast->eta_ms / 1000),
		       forecast);
	label_forecast(add_real(points, NM_EXPORT_FORECAST_LOW, index,
				(double)forecast->eta_low_ms / 1000),
		       forecast);
	if (forecast->has_high)
		label_forecast(add_real(points, NM_EXPORT_FORECAST_HIGH, index,
					(double)forecast->eta_high_ms / 1000),
			       forecast);
}

static void add_process(struct nm_points *points, struct nm_fleet_process *process, size_t index)
{
	struct nm_point *up = add_whole(points, NM_EXPORT_UP, index, process->sample != NULL);

	if (!process->sample || !process->info) {
		if (process->problem)
			label(up, NM_LABEL_REASON, process->problem);
		return;
	}
	add_release(points, process, index);
	add_sample(points, process, index);
	if (process->limits)
		add_limits(points, process->limits, index);
	if (process->forecast)
		add_forecast(points, process->forecast, index);
}

/* ---- all of them ------------------------------------------------------------------------- */

/* Kills are of a control group, in which there may be several of the processes: once each. */
static void add_kills(struct nm_points *points, const struct nm_limits *limits, size_t from)
{
	for (size_t i = 0; i < limits->count; i++) {
		const struct nm_limit *limit = &limits->items[i];
		bool is_told =
			limit->kind != NM_LIMIT_CGROUP_MAX || !(limit->has & NM_LIMIT_HAS_KILLS);

		for (size_t k = from; k < points->count && !is_told; k++)
			is_told = points->items[k].id == NM_EXPORT_OOM_KILLS &&
				  strcmp(points->items[k].labels[0].value, limit->scope) == 0;
		if (!is_told)
			label(add_whole(points, NM_EXPORT_OOM_KILLS, NM_POINT_OF_NONE,
					limit->kills),
			      NM_LABEL_CGROUP, limit->scope);
	}
}

/* Of none of the processes. The last of them is how many were left out. */
static void add_own(struct nm_points *points, const struct nm_fleet *fleet)
{
	label(add_whole(points, NM_EXPORT_BUILD, NM_POINT_OF_NONE, 1), NM_LABEL_VERSION,
	      fleet->version);
	add_whole(points, NM_EXPORT_PROCESSES, NM_POINT_OF_NONE, fleet->count);
	add_whole(points, NM_EXPORT_HIDDEN, NM_POINT_OF_NONE, fleet->hidden);
	add_real(points, NM_EXPORT_SAMPLING, NM_POINT_OF_NONE, (double)fleet->took_us / 1e6);
}

static size_t count_series(const struct nm_points *points, size_t from)
{
	size_t count = 0;

	for (size_t i = from; i < points->count; i++)
		count += nm_exports[points->items[i].id].name != NULL;
	return count;
}

int nm_points_make(struct nm_points *points, struct nm_fleet *fleet, size_t max)
{
	size_t series, begun;

	points->count = points->dropped = 0;
	points->failed = false;
	add_own(points, fleet);
	series = count_series(points, 0) + 1;
	for (size_t i = 0; i < fleet->count; i++) {
		size_t more;

		begun = points->count;
		add_process(points, &fleet->processes[i], i);
		more = count_series(points, begun);
		if (series + more > max) {
			points->count = begun;
			points->dropped += more;
			continue;
		}
		series += more;
	}
	begun = points->count;
	for (size_t i = 0; i < fleet->count; i++)
		if (fleet->processes[i].limits)
			add_kills(points, fleet->processes[i].limits, begun);
	if (series + points->count - begun > max) {
		points->dropped += points->count - begun;
		points->count = begun;
	}
	add_whole(points, NM_EXPORT_DROPPED, NM_POINT_OF_NONE, points->dropped);
	return points->failed ? NM_E_NOMEM : NM_OK;
}

void nm_points_done(struct nm_points *points)
{
	free(points->items);
	memset(points, 0, sizeof(*points));
}
