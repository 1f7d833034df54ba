/*
 * The characters of strings, as UTF-8. A string is a run of bytes or of UTF-16, or made of others: a
 * part of one, two joined, or one that stands for another. What those are may be hostile: how deep
 * and how often they are followed is limited.
 */
#include "source/v8/names.h"

#define REPRESENTATION 7
#define ONE_BYTE       8
#define UNCACHED       16 /* an external string whose data can only be had by asking its resource */
enum { SEQUENTIAL = 0, CONS = 1, EXTERNAL = 2, SLICED = 3, THIN = 5 };

#define DEPTH_MAX 64
#define STEPS_MAX 4096

/* Where the characters go. */
struct text {
	const struct nm_v8_heap *heap;
	char *out;
	size_t room, length;
	uint32_t high; /* a first surrogate that waits for its second; 0 for none */
	unsigned steps;
};

static void put(struct text *text, uint32_t code)
{
	static const unsigned char lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
	unsigned size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (text->length + size >= text->room) {
		text->room = text->length + 1; /* nothing more fits, not even a shorter one */
		return;
	}
	text->out[text->length] = (char)(lead[size] | code >> 6 * (size - 1));
	for (unsigned i = 1; i < size; i++)
		text->out[text->length + i] = (char)(0x80 | (code >> 6 * (size - 1 - i) & 0x3f));
	text->length += size;
}

/* One UTF-16 unit. A surrogate without its partner is replaced, as it is no character. */
static void put_unit(struct text *text, uint32_t unit)
{
	const bool is_low = unit >= 0xdc00 && unit < 0xe000;

	if (text->high && is_low) {
		put(text, 0x10000 + ((text->high - 0xd800) << 10) + (unit - 0xdc00));
		text->high = 0;
		return;
	}
	if (text->high)
		put(text, 0xfffd);
	text->high = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
	if (!text->high)
		put(text, is_low ? 0xfffd : unit);
}

static bool is_full(const struct text *text)
{
	return text->length + 1 >= text->room;
}

static void put_units(struct text *text, const unsigned char *bytes, bool one_byte, uint64_t from,
		      uint64_t count)
{
	for (uint64_t i = from; i < from + count && !is_full(text); i++)
		put_unit(text, one_byte ? bytes[i]
					: (uint32_t)bytes[2 * i] | (uint32_t)bytes[2 * i + 1] << 8);
}

static uint32_t length_of(const struct nm_v8_object *string)
{
	return (uint32_t)(nm_v8_object_word(string, 1) >> 32);
}

uint64_t nm_v8_heap_outside_text(const struct nm_v8_object *object)
{
	if (!nm_v8_type_is_string(object->type) || (object->type & REPRESENTATION) != EXTERNAL)
		return 0;
	return UINT64_C(1) * length_of(object) * (object->type & ONE_BYTE ? 1 : 2);
}

/* The part [from, from + count) of a string. False when it is not one, or not in the image. */
static bool put_part(struct text *text, const struct nm_v8_object *string, uint64_t from,
		     uint64_t count, unsigned depth)
{
	const bool one_byte = (string->type & ONE_BYTE) != 0;
	const uint64_t length = length_of(string);
	struct nm_v8_object part;

	if (!nm_v8_type_is_string(string->type) || depth > DEPTH_MAX || ++text->steps > STEPS_MAX ||
	    from > length || count > length - from)
		return false;
	if (count == 0 || is_full(text))
		return true;
	switch (string->type & REPRESENTATION) {
	case SEQUENTIAL:
		/* The walk may have had to cut it. */
		if (16 + length * (one_byte ? 1 : 2) > string->words * 8)
			return false;
		put_units(text, string->bytes + 16, one_byte, from, count);
		return true;
	case EXTERNAL: {
		const unsigned char *data;

		if (string->type & UNCACHED)
			return false;
		data = nm_image_at(text->heap->image, nm_v8_object_word(string, 3),
				   length * (one_byte ? 1 : 2));
		if (data)
			put_units(text, data, one_byte, from, count);
		return data != NULL;
	}
	case THIN:
		return nm_v8_heap_follow(text->heap, nm_v8_object_word(string, 2), false, &part) &&
		       put_part(text, &part, from, count, depth + 1);
	case SLICED:
		return nm_v8_heap_follow(text->heap, nm_v8_object_word(string, 2), false, &part) &&
		       put_part(text, &part, from + nm_v8_smi(nm_v8_object_word(string, 3)), count,
				depth + 1);
	case CONS: {
		uint64_t first;

		if (!nm_v8_heap_follow(text->heap, nm_v8_object_word(string, 2), false, &part) ||
		    !nm_v8_type_is_string(part.type))
			return false;
		first = length_of(&part);
		if (from < first) {
			uint64_t here = count < first - from ? count : first - from;

			if (!put_part(text, &part, from, here, depth + 1))
				return false;
			count -= here;
			from += here;
		}
		return count == 0 ||
		       (nm_v8_heap_follow(text->heap, nm_v8_object_word(string, 3), false, &part) &&
			put_part(text, &part, from - first, count, depth + 1));
	}
	default:
		return false;
	}
}

bool nm_v8_heap_text(const struct nm_v8_heap *heap, const struct nm_v8_object *string, char *out,
		     size_t room, size_t *out_length)
{
	struct text text = {.heap = heap, .out = out, .room = room};

	if (room == 0 || !nm_v8_type_is_string(string->type) ||
	    !put_part(&text, string, 0, length_of(string), 0))
		return false;
	if (text.high)
		put(&text, 0xfffd);
	out[text.length] = '\0';
	if (out_length)
		*out_length = text.length;
	return true;
}
