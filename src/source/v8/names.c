#include "source/v8/names.h"

#include <stdio.h>
#include <string.h>

/* Map::bit_field2 and bit_field3 */
#define NEW_TARGET_IS_BASE 1
#define IS_PROTOTYPE	   (UINT32_C(1) << 20)

#define BACK_POINTERS_MAX 256 /* from a Map to the one it came from */
#define PROTOTYPES_MAX	  32
#define TEMPLATE_WORDS	  16 /* of a FunctionTemplateInfo: where its name may be */

/* A ScopeInfo with more locals than this has them in a hash table: kScopeInfoMaxInlinedLocalNamesSize */
#define INLINED_LOCALS 75
#define SCOPE_LOCALS   3 /* the word with their number */
#define SYMBOL_NAME    2
#define WRAPPED_VALUE  3 /* of a JSPrimitiveWrapper */

static bool is_string(const struct nm_v8_heap *heap, uint64_t word, struct nm_v8_object *out)
{
	return nm_v8_heap_follow(heap, word, false, out) && nm_v8_type_is_string(out->type);
}

/* The text at the word, if it is a string that is not empty. */
static bool read_text(const struct nm_v8_heap *heap, uint64_t word, char *out, size_t room)
{
	struct nm_v8_object string;

	return is_string(heap, word, &string) && nm_v8_heap_text(heap, &string, out, room, NULL) &&
	       out[0] != '\0';
}

/* The function's name follows the locals. */
static bool read_scope_name(const struct nm_v8_heap *heap, const struct nm_v8_object *scope,
			    char *out, size_t room)
{
	const uint64_t locals = nm_v8_smi(nm_v8_object_word(scope, SCOPE_LOCALS));
	uint64_t at = UINT64_C(1) + heap->layout->at.scope_first_vars;
	struct nm_v8_object string;

	if (locals > scope->words)
		return false;
	at += locals >= INLINED_LOCALS ? 1 + locals : 2 * locals;
	for (; at < scope->words; at++)
		if (is_string(heap, nm_v8_object_word(scope, at), &string))
			return read_text(heap, nm_v8_object_word(scope, at), out, room);
	return false;
}

bool nm_v8_names_shared(const struct nm_v8_names *names, const struct nm_v8_object *shared,
			char *out, size_t room)
{
	const struct nm_v8_heap *heap = names->heap;
	const uint64_t word = nm_v8_object_field(shared, heap->layout->at.shared_name);
	struct nm_v8_object scope;

	if (read_text(heap, word, out, room))
		return true;
	return nm_v8_heap_follow(heap, word, false, &scope) &&
	       scope.type == heap->layout->type.scope_info &&
	       read_scope_name(heap, &scope, out, room);
}

bool nm_v8_names_function(const struct nm_v8_names *names, const struct nm_v8_object *function,
			  char *out, size_t room)
{
	const struct nm_v8_heap *heap = names->heap;
	struct nm_v8_object shared;
	uint64_t name;

	if (function->type == heap->layout->type.function_template) {
		for (uint64_t i = 1; i < function->words && i < TEMPLATE_WORDS; i++)
			if (is_string(heap, nm_v8_object_word(function, i), &shared))
				return read_text(heap, nm_v8_object_word(function, i), out, room);
		return false;
	}
	if (!nm_v8_type_is_function(heap->layout, function->type))
		return false;
	if (heap->layout->row->own_name_is_class &&
	    nm_v8_heap_own_property(heap, function, names->key_name, &name) &&
	    read_text(heap, name, out, room))
		return true;
	return nm_v8_heap_follow(heap,
				 nm_v8_object_field(function, heap->layout->at.function_shared),
				 false, &shared) &&
	       nm_v8_names_shared(names, &shared, out, room);
}

/* The constructor of a Map is that of the Map at the root of its transitions. */
static bool find_constructor(const struct nm_v8_heap *heap, const struct nm_v8_map *map,
			     struct nm_v8_object *out)
{
	const unsigned field = heap->layout->at.map_constructor;
	struct nm_v8_object at;

