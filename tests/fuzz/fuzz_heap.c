/*
 * fuzz_heap.c - one page of V8's heap with anything in it: walked, marked, named, made
 * a graph of, searched for buffers
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/v8/array_buffers.h"
#include "source/v8/graph.h"
#include "source/v8/names.h"

/* Where the page is; make-heap.py has the same. */
#define PAGE  UINT64_C(0x100000040000)
#define START (PAGE + 0x10)

static const struct nm_v8_object_row row = {
	.name = "of the fuzzer",
	.feedback_vector_header = 48,
	.free_space_unit = 8,
	.metadata_closure = 2,
	.code_header = 32,
	.code_sizes = {24, NM_V8_NONE},
	.global = "global",
	.global_proxy = "global",
	.view_buffer = 32,
	.own_name_is_class = true,
	.has_shapes = true,
};

/* Offsets and indices, as in Node 24. */
static void fill_fields(struct nm_v8_object_layout *out)
{
	out->at.map_instance_size = 8;
	out->at.map_inobject_start = 9;
	out->at.map_instance_type = 12;
	out->at.map_bit_field2 = 15;
	out->at.map_bit_field3 = 16;
	out->at.map_prototype = 24;
	out->at.map_constructor = 32;
	out->at.map_descriptors = 40;
	out->at.descriptors_header = 24;
	out->at.function_shared = 32;
	out->at.function_context = 40;
	out->at.function_feedback = 48;
	out->at.function_prototype = 56;
	out->at.script_name = 16;
	out->at.regexp_source = 32;
	out->at.buffer_store = 48;
	out->at.buffer_length = 32;
	out->at.view_offset = 40;
	out->at.view_length = 48;
	out->at.shared_name = 24;
	out->at.scope_first_vars = 5;
	out->at.dictionary_first = 3;
	out->at.dictionary_prefix = 3;
}

/* The types of Node 24, as far as they matter. */
static void fill_layout(struct nm_v8_object_layout *out)
{
	static const struct {
		uint16_t type;
		struct nm_v8_sizing sizing;
	} sizings[] = {
		{0, {NM_V8_COUNT_LENGTH, 2, 16}},     {8, {NM_V8_COUNT_LENGTH, 1, 16}},
		{129, {NM_V8_COUNT_BIGINT, 8, 16}},   {192, {NM_V8_COUNT_CODE, 1, 32}},
		{205, {NM_V8_COUNT_SMI, 8, 16}},      {207, {NM_V8_COUNT_SMI, 8, 16}},
		{209, {NM_V8_COUNT_SMI, 8, 16}},      {217, {NM_V8_COUNT_SMI, 1, 16}},
		{252, {NM_V8_COUNT_U16, 24, 24}},     {265, {NM_V8_COUNT_METADATA, 2, 16}},
		{266, {NM_V8_COUNT_U32, 8, 48}},      {268, {NM_V8_COUNT_SMI, 8, 0}},
		{276, {NM_V8_COUNT_PREPARSE, 8, 16}}, {277, {NM_V8_COUNT_PROPERTY, 8, 16}},
	};

	memset(out, 0, sizeof(*out));
	out->row = &row;
	out->type.map = 272;
	out->type.js_proxy = 299;
	out->type.js_global = 300;
	out->type.js_global_proxy = 301;
	out->type.js_primitive_wrapper = 1041;
	out->type.js_array = 2119;
	out->type.js_weak_ref = 2157;
	out->type.js_array_buffer = 2146;
	out->type.js_typed_array = 2147;
	out->type.js_data_view = 2148;
	out->type.js_regexp = 2149;
	out->type.js_map = 2150;
	out->type.js_set = 2151;
	out->type.js_weak_map = 2152;
	out->type.js_weak_set = 2153;
	out->type.script = 281;
	out->type.shared_function_info = 282;
	out->type.fixed_array = 205;
	out->type.hole = 269;
	out->type.weak_cell = 296;
	out->type.property_array = 277;
	out->type.property_cell = 278;
	out->type.preparse_data = 276;
	out->type.bytecode_array = 186;
	out->type.scope_info = 280;
	out->type.tuple2 = 173;
	out->type.heap_number = 130;
	out->type.oddball = 131;
	out->type.symbol = 128;
	out->type.function_template = 247;
	out->type.first_context = 220;
	out->type.last_context = 229;
	out->type.first_function = 2065;
	out->type.last_function = 2081;
	out->type.ephemeron_table = 207;
	out->type.free_space = 268;
	out->type.filler = 267;
	fill_fields(out);
	for (size_t i = 0; i < sizeof(sizings) / sizeof(sizings[0]); i++)
		out->sizing[sizings[i].type] = sizings[i].sizing;
	for (unsigned type = out->type.js_proxy; type < NM_V8_TYPES_MAX; type++)
		out->kind[type] = NM_NODE_OBJECT;
}

