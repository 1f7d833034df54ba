/*
 * object_layout.h - how one version of V8 lays out the objects of its heap
 *
 * Most of it the binary says itself (symbols.h). What it does not say stands in object_table.c: how
 * the sizes of objects of variable size come about, and a row of small facts per version. A layout
 * is used only while the walk of a heap with it explains nearly every byte (heap_walk.h).
 */
#ifndef NM_V8_OBJECT_LAYOUT_H
#define NM_V8_OBJECT_LAYOUT_H

#include "model/heap/node_kind.h"
#include "source/v8/layout.h"
#include "source/v8/symbols.h"

/* Instance types are numbers below this in all versions. */
#define NM_V8_TYPES_MAX 4096

/* Where an object of variable size has the number that its size depends on. */
enum nm_v8_count {
	NM_V8_COUNT_NONE,     /* nowhere: its end is where the next object begins */
	NM_V8_COUNT_SMI,      /* a Smi at +8 */
	NM_V8_COUNT_U16,      /* at +8 */
	NM_V8_COUNT_U32,      /* at +8 */
	NM_V8_COUNT_LENGTH,   /* of a string: 32 bits at +12 */
	NM_V8_COUNT_PROPERTY, /* PropertyArray: a Smi at +8, the hash in its upper bits */
	NM_V8_COUNT_BIGINT,   /* 32 bits at +8, the sign in the lowest */
	NM_V8_COUNT_PREPARSE, /* bytes of data at +8, children at +12 */
	NM_V8_COUNT_METADATA, /* slots at +8, closures at +12 */
	NM_V8_COUNT_CODE,     /* machine code: the row tells where its sizes are */
};

/* Size: header + unit * count, rounded up to 8. */
struct nm_v8_sizing {
	uint8_t count; /* enum nm_v8_count */
	uint8_t unit;
	uint16_t header;
};

/* What a binary of this version does not say. */
struct nm_v8_object_row {
	const char *name;
	struct nm_v8_version first, last;
	uint16_t feedback_vector_header;
	uint8_t free_space_unit;  /* its length counts bytes or words */
	uint8_t metadata_closure; /* bytes per closure in FeedbackMetadata */
	uint16_t code_header;	  /* 0: machine code does not tell its size */
	int16_t code_sizes[2];	  /* offsets of 32-bit sizes to be added; NM_V8_NONE */
	uint16_t view_buffer;	  /* JSArrayBufferView: its buffer */
	bool own_name_is_class;	  /* an own property `name` of a constructor is the class */
	const char *global;	  /* the classes of JSGlobalObject and JSGlobalProxy */
	const char *global_proxy;
	bool has_hollow_holes;	   /* the body of a Hole is no memory of the heap's */
	bool has_shapes;	   /* snapshots know the kind "object shape" */
	bool counts_external_text; /* snapshots count the text of an external string as its own */
};

extern const struct nm_v8_object_row nm_v8_object_rows[];
extern const size_t nm_v8_object_row_count;

/* How objects of variable size are sized, in all versions; ends with a NULL type. */
struct nm_v8_type_sizing {
	const char *type;
	struct nm_v8_sizing sizing;
};
extern const struct nm_v8_type_sizing nm_v8_type_sizings[];

/* The kind of the nodes of a type; ends with a NULL type. What is not there is a JavaScript object
   or hidden. */
struct nm_v8_type_kind {
	const char *type;
	enum nm_node_kind kind;
};
extern const struct nm_v8_type_kind nm_v8_type_kinds[];

/* Types by which the code of nodemem decides. */
#define NM_V8_OBJECT_TYPES(X)                                  \
	X(map, "type_Map__")                                   \
	X(js_proxy, "type_JSProxy__") /* the first receiver */ \
	X(js_global, "type_JSGlobalObject__")                  \
	X(js_global_proxy, "type_JSGlobalProxy__")             \
	X(js_primitive_wrapper, "type_JSPrimitiveWrapper__")   \
	X(js_array, "type_JSArray__")                          \
	X(oddball, "type_Oddball__")                           \
	X(js_weak_ref, "type_JSWeakRef__")                     \
	X(js_array_buffer, "type_JSArrayBuffer__")             \
	X(js_typed_array, "type_JSTypedArray__")               \
	X(js_data_view, "type_JSDataView__")                   \
	X(js_map, "type_JSMap__")                              \
	X(js_set, "type_JSSet__")                              \
	X(js_weak_map, "type_JSWeakMap__")                     \
	X(js_weak_set, "type_JSWeakSet__")                     \
	X(js_regexp, "type_JSRegExp__")                        \
	X(js_bound_function, "type_JSBoundFunction__")         \
	X(js_function, "type_JSFunction__")                    \
	X(weak_cell, "type_WeakCell__")                        \
	X(fixed_array, "type_FixedArray__")                    \
	X(byte_array, "type_ByteArray__")                      \
	X(weak_fixed_array, "type_WeakFixedArray__")           \
	X(property_array, "type_PropertyArray__")              \
	X(property_cell, "type_PropertyCell__")                \
	X(bytecode_array, "type_BytecodeArray__")              \
	X(feedback_vector, "type_FeedbackVector__")            \
	X(preparse_data, "type_PreparseData__")                \
	X(scope_info, "type_ScopeInfo__")                      \
	X(shared_function_info, "type_SharedFunctionInfo__")   \
	X(script, "type_Script__")                             \
	X(tuple2, "type_Tuple2__")                             \
	X(heap_number, "type_HeapNumber__")                    \
	X(symbol, "type_Symbol__")                             \
	X(function_template, "type_FunctionTemplateInfo__")    \
	X(first_context, "FirstContextType")                   \
	X(last_context, "LastContextType")

