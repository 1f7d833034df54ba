#include "model/heap/script_place.h"

#include <string.h>

const struct nm_graph_location *nm_script_place(const struct nm_graph *graph, nm_node node)
{
	uint32_t low = 0, high = graph->location_count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (graph->locations[middle].node < node)
			low = middle + 1;
		else
			high = middle;
	}
	return low < graph->location_count && graph->locations[low].node == node
		       ? &graph->locations[low]
		       : NULL;
}

/* What an internal edge of that name leads to. */
static nm_node follow(const struct nm_graph *graph, nm_node node, const char *name)
{
	for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++)
		if (graph->edge_kind[i] == NM_EDGE_INTERNAL &&
		    strcmp(nm_graph_text(graph, graph->edge_name[i]), name) == 0)
			return graph->edge_to[i];
	return NM_NO_NODE;
}

/* Of a SharedFunctionInfo; the edge has another name since V8 12. */
static nm_node script_of(const struct nm_graph *graph, nm_node shared)
{
	const nm_node script = follow(graph, shared, "script");

	return script != NM_NO_NODE ? script : follow(graph, shared, "script_or_debug_info");
}

const char *nm_script_name(const struct nm_graph *graph, uint32_t script_id)
{
	for (uint32_t i = 0; i < graph->location_count; i++) {
		const struct nm_graph_location *location = &graph->locations[i];
		nm_node node = location->node;

		if (location->script_id != script_id || graph->kind[node] != NM_NODE_CLOSURE)
			continue;
		node = follow(graph, node, "shared");
		if (node != NM_NO_NODE)
			node = script_of(graph, node);
		if (node != NM_NO_NODE)
			return nm_graph_text(graph, graph->name[node]);
	}
	return "";
}
