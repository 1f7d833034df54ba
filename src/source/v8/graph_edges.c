/*
 * The references of an object, each with the name that it has in V8's snapshots: properties by their
 * keys, variables of functions, elements by their index, and V8's own fields.
 */
#include <stdlib.h>

#include "source/v8/graph_fill.h"

#define REPRESENTATION 7
enum { CONS = 1, SLICED = 3, THIN = 5 };

/* Words of a JSReceiver and a JSObject. */
#define PROPERTIES 1
#define ELEMENTS   2
/* Of a Map, a Set, and the weak ones. */
#define TABLE 3

/* Of a FixedArray, a PropertyArray and a Context: map, length, then these. */
#define ARRAY_FIRST	 2
#define CONTEXT_SCOPE	 2
#define CONTEXT_PREVIOUS 3

/* Of a ScopeInfo; more locals than this are in a hash table. */
#define SCOPE_LOCALS   3
#define INLINED_LOCALS 75
#define HASHED_FIRST   5

/* PropertyDetails and Map::bit_field3, as in properties.c. */
#define DESCRIPTORS_SHIFT 10
#define DESCRIPTORS_MASK  0x3ff
#define IN_DESCRIPTOR	  (1 << 5)
#define INDEX_SHIFT	  19
#define INDEX_MASK	  0x3ff

#define CELL_NAME  1
#define CELL_VALUE 3

static void add(struct nm_v8_fill *fill, enum nm_edge_kind kind, uint32_t name_or_index, nm_node to)
{
	if (to != NM_NO_NODE)
		nm_graph_add_edge(fill->graph, kind, name_or_index, to);
}

/* A reference of V8's own: strong, or weak by its tag or by where it stands. */
static void add_field(struct nm_v8_fill *fill, const struct nm_v8_object *object, uint64_t slot,
		      uint32_t name)
{
	const uint64_t word = nm_v8_object_word(object, slot);
	const bool is_weak = (word & 3) == 3;
	const bool is_held = !is_weak && !nm_v8_object_is_weak_slot(fill->heap, object, slot);

	add(fill, is_held ? NM_EDGE_INTERNAL : NM_EDGE_WEAK, name,
	    nm_v8_fill_node(fill, word, is_weak));
}

static void add_numbered(struct nm_v8_fill *fill, const struct nm_v8_object *object, uint64_t slot)
{
	const uint64_t word = nm_v8_object_word(object, slot);

	if (nm_v8_fill_node(fill, word, (word & 3) == 3) != NM_NO_NODE)
		add_field(fill, object, slot, nm_v8_fill_index_name(fill, slot));
}

/* ---- properties ---------------------------------------------------------------------------- */

static bool set_outside(struct nm_v8_shape *shape, uint64_t index, uint32_t name)
{
	if (index >= shape->outside_count) {
		uint32_t *grown = realloc(shape->outside, (index + 1) * sizeof(*grown));

		if (!grown)
			return false;
		memset(grown + shape->outside_count, 0,
		       (index + 1 - shape->outside_count) * sizeof(*grown));
		shape->outside = grown;
		shape->outside_count = (uint32_t)index + 1;
	}
	shape->outside[index] = name + 1;
	return true;
}

/* Where the properties of the Map's objects are. */
static bool read_shape(struct nm_v8_fill *fill, const struct nm_v8_map *map,
		       struct nm_v8_shape *shape)
{
	const struct nm_v8_object_layout *layout = fill->heap->layout;
	const uint64_t count = map->bit_field3 >> DESCRIPTORS_SHIFT & DESCRIPTORS_MASK;
	const uint64_t inobject =
		map->size > map->inobject_start ? (uint64_t)map->size - map->inobject_start : 0;
	uint64_t at = layout->at.descriptors_header / 8u;
	const uint64_t end = at + 3 * count;
	struct nm_v8_object object, descriptors;

	shape->is_read = true;
	if (!nm_v8_heap_follow(fill->heap, map->addr | 1, false, &object) ||
	    !nm_v8_heap_follow(fill->heap, nm_v8_object_field(&object, layout->at.map_descriptors),
			       false, &descriptors))
		return true;
	shape->inside = calloc(map->size + 1u, sizeof(*shape->inside));
	if (!shape->inside)
		return false;
	for (; at < end && at + 2 < descriptors.words; at += 3) {
		const uint64_t details = nm_v8_smi(nm_v8_object_word(&descriptors, at + 1));
		const uint64_t index = details >> INDEX_SHIFT & INDEX_MASK;
		uint32_t name;

		if ((details & IN_DESCRIPTOR) ||
		    !nm_v8_fill_key(fill, nm_v8_object_word(&descriptors, at), &name))
			continue;
		if (index < inobject)
			shape->inside[map->inobject_start + index] = name + 1;
		else if (!set_outside(shape, index - inobject, name))
			return false;
	}
	return true;
}

