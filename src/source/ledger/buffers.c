/*
 * buffers.c - the memory of ArrayBuffers: which of the objects that look like BackingStores have it
 */
#include <stdlib.h>
#include <string.h>

#include "source/ledger/job.h"

/* Heads of chunks read with one call, when they are looked for page by page. */
#define HEADS_MAX 128
/* Addresses have 47 bits. */
#define DIGIT_BITS 11
#define DIGIT_MASK ((1u << DIGIT_BITS) - 1)
/* malloc rounds up: to 16 bytes in an arena, to a page in a mapping. */
#define ARENA_SLACK   64
#define MMAPPED_SLACK 8192

/* There can be millions: by four passes over the bits of their addresses, whose lowest four are 0.
   Of two with the same start the one that was seen first stays first. */
static bool sort_stores(struct nm_ledger_job *job)
{
	struct nm_store *from = job->stores, *to = malloc((job->store_count + 1) * sizeof(*to));
	struct nm_store *spare = to;

	if (!to)
		return false;
	for (unsigned shift = 4; shift < 4 + 4 * DIGIT_BITS; shift += DIGIT_BITS) {
		size_t places[1 << DIGIT_BITS] = {0}, place = 0;
		struct nm_store *swap = from;

		for (size_t i = 0; i < job->store_count; i++)
			places[from[i].memory.start >> shift & DIGIT_MASK]++;
		for (size_t i = 0; i <= DIGIT_MASK; i++) {
			size_t count = places[i];

			places[i] = place;
			place += count;
		}
		for (size_t i = 0; i < job->store_count; i++)
			to[places[from[i].memory.start >> shift & DIGIT_MASK]++] = from[i];
		from = to;
		to = swap;
	}
	/* After an even number of passes they are where they were. */
	free(spare);
	return true;
}

