/*
 * heap.h - V8's heaps in a still image of a process: every object, and which of them live
 *
 * An object is a number from 0 to count - 1, in the order of the pages. Whatever comes out of the
 * heap - a pointer, a length, an index - is checked before it is used: it is the target's.
 *
 * Order    pages are found (heap_pages.c), walked from end to end (heap_walk.c), and what can be
 *          reached from the roots (heap_roots.c) is marked (heap_mark.c). What the walk could not
 *          explain is counted, and decides whether all this is to be trusted.
 * Owns     all below; borrows the image.
 * Costs    12 bytes and a bit per object, 6 KiB per page of 256 KiB.
 */
#ifndef NM_V8_HEAP_H
#define NM_V8_HEAP_H

#include <string.h>

#include "source/remote/image.h"
#include "source/v8/isolate.h"
#include "source/v8/object_layout.h"

#define NM_V8_NO_OBJECT UINT32_MAX
#define NM_V8_NO_MAP	UINT32_MAX
#define NM_V8_NO_NAME	UINT32_MAX

/* Words of a page that can begin an object; a larger page holds one object only. */
#define NM_V8_PAGE_WORDS (NM_V8_PAGE_SIZE / 8)
/* So that page and word fit 32 bits together. */
#define NM_V8_HEAP_PAGES_MAX (UINT32_C(1) << 17)

/* Memory of a page in which the mutator was about to allocate: what stands there means nothing. */
struct nm_v8_gap {
	nm_addr start;
	nm_addr end;
};

#define NM_V8_GAPS_MAX 8

struct nm_v8_heap_page {
	nm_addr addr;
	nm_addr heap; /* whose; 0: read-only, shared by all */
	nm_addr owner;
	nm_addr start; /* of its objects */
	nm_addr end;
	const unsigned char *bytes; /* of [start, end) */
	void *copy;		    /* those bytes, where they were not in one piece; owned */
	size_t copy_size;
	bool is_large; /* more than 256 KiB: one object */
	bool is_young;
	uint32_t first; /* its first object */
	uint64_t *
		starts; /* a bit for each word where an object begins; owned, NULL for a large page */
	uint32_t *ranks; /* objects before each word of `starts`; owned */
	unsigned gap_count;
	struct nm_v8_gap gaps[NM_V8_GAPS_MAX];
};

/* A Map: what V8 calls the shape of an object. */
struct nm_v8_map {
	nm_addr addr;
	uint32_t bit_field3;
	uint32_t class_name; /* of its objects, once it was asked for; NM_V8_NO_NAME before */
	uint16_t type;
	uint8_t size; /* in words; 0: varies */
	uint8_t inobject_start;
	uint8_t bit_field2;
};

/* Are the properties of its objects in a hash table? */
static inline bool nm_v8_map_is_dictionary(const struct nm_v8_map *map)
{
	return (map->bit_field3 >> 21 & 1) != 0;
}

/* What the walk and the marking met. */
struct nm_v8_heap_check {
	uint64_t walked;	    /* bytes of pages, without gaps */
	uint64_t unexplained;	    /* in which no object begins, in the old generation */
	uint64_t young_unexplained; /* the same in the young one: left by collections */
	uint64_t searched;	    /* bytes of objects whose size is not understood */
	uint64_t searched_count;
	uint64_t pointers;	  /* tagged words in live objects ... */
	uint64_t missed_pointers; /* ... which lead to no object */
	uint16_t worst_type;	  /* of an object whose size is not understood */
	unsigned roots;
	unsigned handle_blocks;
	unsigned global_blocks;
	unsigned eternal_blocks;
};

struct nm_v8_heap {
	const struct nm_image *image; /* borrowed */
	struct nm_v8_process process; /* as it is in the image */
	struct nm_v8_isolates isolates;
	struct nm_v8_object_layout *layout;

	struct nm_v8_heap_page *pages; /* by address */
	size_t page_count;
	uint64_t *slices; /* hash of 256 KiB of address to the page: (slice << 24 | page) + 1 */
	uint64_t slice_mask;

