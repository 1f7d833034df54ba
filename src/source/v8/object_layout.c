#include "source/v8/object_layout.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Of strings: enum StringRepresentationTag in V8's src/objects/instance-type.h. */
#define STRING_TYPES	      128
#define STRING_REPRESENTATION 7
#define STRING_SEQUENTIAL     0
#define STRING_CONS	      1
#define STRING_EXTERNAL	      2
#define STRING_SLICED	      3
#define STRING_ONE_BYTE	      8

/* In every version: between the last named type before HeapNumber and it. */
#define BIGINT_TYPE 129

/* How far NativeContext is from the first context. */
#define NATIVE_CONTEXT 7

/* Without names of their own in Node 18 and 20: how many kinds of JSFunction there are. */
#define FUNCTION_TYPES 17

/* What the code of nodemem takes for granted. */
static const struct nm_v8_symbol expected[] = {
	{"TaggedSize", 8},
	{"SmiShiftSize", 31},
	{"HeapObjectTagMask", 3},
	{"HeapObjectTag", 1},
	{"FirstNonstringType", 128},
	{"StringRepresentationMask", 7},
	{"OneByteStringTag", 8},
	{"ConsStringTag", 1},
	{"ExternalStringTag", 2},
	{"SlicedStringTag", 3},
	{"ThinStringTag", 5},
	{"class_String__length__", 12},
	{"prop_desc_size", 3},
	{"prop_index_shift", 19},
	{"prop_location_shift", 5},
	{"class_ConsString__first__", 16},
	{"class_ThinString__actual__", 16},
};

static const struct nm_v8_object_row *find_row(const struct nm_v8_version *version)
{
	for (size_t i = 0; i < nm_v8_object_row_count; i++)
		if (nm_v8_version_compare(version, &nm_v8_object_rows[i].first) >= 0 &&
		    nm_v8_version_compare(version, &nm_v8_object_rows[i].last) <= 0)
			return &nm_v8_object_rows[i];
	return NULL;
}

static int fail(const struct nm_v8_object_row *row, const char *symbol, struct nm_error *err)
{
	return nm_error_set(err, NM_E_UNSUPPORTED,
			    "cannot walk the heap: %s: the program does not say %s as expected",
			    row->name, symbol);
}

/* The fields by their offsets, so that the lists in the header are the only ones. */
struct wanted {
	const char *symbol;
	size_t place;
	bool is_type;
};

static const struct wanted wanted[] = {
#define X(name, symbol) {symbol, offsetof(struct nm_v8_object_layout, type.name), true},
	NM_V8_OBJECT_TYPES(X)
#undef X
#define X(name, symbol) {symbol, offsetof(struct nm_v8_object_layout, at.name), false},
		NM_V8_OBJECT_FIELDS(X)
#undef X
};

static int take_symbols(const struct nm_v8_symbols *symbols, struct nm_v8_object_layout *out,
			struct nm_error *err)
{
	int32_t value;

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (!nm_v8_symbols_get(symbols, expected[i].name, &value) ||
		    value != expected[i].value)
			return fail(out->row, expected[i].name, err);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		uint16_t number;

		if (!nm_v8_symbols_get(symbols, wanted[i].symbol, &value) || value < 0 ||
		    value >= NM_V8_TYPES_MAX)
			return fail(out->row, wanted[i].symbol, err);
		number = (uint16_t)value;
		memcpy((char *)out + wanted[i].place, &number, sizeof(number));
	}
	return NM_OK;
}

static void set_name(struct nm_v8_object_layout *out, unsigned type, const char *name,
		     size_t length)
{
	if (type < NM_V8_TYPES_MAX && !out->type_name[type][0])
		snprintf(out->type_name[type], sizeof(out->type_name[type]), "%.*s", (int)length,
			 name);
}

/* "type_SharedFunctionInfo__SHARED_FUNCTION_INFO_TYPE" */
static void take_names(const struct nm_v8_symbols *symbols, struct nm_v8_object_layout *out)
{
	for (size_t i = 0; i < nm_v8_symbols_count(symbols); i++) {
		struct nm_v8_symbol symbol = nm_v8_symbols_at(symbols, i);
		const char *name = symbol.name + 5, *end;

		if (strncmp(symbol.name, "type_", 5) != 0 || symbol.value < 0)
			continue;
		end = strstr(name, "__");
		if (end)
			set_name(out, (unsigned)symbol.value, name, (size_t)(end - name));
	}
}

