/*
 * graph.h - objects of a heap and who holds whom
 *
 * A graph is filled once, node after node, and is read-only after that. A node is a number from 0 to
 * node_count - 1; node 0 is the root. The edges of a node are consecutive: those of node n are
 * first_edge[n] up to before first_edge[n + 1]. The words are those of V8's heap snapshots.
 *
 * Owns     all columns and names, until nm_graph_free().
 * Trusts   nothing at build time: nm_graph_finish() checks each edge. Readers need no checks.
 * Costs    22 bytes a node, 9 an edge, and each name once.
 * Not here retained sizes, grouping, any file format.
 */
#ifndef NM_MODEL_GRAPH_H
#define NM_MODEL_GRAPH_H

#include "base/error.h"
#include "base/intern.h"
#include "model/heap/node_kind.h"

typedef uint32_t nm_node;

#define NM_NO_NODE   UINT32_MAX
#define NM_NODES_MAX (UINT32_MAX - 1)
#define NM_EDGES_MAX (UINT32_MAX - 1)

/* Source: enum HeapGraphEdge::Type in V8's include/v8-profiler.h. */
#define NM_EDGE_KINDS(X)        \
	X(CONTEXT, "context")   \
	X(ELEMENT, "element")   \
	X(PROPERTY, "property") \
	X(INTERNAL, "internal") \
	X(HIDDEN, "hidden")     \
	X(SHORTCUT, "shortcut") \
	X(WEAK, "weak")

enum nm_edge_kind {
#define X(name, text) NM_EDGE_##name,
	NM_EDGE_KINDS(X)
#undef X
		NM_EDGE_KIND_COUNT,
};

const char *nm_edge_kind_name(enum nm_edge_kind kind);

/* Has the edge an index rather than a name? */
static inline bool nm_edge_has_index(enum nm_edge_kind kind)
{
	return kind == NM_EDGE_ELEMENT || kind == NM_EDGE_HIDDEN;
}

/* Where in a script what a node stands for is written; lines and columns count from 0. */
struct nm_graph_location {
	nm_node node;
	uint32_t script_id;
	uint32_t line;
	uint32_t column;
};

struct nm_graph {
	uint32_t node_count, node_room;
	uint32_t edge_count, edge_room;
	/* Of each node. */
	uint8_t *kind;	       /* enum nm_node_kind */
	uint8_t *detachedness; /* 0 unknown, 1 attached, 2 detached */
	uint32_t *name;	       /* in `names` */
	uint32_t *id;
	uint64_t *size;	      /* of itself, in bytes */
	uint32_t *first_edge; /* one more than there are nodes */
	/* Of each edge. */
	uint8_t *edge_kind;  /* enum nm_edge_kind */
	uint32_t *edge_name; /* in `names`, or the index */
	nm_node *edge_to;
	/* Of some nodes, by node. */
	struct nm_graph_location *locations;
	uint32_t location_count, location_room;
	uint64_t extra_bytes; /* that belong to the heap and to no node (extra_native_bytes) */
	struct nm_intern names;
	/* V8 gave them: an object has the same in each snapshot of its process. Else they are numbers to name it by. */
	bool has_stable_ids;
	bool failed; /* while it is filled: out of memory or too large */
};

/* NULL: out of memory. */
struct nm_graph *nm_graph_new(void);

/* Make room at once, where the numbers are known. False: out of memory, or too many. */
bool nm_graph_reserve(struct nm_graph *graph, uint32_t nodes, uint32_t edges);

/* The number of a name; NM_INTERN_NONE once the graph has failed. */
uint32_t nm_graph_name(struct nm_graph *graph, const char *text, size_t length);

/* The next node. Failures are remembered until nm_graph_finish(). */
void nm_graph_add_node(struct nm_graph *graph, enum nm_node_kind kind, uint32_t name, uint32_t id,
		       uint64_t size);

/* An edge of the node that was added last. `to` may come later. */
void nm_graph_add_edge(struct nm_graph *graph, enum nm_edge_kind kind, uint32_t name_or_index,
		       nm_node to);

/* Of the node that was added last; its `node` is filled in here. */
void nm_graph_add_location(struct nm_graph *graph, const struct nm_graph_location *location);

/* Of any node. They are put in order when the graph is finished. */
void nm_graph_put_location(struct nm_graph *graph, const struct nm_graph_location *location);

/* Check and close it. NM_E_NOMEM, NM_E_LIMIT (more than 32 bits can count), NM_E_CORRUPT (no node,
   or an edge leads nowhere). */
int nm_graph_finish(struct nm_graph *graph, struct nm_error *err);

static inline const char *nm_graph_text(const struct nm_graph *graph, uint32_t name)
{
	return nm_intern_get(&graph->names, name, NULL);
}

void nm_graph_free(struct nm_graph *graph);

#endif
