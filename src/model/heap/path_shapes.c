#include "model/heap/path_shapes.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* A step is compared with so many before it. */
#define LOOK_BACK 8
/* An object with more properties is a table whose keys are data; one with fewer has named fields. */
#define FIELDS_MAX 256

/* Names that stand for many; no graph has so many names. */
#define ANY_INDEX   (UINT32_MAX - 1)
#define ANY_KEY	    (UINT32_MAX - 2)
#define ENTRY_KEY   (UINT32_MAX - 3) /* of a WeakMap, from the key */
#define ENTRY_TABLE (UINT32_MAX - 4) /* the same, from the table */
#define NO_NAME	    (UINT32_MAX - 5)

/* ---- shapes by number ------------------------------------------------------------------------- */

static bool is_same(const struct nm_path_shape *a, const struct nm_path_shape *b)
{
	return a->parent == b->parent && a->name == b->name && a->class == b->class &&
	       a->kind == b->kind && a->state == b->state;
}

static uint32_t find_slot(const struct nm_path_shapes *shapes, const struct nm_path_shape *shape)
{
	uint64_t hash = nm_hash_word(0, (uint64_t)shape->parent << 32 | shape->name);
	uint32_t at;

	hash = nm_hash_word(hash, (uint64_t)shape->class << 16 | (uint64_t)shape->kind << 8 |
					  shape->state);
	at = (uint32_t)hash & shapes->mask;
	while (shapes->slots[at] != 0 && !is_same(&shapes->items[shapes->slots[at] - 1], shape))
		at = (at + 1) & shapes->mask;
	return at;
}

/* Room for one more, the table at most half full. */
static bool reserve(struct nm_path_shapes *shapes)
{
	const size_t room = shapes->room ? 2 * (size_t)shapes->room : 256;
	struct nm_path_shape *items;
	uint32_t *slots;

	if (shapes->count < shapes->room)
		return true;
	if (room > UINT32_MAX / 4)
		return false;
	items = realloc(shapes->items, room * sizeof(*items));
	if (items)
		shapes->items = items;
	slots = calloc(2 * room, sizeof(*slots));
	if (!items || !slots) {
		free(slots);
		return false;
	}
	free(shapes->slots);
	shapes->slots = slots;
	shapes->mask = (uint32_t)(2 * room - 1);
	shapes->room = (uint32_t)room;
	for (uint32_t i = 0; i < shapes->count; i++)
		slots[find_slot(shapes, &items[i])] = i + 1;
	return true;
}

static uint32_t intern(struct nm_path_shapes *shapes, const struct nm_path_shape *shape)
{
	uint32_t at;

	if (!reserve(shapes))
		return NM_NO_SHAPE;
	at = find_slot(shapes, shape);
	if (shapes->slots[at] == 0) {
		shapes->items[shapes->count++] = *shape;
		shapes->slots[at] = shapes->count;
	}
	return shapes->slots[at] - 1;
}

/* ---- steps ------------------------------------------------------------------------------------ */

/* V8 names the slots of its own tables by their number. */
static bool is_number(const char *text)
{
	const size_t digits = strspn(text, "0123456789");

	return digits > 0 && text[digits] == '\0';
}

static uint32_t name_of_step(const struct nm_path_shapes *shapes, nm_node holder, uint32_t edge)
{
	const struct nm_graph *graph = shapes->classes->heap->graph;
	const enum nm_edge_kind kind = (enum nm_edge_kind)graph->edge_kind[edge];
	const uint32_t entry = nm_weakmap_entry(&shapes->weakmap, graph, edge);

	if (entry != NM_NO_ENTRY)
		return shapes->weakmap.table_id[entry] == graph->id[holder] ? ENTRY_TABLE
									    : ENTRY_KEY;
	if (nm_edge_has_index(kind) || is_number(nm_graph_text(graph, graph->edge_name[edge])))
		return ANY_INDEX;
	if (kind == NM_EDGE_PROPERTY &&
	    graph->first_edge[holder + 1] - graph->first_edge[holder] > FIELDS_MAX)
		return ANY_KEY;
	return graph->edge_name[edge];
}

/* The shape of `parent` if that ends as `shape` does, or did some steps before. */
static uint32_t find_repeated(const struct nm_path_shapes *shapes,
			      const struct nm_path_shape *shape)
{
	uint32_t at = shape->parent;

	for (int i = 0; i < LOOK_BACK && at != NM_NO_SHAPE; i++) {
		const struct nm_path_shape *old = &shapes->items[at];

		if (old->name == shape->name && old->class == shape->class &&
		    old->kind == shape->kind && old->state == shape->state)
			return at;
		at = old->parent;
	}
	return NM_NO_SHAPE;
}

