#include "model/heap/path_text.h"

#include <inttypes.h>
#include <stdio.h>

void nm_path_edge_text(const struct nm_graph *graph, uint32_t edge, char *out, size_t room)
{
	const enum nm_edge_kind kind = (enum nm_edge_kind)graph->edge_kind[edge];

	if (nm_edge_has_index(kind))
		snprintf(out, room, "[%" PRIu32 "]", graph->edge_name[edge]);
	else if (kind == NM_EDGE_INTERNAL)
		snprintf(out, room, "(%.*s)", NM_PATH_NAME_MAX,
			 nm_graph_text(graph, graph->edge_name[edge]));
	else
		snprintf(out, room, ".%.*s", NM_PATH_NAME_MAX,
			 nm_graph_text(graph, graph->edge_name[edge]));
}

const char *nm_path_node_text(const struct nm_graph *graph, nm_node node)
{
	const char *label = nm_node_kind_class((enum nm_node_kind)graph->kind[node]);
	const char *name = nm_graph_text(graph, graph->name[node]);

	if (graph->kind[node] == NM_NODE_CLOSURE)
		return name[0] ? name : "(closure)";
	return label && graph->kind[node] != NM_NODE_SYNTHETIC ? label : name;
}

void nm_path_step_text(const struct nm_graph *graph, uint32_t edge, char *out, size_t room)
{
	char text[NM_PATH_NAME_MAX + 8];

	nm_path_edge_text(graph, edge, text, sizeof(text));
	snprintf(out, room, "%s: %.*s", text, NM_PATH_NAME_MAX,
		 nm_path_node_text(graph, graph->edge_to[edge]));
}
