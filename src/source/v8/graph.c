#include <stdio.h>
#include <stdlib.h>

#include "source/v8/graph_fill.h"

#define PAIRS_FIRST 5
#define SYMBOL_NAME 2

static const char *const root_names[NM_V8_ROOT_COUNT] = {
	[NM_V8_ROOT_READ_ONLY] = "(Read-only roots)", [NM_V8_ROOT_ISOLATE] = "(Strong roots)",
	[NM_V8_ROOT_HANDLES] = "(Handle scope)",      [NM_V8_ROOT_ETERNAL] = "(Eternal handles)",
	[NM_V8_ROOT_STACK] = "(Stack roots)",	      [NM_V8_ROOT_GLOBAL] = "(Global handles)",
};

/* Nodes of no object: the root, all roots, and their kinds. */
#define ROOT_NODES (2 + NM_V8_ROOT_COUNT)

/* The roots, while they are collected. */
struct roots {
	struct nm_v8_fill *fill;
	nm_node *nodes[NM_V8_ROOT_COUNT];
	size_t count[NM_V8_ROOT_COUNT], room[NM_V8_ROOT_COUNT];
	bool failed;
};

static bool reserve(void **items, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 256;
	void *grown;

	if (count < *room)
		return true;
	grown = realloc(*items, more * size);
	if (!grown)
		return false;
	*items = grown;
	*room = more;
	return true;
}

nm_node nm_v8_fill_node(const struct nm_v8_fill *fill, uint64_t word, bool weak)
{
	const struct nm_v8_heap *heap = fill->heap;
	uint32_t index;

	if ((word & 3) != (weak ? 3u : 1u))
		return NM_NO_NODE;
	index = nm_v8_heap_index(heap, nm_v8_pointee(word));
	if (index == NM_V8_NO_OBJECT || !nm_v8_heap_is_live(heap, index))
		return NM_NO_NODE;
	return fill->first + fill->live_before[index / 64] +
	       (uint32_t)__builtin_popcountll(heap->live[index / 64] &
					      ((UINT64_C(1) << (index % 64)) - 1));
}

uint32_t nm_v8_fill_index_name(struct nm_v8_fill *fill, uint64_t index)
{
	char text[24];
	const int length = snprintf(text, sizeof(text), "%llu", (unsigned long long)index);

	if (index >= NM_V8_INDEX_NAMES)
		return nm_graph_name(fill->graph, text, (size_t)length);
	if (fill->index_names[index] == 0)
		fill->index_names[index] = nm_graph_name(fill->graph, text, (size_t)length) + 1;
	return fill->index_names[index] - 1;
}

bool nm_v8_fill_key(struct nm_v8_fill *fill, uint64_t word, uint32_t *out)
{
	char text[NM_V8_CLASS_NAME_MAX] = "", named[NM_V8_CLASS_NAME_MAX + 16];
	struct nm_v8_object key, name;
	size_t length;

	if (!nm_v8_heap_follow(fill->heap, word, false, &key))
		return false;
	if (key.type == fill->heap->layout->type.symbol) {
		if (nm_v8_heap_follow(fill->heap, nm_v8_object_word(&key, SYMBOL_NAME), false,
				      &name))
			nm_v8_heap_text(fill->heap, &name, text, sizeof(text), NULL);
		length = (size_t)snprintf(named, sizeof(named), "<symbol %s>", text);
		*out = nm_graph_name(fill->graph, named, length);
		return true;
	}
	if (!nm_v8_heap_text(fill->heap, &key, text, sizeof(text), &length))
		return false;
	*out = nm_graph_name(fill->graph, text, length);
	return true;
}

/* ---- what is collected before the nodes ---------------------------------------------------- */

/* Room that no object uses is no node, nor is what other isolates have. */
static void drop_unwanted(struct nm_v8_heap *heap, nm_addr only)
{
	for (uint32_t i = 0; i < heap->count; i++) {
		const nm_addr owner = nm_v8_heap_page_at(heap, i)->heap;

		if (nm_v8_type_is_free(heap->layout, heap->maps[heap->map_of[i]].type) ||
		    (only != 0 && owner != 0 && owner != only))
			heap->live[i / 64] &= ~(UINT64_C(1) << (i % 64));
	}
}

