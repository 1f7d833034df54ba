/*
 * graph_fill.h - what the files share that make a graph of a heap
 */
#ifndef NM_V8_GRAPH_FILL_H
#define NM_V8_GRAPH_FILL_H

#include "source/v8/graph.h"
#include "source/v8/places.h"

/* Names that stand on many edges. */
#define NM_V8_EDGE_NAMES(X)                             \
	X(map, "map")                                   \
	X(properties, "properties")                     \
	X(elements, "elements")                         \
	X(proto, "__proto__")                           \
	X(context, "context")                           \
	X(shared, "shared")                             \
	X(script, "script")                             \
	X(feedback, "feedback_cell")                    \
	X(initial_map, "prototype_or_initial_map")      \
	X(first, "first")                               \
	X(second, "second")                             \
	X(parent, "parent")                             \
	X(actual, "actual_string")                      \
	X(previous, "previous")                         \
	X(scope_info, "scope_info")                     \
	X(store, "backing_store")                       \
	X(buffer, "buffer")                             \
	X(table, "table")                               \
	X(pair, "part of key -> value pair in WeakMap") \
	X(global, "global")

/* The names of the properties of a Map's objects, by where they are: in `names`, + 1. */
struct nm_v8_shape {
	bool is_read;
	uint32_t *inside;  /* by word of the object; NULL: none */
	uint32_t *outside; /* by index in the PropertyArray */
	uint32_t outside_count;
};

/* A value that lives because its key does. */
struct nm_v8_pair {
	uint32_t key;
	uint32_t value;
};

/* Memory of ArrayBuffers: each a node, however many ArrayBuffers share it. */
struct nm_v8_store {
	nm_addr addr;
	uint64_t size;
};

#define NM_V8_INDEX_NAMES 4096

struct nm_v8_fill {
	struct nm_v8_heap *heap;
	struct nm_v8_names *names;
	struct nm_v8_places places;
	struct nm_graph *graph;
	nm_node first;	       /* of the objects */
	uint32_t *live_before; /* live objects before each word of the heap's bitmap */
	uint32_t live_count;
	struct nm_v8_shape *shapes; /* by Map */
	struct nm_v8_pair *pairs;   /* by key */
	size_t pair_count, pair_room;
	struct nm_v8_store *stores; /* by address */
	size_t store_count, store_room;
	uint32_t *map_names; /* by Map: the name of the nodes that have none of their own, + 1 */
	uint32_t index_names[NM_V8_INDEX_NAMES]; /* "0", "1", ..., + 1 */
	struct {
#define X(field, text) uint32_t field;
		NM_V8_EDGE_NAMES(X)
#undef X
	} name;
};

/* The node of a live object that the word points to; NM_NO_NODE. */
nm_node nm_v8_fill_node(const struct nm_v8_fill *fill, uint64_t word, bool weak);

/* The name of an index: "17". */
uint32_t nm_v8_fill_index_name(struct nm_v8_fill *fill, uint64_t index);

/* The text of a string or the description of a symbol as a name; false when it is neither. */
bool nm_v8_fill_key(struct nm_v8_fill *fill, uint64_t word, uint32_t *out);

/* The node that was added last is this object's: add its edges. */
void nm_v8_fill_edges(struct nm_v8_fill *fill, const struct nm_v8_object *object);

/* The node of the memory at `addr`, or NM_NO_NODE. */
nm_node nm_v8_fill_store(const struct nm_v8_fill *fill, nm_addr addr);

#endif
