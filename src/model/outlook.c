#include "model/outlook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void nm_outlook_init(struct nm_outlook *outlook)
{
	memset(outlook, 0, sizeof(*outlook));
}

void nm_outlook_done(struct nm_outlook *outlook)
{
	if (!outlook)
		return;
	free(outlook->items);
	memset(outlook, 0, sizeof(*outlook));
}

/* The item of that limit, made if need be. NM_OK and NULL when there are too many. */
static int get_item(struct nm_outlook *outlook, enum nm_limit_kind kind, const char *scope,
		    enum nm_basis basis, struct nm_outlook_item **out)
{
	struct nm_outlook_item *items;

	*out = NULL;
	for (size_t i = 0; i < outlook->count; i++)
		if (outlook->items[i].kind == kind && strcmp(outlook->items[i].scope, scope) == 0) {
			*out = &outlook->items[i];
			return NM_OK;
		}
	if (outlook->count == NM_OUTLOOK_MAX)
		return NM_OK;
	items = realloc(outlook->items, (outlook->count + 1) * sizeof(*items));
	if (!items)
		return NM_E_NOMEM;
	outlook->items = items;
	*out = &items[outlook->count++];
	memset(*out, 0, sizeof(**out));
	(*out)->kind = kind;
	(*out)->basis = basis;
	snprintf((*out)->scope, sizeof((*out)->scope), "%s", scope);
	return NM_OK;
}

/* A floor is the least that was used from one major collection to the next: right after it V8 has not yet swept
   everything. */
static unsigned add_look(struct nm_trend *trend, const struct nm_heap_use *before,
			 struct nm_heap_use *now, struct nm_collection found[NM_COLLECTIONS_MAX])
{
	const unsigned count = nm_collections_find(before, now, found);

	if (count > 0 && found[0].is_major)
		nm_trend_add(trend, now->time_ms, now->old_used);
	else
		nm_trend_lower(trend, now->time_ms, now->old_used);
	return count;
}

/* ---- from a process that is watched ------------------------------------------------------ */

int nm_outlook_add_heap(struct nm_outlook *outlook, const char *scope, uint64_t limit,
			const struct nm_heap_use *use,
			struct nm_collection found[NM_COLLECTIONS_MAX], unsigned *out_found)
{
	struct nm_heap_use now = *use;
	struct nm_outlook_item *item;
	int status = get_item(outlook, NM_LIMIT_HEAP, scope, NM_BASIS_FLOOR, &item);

	*out_found = 0;
	if (!item)
		return status;
	item->limit = limit;
	if (item->has_last)
		*out_found = add_look(&item->trend, &item->last, &now, found);
	item->last = now;
	item->has_last = true;
	return NM_OK;
}

int nm_outlook_add_sample(struct nm_outlook *outlook, const struct nm_sample *sample,
			  const struct nm_outlook_listener *listener)
{
	int status = NM_OK;

	for (unsigned i = 0; i < sample->isolate_count && status == NM_OK; i++) {
		const struct nm_isolate *isolate = &sample->isolates[i];
		struct nm_collection found[NM_COLLECTIONS_MAX];
		struct nm_heap_use use;
		unsigned count;

		if (!(isolate->has & NM_HAS_HEAP_SIZE_LIMIT) ||
		    !nm_heap_use_of(isolate, sample->time_ms, &use))
			continue;
		status = nm_outlook_add_heap(
			outlook, isolate->name,
			nm_forecast_heap_limit(isolate->heap_size_limit, isolate->max_semi_space),
			&use, found, &count);
		for (unsigned j = 0; listener && j < count; j++)
			listener->found(listener->context, isolate, &found[j]);
	}
	return status;
}

static int add_use(struct nm_outlook *outlook, const struct nm_limit *limit, enum nm_basis basis,
		   int64_t time_ms, uint64_t used)
{
	struct nm_outlook_item *item;
	int status = get_item(outlook, limit->kind, limit->scope, basis, &item);

	if (!item)
		return status;
	item->limit = used + limit->distance;
	nm_trend_add(&item->trend, time_ms, used);
	return NM_OK;
}

static void set_first(struct nm_outlook *outlook, enum nm_limit_kind kind, const char *scope)
{
	outlook->has_first = true;
	outlook->first_kind = kind;
	snprintf(outlook->first_scope, sizeof(outlook->first_scope), "%s", scope);
}

