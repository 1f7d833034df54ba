/*
 * split.h - rss in four parts, and a bar of so many cells in proportion
 */
#ifndef NM_MODEL_SPLIT_H
#define NM_MODEL_SPLIT_H

#include "nodemem.h"

enum nm_split_part {
	NM_SPLIT_USED,	  /* heaps: taken by objects */
	NM_SPLIT_FREE,	  /* heaps: the rest */
	NM_SPLIT_BUFFERS, /* array buffers */
	NM_SPLIT_OTHER,
	NM_SPLIT_COUNT,
};

/*
 * The parts add up to rss. V8 counts address space, of which not all need be in RAM: what is more than rss is left
 * out, the heap counting first. False when a number is not known; all of rss, or 0, is then OTHER.
 */
bool nm_split_rss(const struct nm_sample *sample, uint64_t out[NM_SPLIT_COUNT]);

/* How many cells each part has of a bar that has `width` cells at `scale` bytes. Together they are as many as the
   sum of the parts has, rounded, and no more than `width`; one at least if there is anything. */
void nm_split_cells(const uint64_t *parts, size_t count, uint64_t scale, unsigned width,
		    unsigned *out);

#endif