/* Offsets and indices. */
#define NM_V8_OBJECT_FIELDS(X)                                                    \
	X(map_instance_size, "class_Map__instance_size_in_words__")               \
	X(map_inobject_start,                                                     \
	  "class_Map__inobject_properties_start_or_constructor_function_index__") \
	X(map_instance_type, "class_Map__instance_type__")                        \
	X(map_bit_field2, "class_Map__bit_field2__")                              \
	X(map_bit_field3, "class_Map__bit_field3__")                              \
	X(map_prototype, "class_Map__prototype__")                                \
	X(map_constructor, "class_Map__constructor_or_back_pointer__")            \
	X(map_descriptors, "class_Map__instance_descriptors__")                   \
	X(descriptors_header, "class_DescriptorArray__header_size__")             \
	X(bytecode_header, "class_BytecodeArray__data__")                         \
	X(function_shared, "class_JSFunction__shared__")                          \
	X(function_context, "class_JSFunction__context__")                        \
	X(function_feedback, "class_JSFunction__raw_feedback_cell__")             \
	X(function_prototype, "class_JSFunction__prototype_or_initial_map__")     \
	X(shared_name, "class_SharedFunctionInfo__name_or_scope_info__")          \
	X(scope_first_vars, "scopeinfo_idx_first_vars")                           \
	X(dictionary_first, "namedictionary_prefix_start_index")                  \
	X(dictionary_prefix, "namedictionaryshape_prefix_size")                   \
	X(regexp_source, "class_JSRegExp__source__")                              \
	X(script_name, "class_Script__name__")                                    \
	X(buffer_store, "class_JSArrayBuffer__backing_store__")                   \
	X(buffer_length, "class_JSArrayBuffer__byte_length__")                    \
	X(view_offset, "class_JSArrayBufferView__byte_offset__")                  \
	X(view_length, "class_JSArrayBufferView__byte_length__")

struct nm_v8_object_layout {
	const struct nm_v8_object_row *row;
	struct {
#define X(name, symbol) uint16_t name;
		NM_V8_OBJECT_TYPES(X)
#undef X
		/* Not in the binary: they stand beside others in every version. */
		uint16_t feedback_metadata, filler, free_space, hole, transition_array,
			ephemeron_table, name_dictionary, native_context, machine_code,
			first_function, last_function;
	} type;
	struct {
#define X(name, symbol) uint16_t name;
		NM_V8_OBJECT_FIELDS(X)
#undef X
	} at;
	struct nm_v8_sizing sizing[NM_V8_TYPES_MAX];
	uint8_t kind[NM_V8_TYPES_MAX];	     /* enum nm_node_kind */
	bool is_data[NM_V8_TYPES_MAX];	     /* nothing in it but its Map is a pointer */
	char type_name[NM_V8_TYPES_MAX][48]; /* "SharedFunctionInfo"; "" when not known */
};

/* NM_E_UNSUPPORTED: the version is in no row, or the binary lacks a constant, which the message
   names. `out` is large: on the heap, please. */
int nm_v8_object_layout_fill(const struct nm_v8_version *version, const struct nm_elf *elf,
			     struct nm_v8_object_layout *out, struct nm_error *err);

static inline bool nm_v8_type_is_string(unsigned type)
{
	return type < 128;
}

static inline bool nm_v8_type_is_receiver(const struct nm_v8_object_layout *layout, unsigned type)
{
	return type >= layout->type.js_proxy;
}

static inline bool nm_v8_type_is_function(const struct nm_v8_object_layout *layout, unsigned type)
{
	return type >= layout->type.first_function && type <= layout->type.last_function;
}

static inline bool nm_v8_type_is_context(const struct nm_v8_object_layout *layout, unsigned type)
{
	return type >= layout->type.first_context && type <= layout->type.last_context;
}

/* Room that no object uses. */
static inline bool nm_v8_type_is_free(const struct nm_v8_object_layout *layout, unsigned type)
{
	return type == layout->type.free_space || type == layout->type.filler;
}

#endif
