#include "model/split.h"

#include "model/trail.h"

static uint64_t take(uint64_t *left, uint64_t wanted)
{
	const uint64_t taken = wanted < *left ? wanted : *left;

	*left -= taken;
	return taken;
}

bool nm_split_rss(const struct nm_sample *sample, uint64_t out[NM_SPLIT_COUNT])
{
	uint64_t used, total, buffers, left = sample->has & NM_HAS_RSS ? sample->rss : 0;

	out[NM_SPLIT_USED] = out[NM_SPLIT_FREE] = out[NM_SPLIT_BUFFERS] = 0;
	out[NM_SPLIT_OTHER] = left;
	if (!(sample->has & NM_HAS_RSS) || !nm_trail_sum(sample, NM_TRAIL_HEAP_USED, &used) ||
	    !nm_trail_sum(sample, NM_TRAIL_HEAP_TOTAL, &total) ||
	    !nm_trail_sum(sample, NM_TRAIL_ARRAY_BUFFERS, &buffers))
		return false;
	out[NM_SPLIT_USED] = take(&left, used);
	out[NM_SPLIT_FREE] = take(&left, total > used ? total - used : 0);
	out[NM_SPLIT_BUFFERS] = take(&left, buffers);
	out[NM_SPLIT_OTHER] = left;
	return true;
}

void nm_split_cells(const uint64_t *parts, size_t count, uint64_t scale, unsigned width,
		    unsigned *out)
{
	unsigned before = 0, largest = 0;
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		double end;

		sum += parts[i];
		end = scale ? (double)sum / (double)scale * width + 0.5 : 0;
		out[i] = (end < width ? (unsigned)end : width) - before;
		before += out[i];
		if (parts[i] > parts[largest])
			largest = (unsigned)i;
	}
	if (before == 0 && sum > 0 && width > 0)
		out[largest] = 1;
}