/* Every question that can be asked of an object. */
static void look_at(struct nm_v8_names *names, const struct nm_v8_object *object)
{
	char text[64];
	uint64_t value;
	size_t length;

	MUST(nm_v8_heap_index(names->heap, object->addr) == object->index);
	MUST(nm_v8_names_class(names, object) < names->texts.count);
	if (nm_v8_heap_text(names->heap, object, text, sizeof(text), &length))
		MUST(length < sizeof(text) && text[length] == '\0');
	if (nm_v8_names_function(names, object, text, sizeof(text)) ||
	    nm_v8_names_shared(names, object, text, sizeof(text)))
		MUST(strlen(text) < sizeof(text));
	nm_v8_heap_own_property(names->heap, object, names->key_constructor, &value);
}

/* What the commands make of all of it together; last, since it drops what is not wanted. */
static void make_all(struct nm_v8_heap *heap, struct nm_v8_names *names)
{
	struct nm_v8_array_buffers buffers;
	struct nm_graph *graph;

	MUST(nm_v8_array_buffers_find(heap, &buffers, NULL) == NM_OK);
	nm_v8_array_buffers_done(&buffers);
	MUST(nm_v8_graph_make(heap, names, 0, &graph, NULL) == NM_OK);
	for (uint32_t i = 0; i < graph->location_count; i++)
		MUST(graph->locations[i].node < graph->node_count);
	nm_graph_free(graph);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nm_v8_heap *heap = calloc(1, sizeof(*heap));
	struct nm_image *image = nm_image_new();
	struct nm_v8_names names;

	size = size / 8 * 8;
	if (size > NM_V8_PAGE_SIZE - 0x10)
		size = NM_V8_PAGE_SIZE - 0x10;
	if (heap && image && size > 0) {
		heap->image = image;
		heap->layout = malloc(sizeof(*heap->layout));
		heap->pages = calloc(1, sizeof(*heap->pages));
		heap->slices = calloc(64, sizeof(*heap->slices));
		MUST(heap->layout && heap->pages && heap->slices);
		fill_layout(heap->layout);
		heap->pages[0] = (struct nm_v8_heap_page){
			.addr = PAGE, .start = START, .end = START + size, .bytes = data};
		heap->page_count = 1;
		heap->slice_mask = 63;
		heap->slices[nm_v8_hash(PAGE / NM_V8_PAGE_SIZE) & 63] =
			(PAGE / NM_V8_PAGE_SIZE << 24) + 1;
		nm_image_lend(image, START, size, data);
		nm_image_seal(image);
		MUST(nm_v8_heap_walk(heap, NULL) == NM_OK);
		MUST(nm_v8_heap_mark(heap, NULL) == NM_OK);
		MUST(nm_v8_names_init(&names, heap, NULL) == NM_OK);
		for (uint32_t i = 0; i < heap->count; i++) {
			struct nm_v8_object object = nm_v8_heap_object(heap, i);

			look_at(&names, &object);
		}
		make_all(heap, &names);
		nm_v8_names_done(&names);
	}
	nm_v8_heap_free(heap);
	nm_image_free(image);
	return 0;
}
