#include "model/heap/detached.h"

#include <stdlib.h>

/* The nodes that are still to pass on what they are; each node is there once at most. */
struct flood {
	const struct nm_graph *graph;
	uint8_t *state;
	nm_node *waiting;
	uint32_t count;
};

static void pass_on(struct flood *flood, uint8_t state)
{
	const struct nm_graph *graph = flood->graph;

	while (flood->count > 0) {
		const nm_node node = flood->waiting[--flood->count];

		for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++) {
			const nm_node to = graph->edge_to[i];

			if (graph->edge_kind[i] == NM_EDGE_HIDDEN ||
			    graph->edge_kind[i] == NM_EDGE_WEAK ||
			    graph->kind[to] != NM_NODE_NATIVE || flood->state[to] != 0)
				continue;
			flood->state[to] = state;
			flood->waiting[flood->count++] = to;
		}
	}
}

/* From all nodes that say by themselves that they are `state`. */
static void flood_from(struct flood *flood, uint8_t state)
{
	const struct nm_graph *graph = flood->graph;

	for (nm_node node = 0; node < graph->node_count; node++)
		if (graph->kind[node] == NM_NODE_NATIVE && graph->detachedness[node] == state)
			flood->waiting[flood->count++] = node;
	pass_on(flood, state);
}

int nm_detached_make(const struct nm_graph *graph, uint8_t **out, struct nm_error *err)
{
	struct flood flood = {.graph = graph};
	bool is_any = false;

	*out = NULL;
	for (nm_node node = 0; node < graph->node_count && !is_any; node++)
		is_any = graph->detachedness[node] != 0;
	if (!is_any)
		return NM_OK;
	flood.state = calloc(graph->node_count, sizeof(*flood.state));
	flood.waiting = malloc(graph->node_count * sizeof(*flood.waiting));
	if (!flood.state || !flood.waiting) {
		free(flood.state);
		free(flood.waiting);
		return nm_error_nomem(err);
	}
	for (nm_node node = 0; node < graph->node_count; node++)
		if (graph->kind[node] == NM_NODE_NATIVE)
			flood.state[node] = graph->detachedness[node];
	flood_from(&flood, NM_ATTACHED);
	flood_from(&flood, NM_DETACHED);
	free(flood.waiting);
	*out = flood.state;
	return NM_OK;
}
