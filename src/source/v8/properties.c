/*
 * Own properties of JavaScript objects. An object in dictionary mode has them in a hash table; of
 * others the Map's DescriptorArray tells where each one is.
 *
 * Source  V8's src/objects/property-details.h, descriptor-array.h, dictionary.h.
 */
#include "source/v8/names.h"

/* Map::bit_field3 */
#define DESCRIPTORS_SHIFT 10
#define DESCRIPTORS_MASK  0x3ff

/* PropertyDetails */
#define IS_ACCESSOR   1
#define IN_DESCRIPTOR (1 << 5)
#define INDEX_SHIFT   19
#define INDEX_MASK    0x3ff

#define DICTIONARY_MAX (UINT64_C(1) << 18) /* entries that are looked through for one key */
#define PROPERTIES     1		   /* words of a JSObject: JSReceiver::properties_or_hash */
#define CELL_VALUE     3		   /* of a PropertyCell {map, name, details, value} */

static bool find_in_dictionary(const struct nm_v8_heap *heap, const struct nm_v8_object *object,
			       uint64_t key, uint64_t *out)
{
	const struct nm_v8_object_layout *layout = heap->layout;
	const uint64_t first =
		2 + UINT64_C(1) * layout->at.dictionary_first + layout->at.dictionary_prefix;
	struct nm_v8_object table, cell;

	if (!nm_v8_heap_follow(heap, nm_v8_object_word(object, PROPERTIES), false, &table))
		return false;
	for (uint64_t i = first; i + 1 < table.words && i < 3 * DICTIONARY_MAX; i += 3) {
		if (nm_v8_object_word(&table, i) != key)
			continue;
		*out = nm_v8_object_word(&table, i + 1);
		if (nm_v8_heap_follow(heap, *out, false, &cell) &&
		    cell.type == layout->type.property_cell)
			*out = nm_v8_object_word(&cell, CELL_VALUE);
		return true;
	}
	return false;
}

/* The value of the property with these details, of which `in_descriptor` is the descriptor's. */
static bool get_value(const struct nm_v8_heap *heap, const struct nm_v8_object *object,
		      uint64_t details, uint64_t in_descriptor, uint64_t *out)
{
	const struct nm_v8_map *map = object->map;
	const uint64_t index = details >> INDEX_SHIFT & INDEX_MASK;
	const uint64_t inobject =
		map->size > map->inobject_start ? (uint64_t)map->size - map->inobject_start : 0;
	struct nm_v8_object properties;

	if (details & IS_ACCESSOR)
		return false;
	if (details & IN_DESCRIPTOR) {
		*out = in_descriptor;
		return true;
	}
	if (index < inobject) {
		*out = nm_v8_object_word(object, map->inobject_start + index);
		return true;
	}
	if (!nm_v8_heap_follow(heap, nm_v8_object_word(object, PROPERTIES), false, &properties) ||
	    properties.type != heap->layout->type.property_array)
		return false;
	*out = nm_v8_object_word(&properties, 2 + index - inobject);
	return true;
}

bool nm_v8_heap_own_property(const struct nm_v8_heap *heap, const struct nm_v8_object *object,
			     uint64_t key, uint64_t *out)
{
	const uint32_t bits = object->map->bit_field3;
	const uint64_t count = bits >> DESCRIPTORS_SHIFT & DESCRIPTORS_MASK;
	const uint64_t first = heap->layout->at.descriptors_header / 8u;
	struct nm_v8_object map, descriptors;

	if (key == 0 || !nm_v8_type_is_receiver(heap->layout, object->type))
		return false;
	if (nm_v8_map_is_dictionary(object->map))
		return find_in_dictionary(heap, object, key, out);
	if (!nm_v8_heap_follow(heap, object->map->addr | 1, false, &map) ||
	    !nm_v8_heap_follow(heap, nm_v8_object_field(&map, heap->layout->at.map_descriptors),
			       false, &descriptors))
		return false;
	for (uint64_t i = first; i + 2 < descriptors.words && i < first + 3 * count; i += 3)
		if (nm_v8_object_word(&descriptors, i) == key)
			return get_value(heap, object,
					 nm_v8_smi(nm_v8_object_word(&descriptors, i + 1)),
					 nm_v8_object_word(&descriptors, i + 2), out);
	return false;
}
