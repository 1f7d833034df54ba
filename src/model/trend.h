/*
 * trend.h - the low points of a number over time, few enough to keep for as long as a process lives
 *
 * Fed with floors: use right after a major collection, or whatever a number comes down to. While there is room
 * each is kept; when there is none, time is cut into slots of equal length, of which each keeps its lowest point,
 * and the slots double in length as often as is needed.
 *
 * Owns     nothing: it is plain data.
 * Costs    4 KiB.
 */
#ifndef NM_MODEL_TREND_H
#define NM_MODEL_TREND_H

#include <stddef.h>
#include <stdint.h>

#define NM_TREND_POINTS 256

/* A time later than this is none. */
#define NM_TREND_TIME_MAX (INT64_C(1) << 53)

struct nm_trend_point {
	int64_t time_ms; /* since 1970, or any other time: only differences count */
	uint64_t bytes;
};

/* All zeros is an empty one. */
struct nm_trend {
	size_t count;
	int64_t slot_ms;			       /* 0: none was left out yet */
	struct nm_trend_point points[NM_TREND_POINTS]; /* ascending in time */
};

/* A point before the last one is left out: clocks are set back. */
void nm_trend_add(struct nm_trend *trend, int64_t time_ms, uint64_t bytes);

/* The last point turns out to be lower, which was seen at `time_ms`; it stays when it is not. */
void nm_trend_lower(struct nm_trend *trend, int64_t time_ms, uint64_t bytes);

#endif