	if (!nm_v8_heap_follow(heap, map->addr | 1, false, &at))
		return false;
	for (int i = 0; i < BACK_POINTERS_MAX; i++) {
		if (!nm_v8_heap_follow(heap, nm_v8_object_field(&at, field), false, out))
			return false;
		if (out->type != heap->layout->type.map)
			break;
		at = *out;
	}
	/* With the initial Map of a subclass it is a pair. */
	if (out->type == heap->layout->type.tuple2)
		return nm_v8_heap_follow(heap, nm_v8_object_word(out, 1), false, out);
	return true;
}

static bool next_prototype(const struct nm_v8_heap *heap, struct nm_v8_object *object)
{
	struct nm_v8_object map;

	return nm_v8_heap_follow(heap, object->map->addr | 1, false, &map) &&
	       nm_v8_heap_follow(heap, nm_v8_object_field(&map, heap->layout->at.map_prototype),
				 false, object) &&
	       nm_v8_type_is_receiver(heap->layout, object->type);
}

/* Up the prototypes: Symbol.toStringTag where it is a string, or the name of the `constructor`, which
   does not count where it is the object's own. */
static bool find_by_prototypes(const struct nm_v8_names *names, const struct nm_v8_object *object,
			       char *out, size_t room)
{
	const struct nm_v8_heap *heap = names->heap;
	struct nm_v8_object at = *object, function;
	uint64_t value;

	for (int i = 0; i < PROTOTYPES_MAX && (i == 0 || next_prototype(heap, &at)); i++) {
		if (nm_v8_heap_own_property(heap, &at, names->key_tag, &value) &&
		    read_text(heap, value, out, room))
			return true;
		if (i > 0 && nm_v8_heap_own_property(heap, &at, names->key_constructor, &value) &&
		    nm_v8_heap_follow(heap, value, false, &function) &&
		    nm_v8_names_function(names, &function, out, room) && strcmp(out, "Object") != 0)
			return true;
	}
	return false;
}

/* The class of a function made from a template of node's is the template's. */
static bool name_by_template(const struct nm_v8_names *names, const struct nm_v8_object *function,
			     char *out, size_t room)
{
	const struct nm_v8_heap *heap = names->heap;
	struct nm_v8_object shared, template;

	if (function->type == heap->layout->type.function_template)
		return nm_v8_names_function(names, function, out, room);
	if (!nm_v8_type_is_function(heap->layout, function->type) ||
	    !nm_v8_heap_follow(heap, nm_v8_object_field(function, heap->layout->at.function_shared),
			       false, &shared))
		return false;
	for (uint64_t i = 1; i < shared.words; i++)
		if (nm_v8_heap_follow(heap, nm_v8_object_word(&shared, i), false, &template) &&
		    template.type == heap->layout->type.function_template)
			return nm_v8_names_function(names, &template, out, room);
	return false;
}

/* As JSReceiver::class_name(): what is known without any constructor. */
static const char *name_by_type(const struct nm_v8_heap *heap, const struct nm_v8_object *object)
{
	const struct nm_v8_object_layout *layout = heap->layout;
	const uint64_t value = nm_v8_object_word(object, WRAPPED_VALUE);
	struct nm_v8_object wrapped;

	if (object->type == layout->type.js_array)
		return "Array";
	if (object->type != layout->type.js_primitive_wrapper)
		return "Object";
	if (!nm_v8_heap_follow(heap, value, false, &wrapped) ||
	    wrapped.type == layout->type.heap_number)
		return "Number";
	if (nm_v8_type_is_string(wrapped.type))
		return "String";
	if (wrapped.type == layout->type.oddball)
		return "Boolean";
	return wrapped.type == layout->type.symbol ? "Symbol" : "BigInt";
}

/*
 * As JSReceiver::GetConstructorName() in V8's src/objects/js-objects.cc. Returns whether all objects
 * of the Map have that name.
 */
static bool name_receiver(const struct nm_v8_names *names, const struct nm_v8_object *object,
			  bool is_prototype, char *out, size_t room)
{
	const bool is_dictionary = nm_v8_map_is_dictionary(object->map);
	struct nm_v8_object constructor;
	const bool has_constructor = find_constructor(names->heap, object->map, &constructor);
	uint64_t tag;

	if ((object->map->bit_field2 & NEW_TARGET_IS_BASE) && !is_prototype && has_constructor &&
	    nm_v8_names_function(names, &constructor, out, room) && strcmp(out, "Object") != 0)
		return true;
	if (!find_by_prototypes(names, object, out, room) &&
	    (!has_constructor || !name_by_template(names, &constructor, out, room)))
		snprintf(out, room, "%s", name_by_type(names->heap, object));
	/* An own tag is that object's only; where properties are in a table, each may have one. */
	return !is_prototype && !is_dictionary &&
	       !nm_v8_heap_own_property(names->heap, object, names->key_tag, &tag);
}