static bool rank_live(struct nm_v8_fill *fill)
{
	const struct nm_v8_heap *heap = fill->heap;
	const size_t words = (size_t)heap->count / 64 + 1;
	uint32_t before = 0;

	fill->live_before = malloc(words * sizeof(*fill->live_before));
	if (!fill->live_before)
		return false;
	for (size_t i = 0; i < words; i++) {
		fill->live_before[i] = before;
		before += (uint32_t)__builtin_popcountll(heap->live[i]);
	}
	fill->live_count = before;
	return true;
}

/* Free entries have `undefined` or the hole for a key. */
static bool is_no_key(const struct nm_v8_heap *heap, uint64_t word)
{
	struct nm_v8_object key;

	return nm_v8_heap_follow(heap, word, false, &key) &&
	       (key.type == heap->layout->type.oddball || key.type == heap->layout->type.hole);
}

static bool take_pairs(struct nm_v8_fill *fill, const struct nm_v8_object *table)
{
	for (uint64_t i = PAIRS_FIRST; i + 1 < table->words; i += 2) {
		const uint64_t word = nm_v8_object_word(table, i);
		nm_node key = nm_v8_fill_node(fill, word, false);
		nm_node value = nm_v8_fill_node(fill, nm_v8_object_word(table, i + 1), false);

		if (key == NM_NO_NODE || value == NM_NO_NODE || is_no_key(fill->heap, word))
			continue;
		if (!reserve((void **)&fill->pairs, fill->pair_count, &fill->pair_room,
			     sizeof(*fill->pairs)))
			return false;
		fill->pairs[fill->pair_count++] = (struct nm_v8_pair){key, value};
	}
	return true;
}

static bool take_store(struct nm_v8_fill *fill, const struct nm_v8_object *buffer)
{
	const struct nm_v8_object_layout *layout = fill->heap->layout;
	const nm_addr addr = nm_v8_object_field(buffer, layout->at.buffer_store);
	const uint64_t size = nm_v8_object_field(buffer, layout->at.buffer_length);

	if (addr == 0 || size == 0 || size >= NM_ADDR_MAX)
		return true;
	if (!reserve((void **)&fill->stores, fill->store_count, &fill->store_room,
		     sizeof(*fill->stores)))
		return false;
	fill->stores[fill->store_count++] = (struct nm_v8_store){addr, size};
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct nm_v8_pair *left = a, *right = b;

	return left->key < right->key ? -1 : left->key > right->key;
}

/* The largest of those at one address comes first. */
static int by_address(const void *a, const void *b)
{
	const struct nm_v8_store *left = a, *right = b;

	if (left->addr != right->addr)
		return left->addr < right->addr ? -1 : 1;
	return left->size > right->size ? -1 : left->size < right->size;
}

static bool take_tables(struct nm_v8_fill *fill)
{
	const struct nm_v8_heap *heap = fill->heap;
	size_t kept = 0;

	for (uint32_t i = 0; i < heap->count; i++) {
		const uint16_t type = heap->maps[heap->map_of[i]].type;
		struct nm_v8_object object;

		if ((type != heap->layout->type.ephemeron_table &&
		     type != heap->layout->type.js_array_buffer) ||
		    !nm_v8_heap_is_live(heap, i))
			continue;
		object = nm_v8_heap_object(heap, i);
		if (type == heap->layout->type.ephemeron_table ? !take_pairs(fill, &object)
							       : !take_store(fill, &object))
			return false;
	}
	if (fill->pair_count > 0)
		qsort(fill->pairs, fill->pair_count, sizeof(*fill->pairs), by_key);
	if (fill->store_count > 0)
		qsort(fill->stores, fill->store_count, sizeof(*fill->stores), by_address);
	for (size_t i = 0; i < fill->store_count; i++)
		if (kept == 0 || fill->stores[kept - 1].addr != fill->stores[i].addr)
			fill->stores[kept++] = fill->stores[i];
	fill->store_count = kept;
	return true;
}

nm_node nm_v8_fill_store(const struct nm_v8_fill *fill, nm_addr addr)
{
	size_t low = 0, high = fill->store_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (fill->stores[middle].addr < addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == fill->store_count || fill->stores[low].addr != addr)
		return NM_NO_NODE;
	return fill->first + fill->live_count + (nm_node)low;
}

/* ---- nodes --------------------------------------------------------------------------------- */

static void add_root(void *context, enum nm_v8_root kind, uint64_t word)
{
	struct roots *roots = context;
	nm_node node = nm_v8_fill_node(roots->fill, word, false);

	if (node == NM_NO_NODE)
		return;
	if (!reserve((void **)&roots->nodes[kind], roots->count[kind], &roots->room[kind],
		     sizeof(*roots->nodes[kind]))) {
		roots->failed = true;
		return;
	}
	roots->nodes[kind][roots->count[kind]++] = node;
}

