/*
 * glibc_find.c - main_arena by its shape, and from it all arenas and their heaps
 */
#include <stdlib.h>
#include <string.h>

#include "source/malloc/glibc_find.h"

/* From bins[0]: malloc_state after the bins is binmap (16 bytes), next, next_free,
   attached_threads, system_mem, max_system_mem. */
#define BIN_COUNT   127
#define BINS_NEXT   (2 * BIN_COUNT * 8 + 16)
#define BINS_SYSTEM (BINS_NEXT + 24)
#define BINS_END    (BINS_NEXT + 40)
#define BINS_TOP    (-16)
/* The process runs while it is looked at: some of the pairs may be half changed. */
#define GOOD_MIN      110
#define SYSTEM_MAX    (UINT64_C(1) << 40)
#define DATA_SIZE_MAX (UINT64_C(4) << 20)

/* Where the bins are: since 2.27 a flag stands in front of the fastbins. */
static const uint64_t bins_offsets[] = {0x70, 0x68};

struct heap_info {
	uint64_t arena;
	uint64_t previous;
	uint64_t size;
	uint64_t writable;
};

bool nm_glibc_read(const struct nm_glibc *glibc, nm_addr addr, void *out, size_t size)
{
	struct nm_pagemap *pagemap = glibc->window->pagemap;

	return nm_addr_is_plausible(addr) && nm_pagemap_is_present(pagemap, addr) &&
	       nm_pagemap_is_present(pagemap, addr + size - 1) &&
	       nm_reader_get(glibc->window->reader, addr, out, size);
}

static bool is_writable(const struct nm_maps *maps, nm_addr addr)
{
	const struct nm_map *map = nm_maps_find(maps, addr);

	return map && (map->access & NM_MAP_WRITE) != 0;
}

static bool is_in_thread_arena(nm_addr state)
{
	uint64_t offset = state % NM_GLIBC_HEAP_MAX;

	return nm_addr_is_plausible(state) && offset >= 0x20 && offset <= 0x40;
}

/* Do the words from `w` on, which stand at `at`, look like the bins of main_arena? The cheapest
   questions come first: there are thousands of places. */
static bool are_bins(const uint64_t *w, nm_addr at, const struct nm_maps *maps)
{
	uint64_t next = w[BINS_NEXT / 8], system = w[BINS_SYSTEM / 8];
	unsigned good = 0;

	if (!is_in_thread_arena(next) && next != at - bins_offsets[0] &&
	    next != at - bins_offsets[1])
		return false;
	if (system > SYSTEM_MAX || system % 4096 != 0)
		return false;
	for (unsigned i = 0; i < BIN_COUNT; i++) {
		nm_addr self = at + 16 * i - 16;
		bool is_empty = w[2 * i] == self && w[2 * i + 1] == self;

		good += is_empty ||
			(is_writable(maps, w[2 * i]) && is_writable(maps, w[2 * i + 1]));
	}
	return good >= GOOD_MIN;
}

/* Read what is in memory of [from, to); the rest stays zero. */
static void read_present(const struct nm_window *window, nm_addr from, nm_addr to,
			 unsigned char *out)
{
	struct nm_pagemap_run run;

	for (nm_addr at = from; nm_pagemap_next_run(window->pagemap, at, to, &run); at = run.end)
		if (!run.is_swapped)
			nm_reader_get(window->reader, run.start, out + (run.start - from),
				      run.end - run.start);
}

/* Follow the list of arenas from main_arena back to it. */
static bool list_arenas_from(struct nm_glibc *glibc, nm_addr bins, uint64_t bins_offset)
{
	nm_addr main = bins - bins_offset, at = main;

	glibc->arena_count = 0;
	do {
		struct nm_glibc_arena *arena = &glibc->arenas[glibc->arena_count++];

		*arena = (struct nm_glibc_arena){.state = at, .is_main = at == main};
		if (!nm_glibc_read(glibc, at + bins_offset + BINS_NEXT, &at, sizeof(at)))
			return false;
	} while (at != main && is_in_thread_arena(at) && glibc->arena_count < NM_GLIBC_ARENAS_MAX);
	glibc->main = main;
	glibc->bins_offset = bins_offset;
	return at == main;
}

