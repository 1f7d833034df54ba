/*
 * Every page from its first object to its end. An object begins with its Map, which tells its type
 * and mostly its size; where the next object does not begin with one, something is not understood
 * or was left by a collection, and the walk goes on at the next word that points to a Map.
 */
#include <stdlib.h>

#include "source/v8/heap.h"

/* A Map is at least this large. */
#define MAP_SIZE UINT64_C(72)

#define BITMAP_WORDS (NM_V8_PAGE_WORDS / 64)

static uint32_t load32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint16_t load16(const unsigned char *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static const unsigned char *map_bytes(const struct nm_v8_heap *heap, uint64_t word)
{
	return nm_v8_is_pointer(word) ? nm_v8_heap_at(heap, nm_v8_pointee(word), MAP_SIZE) : NULL;
}

/* A Map's own Map is a Map whose type says so, and so is that one's. */
static bool parse_map(const struct nm_v8_heap *heap, uint64_t word, struct nm_v8_map *out)
{
	const struct nm_v8_object_layout *layout = heap->layout;
	const unsigned char *bytes = map_bytes(heap, word), *meta = bytes;

	for (int i = 0; i < 2 && meta; i++) {
		meta = map_bytes(heap, nm_v8_load(meta));
		if (!meta || load16(meta + layout->at.map_instance_type) != layout->type.map)
			return false;
	}
	if (!bytes || load16(bytes + layout->at.map_instance_type) >= NM_V8_TYPES_MAX)
		return false;
	*out = (struct nm_v8_map){
		.addr = nm_v8_pointee(word),
		.bit_field3 = load32(bytes + layout->at.map_bit_field3),
		.class_name = NM_V8_NO_NAME,
		.type = load16(bytes + layout->at.map_instance_type),
		.size = bytes[layout->at.map_instance_size],
		.inobject_start = bytes[layout->at.map_inobject_start],
		.bit_field2 = bytes[layout->at.map_bit_field2],
	};
	return true;
}

static bool grow_map_slots(struct nm_v8_heap *heap)
{
	uint32_t room = heap->map_slots ? 2 * (heap->map_mask + 1) : 1u << 10;
	uint32_t *slots = calloc(room, sizeof(*slots));

	if (!slots)
		return false;
	for (uint32_t i = 0; i < heap->map_count; i++) {
		uint32_t at = (uint32_t)nm_v8_hash(heap->maps[i].addr) & (room - 1);

		while (slots[at] != 0)
			at = (at + 1) & (room - 1);
		slots[at] = i + 1;
	}
	free(heap->map_slots);
	heap->map_slots = slots;
	heap->map_mask = room - 1;
	return true;
}

static bool reserve_map(struct nm_v8_heap *heap)
{
	struct nm_v8_map *maps;
	uint32_t room = heap->map_room ? 2 * heap->map_room : 256;

	if (heap->map_slots == NULL || heap->map_count >= heap->map_mask / 2)
		if (heap->map_count > UINT32_MAX / 4 || !grow_map_slots(heap))
			return false;
	if (heap->map_count < heap->map_room)
		return true;
	maps = realloc(heap->maps, room * sizeof(*maps));
	if (!maps)
		return false;
	heap->maps = maps;
	heap->map_room = room;
	return true;
}

uint32_t nm_v8_heap_map(struct nm_v8_heap *heap, uint64_t word)
{
	const nm_addr addr = nm_v8_pointee(word);
	uint32_t at;

	if (!nm_v8_is_pointer(word) || !reserve_map(heap))
		return NM_V8_NO_MAP;
	at = (uint32_t)nm_v8_hash(addr) & heap->map_mask;
	for (; heap->map_slots[at] != 0; at = (at + 1) & heap->map_mask)
		if (heap->maps[heap->map_slots[at] - 1].addr == addr)
			return heap->map_slots[at] - 1;
	if (!parse_map(heap, word, &heap->maps[heap->map_count]))
		return NM_V8_NO_MAP;
	heap->map_slots[at] = ++heap->map_count;
	return heap->map_count - 1;
}

static bool reserve_objects(struct nm_v8_heap *heap)
{
	size_t room = heap->room ? 2 * (size_t)heap->room : 1u << 12;
	uint32_t **columns[] = {&heap->places, &heap->words, &heap->map_of};

	if (heap->count < heap->room)
		return true;
	if (room >= UINT32_MAX)
		return false;
	for (size_t i = 0; i < 3; i++) {
		uint32_t *grown = realloc(*columns[i], room * sizeof(**columns[i]));

		if (!grown)
			return false;
		*columns[i] = grown;
	}
	heap->room = (uint32_t)room;
	return true;
}

static bool add_object(struct nm_v8_heap *heap, struct nm_v8_heap_page *page, nm_addr addr,
		       uint64_t size, uint32_t map)
{
	const uint64_t word = page->is_large ? 0 : (addr - page->addr) / 8;

	if (!reserve_objects(heap))
		return false;
	heap->places[heap->count] =
		(uint32_t)((uint64_t)(page - heap->pages) * NM_V8_PAGE_WORDS + word);
	heap->words[heap->count] = (uint32_t)(size / 8);
	heap->map_of[heap->count] = map;
	heap->count++;
	if (!page->is_large)
		page->starts[word / 64] |= UINT64_C(1) << (word % 64);
	return true;
}

/* The end of the gap that `addr` is in, or 0. */
static nm_addr end_of_gap(const struct nm_v8_heap_page *page, nm_addr addr)
{
	for (unsigned i = 0; i < page->gap_count; i++)
		if (addr >= page->gaps[i].start && addr < page->gaps[i].end)
			return page->gaps[i].end;
	return 0;
}

/* The next word behind `addr` that points to a Map, or where a gap begins, or the page's end. */
static nm_addr next_map(struct nm_v8_heap *heap, const struct nm_v8_heap_page *page, nm_addr addr)
{
	for (addr += 8; addr < page->end; addr += 8) {
		uint64_t word = nm_v8_load(page->bytes + (addr - page->start));

		if (nm_v8_is_pointer(word) && nm_v8_heap_map(heap, word) != NM_V8_NO_MAP)
			break;
		if (page->gap_count > 0 && end_of_gap(page, addr) != 0)
			break;
	}
	return addr;
}

/* Memory in which no object begins. Where it is zero it was never used. */
static void note_unexplained(struct nm_v8_heap *heap, const struct nm_v8_heap_page *page,
			     nm_addr from, nm_addr to)
{
	uint64_t size = 0;

	for (nm_addr at = from; at < to; at += 8)
		size += nm_v8_load(page->bytes + (at - page->start)) != 0 ? 8 : 0;
	*(page->is_young ? &heap->check.young_unexplained : &heap->check.unexplained) += size;
	heap->check.walked += size;
}

/* The size is not known, or wrong: take all up to the next Map. */
static uint64_t search_size(struct nm_v8_heap *heap, struct nm_v8_heap_page *page, nm_addr addr,
			    const struct nm_v8_map *map)
{
	const struct nm_v8_object_layout *layout = heap->layout;
	const uint16_t type = map->type;
	const uint64_t size = page->is_large ? page->end - addr : next_map(heap, page, addr) - addr;
	const bool is_expected = type == layout->type.scope_info ||
				 (type == layout->type.machine_code && !layout->row->code_header);

	/* A core file can have the bodies of holes, which the process itself cannot read. */
	if (layout->row->has_hollow_holes && type == layout->type.hole &&
	    page->gap_count < NM_V8_GAPS_MAX) {
		page->gaps[page->gap_count++] = (struct nm_v8_gap){addr + 8, addr + size};
		return 8;
	}
	if (!is_expected && !page->is_young) {
		heap->check.searched += size;
		heap->check.searched_count++;
		heap->check.worst_type = type;
	}
	return size;
}

static bool walk_page(struct nm_v8_heap *heap, struct nm_v8_heap_page *page)
{
	for (nm_addr addr = page->start; addr < page->end;) {
		const unsigned char *bytes = page->bytes + (addr - page->start);
		const uint64_t room = page->end - addr;
		nm_addr next = end_of_gap(page, addr);
		struct nm_v8_map map;
		uint64_t size;
		uint32_t index;

		if (next != 0) {
			addr = next;
			continue;
		}
		index = nm_v8_heap_map(heap, nm_v8_load(bytes));
		if (index == NM_V8_NO_MAP) {
			next = next_map(heap, page, addr);
			note_unexplained(heap, page, addr, next);
			addr = next;
			continue;
		}
		map = heap->maps[index];
		size = nm_v8_object_size(heap->layout, &map, bytes, room);
		if (size < 8 || size > room)
			size = search_size(heap, page, addr, &map);
		if (!add_object(heap, page, addr, size, index))
			return false;
		heap->check.walked += size;
		if (page->is_large)
			return true;
		addr += size;
	}
	return true;
}

/* How many objects begin before each word of the bitmap. */
static void rank_page(struct nm_v8_heap_page *page)
{
	uint32_t before = 0;

	for (uint64_t i = 0; i < BITMAP_WORDS; i++) {
		page->ranks[i] = before;
		before += (uint32_t)__builtin_popcountll(page->starts[i]);
	}
}

int nm_v8_heap_walk(struct nm_v8_heap *heap, struct nm_error *err)
{
	if (!reserve_map(heap))
		return nm_error_nomem(err);
	for (size_t i = 0; i < heap->page_count; i++) {
		struct nm_v8_heap_page *page = &heap->pages[i];

		page->first = heap->count;
		if (!page->is_large) {
			page->starts = calloc(BITMAP_WORDS, sizeof(*page->starts));
			page->ranks = calloc(BITMAP_WORDS, sizeof(*page->ranks));
			if (!page->starts || !page->ranks)
				return nm_error_nomem(err);
		}
		if (!walk_page(heap, page))
			return nm_error_nomem(err);
		if (!page->is_large)
			rank_page(page);
	}
	return NM_OK;
}
