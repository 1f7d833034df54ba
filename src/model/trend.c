#include "model/trend.h"

#include <stdbool.h>

static int64_t slot_of(const struct nm_trend *trend, int64_t time_ms)
{
	return (time_ms - trend->points[0].time_ms) / trend->slot_ms;
}

/* Keep the lower of the last point and this one if they share a slot. The first point stays: slots are counted
   from its time. */
static void keep_lower(struct nm_trend *trend, struct nm_trend_point point)
{
	struct nm_trend_point *last = &trend->points[trend->count - 1];

	if (slot_of(trend, last->time_ms) != slot_of(trend, point.time_ms))
		trend->points[trend->count++] = point;
	else if (point.bytes < last->bytes && trend->count > 1)
		*last = point;
}

static void thin(struct nm_trend *trend)
{
	size_t count = trend->count;

	trend->count = 1;
	for (size_t i = 1; i < count; i++)
		keep_lower(trend, trend->points[i]);
}

/* Half of the places are free after it, or nearly so, so that it is seldom needed. */
static void make_room(struct nm_trend *trend)
{
	int64_t span = trend->points[trend->count - 1].time_ms - trend->points[0].time_ms;

	if (trend->slot_ms == 0)
		trend->slot_ms = span / NM_TREND_POINTS + 1;
	while (trend->count > NM_TREND_POINTS * 3 / 4) {
		trend->slot_ms *= 2;
		thin(trend);
	}
}

static bool is_later(const struct nm_trend *trend, int64_t time_ms)
{
	return time_ms >= 0 && time_ms <= NM_TREND_TIME_MAX &&
	       (trend->count == 0 || time_ms >= trend->points[trend->count - 1].time_ms);
}

void nm_trend_add(struct nm_trend *trend, int64_t time_ms, uint64_t bytes)
{
	const struct nm_trend_point point = {time_ms, bytes};

	if (!is_later(trend, time_ms))
		return;
	if (trend->count == NM_TREND_POINTS)
		make_room(trend);
	if (trend->slot_ms > 0)
		keep_lower(trend, point);
	else
		trend->points[trend->count++] = point;
}

void nm_trend_lower(struct nm_trend *trend, int64_t time_ms, uint64_t bytes)
{
	if (trend->count > 0 && is_later(trend, time_ms) &&
	    bytes < trend->points[trend->count - 1].bytes)
		trend->points[trend->count - 1] = (struct nm_trend_point){time_ms, bytes};
}