int nm_outlook_add_limits(struct nm_outlook *outlook, const struct nm_sample *sample,
			  const struct nm_limits *limits)
{
	const unsigned needed = NM_LIMIT_HAS_USED | NM_LIMIT_HAS_DISTANCE;
	int status = NM_OK;

	for (size_t i = 0; i < limits->count && status == NM_OK; i++) {
		const struct nm_limit *limit = &limits->items[i];

		if (limit->kind == NM_LIMIT_HEAP || !limit->ends_process ||
		    (limit->has & needed) != needed)
			continue;
		if (limit->kind != NM_LIMIT_MACHINE)
			status = add_use(outlook, limit, NM_BASIS_USED, sample->time_ms,
					 limit->used);
		else if (sample->has & NM_HAS_RSS)
			status =
				add_use(outlook, limit, NM_BASIS_RSS, sample->time_ms, sample->rss);
	}
	if (limits->first < limits->count)
		set_first(outlook, limits->items[limits->first].kind,
			  limits->items[limits->first].scope);
	return status;
}

/* ---- from a recording -------------------------------------------------------------------- */

/* The last limit of that kind and scope; 0 when there is none. */
static uint64_t last_limit(const struct nm_history_process *process, enum nm_limit_kind kind,
			   const char *scope)
{
	uint64_t found = 0;

	for (size_t i = 0; i < process->limit_count; i++) {
		const struct nm_history_limit *limit = &process->limits[i];

		if (limit->kind == kind && strcmp(limit->scope, scope) == 0)
			found = limit->limit == NM_UNKNOWN ? 0 : limit->limit;
	}
	return found;
}

/* Major collections of the isolate until `time_ms`, counting on from `*at`. */
static uint64_t count_recorded(const struct nm_history_process *process, unsigned index,
			       int64_t time_ms, size_t *at)
{
	uint64_t count = 0;

	for (; *at < process->gc_count && process->gcs[*at].time_ms <= time_ms; (*at)++)
		count += process->gcs[*at].isolate == index && process->gcs[*at].is_major;
	return count;
}

static bool is_recorded(const struct nm_history_process *process, unsigned index)
{
	for (size_t i = 0; i < process->gc_count; i++)
		if (process->gcs[i].isolate == index)
			return true;
	return false;
}

/* As it was watched: by the collections that were recorded, or by drops where there are none. */
static void add_recorded(struct nm_trend *trend, const struct nm_history_process *process,
			 unsigned index)
{
	const struct nm_history_isolate *isolate = &process->isolates[index];
	const uint64_t *old_used = isolate->columns[NM_COLUMN_OLD_USED];
	struct nm_heap_use before = {.time_ms = -1}, now = {.time_ms = -1};
	size_t at = 0;

	now.has_counts = is_recorded(process, index);
	for (size_t i = 0; i < isolate->count; i++) {
		struct nm_collection found[NM_COLLECTIONS_MAX];

		if (old_used[i] == NM_UNKNOWN)
			continue;
		now.time_ms = isolate->time_ms[i];
		now.old_used = old_used[i];
		now.majors += count_recorded(process, index, now.time_ms, &at);
		if (before.time_ms >= 0)
			add_look(trend, &before, &now, found);
		before = now;
	}
}

static int add_recorded_heap(struct nm_outlook *outlook, const struct nm_history_process *process,
			     unsigned index)
{
	const struct nm_history_isolate *isolate = &process->isolates[index];
	const uint64_t limit = last_limit(process, NM_LIMIT_HEAP, isolate->name);
	struct nm_outlook_item *item;
	int status;

	if (limit == 0 || !isolate->columns[NM_COLUMN_OLD_USED])
		return NM_OK;
	status = get_item(outlook, NM_LIMIT_HEAP, isolate->name, NM_BASIS_FLOOR, &item);
	if (!item)
		return status;
	item->limit = nm_forecast_heap_limit(limit, isolate->max_semi_space);
	add_recorded(&item->trend, process, index);
	return NM_OK;
}

static bool is_followed(enum nm_limit_kind kind)
{
	return kind == NM_LIMIT_ADDRESS_SPACE || kind == NM_LIMIT_DATA ||
	       kind == NM_LIMIT_CGROUP_MAX || kind == NM_LIMIT_CGROUP_MEMSW;
}

