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

/* What an edge of that kind and name leads to. */
static nm_node follow(const struct nm_graph *graph, nm_node node, enum nm_edge_kind kind,
		      const char *name)
{
	for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++)
		if (graph->edge_kind[i] == kind &&
		    strcmp(nm_graph_text(graph, graph->edge_name[i]), name) == 0)
			return graph->edge_to[i];
	return NM_NO_NODE;
}

/* Of a SharedFunctionInfo; the edge has another name since V8 12. */
static nm_node script_of(const struct nm_graph *graph, nm_node shared)
{
	const nm_node script = follow(graph, shared, NM_EDGE_INTERNAL, "script");

	return script != NM_NO_NODE
		       ? script
		       : follow(graph, shared, NM_EDGE_INTERNAL, "script_or_debug_info");
}

const struct nm_graph_location *nm_script_place_of_class(const struct nm_graph *graph,
							 nm_node object)
{
	const nm_node prototype = follow(graph, object, NM_EDGE_PROPERTY, "__proto__");
	nm_node constructor;

	if (prototype == NM_NO_NODE)
		return NULL;
	constructor = follow(graph, prototype, NM_EDGE_PROPERTY, "constructor");
	return constructor != NM_NO_NODE && graph->kind[constructor] == NM_NODE_CLOSURE
		       ? nm_script_place(graph, constructor)
		       : NULL;
}

const char *nm_script_name(const struct nm_graph *graph, uint32_t script_id)
{
	for (uint32_t i = 0; i < graph->location_count; i++) {
		const struct nm_graph_location *location = &graph->locations[i];
		nm_node node = location->node;

		if (location->script_id != script_id || graph->kind[node] != NM_NODE_CLOSURE)
			continue;
		node = follow(graph, node, NM_EDGE_INTERNAL, "shared");
		if (node != NM_NO_NODE)
			node = script_of(graph, node);
		if (node != NM_NO_NODE)
			return nm_graph_text(graph, graph->name[node]);
	}
	return "";
}
