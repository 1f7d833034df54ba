#include "model/heap/shapes.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "model/heap/node_text.h"

static uint64_t hash_object(const struct nm_graph *graph, nm_node node)
{
	uint64_t hash = 0;

	for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++)
		if (graph->edge_kind[i] == NM_EDGE_PROPERTY)
			hash = nm_hash_word(hash, graph->edge_name[i] + UINT64_C(1));
	return hash;
}

/* The next edge that is a property; `end` when there is none. */
static uint32_t next_property(const struct nm_graph *graph, uint32_t edge, uint32_t end)
{
	while (edge < end && graph->edge_kind[edge] != NM_EDGE_PROPERTY)
		edge++;
	return edge;
}

static bool is_alike(const struct nm_graph *graph, nm_node a, nm_node b)
{
	const uint32_t a_end = graph->first_edge[a + 1], b_end = graph->first_edge[b + 1];
	uint32_t i = graph->first_edge[a], j = graph->first_edge[b];

	for (;; i++, j++) {
		i = next_property(graph, i, a_end);
		j = next_property(graph, j, b_end);
		if (i == a_end || j == b_end)
			return i == a_end && j == b_end;
		if (graph->edge_name[i] != graph->edge_name[j])
			return false;
	}
}

/* Room for one more shape, the table at most half full. */
static bool reserve_shape(struct nm_shapes *shapes)
{
	const uint32_t room = shapes->room ? 2 * shapes->room : 256;
	struct nm_shape *items;
	uint32_t *slots;

	if (shapes->count < shapes->room)
		return true;
	items = realloc(shapes->items, room * sizeof(*items));
	if (items)
		shapes->items = items;
	slots = calloc(2 * (size_t)room, sizeof(*slots));
	if (!items || !slots) {
		free(slots);
		return false;
	}
	free(shapes->slots);
	shapes->slots = slots;
	shapes->mask = 2 * room - 1;
	shapes->room = room;
	for (uint32_t i = 0; i < shapes->count; i++) {
		uint32_t at = (uint32_t)items[i].hash & shapes->mask;

		while (slots[at] != 0)
			at = (at + 1) & shapes->mask;
		slots[at] = i + 1;
	}
	return true;
}

/* The shape of the object, counted; NM_NO_NODE: out of memory. */
static uint32_t shape_of(struct nm_shapes *shapes, nm_node node)
{
	const uint64_t hash = hash_object(shapes->graph, node);
	uint32_t at;

	if (!reserve_shape(shapes))
		return NM_NO_NODE;
	at = (uint32_t)hash & shapes->mask;
	for (; shapes->slots[at] != 0; at = (at + 1) & shapes->mask) {
		struct nm_shape *shape = &shapes->items[shapes->slots[at] - 1];

		if (shape->hash == hash && is_alike(shapes->graph, shape->node, node)) {
			shape->objects++;
			return shapes->slots[at] - 1;
		}
	}
	shapes->items[shapes->count] = (struct nm_shape){hash, node, 1};
	shapes->slots[at] = ++shapes->count;
	return shapes->count - 1;
}

static bool add_object(struct nm_shapes *shapes, nm_node node)
{
	const uint32_t shape = shape_of(shapes, node);

	if (shape == NM_NO_NODE)
		return false;
	if (shapes->object_count == shapes->object_room) {
		const size_t room = 2 * (size_t)shapes->object_room + 1024;
		uint32_t *of = realloc(shapes->of, room * sizeof(*of));

		if (!of || room > UINT32_MAX) {
			shapes->of = of ? of : shapes->of;
			return false;
		}
		shapes->of = of;
		shapes->object_room = (uint32_t)room;
	}
	shapes->of[shapes->object_count++] = shape;
	return true;
}

int nm_shapes_make(struct nm_shapes *shapes, const struct nm_graph *graph, struct nm_error *err)
{
	memset(shapes, 0, sizeof(*shapes));
	shapes->graph = graph;
	for (nm_node node = 0; node < graph->node_count; node++)
		if (nm_is_plain_object(graph, node) && !add_object(shapes, node)) {
			nm_shapes_done(shapes);
			return nm_error_nomem(err);
		}
	return NM_OK;
}

void nm_shapes_done(struct nm_shapes *shapes)
{
	free(shapes->items);
	free(shapes->of);
	free(shapes->slots);
	memset(shapes, 0, sizeof(*shapes));
}