static const struct nm_v8_shape *get_shape(struct nm_v8_fill *fill, const struct nm_v8_map *map)
{
	struct nm_v8_shape *shape = &fill->shapes[map - fill->heap->maps];

	if (!shape->is_read && !nm_v8_map_is_dictionary(map) && !read_shape(fill, map, shape))
		fill->graph->failed = true;
	return shape;
}

static void add_dictionary(struct nm_v8_fill *fill, const struct nm_v8_object *table,
			   bool is_global)
{
	const struct nm_v8_object_layout *layout = fill->heap->layout;
	const uint64_t first = ARRAY_FIRST + UINT64_C(1) * layout->at.dictionary_first +
			       layout->at.dictionary_prefix;
	uint32_t name;

	/* The global object has a cell in each place, others have key, value and details in three. */
	for (uint64_t i = is_global ? ARRAY_FIRST : first; i + (is_global ? 0 : 2) < table->words;
	     i += is_global ? 1 : 3) {
		uint64_t key = nm_v8_object_word(table, i), value = 0;
		struct nm_v8_object cell;

		if (!is_global) {
			value = nm_v8_object_word(table, i + 1);
		} else {
			if (!nm_v8_heap_follow(fill->heap, key, false, &cell) ||
			    cell.type != layout->type.property_cell)
				continue;
			key = nm_v8_object_word(&cell, CELL_NAME);
			value = nm_v8_object_word(&cell, CELL_VALUE);
		}
		if (nm_v8_fill_node(fill, value, false) != NM_NO_NODE &&
		    nm_v8_fill_key(fill, key, &name))
			add(fill, NM_EDGE_PROPERTY, name, nm_v8_fill_node(fill, value, false));
	}
}

static void add_outside_properties(struct nm_v8_fill *fill, const struct nm_v8_object *object,
				   const struct nm_v8_shape *shape)
{
	const struct nm_v8_object_layout *layout = fill->heap->layout;
	struct nm_v8_object table;

	if (!nm_v8_heap_follow(fill->heap, nm_v8_object_word(object, PROPERTIES), false, &table))
		return;
	if (nm_v8_map_is_dictionary(object->map)) {
		add_dictionary(fill, &table, object->type == layout->type.js_global);
		return;
	}
	if (table.type != layout->type.property_array)
		return;
	for (uint32_t i = 0; i < shape->outside_count && i + ARRAY_FIRST < table.words; i++)
		if (shape->outside[i] != 0)
			add(fill, NM_EDGE_PROPERTY, shape->outside[i] - 1,
			    nm_v8_fill_node(fill, nm_v8_object_word(&table, i + ARRAY_FIRST),
					    false));
}

/* What all isolates share, as undefined and the hole, is of no interest as an element. */
static void add_elements(struct nm_v8_fill *fill, const struct nm_v8_object *object)
{
	struct nm_v8_object elements;

	if (!nm_v8_heap_follow(fill->heap, nm_v8_object_word(object, ELEMENTS), false, &elements) ||
	    elements.type != fill->heap->layout->type.fixed_array)
		return;
	for (uint64_t i = ARRAY_FIRST; i < elements.words; i++) {
		const uint64_t word = nm_v8_object_word(&elements, i);
		const nm_node node = nm_v8_fill_node(fill, word, false);

		if (node != NM_NO_NODE &&
		    nm_v8_heap_page_of(fill->heap, nm_v8_pointee(word))->heap != 0)
			add(fill, NM_EDGE_ELEMENT, (uint32_t)(i - ARRAY_FIRST), node);
	}
}

/* ---- by kind of object --------------------------------------------------------------------- */

