/*
 * available.h - what is left in the spaces of a heap, as v8.getHeapSpaceStatistics() counts it
 *
 * Of the old spaces that is what their free lists hold; of the young ones what they may still take; of large objects
 * nothing, since each has memory of its own. Some words more to read for each space, far from the others, so that it is
 * no part of a sample.
 *
 * Sources  Available() of PagedSpaceBase, SemiSpaceNewSpace, NewLargeObjectSpace in V8's src/heap.
 */
#ifndef NM_V8_AVAILABLE_H
#define NM_V8_AVAILABLE_H

#include "source/v8/isolate.h"

/* Fill it in for the spaces of `out`, which is the last sample of this isolate and not from inside a collection. What
   cannot be read, or cannot be, stays unknown. */
void nm_v8_available_read(const struct nm_v8_process *process, const struct nm_v8_isolate *isolate,
			  struct nm_isolate *out);

#endif
