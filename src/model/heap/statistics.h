/*
 * statistics.h - the bytes of a heap by what they are for, as DevTools' statistics view says
 *
 * The parts of V8's heap do not add up to its total: the rest is other objects.
 */
#ifndef NM_MODEL_STATISTICS_H
#define NM_MODEL_STATISTICS_H

#include "model/heap/heap.h"

struct nm_heap_statistics {
	uint64_t total;
	uint64_t native;       /* outside V8's heap, the graph's extra_bytes included */
	uint64_t typed_arrays; /* of native: the bytes of array buffers */
	uint64_t v8;	       /* all but native */
	uint64_t code;
	uint64_t strings;
	uint64_t js_arrays; /* with their elements, where nothing else holds these */
	uint64_t system;
};

/* NM_E_NOMEM. */
int nm_heap_statistics(const struct nm_heap *heap, struct nm_heap_statistics *out,
		       struct nm_error *err);

#endif
