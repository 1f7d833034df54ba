/*
 * sample.h - building a sample; what it holds is in nodemem.h
 */
#ifndef NM_MODEL_SAMPLE_H
#define NM_MODEL_SAMPLE_H

#include "nodemem.h"

/* Room for `count` isolates. NM_E_NOMEM. */
int nm_sample_reserve(struct nm_sample *sample, unsigned count);

/*
 * How full a heap is, in percent of what objects that stay may take: V8 gives up when the old
 * generation, all but new_space, is full, and its limit is heapSizeLimit without three semi-spaces
 * (Heap::MaxReserved in V8's src/heap/heap.cc). False when a number for it is not known.
 */
bool nm_isolate_fullness(const struct nm_isolate *isolate, unsigned *out_percent);

/* Has it had fewer collections than it had `before`? Then it is another isolate, or the numbers are not
   those of collections. False when they are not known. */
bool nm_isolate_lost_gcs(const struct nm_isolate *isolate, const struct nm_isolate *before);

#endif
