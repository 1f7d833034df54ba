#include "nodemem.h"

#include <stdlib.h>
#include <string.h>

#include "model/sample.h"

void nm_sample_init(struct nm_sample *sample)
{
	memset(sample, 0, sizeof(*sample));
}

void nm_sample_done(struct nm_sample *sample)
{
	if (!sample)
		return;
	free(sample->isolates);
	memset(sample, 0, sizeof(*sample));
}

const struct nm_isolate *nm_sample_main(const struct nm_sample *sample)
{
	if (sample->isolate_count == 0 || strcmp(sample->isolates[0].name, "main") != 0)
		return NULL;
	return &sample->isolates[0];
}

int nm_sample_reserve(struct nm_sample *sample, unsigned count)
{
	struct nm_isolate *isolates;

	if (count <= sample->isolate_room)
		return NM_OK;
	isolates = realloc(sample->isolates, count * sizeof(*isolates));
	if (!isolates)
		return NM_E_NOMEM;
	sample->isolates = isolates;
	sample->isolate_room = count;
	return NM_OK;
}

bool nm_isolate_fullness(const struct nm_isolate *isolate, unsigned *out_percent)
{
	const unsigned needed = NM_HAS_HEAP_USED | NM_HAS_HEAP_SIZE_LIMIT;
	uint64_t used = isolate->heap_used, limit = isolate->heap_size_limit, young = 0;

	if ((isolate->has & needed) != needed || limit == 0)
		return false;
	if (isolate->has & NM_HAS_MAX_SEMI_SPACE)
		young = 3 * isolate->max_semi_space;
	for (unsigned i = 0; i < isolate->space_count && young > 0; i++)
		if (strcmp(isolate->spaces[i].name, "new_space") == 0 &&
		    isolate->spaces[i].used <= used)
			used -= isolate->spaces[i].used;
	if (young < limit)
		limit -= young;
	*out_percent = (unsigned)(100.0 * (double)used / (double)limit);
	return true;
}

bool nm_isolate_lost_gcs(const struct nm_isolate *isolate, const struct nm_isolate *before)
{
	if (!(isolate->has & before->has & NM_HAS_GC_COUNTS))
		return false;
	return isolate->major_gcs < before->major_gcs ||
	       isolate->major_gcs + isolate->minor_gcs < before->major_gcs + before->minor_gcs;
}