static int add_recorded_uses(struct nm_outlook *outlook, const struct nm_history_process *process)
{
	int status = NM_OK;

	for (size_t i = 0; i < process->use_count && status == NM_OK; i++) {
		const struct nm_history_use *use = &process->uses[i];
		struct nm_limit limit = {.kind = use->kind};
		uint64_t size;

		if (!is_followed(use->kind) || use->used == NM_UNKNOWN)
			continue;
		size = last_limit(process, use->kind, use->scope);
		if (size == 0)
			continue;
		snprintf(limit.scope, sizeof(limit.scope), "%s", use->scope);
		limit.distance = size > use->used ? size - use->used : 0;
		status = add_use(outlook, &limit, NM_BASIS_USED, use->time_ms, use->used);
	}
	return status;
}

/* The process's rss, against what was left of the machine when that was last looked at. */
static int add_recorded_machine(struct nm_outlook *outlook,
				const struct nm_history_process *process)
{
	const struct nm_history_isolate *isolate = &process->isolates[0];
	struct nm_limit limit = {.kind = NM_LIMIT_MACHINE, .scope = "machine"};
	const uint64_t size = last_limit(process, limit.kind, limit.scope);
	int status = NM_OK;

	if (size == 0 || !isolate->columns[NM_COLUMN_RSS])
		return NM_OK;
	for (size_t i = 0; i < process->use_count; i++)
		if (process->uses[i].kind == limit.kind)
			limit.distance =
				size > process->uses[i].used ? size - process->uses[i].used : 0;
	for (size_t i = 0; i < isolate->count && status == NM_OK; i++)
		if (isolate->columns[NM_COLUMN_RSS][i] != NM_UNKNOWN)
			status = add_use(outlook, &limit, NM_BASIS_RSS, isolate->time_ms[i],
					 isolate->columns[NM_COLUMN_RSS][i]);
	return status;
}

int nm_outlook_add_history(struct nm_outlook *outlook, const struct nm_history_process *process)
{
	int status = NM_OK;

	for (unsigned i = 0; i < process->isolate_count && status == NM_OK; i++)
		status = add_recorded_heap(outlook, process, i);
	if (status == NM_OK)
		status = add_recorded_uses(outlook, process);
	if (status == NM_OK && process->isolate_count > 0)
		status = add_recorded_machine(outlook, process);
	for (size_t i = 0; i < process->limit_count; i++)
		if (process->limits[i].is_first)
			set_first(outlook, process->limits[i].kind, process->limits[i].scope);
	return status;
}

int nm_forecast_history(const struct nm_history_process *process, struct nm_forecast *out)
{
	struct nm_outlook outlook;
	int status;

	nm_outlook_init(&outlook);
	status = nm_outlook_add_history(&outlook, process);
	if (status == NM_OK)
		nm_outlook_forecast(&outlook, process->last_ms, out);
	nm_outlook_done(&outlook);
	return status;
}

/* ---- the forecast -------------------------------------------------------------------------- */

static bool is_first(const struct nm_outlook *outlook, const struct nm_outlook_item *item)
{
	return outlook->has_first && item->kind == outlook->first_kind &&
	       strcmp(item->scope, outlook->first_scope) == 0;
}

void nm_outlook_forecast(const struct nm_outlook *outlook, int64_t now_ms, struct nm_forecast *out)
{
	memset(out, 0, sizeof(*out));
	out->reason = NM_FORECAST_NO_LIMIT;
	for (size_t i = 0; i < outlook->count; i++) {
		const struct nm_outlook_item *item = &outlook->items[i];
		const struct nm_forecast_of of = {item->kind, item->scope, item->limit, item->basis,
						  &item->trend};
		struct nm_forecast one;

		nm_forecast_make(&of, now_ms, &one);
		if (one.reason == NM_FORECAST_OK) {
			if (out->reason != NM_FORECAST_OK || one.eta_ms < out->eta_ms)
				*out = one;
		} else if (out->reason == NM_FORECAST_NO_LIMIT ||
			   (out->reason != NM_FORECAST_OK && is_first(outlook, item))) {
			*out = one;
		}
	}
}
