#include "model/heap/essential.h"

#include "model/heap/user_root.h"

/* Does an edge of the root lead to a global object or a document? */
static bool is_way_in(const struct nm_graph *graph, uint32_t edge, uint32_t dom_trees)
{
	return graph->edge_kind[edge] == NM_EDGE_SHORTCUT ||
	       (graph->edge_kind[edge] == NM_EDGE_ELEMENT &&
		nm_is_dom_trees(graph, graph->edge_to[edge], dom_trees));
}

/* `queue` has room for all nodes. */
static void find_page_owned(const struct nm_graph *graph, uint64_t *owned, nm_node *queue)
{
	const uint32_t dom_trees = nm_find_name(graph, NM_DOM_TREES);
	uint32_t end = 0;

	for (uint32_t i = graph->first_edge[0]; i < graph->first_edge[1]; i++) {
		const nm_node to = graph->edge_to[i];

		if (is_way_in(graph, i, dom_trees) && !nm_bits_get(owned, to)) {
			nm_bits_set(owned, to);
			queue[end++] = to;
		}
	}
	for (uint32_t first = 0; first < end; first++) {
		const nm_node node = queue[first];

		for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++) {
			const nm_node to = graph->edge_to[i];

			if (graph->edge_kind[i] == NM_EDGE_WEAK || nm_bits_get(owned, to))
				continue;
			nm_bits_set(owned, to);
			queue[end++] = to;
		}
	}
}

static bool is_essential(const struct nm_graph *graph, const struct nm_weakmap *weakmap,
			 const uint64_t *owned, nm_node from, uint32_t edge)
{
	const uint32_t entry = nm_weakmap_entry(weakmap, graph, edge);
	const nm_node to = graph->edge_to[edge];

	if (entry != NM_NO_ENTRY && weakmap->table_id[entry] == graph->id[from])
		return false;
	if (graph->edge_kind[edge] == NM_EDGE_WEAK || to == from)
		return false;
	if (from == 0)
		return true;
	return graph->edge_kind[edge] != NM_EDGE_SHORTCUT &&
	       (nm_bits_get(owned, from) || !nm_bits_get(owned, to));
}

int nm_essential_find(const struct nm_graph *graph, const struct nm_weakmap *weakmap,
		      uint64_t **out, struct nm_error *err)
{
	uint64_t *edges = nm_bits_new(graph->edge_count), *owned = nm_bits_new(graph->node_count);
	nm_node *queue = malloc(graph->node_count * sizeof(*queue));

	if (!edges || !owned || !queue) {
		free(edges);
		free(owned);
		free(queue);
		return nm_error_nomem(err);
	}
	find_page_owned(graph, owned, queue);
	free(queue);
	for (nm_node node = 0; node < graph->node_count; node++)
		for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++)
			if (is_essential(graph, weakmap, owned, node, i))
				nm_bits_set(edges, i);
	free(owned);
	*out = edges;
	return NM_OK;
}
