#include "model/paths.h"

#include <stdlib.h>
#include <string.h>

#include "model/heap.h"

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

static bool is_next(const struct nm_heap *heap, nm_node node, nm_node to)
{
	/* What the program holds is told of by the root, which is far away by itself. */
	return heap->distance[to] ==
	       (node == 0 && heap->distance[to] == 1 ? 1 : (int64_t)heap->distance[node] + 1);
}

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
	for (nm_node node = 0; node < graph->node_count; node++)
		for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++) {
			const nm_node to = graph->edge_to[i];

			if (graph->edge_kind[i] == NM_EDGE_WEAK || to == 0 ||
			    out->from[to] != NM_NO_NODE || !is_next(heap, node, to))
				continue;
			out->from[to] = node;
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
