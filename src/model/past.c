#include "model/past.h"

#include <stdlib.h>
#include <string.h>

#include "model/history.h"

const struct nm_past_row *nm_past_get(const struct nm_past *past, size_t index)
{
	return &past->rows[(past->first + index) % past->room];
}

/* Only a ring that is not full yet grows, so it begins with its first row. */
static bool make_room(struct nm_past *past)
{
	const size_t room = past->room ? 2 * past->room : 16;
	const size_t wanted = room < NM_PAST_MAX ? room : NM_PAST_MAX;
	struct nm_past_row *grown;

	if (past->count < past->room)
		return true;
	if (past->room == NM_PAST_MAX) {
		past->first = (past->first + 1) % past->room;
		past->count--;
		return true;
	}
	grown = realloc(past->rows, wanted * sizeof(*grown));
	if (!grown)
		return false;
	past->rows = grown;
	past->room = wanted;
	return true;
}

void nm_past_add(struct nm_past *past, const struct nm_sample *sample)
{
	const struct nm_isolate *isolate = nm_sample_main(sample);
	const unsigned has = isolate ? isolate->has : 0;
	struct nm_past_row row = {.time_ms = sample->time_ms};

	row.rss = sample->has & NM_HAS_RSS ? sample->rss : NM_UNKNOWN;
	row.heap_total = has & NM_HAS_HEAP_TOTAL ? isolate->heap_total : NM_UNKNOWN;
	row.heap_used = has & NM_HAS_HEAP_USED ? isolate->heap_used : NM_UNKNOWN;
	row.external = has & NM_HAS_EXTERNAL ? isolate->external : NM_UNKNOWN;
	row.array_buffers = has & NM_HAS_ARRAY_BUFFERS ? isolate->array_buffers : NM_UNKNOWN;
	if (!make_room(past))
		return;
	past->rows[(past->first + past->count++) % past->room] = row;
}

void nm_past_done(struct nm_past *past)
{
	free(past->rows);
	memset(past, 0, sizeof(*past));
}