/* Types which have no name in some or all versions, but a place. */
static void take_neighbours(const struct nm_v8_symbols *symbols, struct nm_v8_object_layout *out)
{
	int32_t first, last;

	out->type.feedback_metadata = (uint16_t)(out->type.feedback_vector - 1);
	out->type.filler = (uint16_t)(out->type.feedback_vector + 1);
	out->type.free_space = (uint16_t)(out->type.feedback_vector + 2);
	out->type.hole = (uint16_t)(out->type.feedback_vector + 3);
	out->type.transition_array = (uint16_t)(out->type.weak_fixed_array + 1);
	out->type.ephemeron_table = (uint16_t)(out->type.fixed_array + 2);
	out->type.name_dictionary = (uint16_t)(out->type.fixed_array + 4);
	out->type.native_context = (uint16_t)(out->type.first_context + NATIVE_CONTEXT);
	set_name(out, BIGINT_TYPE, "BigInt", 6);
	set_name(out, out->type.feedback_metadata, "FeedbackMetadata", 16);
	set_name(out, out->type.filler, "Filler", 6);
	set_name(out, out->type.free_space, "FreeSpace", 9);
	set_name(out, out->type.transition_array, "TransitionArray", 15);
	set_name(out, out->type.ephemeron_table, "EphemeronHashTable", 18);
	set_name(out, out->type.name_dictionary, "NameDictionary", 14);
	set_name(out, out->type.native_context, "NativeContext", 13);
	if (nm_v8_symbols_get(symbols, "FirstJSFunctionType", &first) &&
	    nm_v8_symbols_get(symbols, "LastJSFunctionType", &last)) {
		out->type.first_function = (uint16_t)first;
		out->type.last_function = (uint16_t)last;
	} else {
		out->type.first_function = out->type.js_function;
		out->type.last_function = (uint16_t)(out->type.js_function + FUNCTION_TYPES - 1);
	}
}

static enum nm_node_kind string_kind(unsigned representation)
{
	if (representation == STRING_CONS)
		return NM_NODE_CONCATENATED;
	return representation == STRING_SLICED ? NM_NODE_SLICED : NM_NODE_STRING;
}

static void set_ranges(struct nm_v8_object_layout *out)
{
	const struct nm_v8_sizing array = {NM_V8_COUNT_SMI, 8, 16};

	for (unsigned type = 0; type < STRING_TYPES; type++) {
		unsigned representation = type & STRING_REPRESENTATION;

		out->kind[type] = (uint8_t)string_kind(representation);
		out->is_data[type] =
			representation == STRING_SEQUENTIAL || representation == STRING_EXTERNAL;
		if (representation == STRING_SEQUENTIAL)
			out->sizing[type] = (struct nm_v8_sizing){
				NM_V8_COUNT_LENGTH, (type & STRING_ONE_BYTE) ? 1 : 2, 16};
		set_name(out, type, "String", 6);
	}
	for (unsigned type = out->type.fixed_array; type < out->type.byte_array; type++) {
		if (nm_v8_type_is_context(out, type))
			continue;
		out->sizing[type] = array;
		out->kind[type] = NM_NODE_ARRAY;
		set_name(out, type, "FixedArray", 10);
	}
	for (unsigned type = out->type.first_context; type <= out->type.last_context; type++) {
		out->sizing[type] = array;
		out->kind[type] = NM_NODE_OBJECT;
		set_name(out, type, "Context", 7);
	}
	/* It has the pointer to a queue of microtasks behind its slots. */
	out->sizing[out->type.native_context].header = 24;
	out->kind[out->type.native_context] = NM_NODE_HIDDEN;
	for (unsigned type = out->type.js_proxy; type < NM_V8_TYPES_MAX; type++)
		out->kind[type] = (uint8_t)(nm_v8_type_is_function(out, type) ? NM_NODE_CLOSURE
									      : NM_NODE_OBJECT);
}