/* The store whose memory begins at `addr`, or NULL. */
static struct nm_store *find_store(const struct nm_ledger_job *job, nm_addr addr)
{
	size_t low = 0, high = job->store_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (job->stores[middle].memory.start < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < job->store_count && job->stores[low].memory.start == addr ? &job->stores[low]
									       : NULL;
}

static bool fits(const struct nm_store *store, uint64_t usable, uint64_t slack)
{
	return usable >= store->memory.length && usable - store->memory.length < slack;
}

/* Objects that look alike, and two that share their memory: one for each start is kept, the one
   that has memory of its size. */
static bool place_in_arenas(struct nm_ledger_job *job)
{
	struct nm_glibc_cursor cursor = {0, 0};
	size_t kept = 0;

	if (!sort_stores(job))
		return false;
	for (size_t i = 0; i < job->store_count; i++) {
		struct nm_store store = job->stores[i];

		if (fits(&store, nm_glibc_usable(&job->glibc, &cursor, store.memory.start),
			 ARENA_SLACK))
			store.place = NM_STORE_ARENA;
		if (kept == 0 || job->stores[kept - 1].memory.start != store.memory.start)
			job->stores[kept++] = store;
		else if (job->stores[kept - 1].place == NM_STORE_NOWHERE)
			job->stores[kept - 1] = store;
	}
	job->store_count = kept;
	return true;
}

static bool add_mmapped(struct nm_ledger_job *job, nm_addr addr, uint64_t size)
{
	struct nm_store *store = find_store(job, addr + NM_GLIBC_HEADER);
	struct nm_mmapped *chunk;

	if (job->mmapped_count == job->mmapped_room) {
		size_t room = job->mmapped_room ? 2 * job->mmapped_room : 256;
		struct nm_mmapped *items = realloc(job->mmapped, room * sizeof(*items));

		if (!items)
			return false;
		job->mmapped = items;
		job->mmapped_room = room;
	}
	chunk = &job->mmapped[job->mmapped_count++];
	*chunk = (struct nm_mmapped){.addr = addr, .size = size};
	if (store && fits(store, size - NM_GLIBC_HEADER, MMAPPED_SLACK)) {
		store->place = NM_STORE_MMAPPED;
		chunk->is_buffer = true;
	}
	return true;
}

/* The head of a chunk is in swap; that of an ArrayBuffer is known all the same. */
static uint64_t swapped_size(const struct nm_ledger_job *job, nm_addr addr, uint64_t room)
{
	const struct nm_store *store = find_store(job, addr + NM_GLIBC_HEADER);
	uint64_t page = job->process->pagemap.page_size, size;

	if (!store || store->place != NM_STORE_NOWHERE)
		return 0;
	size = (store->memory.length + NM_GLIBC_HEADER + page - 1) / page * page;
	return size <= room ? size : 0;
}

/* Read the heads at `count` pages from `addr` on; returns how many came. */
static size_t read_heads(const struct nm_ledger_job *job, nm_addr addr, size_t count,
			 uint64_t heads[][2])
{
	struct iovec local[HEADS_MAX], remote[HEADS_MAX];
	ssize_t got;

	for (size_t i = 0; i < count; i++) {
		local[i] = (struct iovec){heads[i], sizeof(heads[i])};
		remote[i] = (struct iovec){
			(void *)(uintptr_t)(addr + i * job->process->pagemap.page_size),
			sizeof(heads[i])};
	}
	got = nm_reader_gather(job->process->reader, local, remote, count);
	return got < 0 ? 0 : (size_t)got / sizeof(heads[0]);
}

/* The first chunk in the resident pages [from, to), which may reach to `end`. Returns where to go
   on: behind it, or at `to`. */
static nm_addr find_mmapped(struct nm_ledger_job *job, nm_addr from, nm_addr to, nm_addr end,
			    bool *out_failed)
{
	const uint64_t page = job->process->pagemap.page_size;
	uint64_t heads[HEADS_MAX][2], size;
	size_t batch = 1; /* a mapping mostly begins with a chunk, if it has any */

	while (from < to) {
		size_t count =
			(size_t)((to - from) / page) < batch ? (size_t)((to - from) / page) : batch;
		size_t got = read_heads(job, from, count, heads);

		for (size_t i = 0; i < got; i++) {
			nm_addr addr = from + i * page;

			size = nm_glibc_mmapped_size(heads[i], end - addr);
			if (size == 0)
				continue;
			*out_failed = !add_mmapped(job, addr, size);
			return addr + size;
		}
		/* What could not be read was unmapped meanwhile. */
		from += (got < count ? got + 1 : count) * page;
		batch = batch < HEADS_MAX ? 2 * batch : HEADS_MAX;
	}
	return to;
}

/* Chunks of malloc's own mappings in memory where neither V8's pages nor arenas are. */
static bool search_gap(struct nm_ledger_job *job, nm_addr from, nm_addr to)
{
	struct nm_pagemap *pagemap = &job->process->pagemap;
	struct nm_pagemap_run run;
	bool failed = false;

	while (!failed && nm_pagemap_next_run(pagemap, from, to, &run)) {
		if (run.is_swapped) {
			uint64_t size = swapped_size(job, run.start, to - run.start);

			failed = size > 0 && !add_mmapped(job, run.start, size);
			from = run.start + (size > 0 ? size : pagemap->page_size);
		} else {
			from = find_mmapped(job, run.start, run.end, to, &failed);
		}
	}
	return !failed;
}

static nm_addr lower(nm_addr a, nm_addr b)
{
	return a < b ? a : b;
}

static bool search_mapping(struct nm_ledger_job *job, const struct nm_map *map)
{
	nm_addr at = map->start;

	while (at < map->end) {
		const struct nm_v8_page *page = nm_ledger_next_page(job, at);
		const struct nm_glibc_heap *heap = nm_ledger_next_heap(job, at);
		nm_addr gap_end = map->end;

		if (page)
			gap_end = lower(gap_end, page->addr);
		if (heap)
			gap_end = lower(gap_end, heap->start);
		if (gap_end > at && !search_gap(job, at, gap_end))
			return false;
		at = gap_end > at		? gap_end
		     : page && page->addr <= at ? page->addr + page->size
						: heap->end;
	}
	return true;
}

static bool has_no_access(const struct nm_map *map)
{
	return (map->access & (NM_MAP_READ | NM_MAP_WRITE | NM_MAP_EXECUTE)) == 0;
}

/* Memory of WebAssembly, and of ArrayBuffers that can be resized, lies at the beginning of address
   space that was reserved for it. */
static void place_own(struct nm_ledger_job *job, struct nm_store *store)
{
	const struct nm_maps *maps = &job->smaps.maps;
	const struct nm_map *map = nm_maps_find(maps, store->memory.start);
	bool is_reserved;

	if (!map || map->start != store->memory.start || !nm_ledger_is_plain_memory(map) ||
	    !(map->access & NM_MAP_WRITE) || store->memory.length > map->end - map->start)
		return;
	is_reserved = (map > maps->items && map[-1].end == map->start && has_no_access(&map[-1])) ||
		      (map + 1 < maps->items + maps->count && map[1].start == map->end &&
		       has_no_access(&map[1]));
	if (is_reserved)
		store->place = NM_STORE_OWN_PLACE;
}

int nm_ledger_find_buffers(struct nm_ledger_job *job, struct nm_error *err)
{
	struct nm_ledger *ledger = job->ledger;

	if (!place_in_arenas(job))
		return nm_error_nomem(err);
	for (size_t i = 0; i < job->smaps.maps.count; i++) {
		const struct nm_map *map = &job->smaps.maps.items[i];
		const struct nm_smap *smap = &job->smaps.items[i];

		if (job->allocator == NM_ALLOCATOR_GLIBC && nm_ledger_is_plain_memory(map) &&
		    (map->access & NM_MAP_WRITE) && !(map->access & NM_MAP_EXECUTE) &&
		    (smap->rss > 0 || smap->swap > 0) && !search_mapping(job, map))
			return nm_error_nomem(err);
	}
	for (size_t i = 0; i < job->store_count; i++) {
		struct nm_store *store = &job->stores[i];

		if (store->place == NM_STORE_NOWHERE)
			place_own(job, store);
		if (store->place == NM_STORE_ARENA || store->place == NM_STORE_MMAPPED)
			ledger->array_buffers += store->memory.length;
	}
	if (job->is_walked)
		ledger->has |= NM_HAS_FOUND_BUFFERS;
	return NM_OK;
}
