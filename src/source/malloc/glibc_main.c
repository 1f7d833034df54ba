/*
 * glibc_main.c - the memory of the main arena: the program's break, and where that could not be moved,
 * what it got from mmap
 *
 * The arena knows how much memory it has, and all of that must be found. It grows while it is looked
 * for; what came since is found by catching up while the process stands still.
 */
#include <stdlib.h>
#include <string.h>

#include "source/malloc/glibc_find.h"

/* What the arena got from mmap begins at a page; it is searched for at no more pages than this ... */
#define PLACES_MAX 65536
/* ... and while the process stands still, at these, following chunks through so many bytes. */
#define STILL_PLACES_MAX 4096
#define STILL_BYTES_MAX	 (UINT64_C(16) << 20)
#define PREVIOUS_IN_USE	 1u
#define IS_MMAPPED	 2u
#define FLAGS		 7u
#define FENCE_SIZE	 16
/* Since the mappings were listed; the walk learns where the heap ends then. */
#define GROWN_MAX (UINT64_C(64) << 20)
#define TOP_MAX	  (UINT64_C(1) << 40)

/* What remains to be found of the main arena, and where and how far to look. */
struct search {
	struct nm_glibc *glibc;
	const struct nm_maps *maps;
	size_t known; /* heaps listed before, in order */
	nm_addr top;
	nm_addr end; /* of the top chunk */
	uint64_t missing;
	unsigned places;
	uint64_t bytes;
};

uint64_t nm_glibc_mmapped_size(const uint64_t head[2], uint64_t room)
{
	uint64_t size = head[1] & ~(uint64_t)FLAGS;

	/* prev_size is how far the chunk was moved to be aligned: less than a page, mostly 0. */
	if ((head[1] & FLAGS) != IS_MMAPPED || head[0] != 0 || size < 2 * 4096 ||
	    size % 4096 != 0 || size > room)
		return 0;
	return size;
}

static uint64_t size_of(uint64_t head)
{
	return head & ~(uint64_t)FLAGS;
}

/* The first chunk of a run: nothing is before it. */
static bool begins_run(const uint64_t head[2])
{
	return head[0] == 0 && head[1] % NM_GLIBC_UNIT == PREVIOUS_IN_USE;
}

/* The mappings of the program's break as one. False when they are in pieces. */
static bool find_break(const struct nm_maps *maps, nm_addr *out_start, nm_addr *out_end)
{
	*out_start = *out_end = 0;
	for (size_t i = 0; i < maps->count; i++) {
		const struct nm_map *map = &maps->items[i];

		if (strcmp(map->path, "[heap]") != 0)
			continue;
		if (*out_end == 0)
			*out_start = map->start;
		else if (map->start != *out_end)
			return false;
		*out_end = map->end;
	}
	return true;
}

static struct nm_glibc_heap *listed_break(struct nm_glibc *glibc)
{
	for (size_t i = 0; i < glibc->heap_count; i++)
		if (glibc->heaps[i].is_break)
			return &glibc->heaps[i];
	return NULL;
}

/* The break as it is now, newly listed or brought up to date. */
static bool list_break(struct search *search)
{
	struct nm_glibc_heap added = {.is_break = true}, *heap = listed_break(search->glibc);
	nm_addr start, end;

	if (!find_break(search->maps, &start, &end) || (heap && heap->start != start))
		return false;
	if (end == 0)
		return true;
	if (!heap) {
		added.start = added.first = start;
		heap = &added;
	}
	if (end > heap->end)
		heap->end = end;
	heap->top = 0;
	if (search->top >= start && search->top <= end + GROWN_MAX) {
		heap->top = search->top;
		heap->end = search->top > heap->end ? search->top : heap->end;
	}
	return heap != &added || nm_glibc_add_heap(search->glibc, &added);
}

static uint64_t sum_listed(const struct nm_glibc *glibc)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < glibc->heap_count; i++)
		if (glibc->heaps[i].arena == 0)
			sum += glibc->heaps[i].end - glibc->heaps[i].start;
	return sum;
}

static bool is_listed(const struct nm_glibc *glibc, nm_addr from, nm_addr to)
{
	for (size_t i = 0; i < glibc->heap_count; i++)
		if (from < glibc->heaps[i].end && glibc->heaps[i].start < to)
			return true;
	return false;
}

static bool add_segment(struct search *search, nm_addr start, nm_addr end, nm_addr top)
{
	struct nm_glibc_heap heap = {.start = start, .first = start, .end = end, .top = top};

	search->missing -= end - start;
	return nm_glibc_add_heap(search->glibc, &heap);
}

/* When all others have been found, the run that ends with the top chunk has as many bytes as are
   missing. The walk proves it. False: out of memory. */
static bool add_last_segment(struct search *search)
{
	nm_addr start = search->end - search->missing;
	const struct nm_map *map = nm_maps_find(search->maps, search->top);
	uint64_t head[2];

	if (!map || search->missing == 0 || search->missing > search->end || start % 4096 != 0 ||
	    start < map->start || search->end > map->end || start > search->top ||
	    !nm_glibc_read(search->glibc, start, head, sizeof(head)) || !begins_run(head) ||
	    is_listed(search->glibc, start, search->end))
		return true;
	return add_segment(search, start, search->end, search->top);
}

/*
 * How long the run of chunks is that begins at `start`, at a page: to the end of the top chunk, or
 * behind the fence posts, chunks of the least size, which malloc puts where it had to go on
 * elsewhere (malloc/malloc.c, sysmalloc). 0 when it is none.
 */