static bool list_arenas(struct nm_glibc *glibc, nm_addr bins)
{
	return list_arenas_from(glibc, bins, bins_offsets[0]) ||
	       list_arenas_from(glibc, bins, bins_offsets[1]);
}

/* Look for main_arena in the data of libc, [from, to), until a place also proves to be it. */
static bool search_data(struct nm_glibc *glibc, const struct nm_maps *maps, nm_addr from,
			nm_addr to)
{
	uint64_t *words;
	size_t count = (size_t)(to - from) / 8;
	bool found = false;

	if (to - from > DATA_SIZE_MAX)
		return false;
	words = calloc(count, 8);
	if (!words)
		return false;
	read_present(glibc->window, from, to, (unsigned char *)words);
	for (size_t i = 0; i + BINS_END / 8 <= count && !found; i++)
		found = are_bins(words + i, from + 8 * i, maps) && list_arenas(glibc, from + 8 * i);
	free(words);
	return found;
}

static bool is_libc(const char *path)
{
	const char *base = strrchr(path, '/');

	return base && (strncmp(base, "/libc.so.6", 10) == 0 || strncmp(base, "/libc-2.", 8) == 0);
}

static bool find_arenas(struct nm_glibc *glibc, const struct nm_maps *maps)
{
	bool found = false;

	for (size_t i = 0; i < maps->count && !found; i++) {
		const struct nm_map *map = &maps->items[i], *next = map + 1;
		nm_addr end = map->end;

		if (!(map->access & NM_MAP_WRITE) || !is_libc(map->path))
			continue;
		if (i + 1 < maps->count && next->start == end && nm_map_is_anonymous(next))
			end = next->end;
		found = search_data(glibc, maps, map->start, end);
	}
	return found;
}

bool nm_glibc_add_heap(struct nm_glibc *glibc, const struct nm_glibc_heap *heap)
{
	if (glibc->heap_count >= NM_GLIBC_HEAPS_MAX)
		return false;
	if (glibc->heap_count % 64 == 0) {
		struct nm_glibc_heap *heaps =
			realloc(glibc->heaps, (glibc->heap_count + 64) * sizeof(*heaps));

		if (!heaps)
			return false;
		glibc->heaps = heaps;
	}
	glibc->heaps[glibc->heap_count++] = *heap;
	return true;
}

bool nm_glibc_read_top(const struct nm_glibc *glibc, nm_addr state, nm_addr *out)
{
	return nm_glibc_read(glibc, state + glibc->bins_offset + (uint64_t)BINS_TOP, out,
			     sizeof(*out));
}

bool nm_glibc_read_system(const struct nm_glibc *glibc, nm_addr state, uint64_t *out)
{
	return nm_glibc_read(glibc, state + glibc->bins_offset + BINS_SYSTEM, out, sizeof(*out)) &&
	       *out <= SYSTEM_MAX;
}

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

/* The heaps of a thread arena: the one that has the top, and those before it. */
static bool add_thread_heaps(struct nm_glibc *glibc, size_t index)
{
	const nm_addr state = glibc->arenas[index].state;
	uint64_t info_size = state % NM_GLIBC_HEAP_MAX;
	nm_addr top, at;

	if (!nm_glibc_read_top(glibc, state, &top))
		return false;
	at = top - top % NM_GLIBC_HEAP_MAX;
	for (size_t i = 0; at != 0 && i < NM_GLIBC_HEAPS_MAX; i++) {
		struct nm_glibc_heap heap = {.start = at, .arena = index};
		struct heap_info info;

		if (at % NM_GLIBC_HEAP_MAX != 0 || !nm_glibc_read(glibc, at, &info, sizeof(info)) ||
		    info.arena != state || info.size == 0 || info.size > NM_GLIBC_HEAP_MAX ||
		    info.size % 4096 != 0)
			return false;
		heap.end = at + info.size;
		heap.first = at + info_size;
		if (at == state - info_size)
			heap.first = round_up(state + glibc->bins_offset + BINS_END, NM_GLIBC_UNIT);
		heap.top = i == 0 ? top : 0;
		if (heap.first >= heap.end || (i == 0 && top >= heap.end) ||
		    !nm_glibc_add_heap(glibc, &heap))
			return false;
		at = info.previous;
	}
	return at == 0;
}

