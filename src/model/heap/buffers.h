/*
 * buffers.h - the memory of ArrayBuffers in a graph: how much, of what kind, and who holds it
 *
 * In a graph, as in V8's snapshots, that memory is a node of its own, "system / JSArrayBufferData",
 * on which an ArrayBuffer hangs; on that hang its views, of which Buffers are one kind. Small Buffers
 * share an ArrayBuffer, a slab: one of them keeps all of it alive.
 *
 * Owns     the items and the paths, until nm_buffers_done(); borrows the graph.
 */
#ifndef NM_MODEL_BUFFERS_H
#define NM_MODEL_BUFFERS_H

#include "model/heap/paths.h"

#define NM_BUFFER_KINDS(X)      \
	X(PLAIN, "ArrayBuffer") \
	X(BUFFER, "Buffer")     \
	X(SLAB, "slab")         \
	X(WASM, "Wasm")         \
	X(SHARED, "shared")     \
	X(EXTERNAL, "external") /* memory that native code gave, or of a mapped file */

enum nm_buffer_kind {
#define X(name, text) NM_BUFFER_##name,
	NM_BUFFER_KINDS(X)
#undef X
};

const char *nm_buffer_kind_name(enum nm_buffer_kind kind);

struct nm_buffer {
	nm_node data;	/* the memory */
	nm_node buffer; /* the ArrayBuffer; NM_NO_NODE when it is held by something else */
	uint64_t bytes;
	uint64_t used; /* of it, within live views; only if knows_used */
	uint32_t views;
	uint32_t node_buffers; /* of the views, Buffers */
	enum nm_buffer_kind kind;
};

struct nm_buffers {
	const struct nm_graph *graph;
	struct nm_paths paths;
	struct nm_buffer *items; /* the largest first */
	size_t count;
	uint64_t total;
	bool knows_used;
	uint64_t slabs_retained;
	uint64_t slabs_used; /* only if knows_used */
};

/* A part of some data that a live view covers; not known from a snapshot. */
struct nm_buffer_span {
	nm_node data;
	uint64_t offset;
	uint64_t length;
};

/* `spans` is NULL when they are not known; it is sorted. `is_external` is asked of data nodes, and
   may be NULL. NM_E_NOMEM. */
int nm_buffers_find(const struct nm_graph *graph, struct nm_buffer_span *spans, size_t span_count,
		    bool (*is_external)(void *context, nm_node data), void *context,
		    struct nm_buffers *out, struct nm_error *err);

/* A step of the way from the root: what it leads to, and by which name: "cache: Map", "[3]: Buffer". */
#define NM_BUFFER_STEP_MAX  160
#define NM_BUFFER_STEPS_MAX 16

struct nm_buffer_step {
	char text[NM_BUFFER_STEP_MAX];
};

/* The way to a buffer's data, its last NM_BUFFER_STEPS_MAX steps. Returns how many. */
size_t nm_buffers_path(const struct nm_buffers *buffers, size_t index,
		       struct nm_buffer_step out[NM_BUFFER_STEPS_MAX]);

/* Who holds it, in front of ArrayBuffer and views: "Session.body", "Array[3]". */
void nm_buffers_holder(const struct nm_buffers *buffers, size_t index, char *out, size_t room);

void nm_buffers_done(struct nm_buffers *buffers);

#endif
