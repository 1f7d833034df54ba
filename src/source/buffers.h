/*
 * buffers.h - the ArrayBuffers of a still heap, and who holds them
 *
 * Owns     the graph and the list, until nm_buffers_of_done().
 */
#ifndef NM_SOURCE_BUFFERS_H
#define NM_SOURCE_BUFFERS_H

#include "model/heap/buffers.h"
#include "source/still.h"

struct nm_buffers_of {
	struct nm_graph *graph;
	struct nm_buffers buffers;
};

/* Of all isolates, or of the one with that name. NM_E_USAGE (it has none of that name), NM_E_CORRUPT
   (the graph and the heap do not have the same buffers), NM_E_LIMIT, NM_E_NOMEM. */
int nm_buffers_of_still(struct nm_still *still, const char *isolate, struct nm_buffers_of *out,
			struct nm_error *err);

/* Of a heap snapshot, which says neither how much of a buffer is in views nor which are external. Fails as
   nm_snapshot_read(). */
int nm_buffers_of_snapshot(const char *path, struct nm_buffers_of *out, struct nm_error *err);

void nm_buffers_of_done(struct nm_buffers_of *of);

#endif
