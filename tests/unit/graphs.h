/*
 * graphs.h - small graphs and heaps for a test, put together by hand
 */
#ifndef NM_TEST_GRAPHS_H
#define NM_TEST_GRAPHS_H

#include <stdlib.h>
#include <string.h>

#include "model/heap/heap.h"

/* The next node; its id is twice its number + 1. */
static inline nm_node graph_node(struct nm_graph *graph, enum nm_node_kind kind, const char *name,
				 uint64_t size)
{
	const nm_node node = graph->node_count;

	nm_graph_add_node(graph, kind, nm_graph_name(graph, name, strlen(name)), 2 * node + 1,
			  size);
	return node;
}

/* An edge of the last node. */
static inline void graph_edge(struct nm_graph *graph, enum nm_edge_kind kind, const char *name,
			      nm_node to)
{
	nm_graph_add_edge(graph, kind, nm_graph_name(graph, name, strlen(name)), to);
}

/* A plain object with properties, separated by spaces, that lead to the root. */
static inline nm_node graph_object(struct nm_graph *graph, const char *properties)
{
	const nm_node node = graph_node(graph, NM_NODE_OBJECT, "Object", 16);

	for (const char *name = properties, *end; *name; name = *end ? end + 1 : end) {
		end = name + strcspn(name, " ");
		nm_graph_add_edge(graph, NM_EDGE_PROPERTY,
				  nm_graph_name(graph, name, (size_t)(end - name)), 0);
	}
	return node;
}

static inline struct nm_graph *graph_with_root(void)
{
	struct nm_graph *graph = nm_graph_new();

	graph_node(graph, NM_NODE_SYNTHETIC, "", 0);
	return graph;
}

/* A heap over the graph. `dominator` has that of each node, or is NULL: the root. */
static inline struct nm_heap *heap_of(struct nm_graph *graph, const nm_node *dominator)
{
	struct nm_heap *heap = calloc(1, sizeof(*heap));
	const uint32_t count = graph->node_count;

	if (nm_graph_finish(graph, NULL) != NM_OK)
		abort();
	heap->graph = graph;
	heap->shallow = calloc(count, sizeof(*heap->shallow));
	heap->retained = calloc(count, sizeof(*heap->retained));
	heap->distance = calloc(count, sizeof(*heap->distance));
	heap->dominator = calloc(count, sizeof(*heap->dominator));
	for (nm_node node = 0; node < count; node++) {
		heap->dominator[node] = dominator ? dominator[node] : 0;
		heap->shallow[node] = heap->retained[node] = graph->size[node];
		heap->distance[node] = (int32_t)node;
	}
	/* Nodes of these tests come after their dominators. */
	for (nm_node node = count - 1; node > 0; node--)
		heap->retained[heap->dominator[node]] += heap->retained[node];
	heap->total = heap->retained[0] + graph->extra_bytes;
	return heap;
}

/* With its graph. */
static inline void heap_end(struct nm_heap *heap)
{
	nm_graph_free((struct nm_graph *)heap->graph);
	free(heap->shallow);
	free(heap->retained);
	free(heap->distance);
	free(heap->dominator);
	free(heap);
}

#endif
