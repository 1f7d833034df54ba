#include "model/heap/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/huge.h"

const char *nm_edge_kind_name(enum nm_edge_kind kind)
{
	static const char *const names[] = {
#define X(name, text) text,
		NM_EDGE_KINDS(X)
#undef X
	};

	return names[kind];
}

struct nm_graph *nm_graph_new(void)
{
	return calloc(1, sizeof(struct nm_graph));
}

/* A column and what one of it takes. */
struct column {
	void **items;
	size_t size;
};

static bool set_room(const struct column *columns, size_t column_count, uint64_t more,
		     uint32_t *room)
{
	for (size_t i = 0; i < column_count; i++) {
		void *grown = realloc(*columns[i].items, more * columns[i].size);

		if (!grown)
			return false;
		*columns[i].items = grown;
		nm_huge_wish(grown, more * columns[i].size);
	}
	*room = (uint32_t)more;
	return true;
}

/* Room for one more in all columns, and for one behind the last. */
static bool reserve(const struct column *columns, size_t column_count, uint32_t count,
		    uint32_t *room, uint32_t maximum)
{
	uint64_t more = *room ? UINT64_C(2) * *room : 1024;

	if (count + UINT64_C(1) < *room)
		return true;
	if (count >= maximum)
		return false;
	if (more > UINT64_C(1) + maximum)
		more = UINT64_C(1) + maximum;
	return set_room(columns, column_count, more, room);
}

#define COLUMNS(columns) columns, sizeof(columns) / sizeof((columns)[0])

/* At least `nodes` of them, or room for one more. */
static bool reserve_nodes(struct nm_graph *graph, uint32_t nodes)
{
	const struct column columns[] = {
		{(void **)&graph->kind, sizeof(*graph->kind)},
		{(void **)&graph->detachedness, sizeof(*graph->detachedness)},
		{(void **)&graph->name, sizeof(*graph->name)},
		{(void **)&graph->id, sizeof(*graph->id)},
		{(void **)&graph->size, sizeof(*graph->size)},
		{(void **)&graph->first_edge, sizeof(*graph->first_edge)},
	};

	if (nodes > 0)
		return set_room(COLUMNS(columns), nodes + UINT64_C(1), &graph->node_room);
	return reserve(COLUMNS(columns), graph->node_count, &graph->node_room, NM_NODES_MAX);
}

static bool reserve_edges(struct nm_graph *graph, uint32_t edges)
{
	const struct column columns[] = {
		{(void **)&graph->edge_kind, sizeof(*graph->edge_kind)},
		{(void **)&graph->edge_name, sizeof(*graph->edge_name)},
		{(void **)&graph->edge_to, sizeof(*graph->edge_to)},
	};

	if (edges > 0)
		return set_room(COLUMNS(columns), edges + UINT64_C(1), &graph->edge_room);
	return reserve(COLUMNS(columns), graph->edge_count, &graph->edge_room, NM_EDGES_MAX);
}

bool nm_graph_reserve(struct nm_graph *graph, uint32_t nodes, uint32_t edges)
{
	return nodes <= NM_NODES_MAX && edges <= NM_EDGES_MAX && reserve_nodes(graph, nodes) &&
	       reserve_edges(graph, edges);
}

uint32_t nm_graph_name(struct nm_graph *graph, const char *text, size_t length)
{
	uint32_t name = graph->failed ? NM_INTERN_NONE : nm_intern_add(&graph->names, text, length);

	graph->failed |= name == NM_INTERN_NONE;
	return name;
}

void nm_graph_add_node(struct nm_graph *graph, enum nm_node_kind kind, uint32_t name, uint32_t id,
		       uint64_t size)
{
	const uint32_t node = graph->node_count;

	if (graph->failed || !reserve_nodes(graph, 0)) {
		graph->failed = true;
		return;
	}
	graph->kind[node] = (uint8_t)kind;
	graph->detachedness[node] = 0;
	graph->name[node] = name;
	graph->id[node] = id;
	graph->size[node] = size;
	graph->first_edge[node] = graph->edge_count;
	graph->node_count++;
	graph->first_edge[graph->node_count] = graph->edge_count;
}