/* The type of that name, or NM_V8_TYPES_MAX. */
static unsigned find_type(const struct nm_v8_object_layout *layout, const char *name)
{
	for (unsigned type = STRING_TYPES; type < NM_V8_TYPES_MAX; type++)
		if (strcmp(layout->type_name[type], name) == 0)
			return type;
	return NM_V8_TYPES_MAX;
}

static void set_named(struct nm_v8_object_layout *out)
{
	static const char *const data[] = {
		"BigInt",	    "HeapNumber",	    "ByteArray",	 "TrustedByteArray",
		"FixedDoubleArray", "ExternalPointerArray", "DoubleStringCache", "FreeSpace",
		"Filler",	    "FeedbackMetadata"};

	for (const struct nm_v8_type_sizing *row = nm_v8_type_sizings; row->type; row++) {
		unsigned type = find_type(out, row->type);

		if (type < NM_V8_TYPES_MAX)
			out->sizing[type] = row->sizing;
	}
	for (const struct nm_v8_type_kind *row = nm_v8_type_kinds; row->type; row++) {
		unsigned type = find_type(out, row->type);

		if (type < NM_V8_TYPES_MAX)
			out->kind[type] =
				(uint8_t)(row->kind == NM_NODE_SHAPE && !out->row->has_shapes
						  ? NM_NODE_HIDDEN
						  : row->kind);
	}
	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
		unsigned type = find_type(out, data[i]);

		if (type < NM_V8_TYPES_MAX)
			out->is_data[type] = true;
	}
}

static void set_by_row(struct nm_v8_object_layout *out)
{
	const struct nm_v8_object_row *row = out->row;
	unsigned code = find_type(out, "InstructionStream");

	if (code == NM_V8_TYPES_MAX)
		code = find_type(out, "Code");
	out->type.machine_code = (uint16_t)code;
	if (row->code_header > 0 && code < NM_V8_TYPES_MAX)
		out->sizing[code] = (struct nm_v8_sizing){NM_V8_COUNT_CODE, 1, row->code_header};
	out->sizing[out->type.free_space] =
		(struct nm_v8_sizing){NM_V8_COUNT_SMI, row->free_space_unit, 0};
	out->sizing[out->type.feedback_vector] =
		(struct nm_v8_sizing){NM_V8_COUNT_U32, 8, row->feedback_vector_header};
	out->sizing[out->type.feedback_metadata] =
		(struct nm_v8_sizing){NM_V8_COUNT_METADATA, row->metadata_closure, 16};
	out->sizing[out->type.bytecode_array] =
		(struct nm_v8_sizing){NM_V8_COUNT_SMI, 1, out->at.bytecode_header};
	out->sizing[out->type.transition_array] = (struct nm_v8_sizing){NM_V8_COUNT_SMI, 8, 16};
	for (unsigned type = STRING_TYPES; type < NM_V8_TYPES_MAX; type++)
		if (strcmp(out->type_name[type], "DescriptorArray") == 0 ||
		    strcmp(out->type_name[type], "StrongDescriptorArray") == 0)
			out->sizing[type] = (struct nm_v8_sizing){NM_V8_COUNT_U16, 24,
								  out->at.descriptors_header};
}

int nm_v8_object_layout_fill(const struct nm_v8_version *version, const struct nm_elf *elf,
			     struct nm_v8_object_layout *out, struct nm_error *err)
{
	const struct nm_v8_object_row *row = find_row(version);
	struct nm_v8_symbols *symbols = NULL;
	int status;

	memset(out, 0, sizeof(*out));
	if (!row)
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "cannot walk the heap: the objects of V8 %u.%u are in no table "
				    "(nodemem knows those of %s to %s)",
				    version->major, version->minor, nm_v8_object_rows[0].name,
				    nm_v8_object_rows[nm_v8_object_row_count - 1].name);
	out->row = row;
	status = nm_v8_symbols_new(elf, &symbols, err);
	if (status != NM_OK)
		return status;
	status = take_symbols(symbols, out, err);
	if (status == NM_OK) {
		take_names(symbols, out);
		take_neighbours(symbols, out);
		set_ranges(out);
		set_named(out);
		set_by_row(out);
	}
	nm_v8_symbols_free(symbols);
	return status;
}
