/*
 * array_buffers.h - the memory of a heap's ArrayBuffers, and which parts of it live views cover
 */
#ifndef NM_V8_ARRAY_BUFFERS_H
#define NM_V8_ARRAY_BUFFERS_H

#include "source/v8/heap.h"

/* A live typed array, Buffer or DataView. */
struct nm_v8_array_view {
	uint32_t data; /* in `data` of the set */
	uint64_t offset;
	uint64_t length;
};

struct nm_v8_array_buffers {
	nm_addr *data;	   /* where their memory begins; ascending, each once */
	bool *has_deleter; /* of each: native code gave it, with a function of its own to end it */
	size_t count;
	struct nm_v8_array_view *views;
	size_t view_count;
};

/* Of live objects. NM_E_NOMEM. */
int nm_v8_array_buffers_find(const struct nm_v8_heap *heap, struct nm_v8_array_buffers *out,
			     struct nm_error *err);

void nm_v8_array_buffers_done(struct nm_v8_array_buffers *buffers);

#endif
