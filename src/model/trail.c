#include "model/trail.h"

#include <string.h>

#include "model/metrics.h"

#define UNKNOWN_KIB UINT32_MAX

const char *nm_trail_name(enum nm_trail_number number)
{
	static const char *const names[] = {
#define X(name, text) text,
		NM_TRAIL_LIST(X)
#undef X
	};

	return names[number];
}

static const struct nm_metric *find_metric(const char *key)
{
	for (size_t i = 0; i < nm_metric_count; i++)
		if (strcmp(nm_metrics[i].key, key) == 0)
			return &nm_metrics[i];
	return NULL;
}

bool nm_trail_sum(const struct nm_sample *sample, enum nm_trail_number number, uint64_t *out)
{
	const struct nm_metric *metric = find_metric(nm_trail_name(number));
	uint64_t sum = 0, value;

	if (number == NM_TRAIL_RSS)
		return nm_metric_get(metric, sample, NULL, out);
	for (unsigned i = 0; i < sample->isolate_count; i++) {
		if (!nm_metric_get(metric, sample, &sample->isolates[i], &value))
			return false;
		sum += value;
	}
	if (sample->isolate_count == 0)
		return false;
	*out = sum;
	return true;
}

/* What is not known in one of the two is that of the other. */
static void merge(struct nm_trail_point *into, const struct nm_trail_point *from)
{
	for (int i = 0; i < NM_TRAIL_COUNT; i++)
		if (into->kib[i] == UNKNOWN_KIB ||
		    (from->kib[i] != UNKNOWN_KIB && from->kib[i] > into->kib[i]))
			into->kib[i] = from->kib[i];
}

static bool is_same_slot(const struct nm_trail *trail, const struct nm_trail_point *a,
			 const struct nm_trail_point *b)
{
	const int64_t begin = trail->points[0].time_ms;

	return trail->slot_ms > 0 &&
	       (a->time_ms - begin) / trail->slot_ms == (b->time_ms - begin) / trail->slot_ms;
}

/* Make slots so long that half of the room is free. */
static void thin(struct nm_trail *trail)
{
	const int64_t span = trail->points[trail->count - 1].time_ms - trail->points[0].time_ms;
	size_t kept = 1;

	trail->slot_ms = span / (NM_TRAIL_POINTS / 2) + 1;
	for (size_t i = 1; i < trail->count; i++) {
		if (is_same_slot(trail, &trail->points[kept - 1], &trail->points[i]))
			merge(&trail->points[kept - 1], &trail->points[i]);
		else
			trail->points[kept++] = trail->points[i];
	}
	trail->count = kept;
}

void nm_trail_add(struct nm_trail *trail, const struct nm_sample *sample)
{
	struct nm_trail_point point = {.time_ms = sample->time_ms}, *last;
	uint64_t value;

	for (int i = 0; i < NM_TRAIL_COUNT; i++) {
		point.kib[i] = UNKNOWN_KIB;
		if (nm_trail_sum(sample, (enum nm_trail_number)i, &value))
			point.kib[i] = value >> 10 < UNKNOWN_KIB ? (uint32_t)(value >> 10)
								 : UNKNOWN_KIB - 1;
	}
	if (trail->count == NM_TRAIL_POINTS)
		thin(trail);
	if (trail->count > 0) {
		last = &trail->points[trail->count - 1];
		/* The clock was set back. */
		if (point.time_ms < last->time_ms)
			point.time_ms = last->time_ms;
		if (is_same_slot(trail, last, &point)) {
			merge(last, &point);
			return;
		}
	}
	trail->points[trail->count++] = point;
}

static uint64_t bytes_of(const struct nm_trail_point *point, enum nm_trail_number number)
{
	return point->kib[number] == UNKNOWN_KIB ? NM_TRAIL_UNKNOWN
						 : (uint64_t)point->kib[number] << 10;
}

uint64_t nm_trail_last(const struct nm_trail *trail, enum nm_trail_number number)
{
	return trail->count == 0 ? NM_TRAIL_UNKNOWN
				 : bytes_of(&trail->points[trail->count - 1], number);
}

/* In which column a time is; `columns` when in none. */
static size_t column_of(int64_t time_ms, int64_t from_ms, int64_t span_ms, size_t columns)
{
	if (time_ms < from_ms)
		return columns;
	if (span_ms <= 0)
		return columns - 1;
	return (size_t)((double)(time_ms - from_ms) / (double)span_ms * (double)(columns - 1) +
			0.5);
}

void nm_trail_columns(const struct nm_trail *trail, enum nm_trail_number number, int64_t from_ms,
		      size_t columns, uint64_t *out)
{
	const int64_t to_ms = trail->count > 0 ? trail->points[trail->count - 1].time_ms : from_ms;

	for (size_t i = 0; i < columns; i++)
		out[i] = NM_TRAIL_UNKNOWN;
	for (size_t i = 0; i < trail->count; i++) {
		const uint64_t value = bytes_of(&trail->points[i], number);
		const size_t column =
			column_of(trail->points[i].time_ms, from_ms, to_ms - from_ms, columns);

		if (column < columns && value != NM_TRAIL_UNKNOWN &&
		    (out[column] == NM_TRAIL_UNKNOWN || value > out[column]))
			out[column] = value;
	}
	for (size_t i = 1; i < columns; i++)
		if (out[i] == NM_TRAIL_UNKNOWN)
			out[i] = out[i - 1];
}