	struct nm_v8_map *maps;
	uint32_t map_count, map_room;
	uint32_t *map_slots; /* hash of address to index + 1 */
	uint32_t map_mask;

	/* Of each object. */
	uint32_t *places; /* its page * NM_V8_PAGE_WORDS + word in it */
	uint32_t *words;  /* its size */
	uint32_t *map_of;
	uint32_t count, room;
	uint64_t *live; /* a bit each */

	struct nm_v8_heap_check check;
};

/*
 * Find, walk and mark the heaps that `image` has of `process`. NM_E_BUSY: a collection was under
 * way in it; not asked for `any_moment`, when there is no other image to be had. NM_E_UNSUPPORTED: the walk explains too little, with the version and the figure;
 * NM_E_LIMIT, NM_E_NOMEM.
 */
int nm_v8_heap_new(const struct nm_v8_process *process, const struct nm_image *image,
		   bool any_moment, struct nm_v8_heap **out, struct nm_error *err);
void nm_v8_heap_free(struct nm_v8_heap *heap);

/* ---- words and pages ---------------------------------------------------------------------- */

static inline uint64_t nm_v8_load(const unsigned char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* A strong pointer; a weak one has both low bits set, and a Smi none. */
static inline bool nm_v8_is_pointer(uint64_t word)
{
	return (word & 3) == 1;
}

static inline nm_addr nm_v8_pointee(uint64_t word)
{
	return word & ~UINT64_C(3);
}

static inline uint64_t nm_v8_smi(uint64_t word)
{
	return word >> 32;
}

static inline uint64_t nm_v8_hash(uint64_t key)
{
	return (key * UINT64_C(0x9e3779b97f4a7c15)) >> 24;
}

/* The page whose area holds `addr`, or NULL. */
static inline const struct nm_v8_heap_page *nm_v8_heap_page_of(const struct nm_v8_heap *heap,
							       nm_addr addr)
{
	const uint64_t slice = addr / NM_V8_PAGE_SIZE;
	uint64_t at = nm_v8_hash(slice) & heap->slice_mask;

	for (; heap->slices[at] != 0; at = (at + 1) & heap->slice_mask) {
		uint64_t entry = heap->slices[at] - 1;
		const struct nm_v8_heap_page *page;

		if (entry >> 24 != slice)
			continue;
		page = &heap->pages[entry & 0xffffff];
		return addr >= page->start && addr < page->end ? page : NULL;
	}
	return NULL;
}

/* `size` bytes at `addr`, which lie in one page's area; NULL when not. */
static inline const unsigned char *nm_v8_heap_at(const struct nm_v8_heap *heap, nm_addr addr,
						 uint64_t size)
{
	const struct nm_v8_heap_page *page = nm_v8_heap_page_of(heap, addr);

	if (!page || addr % 8 != 0 || size > page->end - addr)
		return NULL;
	return page->bytes + (addr - page->start);
}

/* ---- objects ------------------------------------------------------------------------------ */

/* One object: its words can be read without further checks up to `words`. */
struct nm_v8_object {
	uint32_t index;
	uint16_t type;
	uint64_t words;
	nm_addr addr;
	const unsigned char *bytes;
	const struct nm_v8_map *map;
};

/* The object that begins at `addr`, or NM_V8_NO_OBJECT. */
static inline uint32_t nm_v8_heap_index(const struct nm_v8_heap *heap, nm_addr addr)
{
	const struct nm_v8_heap_page *page = nm_v8_heap_page_of(heap, addr);
	uint64_t word, bit;

	if (!page || addr % 8 != 0)
		return NM_V8_NO_OBJECT;
	if (page->is_large)
		return addr == page->start && page->first < heap->count &&
				       heap->places[page->first] / NM_V8_PAGE_WORDS ==
					       (uint64_t)(page - heap->pages)
			       ? page->first
			       : NM_V8_NO_OBJECT;
	word = (addr - page->addr) / 8;
	bit = UINT64_C(1) << (word % 64);
	if (!(page->starts[word / 64] & bit))
		return NM_V8_NO_OBJECT;
	return page->first + page->ranks[word / 64] +
	       (uint32_t)__builtin_popcountll(page->starts[word / 64] & (bit - 1));
}

static inline const struct nm_v8_heap_page *nm_v8_heap_page_at(const struct nm_v8_heap *heap,
							       uint32_t index)
{
	return &heap->pages[heap->places[index] / NM_V8_PAGE_WORDS];
}

/* `index` is below count. */
static inline struct nm_v8_object nm_v8_heap_object(const struct nm_v8_heap *heap, uint32_t index)
{
	const struct nm_v8_heap_page *page = nm_v8_heap_page_at(heap, index);
	const struct nm_v8_map *map = &heap->maps[heap->map_of[index]];
	nm_addr addr = page->is_large ? page->start
				      : page->addr + heap->places[index] % NM_V8_PAGE_WORDS * 8;

	return (struct nm_v8_object){.index = index,
				     .type = map->type,
				     .words = heap->words[index],
				     .addr = addr,
				     .bytes = page->bytes + (addr - page->start),
				     .map = map};
}

/* The object that the word points to, strongly or, where `weak`, also weakly. */
static inline bool nm_v8_heap_follow(const struct nm_v8_heap *heap, uint64_t word, bool weak,
				     struct nm_v8_object *out)
{
	uint32_t index;

	if (!nm_v8_is_pointer(word) && !(weak && (word & 3) == 3))
		return false;
	index = nm_v8_heap_index(heap, nm_v8_pointee(word));
	if (index == NM_V8_NO_OBJECT)
		return false;
	*out = nm_v8_heap_object(heap, index);
	return true;
}

/* A word of the object; 0, a Smi, behind its end. */
static inline uint64_t nm_v8_object_word(const struct nm_v8_object *object, uint64_t index)
{
	return index < object->words ? nm_v8_load(object->bytes + 8 * index) : 0;
}

/* The word at an offset in bytes. */
static inline uint64_t nm_v8_object_field(const struct nm_v8_object *object, unsigned offset)
{
	return nm_v8_object_word(object, offset / 8);
}

/* What of the object can be pointers, its Map apart: words in [*out_first, *out_end). */
void nm_v8_object_slots(const struct nm_v8_heap *heap, const struct nm_v8_object *object,
			uint64_t *out_first, uint64_t *out_end);

/* Does a pointer there keep alive what it points to? Weak by the class of the holder. */
bool nm_v8_object_is_weak_slot(const struct nm_v8_heap *heap, const struct nm_v8_object *object,
			       uint64_t slot);

static inline bool nm_v8_heap_is_live(const struct nm_v8_heap *heap, uint32_t index)
{
	return (heap->live[index / 64] >> (index % 64) & 1) != 0;
}

/* ---- the parts, in the order of their use ------------------------------------------------- */

int nm_v8_heap_find_pages(struct nm_v8_heap *heap, struct nm_error *err);

/* The Map at a tagged word, or NM_V8_NO_MAP. Can fail for lack of memory: then too. */
uint32_t nm_v8_heap_map(struct nm_v8_heap *heap, uint64_t word);

/* Bytes of the object of that Map which begins `room` bytes before the end of its page; 0 when it
   cannot be told or makes no sense. */
uint64_t nm_v8_object_size(const struct nm_v8_object_layout *layout, const struct nm_v8_map *map,
			   const unsigned char *bytes, uint64_t room);

int nm_v8_heap_walk(struct nm_v8_heap *heap, struct nm_error *err);

/* Where roots are. */
enum nm_v8_root {
	NM_V8_ROOT_READ_ONLY,
	NM_V8_ROOT_ISOLATE,
	NM_V8_ROOT_HANDLES,
	NM_V8_ROOT_ETERNAL,
	NM_V8_ROOT_STACK,
	NM_V8_ROOT_GLOBAL,
	NM_V8_ROOT_COUNT,
};

/* Calls `add` for each word of a root that points to an object. */
typedef void nm_v8_add_root(void *context, enum nm_v8_root kind, uint64_t word);
void nm_v8_heap_each_root(struct nm_v8_heap *heap, nm_v8_add_root *add, void *context);

int nm_v8_heap_mark(struct nm_v8_heap *heap, struct nm_error *err);

#endif