/* The name of a word of a function that is a field of V8's; 0 for others. */
static uint32_t function_field(const struct nm_v8_fill *fill, uint64_t slot)
{
	const struct nm_v8_object_layout *layout = fill->heap->layout;

	if (slot == layout->at.function_context / 8u)
		return fill->name.context;
	if (slot == layout->at.function_shared / 8u)
		return fill->name.shared;
	if (slot == layout->at.function_feedback / 8u)
		return fill->name.feedback;
	return slot == layout->at.function_prototype / 8u ? fill->name.initial_map : 0;
}

/* The name of a word that is a field of V8's; 0 for others. */
static uint32_t field_name(const struct nm_v8_fill *fill, const struct nm_v8_object *object,
			   uint64_t slot)
{
	const struct nm_v8_object_layout *layout = fill->heap->layout;
	const uint16_t type = object->type;

	if (slot == PROPERTIES)
		return fill->name.properties;
	if (slot == ELEMENTS)
		return fill->name.elements;
	if (nm_v8_type_is_function(layout, type))
		return function_field(fill, slot);
	if (type == layout->type.js_typed_array || type == layout->type.js_data_view)
		return slot == layout->row->view_buffer / 8u ? fill->name.buffer : 0;
	if (type == layout->type.js_map || type == layout->type.js_set ||
	    type == layout->type.js_weak_map || type == layout->type.js_weak_set)
		return slot == TABLE ? fill->name.table : 0;
	return 0;
}

/* Is the word a property that no object has had yet? A Map stands there, as a filler. */
static bool is_spare(const struct nm_v8_fill *fill, const struct nm_v8_object *object,
		     uint64_t slot)
{
	const struct nm_v8_map *map = object->map;
	struct nm_v8_object filler;

	return map->size != 0 && slot >= map->inobject_start && slot < map->size &&
	       nm_v8_heap_follow(fill->heap, nm_v8_object_word(object, slot), false, &filler) &&
	       filler.type == fill->heap->layout->type.map;
}

static void add_receiver(struct nm_v8_fill *fill, const struct nm_v8_object *object)
{
	const struct nm_v8_object_layout *layout = fill->heap->layout;
	const struct nm_v8_shape *shape = get_shape(fill, object->map);
	struct nm_v8_object map;
	uint64_t first, end;

	nm_v8_object_slots(fill->heap, object, &first, &end);
	for (uint64_t i = first; i < end; i++) {
		const uint32_t field = field_name(fill, object, i);

		if (field != 0)
			add_field(fill, object, i, field);
		else if (shape->inside && i < object->map->size && shape->inside[i] != 0)
			add(fill, NM_EDGE_PROPERTY, shape->inside[i] - 1,
			    nm_v8_fill_node(fill, nm_v8_object_word(object, i), false));
		else if (!is_spare(fill, object, i))
			add_numbered(fill, object, i);
	}
	if (nm_v8_heap_follow(fill->heap, object->map->addr | 1, false, &map))
		add(fill, NM_EDGE_PROPERTY, fill->name.proto,
		    nm_v8_fill_node(fill, nm_v8_object_field(&map, layout->at.map_prototype),
				    false));
	add_outside_properties(fill, object, shape);
	add_elements(fill, object);
	if (object->type == layout->type.js_array_buffer)
		add(fill, NM_EDGE_INTERNAL, fill->name.store,
		    nm_v8_fill_store(fill, nm_v8_object_field(object, layout->at.buffer_store)));
}

/* The words with the names of a scope's variables, by their number; they are keys. */
struct variables {
	struct nm_v8_object scope;
	uint64_t count;
	uint64_t *keys; /* where they had to be taken from a hash table; owned */
};

/* NameToIndexHashTable: map, length, three numbers, then pairs of a name and the variable's number. */
static bool take_hashed(const struct nm_v8_object *table, struct variables *out)
{
	out->keys = calloc(out->count, sizeof(*out->keys));
	if (!out->keys)
		return false;
	for (uint64_t i = HASHED_FIRST; i + 1 < table->words; i += 2) {
		const uint64_t number = nm_v8_object_word(table, i + 1);

		if ((number & 1) == 0 && nm_v8_smi(number) < out->count)
			out->keys[nm_v8_smi(number)] = nm_v8_object_word(table, i);
	}
	return true;
}

static void take_variables(struct nm_v8_fill *fill, const struct nm_v8_object *context,
			   struct variables *out)
{
	const struct nm_v8_object_layout *layout = fill->heap->layout;
	struct nm_v8_object table;

