#include "source/v8/heap.h"

/* No array of V8's has more elements: FixedArray::kMaxLength in src/objects/fixed-array.h. */
#define ELEMENTS_MAX (UINT64_C(1) << 28)

#define CODE_ALIGNMENT UINT64_C(64)
#define SLOTS_PER_WORD 6 /* of FeedbackMetadata: five bits a slot */

/* Words that only look as if they kept something alive. */
#define WEAK_REF_TARGET	   3
#define WEAK_CELL_TARGET   2
#define WEAK_CELL_TOKEN	   3
#define BYTECODE_POINTERS  7
#define EPHEMERON_ELEMENTS 5

/* A DescriptorArray begins with four numbers of 16 bits. */
#define DESCRIPTORS_FIRST 2

static uint64_t align(uint64_t size, uint64_t to)
{
	return (size + to - 1) & ~(to - 1);
}

static uint32_t load32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* Machine code and its tables, by the sizes at its head. */
static uint64_t code_size(const struct nm_v8_object_row *row, const unsigned char *bytes,
			  uint64_t room)
{
	uint64_t size = row->code_header;

	if (room < row->code_header)
		return 0;
	for (int i = 0; i < 2; i++)
		if (row->code_sizes[i] != NM_V8_NONE)
			size += load32(bytes + row->code_sizes[i]);
	return align(size, CODE_ALIGNMENT);
}

static uint64_t count_elements(enum nm_v8_count count, const unsigned char *bytes)
{
	uint64_t word = nm_v8_load(bytes + 8);

	switch (count) {
	case NM_V8_COUNT_U16:
		return word & 0xffff;
	case NM_V8_COUNT_U32:
		return word & 0xffffffff;
	case NM_V8_COUNT_LENGTH:
		return load32(bytes + 12);
	case NM_V8_COUNT_PROPERTY:
		return nm_v8_smi(word) & 0x3ff;
	case NM_V8_COUNT_BIGINT:
		return (word & 0xffffffff) >> 1 & 0x3fffffff;
	default:
		/* A Smi has nothing in its lower half. */
		return (word & 0xffffffff) == 0 ? nm_v8_smi(word) : ELEMENTS_MAX + 1;
	}
}

uint64_t nm_v8_object_size(const struct nm_v8_object_layout *layout, const struct nm_v8_map *map,
			   const unsigned char *bytes, uint64_t room)
{
	const struct nm_v8_sizing *sizing = &layout->sizing[map->type];
	uint64_t size, count;

	if (map->size > 0)
		return map->size * UINT64_C(8);
	if (sizing->count == NM_V8_COUNT_NONE || room < 16)
		return 0;
	if (sizing->count == NM_V8_COUNT_CODE)
		return code_size(layout->row, bytes, room);
	if (sizing->count == NM_V8_COUNT_PREPARSE)
		return 16 + align(load32(bytes + 8), 8) + UINT64_C(8) * load32(bytes + 12);
	if (sizing->count == NM_V8_COUNT_METADATA) {
		size = 16 + UINT64_C(4) * ((load32(bytes + 8) + UINT64_C(5)) / SLOTS_PER_WORD) +
		       sizing->unit * UINT64_C(1) * load32(bytes + 12);
		return align(size, 8);
	}
	count = count_elements((enum nm_v8_count)sizing->count, bytes);
	if (count > (sizing->unit <= 2 ? UINT32_MAX : ELEMENTS_MAX))
		return 0;
	return align(sizing->header + sizing->unit * count, 8);
}

void nm_v8_object_slots(const struct nm_v8_heap *heap, const struct nm_v8_object *object,
			uint64_t *out_first, uint64_t *out_end)
{
	const struct nm_v8_object_layout *layout = heap->layout;

	*out_first = 1;
	*out_end = object->words;
	if (layout->is_data[object->type])
		*out_end = 1;
	else if (object->type == layout->type.bytecode_array && *out_end > BYTECODE_POINTERS)
		*out_end = BYTECODE_POINTERS;
	else if (layout->sizing[object->type].count == NM_V8_COUNT_U16)
		*out_first = DESCRIPTORS_FIRST;
	else if (object->type == layout->type.preparse_data && object->words >= 2)
		/* Its children follow the bytes. */
		*out_first = 2 + align(load32(object->bytes + 8), 8) / 8;
}

bool nm_v8_object_is_weak_slot(const struct nm_v8_heap *heap, const struct nm_v8_object *object,
			       uint64_t slot)
{
	const struct nm_v8_object_layout *layout = heap->layout;

	if (object->type == layout->type.js_weak_ref)
		return slot == WEAK_REF_TARGET;
	if (object->type == layout->type.weak_cell)
		return slot == WEAK_CELL_TARGET || slot == WEAK_CELL_TOKEN;
	return object->type == layout->type.ephemeron_table && slot >= EPHEMERON_ELEMENTS;
}
