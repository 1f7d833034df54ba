/*
 * trail.h - the numbers of one process over time, few enough to keep for as long as it is watched
 *
 * For curves. While there is room each sample is kept; when there is none, time is cut into slots of equal length,
 * of which each keeps the largest of every number, and the slots grow as often as is needed.
 *
 * Owns     nothing: it is plain data.
 * Costs    12 KiB.
 */
#ifndef NM_MODEL_TRAIL_H
#define NM_MODEL_TRAIL_H

#include "nodemem.h"

#define NM_TRAIL_POINTS 360

/* Of all isolates together, but for rss. The name is that of the document. */
#define NM_TRAIL_LIST(X)           \
	X(RSS, "rss")              \
	X(HEAP_TOTAL, "heapTotal") \
	X(HEAP_USED, "heapUsed")   \
	X(EXTERNAL, "external")    \
	X(ARRAY_BUFFERS, "arrayBuffers")

enum nm_trail_number {
#define X(name, text) NM_TRAIL_##name,
	NM_TRAIL_LIST(X)
#undef X
		NM_TRAIL_COUNT,
};

/* "heapUsed" */
const char *nm_trail_name(enum nm_trail_number number);

#define NM_TRAIL_UNKNOWN UINT64_MAX

struct nm_trail_point {
	int64_t time_ms;
	uint32_t kib[NM_TRAIL_COUNT]; /* UINT32_MAX: not known */
};

/* All zeros is an empty one. */
struct nm_trail {
	size_t count;
	int64_t slot_ms; /* 0: none was left out yet */
	struct nm_trail_point points[NM_TRAIL_POINTS];
};

void nm_trail_add(struct nm_trail *trail, const struct nm_sample *sample);

/* The last value of a number in bytes, or NM_TRAIL_UNKNOWN. */
uint64_t nm_trail_last(const struct nm_trail *trail, enum nm_trail_number number);

/*
 * Cut the time from `from_ms` to the last point into `columns` and tell the largest value in each, in bytes. A column
 * without a point has what came before it; before the first point that is NM_TRAIL_UNKNOWN.
 */
void nm_trail_columns(const struct nm_trail *trail, enum nm_trail_number number, int64_t from_ms,
		      size_t columns, uint64_t *out);

/* The sum of a number over all isolates, or of the process. False when it is not known of any of them. */
bool nm_trail_sum(const struct nm_sample *sample, enum nm_trail_number number, uint64_t *out);

#endif
