#include "model/heap/paths.h"

#include <stdlib.h>
#include <string.h>

#include "model/heap/heap.h"

int nm_paths_find(const struct nm_graph *graph, struct nm_paths *out, struct nm_error *err)
{
	const size_t size = (size_t)graph->node_count * sizeof(uint32_t);
	uint32_t *queue = malloc(size);
	uint32_t first = 0, end = 1;

	out->from = malloc(size);
	out->edge = malloc(size);
	if (!queue || !out->from || !out->edge) {
		free(queue);
		nm_paths_done(out);
		return nm_error_nomem(err);
	}
	memset(out->from, 0xff, size);
	memset(out->edge, 0xff, size);
	queue[0] = 0;
	for (; first < end; first++) {
		const nm_node node = queue[first];

		for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++) {
			const nm_node to = graph->edge_to[i];

			if (graph->edge_kind[i] == NM_EDGE_WEAK || to == 0 ||
			    out->from[to] != NM_NO_NODE)
				continue;
			out->from[to] = node;
			out->edge[to] = i;
			queue[end++] = to;
		}
	}
	free(queue);
	return NM_OK;
}

/* Does the shortest path to `to` come by this edge? */
static bool is_on_path(const struct nm_heap *heap, nm_node from, uint32_t edge, nm_node to)
{
	const int32_t distance = heap->distance[to];

	if (distance == 1)
		return from == 0;
	if (heap->graph->edge_kind[edge] == NM_EDGE_WEAK)
		return false;
	return distance > 0 && heap->distance[from] == distance - 1;
}

/* For what is not reached: an edge from what is, if there is one, and rather one that is not weak. */
static bool is_better_than_none(const struct nm_heap *heap, const struct nm_paths *paths,
				nm_node from, uint32_t edge, nm_node to)
{
	const uint8_t *kind = heap->graph->edge_kind;

	if (heap->distance[to] >= 0 || heap->distance[from] < 0)
		return false;
	return paths->edge[to] == NM_NO_EDGE ||
	       (kind[paths->edge[to]] == NM_EDGE_WEAK && kind[edge] != NM_EDGE_WEAK);
}

/* Distances fall along a path, so it ends. */
int nm_paths_by_distance(const struct nm_heap *heap, struct nm_paths *out, struct nm_error *err)
{
	const struct nm_graph *graph = heap->graph;
	const size_t size = (size_t)graph->node_count * sizeof(uint32_t);

	out->from = malloc(size);
	out->edge = malloc(size);
	if (!out->from || !out->edge) {
		nm_paths_done(out);
		return nm_error_nomem(err);
	}
	memset(out->from, 0xff, size);
	memset(out->edge, 0xff, size);
	for (nm_node from = 0; from < graph->node_count; from++)
		for (uint32_t i = graph->first_edge[from]; i < graph->first_edge[from + 1]; i++) {
			const nm_node to = graph->edge_to[i];

			if (to == 0 ||
			    (!(out->edge[to] == NM_NO_EDGE && is_on_path(heap, from, i, to)) &&
			     !is_better_than_none(heap, out, from, i, to)))
				continue;
			out->from[to] = from;
			out->edge[to] = i;
		}
	return NM_OK;
}

size_t nm_paths_get(const struct nm_paths *paths, nm_node node, uint32_t *out, size_t room)
{
	size_t count = 0;

	for (; count < room && paths->from[node] != NM_NO_NODE; node = paths->from[node])
		out[count++] = paths->edge[node];
	for (size_t i = 0; i < count / 2; i++) {
		uint32_t swap = out[i];

		out[i] = out[count - 1 - i];
		out[count - 1 - i] = swap;
	}
	return count;
}

void nm_paths_done(struct nm_paths *paths)
{
	free(paths->from);
	free(paths->edge);
	memset(paths, 0, sizeof(*paths));
}