static uint64_t measure_segment(struct search *search, nm_addr start, nm_addr end)
{
	nm_addr at = start;
	unsigned fences = 0;

	while (at + 8 < end && search->bytes > 0) {
		uint64_t head, size;

		if (at == search->top)
			return search->end <= end ? search->end - start : 0;
		/* What lies beside chunks was one once. */
		if (start < search->top && at > search->top)
			return 0;

		if (!nm_window_word(search->glibc->window, at + 8, &head))
			return 0;
		size = size_of(head);
		if (size == 0 || size % NM_GLIBC_UNIT != 0 || size > end - at ||
		    head - size > PREVIOUS_IN_USE)
			return 0;
		at += size;
		search->bytes -= size < search->bytes ? size : search->bytes;
		fences = size == FENCE_SIZE ? fences + 1 : 0;
		if (fences >= 2 && at % 4096 == 0)
			return at - start;
	}
	return 0;
}

/* A run of chunks at this page? What to pass over, 0 when nothing. False: out of memory. */
static bool try_segment(struct search *search, const struct nm_map *map, nm_addr at,
			uint64_t *out_size)
{
	uint64_t head[2];

	*out_size = 0;
	search->places--;
	if (!nm_glibc_read(search->glibc, at, head, sizeof(head)))
		return true;
	*out_size = nm_glibc_mmapped_size(head, map->end - at);
	if (*out_size > 0 || !begins_run(head))
		return true;
	*out_size = measure_segment(search, at, map->end);
	if (*out_size == 0 || *out_size > search->missing ||
	    is_listed(search->glibc, at, at + *out_size))
		return true;
	return add_segment(search, at, at + *out_size,
			   at + *out_size == search->end ? search->top : 0) &&
	       add_last_segment(search);
}

static bool search_mapping(struct search *search, const struct nm_map *map)
{
	struct nm_pagemap *pagemap = search->glibc->window->pagemap;
	struct nm_pagemap_run run;
	nm_addr at = map->start;

	while (search->missing > 0 && search->places > 0 && search->bytes > 0 &&
	       nm_pagemap_next_run(pagemap, at, map->end, &run)) {
		const struct nm_glibc_heap *listed =
			nm_glibc_heap_among(search->glibc, search->known, run.start);
		uint64_t size;

		if (listed) {
			at = listed->end;
			continue;
		}
		/* In the top chunk lies what was in others before. */
		if (run.start > search->top && run.start < search->end) {
			at = search->end;
			continue;
		}
		if (!try_segment(search, map, run.start, &size))
			return false;
		at = run.start + (size ? size : pagemap->page_size);
	}
	return true;
}

static bool can_hold_segments(const struct nm_map *map)
{
	return nm_map_is_anonymous(map) && map->access == (NM_MAP_READ | NM_MAP_WRITE);
}

/* False: out of memory. */
static bool search_segments(struct search *search)
{
	const struct nm_maps *maps = search->maps;

	if (!add_last_segment(search))
		return false;
	/* mmap gives high addresses first; V8 asks for its pages at lower ones. */
	for (size_t i = maps->count; i-- > 0 && search->missing > 0;)
		if (can_hold_segments(&maps->items[i]) && !search_mapping(search, &maps->items[i]))
			return false;
	return true;
}

static bool begin_search(struct search *search)
{
	struct nm_glibc *glibc = search->glibc;
	uint64_t head[2];

	search->known = glibc->heap_count;
	if (!nm_glibc_read_top(glibc, glibc->main, &search->top) ||
	    !nm_glibc_read(glibc, search->top, head, sizeof(head)) || head[1] > TOP_MAX)
		return false;
	search->end = search->top + size_of(head[1]);
	return list_break(search);
}

/* Of what the arena has, what has not been listed. */
static bool count_missing(struct search *search)
{
	uint64_t system, listed = sum_listed(search->glibc);

	if (!nm_glibc_read_system(search->glibc, search->glibc->main, &system))
		return false;
	search->missing = system > listed ? system - listed : 0;
	return true;
}

bool nm_glibc_find_main(struct nm_glibc *glibc, const struct nm_maps *maps)
{
	struct search search = {
		.glibc = glibc, .maps = maps, .places = PLACES_MAX, .bytes = UINT64_MAX};

	return begin_search(&search) && count_missing(&search) && search_segments(&search);
}

bool nm_glibc_is_whole(const struct nm_glibc *glibc)
{
	uint64_t system;
	nm_addr top;

	return nm_glibc_read_top(glibc, glibc->main, &top) &&
	       nm_glibc_read_system(glibc, glibc->main, &system) &&
	       nm_glibc_heap_of(glibc, top) != NULL && sum_listed(glibc) >= system;
}

/* Listed by where the top was then, which may be elsewhere now. */
static void forget_last_segment(struct nm_glibc *glibc)
{
	for (size_t i = glibc->heap_count; i-- > 0;) {
		struct nm_glibc_heap *heap = &glibc->heaps[i];

		if (heap->arena != 0 || heap->is_break || heap->top == 0 || heap->chunk_count > 0)
			continue;
		free(heap->chunks);
		memmove(heap, heap + 1, (--glibc->heap_count - i) * sizeof(*heap));
	}
}

bool nm_glibc_catch_up(struct nm_glibc *glibc, const struct nm_maps *maps)
{
	struct search search = {
		.glibc = glibc, .maps = maps, .places = STILL_PLACES_MAX, .bytes = STILL_BYTES_MAX};
	bool is_good;

	forget_last_segment(glibc);
	is_good = begin_search(&search) && count_missing(&search) && search_segments(&search);
	nm_glibc_sort_heaps(glibc);
	return is_good && nm_glibc_prepare(glibc, NULL) == NM_OK && nm_glibc_is_whole(glibc);
}
