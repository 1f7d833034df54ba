#include "model/collections.h"

#include <string.h>

/* V8 gives back the unused rest of a buffer for allocation now and then; what is less than this is none of
   a collection. */
#define DROP_MIN (UINT64_C(128) << 10)

static bool is_young(const char *space)
{
	return strcmp(space, "new_space") == 0 || strcmp(space, "new_large_object_space") == 0;
}

bool nm_heap_use_of(const struct nm_isolate *isolate, int64_t time_ms, struct nm_heap_use *out)
{
	if (!(isolate->has & NM_HAS_HEAP_USED) || isolate->in_gc || isolate->space_count == 0)
		return false;
	memset(out, 0, sizeof(*out));
	out->time_ms = time_ms;
	out->has_counts = (isolate->has & NM_HAS_GC_COUNTS) != 0;
	out->majors = isolate->major_gcs;
	out->minors = isolate->minor_gcs;
	for (unsigned i = 0; i < isolate->space_count; i++) {
		const struct nm_space *space = &isolate->spaces[i];

		if (is_young(space->name))
			out->young_used += space->used;
		else
			out->old_used += space->used;
	}
	return true;
}

static bool has_dropped(uint64_t before, uint64_t now)
{
	return before > now && before - now >= DROP_MIN;
}

static uint64_t count_new(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

unsigned nm_collections_find(const struct nm_heap_use *before, struct nm_heap_use *now,
			     struct nm_collection out[NM_COLLECTIONS_MAX])
{
	const struct nm_collection common = {
		.by_counter = before->has_counts && now->has_counts,
		.before = before->old_used + before->young_used,
		.after = now->old_used + now->young_used,
	};
	uint64_t counts[NM_COLLECTIONS_MAX];
	unsigned found = 0;

	now->old_falls = has_dropped(before->old_used, now->old_used);
	now->young_falls = has_dropped(before->young_used, now->young_used);
	if (common.by_counter) {
		counts[0] = count_new(before->majors, now->majors);
		counts[1] = count_new(before->minors, now->minors);
	} else {
		counts[0] = now->old_falls && !before->old_falls;
		/* A major one empties the young generation too. */
		counts[1] = now->young_falls && !before->young_falls && !now->old_falls;
	}
	for (unsigned i = 0; i < NM_COLLECTIONS_MAX; i++) {
		if (counts[i] == 0)
			continue;
		out[found] = common;
		out[found].is_major = i == 0;
		out[found++].count = counts[i];
	}
	return found;
}