static uint32_t add_name(struct nm_v8_fill *fill, const char *text)
{
	return nm_graph_name(fill->graph, text, strlen(text));
}

static void add_node(struct nm_v8_fill *fill, enum nm_node_kind kind, uint32_t name, uint64_t size)
{
	/* V8 gives odd numbers to objects. */
	nm_graph_add_node(fill->graph, kind, name, 2 * fill->graph->node_count + 1, size);
}

/* The root, with shortcuts to the global objects: from there users count distances. */
static void add_root_nodes(struct nm_v8_fill *fill, const struct roots *roots)
{
	const struct nm_v8_heap *heap = fill->heap;

	add_node(fill, NM_NODE_SYNTHETIC, add_name(fill, ""), 0);
	nm_graph_add_edge(fill->graph, NM_EDGE_ELEMENT, 1, 1);
	for (uint32_t i = 0; i < heap->count; i++)
		if (heap->maps[heap->map_of[i]].type == heap->layout->type.js_global &&
		    nm_v8_heap_is_live(heap, i))
			nm_graph_add_edge(
				fill->graph, NM_EDGE_SHORTCUT, fill->name.global,
				nm_v8_fill_node(fill, nm_v8_heap_object(heap, i).addr | 1, false));
	add_node(fill, NM_NODE_SYNTHETIC, add_name(fill, "(GC roots)"), 0);
	for (unsigned kind = 0; kind < NM_V8_ROOT_COUNT; kind++)
		nm_graph_add_edge(fill->graph, NM_EDGE_ELEMENT, kind, 2 + kind);
	for (unsigned kind = 0; kind < NM_V8_ROOT_COUNT; kind++) {
		add_node(fill, NM_NODE_SYNTHETIC, add_name(fill, root_names[kind]), 0);
		for (size_t i = 0; i < roots->count[kind]; i++)
			nm_graph_add_edge(fill->graph, NM_EDGE_ELEMENT, (uint32_t)i,
					  roots->nodes[kind][i]);
	}
}

/* "system / FeedbackCell" */
static uint32_t name_by_type(struct nm_v8_fill *fill, const struct nm_v8_object *object)
{
	const size_t map = (size_t)(object->map - fill->heap->maps);
	const char *type = fill->heap->layout->type_name[object->type];
	char text[80];

	if (fill->map_names[map] == 0) {
		snprintf(text, sizeof(text), "system / %s", type[0] ? type : "Object");
		fill->map_names[map] = add_name(fill, text) + 1;
	}
	return fill->map_names[map] - 1;
}

/* The text of a string that the object names itself by, at an offset. */
static uint32_t name_by_field(struct nm_v8_fill *fill, const struct nm_v8_object *object,
			      unsigned offset)
{
	char text[NM_V8_NODE_NAME_MAX] = "";
	struct nm_v8_object string;

	if (nm_v8_heap_follow(fill->heap, nm_v8_object_field(object, offset), false, &string))
		nm_v8_heap_text(fill->heap, &string, text, sizeof(text), NULL);
	return add_name(fill, text);
}

static uint32_t name_node(struct nm_v8_fill *fill, const struct nm_v8_object *object)
{
	const struct nm_v8_object_layout *layout = fill->heap->layout;
	char text[NM_V8_NODE_NAME_MAX] = "";
	size_t length = 0;

	switch (layout->kind[object->type]) {
	case NM_NODE_STRING:
		nm_v8_heap_text(fill->heap, object, text, sizeof(text), &length);
		return nm_graph_name(fill->graph, text, length);
	case NM_NODE_SLICED:
		return add_name(fill, "(sliced string)");
	case NM_NODE_CONCATENATED:
		return add_name(fill, "(concatenated string)");
	case NM_NODE_NUMBER:
		return add_name(fill, "heap number");
	case NM_NODE_BIGINT:
		return add_name(fill, "bigint");
	case NM_NODE_SYMBOL:
		return name_by_field(fill, object, 8 * SYMBOL_NAME);
	case NM_NODE_REGEXP:
		return name_by_field(fill, object, layout->at.regexp_source);
	case NM_NODE_CLOSURE:
		nm_v8_names_function(fill->names, object, text, sizeof(text));
		return add_name(fill, text);
	case NM_NODE_OBJECT: {
		uint32_t name = nm_v8_names_class(fill->names, object);

		return name == NM_INTERN_NONE
			       ? name
			       : add_name(fill, nm_intern_get(&fill->names->texts, name, NULL));
	}
	default:
		break;
	}
	if (object->type == layout->type.shared_function_info &&
	    nm_v8_names_shared(fill->names, object, text, sizeof(text)))
		return add_name(fill, text);
	if (object->type == layout->type.script)
		return name_by_field(fill, object, layout->at.script_name);
	return name_by_type(fill, object);
}

