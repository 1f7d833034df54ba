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