static int by_start(const void *a, const void *b)
{
	const struct nm_glibc_heap *left = a, *right = b;

	return left->start < right->start ? -1 : left->start > right->start;
}

void nm_glibc_sort_heaps(struct nm_glibc *glibc)
{
	if (glibc->heap_count > 0)
		qsort(glibc->heaps, glibc->heap_count, sizeof(*glibc->heaps), by_start);
}

static const char *find_heaps(struct nm_glibc *glibc, const struct nm_maps *maps)
{
	for (size_t i = 1; i < glibc->arena_count; i++)
		if (!add_thread_heaps(glibc, i))
			return "the heap of a thread arena is not as known";
	nm_glibc_sort_heaps(glibc);
	if (!nm_glibc_find_main(glibc, maps))
		return "the main arena is not as known";
	nm_glibc_sort_heaps(glibc);
	return NULL;
}

int nm_glibc_find(struct nm_window *window, const struct nm_maps *maps, struct nm_glibc *out,
		  struct nm_error *err)
{
	const char *wrong;

	memset(out, 0, sizeof(*out));
	out->window = window;
	out->arenas = calloc(NM_GLIBC_ARENAS_MAX, sizeof(*out->arenas));
	if (!out->arenas)
		return nm_error_nomem(err);
	wrong = find_arenas(out, maps) ? find_heaps(out, maps)
				       : "no main arena like that of glibc 2.26 to 2.41 was found";
	if (!wrong)
		return NM_OK;
	nm_glibc_done(out);
	return nm_error_set(err, NM_E_UNSUPPORTED, "cannot look into malloc: %s", wrong);
}

/* Of a heap that is new. */
static bool make_room(struct nm_glibc_heap *heap)
{
	uint64_t size = heap->end - heap->start;

	/* The smallest chunks are fence posts, but for the last few all have two units. Where the top
	   is, the heap may grow until it is walked. */
	heap->chunk_room = (size_t)(size / (2 * NM_GLIBC_UNIT) + 16);
	if (heap->top != 0)
		heap->chunk_room += (size_t)(size / (8 * NM_GLIBC_UNIT) + 65536);
	heap->chunks = calloc(heap->chunk_room, sizeof(*heap->chunks));
	return heap->chunks != NULL;
}

int nm_glibc_prepare(struct nm_glibc *glibc, struct nm_error *err)
{
	for (size_t i = 0; i < glibc->arena_count; i++) {
		struct nm_glibc_arena *arena = &glibc->arenas[i];

		if (!arena->fast)
			arena->fast = calloc(NM_GLIBC_FAST_MAX, sizeof(*arena->fast));
		if (!arena->fast)
			return nm_error_nomem(err);
	}
	for (size_t i = 0; i < glibc->heap_count; i++)
		if (!glibc->heaps[i].chunks && !make_room(&glibc->heaps[i]))
			return nm_error_nomem(err);
	return NM_OK;
}

const struct nm_glibc_heap *nm_glibc_heap_among(const struct nm_glibc *glibc, size_t count,
						nm_addr addr)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct nm_glibc_heap *heap = &glibc->heaps[middle];

		if (addr < heap->start)
			high = middle;
		else if (addr >= heap->end)
			low = middle + 1;
		else
			return heap;
	}
	return NULL;
}

const struct nm_glibc_heap *nm_glibc_heap_of(const struct nm_glibc *glibc, nm_addr addr)
{
	return nm_glibc_heap_among(glibc, glibc->heap_count, addr);
}

void nm_glibc_done(struct nm_glibc *glibc)
{
	for (size_t i = 0; i < glibc->heap_count; i++)
		free(glibc->heaps[i].chunks);
	for (size_t i = 0; i < glibc->arena_count; i++)
		free(glibc->arenas[i].fast);
	free(glibc->heaps);
	free(glibc->arenas);
	memset(glibc, 0, sizeof(*glibc));
}