void nm_graph_add_edge(struct nm_graph *graph, enum nm_edge_kind kind, uint32_t name_or_index,
		       nm_node to)
{
	const uint32_t edge = graph->edge_count;

	if (graph->failed || graph->node_count == 0 || !reserve_edges(graph, 0)) {
		graph->failed = true;
		return;
	}
	graph->edge_kind[edge] = (uint8_t)kind;
	graph->edge_name[edge] = name_or_index;
	graph->edge_to[edge] = to;
	graph->first_edge[graph->node_count] = ++graph->edge_count;
}

void nm_graph_put_location(struct nm_graph *graph, const struct nm_graph_location *location)
{
	const struct column columns[] = {
		{(void **)&graph->locations, sizeof(*graph->locations)},
	};

	if (graph->failed || graph->node_count == 0 ||
	    !reserve(columns, 1, graph->location_count, &graph->location_room, NM_NODES_MAX)) {
		graph->failed = true;
		return;
	}
	graph->locations[graph->location_count++] = *location;
}

void nm_graph_add_location(struct nm_graph *graph, const struct nm_graph_location *location)
{
	struct nm_graph_location last = *location;

	last.node = graph->node_count - 1;
	nm_graph_put_location(graph, &last);
}

static int by_node(const void *a, const void *b)
{
	const struct nm_graph_location *left = a, *right = b;

	return left->node < right->node ? -1 : left->node > right->node;
}

/* Mostly they are in order. */
static void sort_locations(struct nm_graph *graph)
{
	for (uint32_t i = 1; i < graph->location_count; i++)
		if (graph->locations[i].node < graph->locations[i - 1].node) {
			qsort(graph->locations, graph->location_count, sizeof(*graph->locations),
			      by_node);
			return;
		}
}

int nm_graph_finish(struct nm_graph *graph, struct nm_error *err)
{
	if (graph->failed &&
	    (graph->node_count >= NM_NODES_MAX || graph->edge_count >= NM_EDGES_MAX))
		return nm_error_set(
			err, NM_E_LIMIT,
			"cannot make a graph of the heap: it has more than %u objects or "
			"references",
			NM_NODES_MAX);
	if (graph->failed)
		return nm_error_nomem(err);
	if (graph->node_count == 0)
		return nm_error_set(err, NM_E_CORRUPT, "the graph has no nodes");
	for (uint32_t i = 0; i < graph->node_count; i++)
		if (graph->name[i] >= graph->names.count || graph->kind[i] >= NM_NODE_KIND_COUNT)
			return nm_error_set(err, NM_E_CORRUPT,
					    "node %u of the graph has no name or kind", i);
	for (uint32_t i = 0; i < graph->edge_count; i++) {
		const enum nm_edge_kind kind = (enum nm_edge_kind)graph->edge_kind[i];

		if (kind >= NM_EDGE_KIND_COUNT || graph->edge_to[i] >= graph->node_count ||
		    (!nm_edge_has_index(kind) && graph->edge_name[i] >= graph->names.count))
			return nm_error_set(err, NM_E_CORRUPT, "edge %u of the graph leads nowhere",
					    i);
	}
	sort_locations(graph);
	return NM_OK;
}

void nm_graph_free(struct nm_graph *graph)
{
	if (!graph)
		return;
	free(graph->kind);
	free(graph->detachedness);
	free(graph->name);
	free(graph->id);
	free(graph->size);
	free(graph->first_edge);
	free(graph->edge_kind);
	free(graph->edge_name);
	free(graph->edge_to);
	free(graph->locations);
	nm_intern_done(&graph->names);
	free(graph);
}