	memset(out, 0, sizeof(*out));
	if (!nm_v8_heap_follow(fill->heap, nm_v8_object_word(context, CONTEXT_SCOPE), false,
			       &out->scope) ||
	    out->scope.type != layout->type.scope_info)
		return;
	out->count = nm_v8_smi(nm_v8_object_word(&out->scope, SCOPE_LOCALS));
	if (out->count > context->words)
		out->count = 0;
	if (out->count < INLINED_LOCALS)
		return;
	if (!nm_v8_heap_follow(
		    fill->heap,
		    nm_v8_object_word(&out->scope, UINT64_C(1) + layout->at.scope_first_vars),
		    false, &table))
		out->count = 0;
	else if (!take_hashed(&table, out))
		fill->graph->failed = true;
}

static uint64_t variable_key(const struct nm_v8_fill *fill, const struct variables *variables,
			     uint64_t number)
{
	if (variables->keys)
		return variables->keys[number];
	return nm_v8_object_word(&variables->scope,
				 1 + number + fill->heap->layout->at.scope_first_vars);
}

/* Variables by the names in the ScopeInfo. A context has two slots before them, or three where it
   can be extended. */
static void add_context(struct nm_v8_fill *fill, const struct nm_v8_object *object)
{
	const uint64_t length = nm_v8_smi(nm_v8_object_word(object, 1));
	struct variables variables;
	uint64_t first;
	uint32_t name;

	take_variables(fill, object, &variables);
	first = ARRAY_FIRST + (variables.count > 0 && length == variables.count + 3 ? 3 : 2);
	for (uint64_t i = ARRAY_FIRST; i < object->words && !fill->graph->failed; i++) {
		const nm_node node = nm_v8_fill_node(fill, nm_v8_object_word(object, i), false);

		if (i == CONTEXT_SCOPE)
			add_field(fill, object, i, fill->name.scope_info);
		else if (i == CONTEXT_PREVIOUS)
			add_field(fill, object, i, fill->name.previous);
		else if (node != NM_NO_NODE && i >= first && i - first < variables.count &&
			 nm_v8_fill_key(fill, variable_key(fill, &variables, i - first), &name))
			add(fill, NM_EDGE_CONTEXT, name, node);
		else
			add_numbered(fill, object, i);
	}
	free(variables.keys);
}

static void add_string(struct nm_v8_fill *fill, const struct nm_v8_object *object)
{
	switch (object->type & REPRESENTATION) {
	case CONS:
		add_field(fill, object, 2, fill->name.first);
		add_field(fill, object, 3, fill->name.second);
		break;
	case SLICED:
		add_field(fill, object, 2, fill->name.parent);
		break;
	case THIN:
		add_field(fill, object, 2, fill->name.actual);
		break;
	default:
		break;
	}
}

/* Elements of arrays by index, of all else by the number of the word. */
static void add_others(struct nm_v8_fill *fill, const struct nm_v8_object *object)
{
	const struct nm_v8_object_layout *layout = fill->heap->layout;
	const bool is_array = layout->kind[object->type] == NM_NODE_ARRAY;
	const uint64_t script = object->type == layout->type.shared_function_info
					? (layout->at.shared_name + NM_V8_SCRIPT_AFTER_NAME) / 8u
					: 0;
	uint64_t first, end;

	nm_v8_object_slots(fill->heap, object, &first, &end);
	for (uint64_t i = first; i < end; i++) {
		const uint64_t word = nm_v8_object_word(object, i);

		if (is_array && i >= ARRAY_FIRST && nm_v8_is_pointer(word) &&
		    !nm_v8_object_is_weak_slot(fill->heap, object, i))
			add(fill, NM_EDGE_HIDDEN, (uint32_t)(i - ARRAY_FIRST),
			    nm_v8_fill_node(fill, word, false));
		else if (script != 0 && i == script)
			add_field(fill, object, i, fill->name.script);
		else
			add_numbered(fill, object, i);
	}
}

void nm_v8_fill_edges(struct nm_v8_fill *fill, const struct nm_v8_object *object)
{
	const struct nm_v8_object_layout *layout = fill->heap->layout;

	add_field(fill, object, 0, fill->name.map);
	if (nm_v8_type_is_string(object->type))
		add_string(fill, object);
	else if (nm_v8_type_is_receiver(layout, object->type))
		add_receiver(fill, object);
	else if (nm_v8_type_is_context(layout, object->type))
		add_context(fill, object);
	else
		add_others(fill, object);
}