/* As V8's snapshots give it. */
static uint64_t size_of(const struct nm_v8_fill *fill, const struct nm_v8_object *object)
{
	const bool with_text = fill->heap->layout->row->counts_external_text;

	return object->words * 8 + (with_text ? nm_v8_heap_outside_text(object) : 0);
}

static void add_location(struct nm_v8_fill *fill, const struct nm_v8_object *object)
{
	struct nm_v8_place place;

	if (nm_v8_places_find(&fill->places, object, &place))
		nm_graph_add_location(fill->graph,
				      &(struct nm_graph_location){.script_id = place.script_id,
								  .line = place.line,
								  .column = place.column});
}

static void add_objects(struct nm_v8_fill *fill)
{
	const struct nm_v8_heap *heap = fill->heap;
	size_t pair = 0;

	for (uint32_t i = 0; i < heap->count && !fill->graph->failed; i++) {
		const nm_node node = fill->graph->node_count;
		struct nm_v8_object object;

		if (!nm_v8_heap_is_live(heap, i))
			continue;
		object = nm_v8_heap_object(heap, i);
		add_node(fill, (enum nm_node_kind)heap->layout->kind[object.type],
			 name_node(fill, &object), size_of(fill, &object));
		nm_v8_fill_edges(fill, &object);
		add_location(fill, &object);
		for (; pair < fill->pair_count && fill->pairs[pair].key == node; pair++)
			nm_graph_add_edge(fill->graph, NM_EDGE_INTERNAL, fill->name.pair,
					  fill->pairs[pair].value);
	}
	for (size_t i = 0; i < fill->store_count; i++)
		add_node(fill, NM_NODE_NATIVE, add_name(fill, "system / JSArrayBufferData"),
			 fill->stores[i].size);
}

static bool prepare(struct nm_v8_fill *fill, struct roots *roots)
{
	fill->graph = nm_graph_new();
	fill->shapes = calloc((size_t)fill->heap->map_count + 1, sizeof(*fill->shapes));
	fill->map_names = calloc((size_t)fill->heap->map_count + 1, sizeof(*fill->map_names));
	if (!fill->graph || !fill->shapes || !fill->map_names || !rank_live(fill) ||
	    !take_tables(fill))
		return false;
#define X(field, text) fill->name.field = add_name(fill, text);
	NM_V8_EDGE_NAMES(X)
#undef X
	nm_v8_heap_each_root(fill->heap, add_root, roots);
	return !roots->failed;
}

static void free_all(struct nm_v8_fill *fill, struct roots *roots)
{
	for (uint32_t i = 0; fill->shapes && i < fill->heap->map_count; i++) {
		free(fill->shapes[i].inside);
		free(fill->shapes[i].outside);
	}
	for (unsigned kind = 0; kind < NM_V8_ROOT_COUNT; kind++)
		free(roots->nodes[kind]);
	free(fill->shapes);
	free(fill->map_names);
	free(fill->live_before);
	free(fill->pairs);
	free(fill->stores);
	nm_v8_places_done(&fill->places);
	nm_graph_free(fill->graph);
	free(fill);
}

int nm_v8_graph_make(struct nm_v8_heap *heap, struct nm_v8_names *names, nm_addr only,
		     struct nm_graph **out, struct nm_error *err)
{
	struct nm_v8_fill *fill = calloc(1, sizeof(*fill));
	struct roots roots;
	int status;

	if (!fill)
		return nm_error_nomem(err);
	memset(&roots, 0, sizeof(roots));
	roots.fill = fill;
	fill->heap = heap;
	fill->names = names;
	fill->first = ROOT_NODES;
	drop_unwanted(heap, only);
	status = nm_v8_places_init(&fill->places, heap, err);
	if (status == NM_OK && prepare(fill, &roots)) {
		add_root_nodes(fill, &roots);
		add_objects(fill);
		status = nm_graph_finish(fill->graph, err);
	} else if (status == NM_OK) {
		status = nm_error_nomem(err);
	}
	if (status == NM_OK) {
		*out = fill->graph;
		fill->graph = NULL;
	}
	free_all(fill, &roots);
	return status;
}