static uint32_t add_step(struct nm_path_shapes *shapes, uint32_t parent, nm_node holder,
			 uint32_t edge, bool is_weak)
{
	const struct nm_graph *graph = shapes->classes->heap->graph;
	const struct nm_path_shape shape = {
		.parent = parent,
		.name = name_of_step(shapes, holder, edge),
		.class = shapes->classes->class_of[graph->edge_to[edge]],
		.kind = graph->edge_kind[edge],
		.state = is_weak ? NM_PATH_WEAK : shapes->items[parent].state,
	};
	const uint32_t repeated = find_repeated(shapes, &shape);

	return repeated != NM_NO_SHAPE ? repeated : intern(shapes, &shape);
}

static uint32_t start(struct nm_path_shapes *shapes, nm_node node)
{
	const struct nm_path_shape shape = {
		.parent = NM_NO_SHAPE,
		.name = NO_NAME,
		.class = shapes->classes->class_of[node],
		.kind = NM_EDGE_KIND_COUNT,
		.state = node == shapes->self ? NM_PATH_CYCLE
			 : node == 0	      ? NM_PATH_ALIVE
					      : NM_PATH_NO_ROOT,
	};

	return intern(shapes, &shape);
}

uint32_t nm_path_shapes_of(struct nm_path_shapes *shapes, nm_node node)
{
	const struct nm_graph *graph = shapes->classes->heap->graph;
	const struct nm_paths *paths = shapes->paths;
	size_t depth = 0;

	/* Up to where it is known, and down again: each node once, however many ask. */
	while (shapes->of[node] == NM_NO_SHAPE && node != shapes->self &&
	       paths->from[node] != NM_NO_NODE) {
		shapes->waiting[depth++] = node;
		node = paths->from[node];
	}
	if (shapes->of[node] == NM_NO_SHAPE)
		shapes->of[node] = start(shapes, node);
	while (depth > 0 && shapes->of[node] != NM_NO_SHAPE) {
		const nm_node next = shapes->waiting[--depth];
		const uint32_t edge = paths->edge[next];

		shapes->of[next] = add_step(shapes, shapes->of[node], node, edge,
					    graph->edge_kind[edge] == NM_EDGE_WEAK);
		node = next;
	}
	return shapes->of[node];
}

uint32_t nm_path_shapes_by(struct nm_path_shapes *shapes, nm_node holder, uint32_t edge)
{
	const struct nm_graph *graph = shapes->classes->heap->graph;
	const uint32_t parent = nm_path_shapes_of(shapes, holder);

	if (parent == NM_NO_SHAPE)
		return NM_NO_SHAPE;
	/* The table of a WeakMap does not keep a value alive by itself: the key has to live. */
	return add_step(shapes, parent, holder, edge,
			graph->edge_kind[edge] == NM_EDGE_WEAK ||
				name_of_step(shapes, holder, edge) == ENTRY_TABLE);
}

uint64_t nm_path_shapes_hash(const struct nm_path_shapes *shapes, uint32_t shape, uint64_t parent)
{
	const struct nm_path_shape *item = &shapes->items[shape];
	const struct nm_class_key *key = &shapes->classes->rows[item->class].key;
	uint64_t hash = nm_hash_word(parent, nm_class_key_hash(key));
	const char *name;
	size_t length;

	hash = nm_hash_word(hash, (uint64_t)item->kind << 8 | item->state);
	if (item->name >= NO_NAME)
		return nm_hash_word(hash, item->name);
	name = nm_intern_get(&shapes->classes->heap->graph->names, item->name, &length);
	return nm_hash_bytes(hash, name, length);
}

int nm_path_shapes_init(struct nm_path_shapes *shapes, const struct nm_constructors *classes,
			const struct nm_paths *paths, nm_node self, struct nm_error *err)
{
	const struct nm_graph *graph = classes->heap->graph;
	const size_t size = (size_t)graph->node_count * sizeof(uint32_t);

	*shapes = (struct nm_path_shapes){.classes = classes, .paths = paths, .self = self};
	shapes->of = malloc(size);
	shapes->waiting = malloc(size);
	if (!shapes->of || !shapes->waiting)
		return nm_error_nomem(err);
	memset(shapes->of, 0xff, size);
	return nm_weakmap_find(graph, &shapes->weakmap, err);
}

void nm_path_shapes_done(struct nm_path_shapes *shapes)
{
	nm_weakmap_done(&shapes->weakmap);
	free(shapes->of);
	free(shapes->waiting);
	free(shapes->items);
	free(shapes->slots);
	memset(shapes, 0, sizeof(*shapes));
}
