#include "model/heap/distances.h"

#include <stdlib.h>

#include "base/bits.h"
#include "model/heap/heap.h"
#include "model/heap/user_root.h"

/* No descriptor has a number beyond this. */
#define INDEX_MAX UINT32_MAX

struct search {
	const struct nm_graph *graph;
	const struct nm_weakmap *weakmap;
	uint32_t context, function_map, descriptors; /* names */
	int32_t *distance;
	uint64_t *seen;	   /* a bit of each node */
	uint64_t *pending; /* of each WeakMap's entry: was one of its edges met? */
	nm_node *queue;
	size_t end;
};

/* JavaScript's parseInt(), as far as it matters here. False: not a number, or none in use. */
static bool parse_index(const char *text, uint32_t *out)
{
	uint64_t index = 0;
	const char *digits;

	while (*text == ' ' || (*text >= '\t' && *text <= '\r'))
		text++;
	text += *text == '+';
	for (digits = text; *text >= '0' && *text <= '9'; text++) {
		index = 10 * index + (uint64_t)(*text - '0');
		if (index > INDEX_MAX)
			return false;
	}
	*out = (uint32_t)index;
	return text > digits;
}

/* Descriptors are threes of key, details and value, behind 2 of another kind; details are not taken.
   What has no number is. */
static bool takes_descriptor(const struct nm_graph *graph, uint32_t edge)
{
	uint32_t index = graph->edge_name[edge];

	if (!nm_edge_has_index((enum nm_edge_kind)graph->edge_kind[edge]) &&
	    !parse_index(nm_graph_text(graph, index), &index))
		return true;
	return index < 2 || index % 3 != 1;
}

/* The second edge to a value is taken: an entry needs both, and this is the longer way. */
static bool takes_entry(struct search *search, uint32_t entry)
{
	const bool is_second = nm_bits_get(search->pending, entry);

	if (is_second)
		nm_bits_clear(search->pending, entry);
	else
		nm_bits_set(search->pending, entry);
	return is_second;
}

static bool takes(struct search *search, nm_node node, uint32_t edge)
{
	const struct nm_graph *graph = search->graph;
	uint32_t entry;

	if (graph->kind[node] == NM_NODE_HIDDEN && graph->name[node] == search->context &&
	    !nm_edge_has_index((enum nm_edge_kind)graph->edge_kind[edge]) &&
	    graph->edge_name[edge] == search->function_map)
		return false;
	if (graph->kind[node] == NM_NODE_ARRAY && graph->name[node] == search->descriptors)
		return takes_descriptor(graph, edge);
	entry = nm_weakmap_entry(search->weakmap, graph, edge);
	return entry == NM_NO_ENTRY || takes_entry(search, entry);
}

static void reach(struct search *search, nm_node node, int32_t distance)
{
	search->distance[node] = distance;
	nm_bits_set(search->seen, node);
	search->queue[search->end++] = node;
}

/* From what is queued, nearest first. */
static void flood(struct search *search)
{
	const struct nm_graph *graph = search->graph;

	for (size_t first = 0; first < search->end; first++) {
		const nm_node node = search->queue[first];
		int32_t distance = search->distance[node];

		distance += distance < INT32_MAX;
		for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++) {
			const nm_node to = graph->edge_to[i];

			if (graph->edge_kind[i] != NM_EDGE_WEAK && !nm_bits_get(search->seen, to) &&
			    takes(search, node, i))
				reach(search, to, distance);
		}
	}
	search->end = 0;
}

static void find(struct search *search)
{
	const struct nm_graph *graph = search->graph;
	const uint32_t dom_trees = nm_find_name(graph, NM_DOM_TREES);
	bool has_user_root;

	for (uint32_t i = graph->first_edge[0]; i < graph->first_edge[1]; i++)
		if (nm_is_user_root(graph, graph->edge_to[i], dom_trees))
			reach(search, graph->edge_to[i], 1);
	has_user_root = search->end > 0;
	flood(search);
	reach(search, 0, has_user_root ? NM_DISTANCE_SYSTEM : 0);
	flood(search);
}

int nm_distances_find(const struct nm_graph *graph, const struct nm_weakmap *weakmap, int32_t *out,
		      struct nm_error *err)
{
	/* Two edges of the root to one node queue it twice, as in DevTools. */
	const size_t queue_room = (size_t)graph->node_count + graph->first_edge[1];
	struct search search = {
		.graph = graph,
		.weakmap = weakmap,
		.context = nm_find_name(graph, "system / NativeContext"),
		.function_map = nm_find_name(graph, "sloppy_function_map"),
		.descriptors = nm_find_name(graph, "(map descriptors)"),
		.distance = out,
		.seen = nm_bits_new(graph->node_count),
		.pending = nm_bits_new(weakmap->entry_count),
		.queue = malloc(queue_room * sizeof(*search.queue)),
	};
	int code = NM_OK;

	if (search.seen && search.pending && search.queue) {
		for (nm_node i = 0; i < graph->node_count; i++)
			out[i] = NM_DISTANCE_NONE;
		find(&search);
	} else {
		code = nm_error_nomem(err);
	}
	free(search.seen);
	free(search.pending);
	free(search.queue);
	return code;
}