uint32_t nm_v8_names_class(struct nm_v8_names *names, const struct nm_v8_object *object)
{
	struct nm_v8_map *map = &names->heap->maps[object->map - names->heap->maps];
	const enum nm_node_kind kind = (enum nm_node_kind)names->heap->layout->kind[object->type];
	const bool is_prototype = (map->bit_field3 & IS_PROTOTYPE) != 0;
	char text[NM_V8_CLASS_NAME_MAX];
	uint32_t name;
	bool is_shared;

	if (kind != NM_NODE_OBJECT)
		return names->of_kind[kind];
	if (nm_v8_type_is_context(names->heap->layout, object->type))
		return names->context;
	if (object->type == names->heap->layout->type.js_global)
		return names->global;
	if (object->type == names->heap->layout->type.js_global_proxy)
		return names->global_proxy;
	if (map->class_name != NM_V8_NO_NAME)
		return map->class_name;
	is_shared = name_receiver(names, object, is_prototype, text, sizeof(text));
	name = nm_intern_add(&names->texts, text, strlen(text));
	if (is_shared)
		map->class_name = name;
	return name;
}

/* Is the object one of the keys? Strings that are keys are internalized: there is one of each. */
static void take_key(struct nm_v8_names *names, const struct nm_v8_object *object)
{
	const struct nm_v8_heap *heap = names->heap;
	char text[24];
	struct nm_v8_object name = *object;
	const bool is_symbol = object->type == heap->layout->type.symbol;

	if (is_symbol && !is_string(heap, nm_v8_object_word(object, SYMBOL_NAME), &name))
		return;
	if (!nm_v8_heap_text(heap, &name, text, sizeof(text), NULL))
		return;
	if (is_symbol && names->key_tag == 0 && strcmp(text, "Symbol.toStringTag") == 0)
		names->key_tag = object->addr | 1;
	else if (!is_symbol && names->key_constructor == 0 && strcmp(text, "constructor") == 0)
		names->key_constructor = object->addr | 1;
	else if (!is_symbol && names->key_name == 0 && strcmp(text, "name") == 0)
		names->key_name = object->addr | 1;
}

/* They lie in read-only memory. */
static void find_keys(struct nm_v8_names *names)
{
	const struct nm_v8_heap *heap = names->heap;
	const unsigned internalized = 8; /* ONE_BYTE_INTERNALIZED_STRING_TYPE in every version */

	for (size_t i = 0; i < heap->page_count; i++) {
		uint32_t end = i + 1 < heap->page_count ? heap->pages[i + 1].first : heap->count;

		for (uint32_t k = heap->pages[i].first; heap->pages[i].heap == 0 && k < end; k++) {
			struct nm_v8_object object = nm_v8_heap_object(heap, k);

			if (object.type == internalized || object.type == heap->layout->type.symbol)
				take_key(names, &object);
		}
	}
}

static uint32_t add_name(struct nm_v8_names *names, const char *text)
{
	return nm_intern_add(&names->texts, text, strlen(text));
}

int nm_v8_names_init(struct nm_v8_names *names, struct nm_v8_heap *heap, struct nm_error *err)
{
	memset(names, 0, sizeof(*names));
	names->heap = heap;
	for (int i = 0; i < NM_NODE_KIND_COUNT; i++) {
		const char *label = nm_node_kind_class((enum nm_node_kind)i);

		names->of_kind[i] = add_name(names, label ? label : "");
		if (names->of_kind[i] == NM_INTERN_NONE)
			return nm_error_nomem(err);
	}
	names->context = add_name(names, "system / Context");
	names->global = add_name(names, heap->layout->row->global);
	names->global_proxy = add_name(names, heap->layout->row->global_proxy);
	if (names->context == NM_INTERN_NONE || names->global == NM_INTERN_NONE ||
	    names->global_proxy == NM_INTERN_NONE)
		return nm_error_nomem(err);
	find_keys(names);
	return NM_OK;
}

void nm_v8_names_done(struct nm_v8_names *names)
{
	nm_intern_done(&names->texts);
}
