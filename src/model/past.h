/*
 * past.h - the last samples of a process, as a ring
 *
 * Owns     its rows, until nm_past_done(). A zeroed struct is an empty one.
 * Costs    48 bytes a row, NM_PAST_MAX at most.
 */
#ifndef NM_MODEL_PAST_H
#define NM_MODEL_PAST_H

#include "nodemem.h"

/* Ten minutes at one a second. */
#define NM_PAST_MAX 600

/* rss, and the numbers of the main isolate; NM_UNKNOWN of history.h where not known. */
struct nm_past_row {
	int64_t time_ms;
	uint64_t rss, heap_total, heap_used, external, array_buffers;
};

struct nm_past {
	struct nm_past_row *rows;
	size_t count, room, first;
};

/* What there is no memory for is left out. */
void nm_past_add(struct nm_past *past, const struct nm_sample *sample);

/* The oldest is 0. */
const struct nm_past_row *nm_past_get(const struct nm_past *past, size_t index);

void nm_past_done(struct nm_past *past);

#endif
