/*
 * classify.c - what each stretch of a mapping is
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/ledger/files.h"
#include "source/ledger/job.h"
#include "source/proc/file.h"
#include "source/v8/thread.h"

/* The first words of a region of abseil's LowLevelAlloc, which V8 brings along from Node 24 on:
   { size, magic ^ address }, absl/base/internal/low_level_alloc.cc. */
#define ABSEIL_MAGIC UINT64_C(0x4c833e95)
/* V8's table of entry points of functions, from Node 24 on: segments of this size, the first one
   read-only, in a reservation without access (src/sandbox/external-entity-table.h). */
#define TABLE_SEGMENT (UINT64_C(64) << 10)
/* mimalloc, which add-ons written in Rust bring along, takes address space in such steps and at such
   addresses, and begins it with { 0, 1 }: mi_segment_t of mimalloc 2, src/segment.c. */
#define MIMALLOC_ALIGNMENT (UINT64_C(32) << 20)

bool nm_ledger_is_plain_memory(const struct nm_map *map)
{
	return nm_map_is_anonymous(map) && !(map->access & NM_MAP_SHARED) &&
	       (map->access & NM_MAP_READ);
}

const struct nm_v8_page *nm_ledger_next_page(const struct nm_ledger_job *job, nm_addr addr)
{
	size_t low = 0, high = job->pages.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct nm_v8_page *page = &job->pages.items[middle];

		if (page->addr + page->size <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < job->pages.count ? &job->pages.items[low] : NULL;
}

const struct nm_mmapped *nm_ledger_next_mmapped(const struct nm_ledger_job *job, nm_addr addr)
{
	size_t low = 0, high = job->mmapped_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (job->mmapped[middle].addr + job->mmapped[middle].size <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < job->mmapped_count ? &job->mmapped[low] : NULL;
}

const struct nm_glibc_heap *nm_ledger_next_heap(const struct nm_ledger_job *job, nm_addr addr)
{
	size_t low = 0, high = job->glibc.heap_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (job->glibc.heaps[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < job->glibc.heap_count ? &job->glibc.heaps[low] : NULL;
}

static void add_extent(struct nm_extents *extents, const struct nm_extent *extent)
{
	struct nm_extent *last = extents->count ? &extents->items[extents->count - 1] : NULL;

	if (extent->start >= extent->end || extents->failed)
		return;
	if (last && last->part == extent->part && last->heap == extent->heap &&
	    last->end == extent->start) {
		last->end = extent->end;
		return;
	}
	if (!extents->items || extents->count == extents->room) {
		size_t room = extents->room ? 2 * extents->room : 64;
		struct nm_extent *items = realloc(extents->items, room * sizeof(*items));

		if (!items) {
			extents->failed = true;
			return;
		}
		extents->items = items;
		extents->room = room;
	}
	extents->items[extents->count++] = *extent;
}

static nm_part_index part_of_space(const struct nm_ledger_job *job, const char *isolate,
				   enum nm_v8_space space)
{
	return nm_ledger_part(job->ledger, NM_GROUP_V8_HEAP, isolate, nm_v8_space_name(space));
}

/* Which isolate's and which space's page? Read-only pages are shared by all. */
static nm_part_index part_of_page(const struct nm_ledger_job *job, const struct nm_v8_page *page)
{
	const struct nm_v8_layout *layout = &job->process->layout;
	char name[24];

	if (page->heap == 0 || page->owner == 0)
		return part_of_space(job, "", NM_V8_SPACE_READ_ONLY);
	for (size_t i = 0; i < job->isolates->count; i++) {
		const struct nm_v8_isolate *isolate = &job->isolates->items[i];

		if (isolate->heap != page->heap)
			continue;
		if (page->owner == isolate->read_only)
			return part_of_space(job, "", NM_V8_SPACE_READ_ONLY);
		nm_v8_isolate_name(isolate, name, sizeof(name));
		for (uint32_t k = 0; k < layout->space_count && !page->is_pooled; k++)
			if (nm_v8_space_owns(layout, layout->spaces[k], isolate->spaces[k],
					     page->owner))
				return part_of_space(job, name, layout->spaces[k]);
		return nm_ledger_part(job->ledger, NM_GROUP_V8_HEAP, name, "pooled pages");
	}
	return nm_ledger_part(job->ledger, NM_GROUP_V8_HEAP, "", "pages of no running isolate");
}

static bool is_without_access(const struct nm_map *map)
{
	return !(map->access & (NM_MAP_READ | NM_MAP_WRITE | NM_MAP_EXECUTE));
}

/* A thread's stack lies above a guard. */
static bool is_stack(struct nm_ledger_job *job, size_t mapping, nm_part_index *out)
{
	const struct nm_map *map = &job->smaps.maps.items[mapping];
	char name[80], comm[64] = "", path[64];
	ssize_t length;
	pid_t thread;

	if (mapping == 0 || map[-1].end != map->start || !is_without_access(&map[-1]) ||
	    !nm_thread_find(job->process->reader, &job->process->pagemap, job->process->pid_dir,
			    map, &thread))
		return false;
	snprintf(name, sizeof(name), "ended threads, kept for the next");
	if (thread) {
		snprintf(path, sizeof(path), "task/%d/comm", (int)thread);
		length = nm_proc_read(job->process->pid_dir, path, comm, sizeof(comm));
		comm[length > 0 ? strcspn(comm, "\n") : 0] = '\0';
		snprintf(name, sizeof(name), "threads %s", comm);
	}
	*out = nm_ledger_part(job->ledger, NM_GROUP_STACKS, "", name);
	return true;
}

static bool is_own_place(const struct nm_ledger_job *job, nm_addr start)
{
	for (size_t i = 0; i < job->store_count; i++)
		if (job->stores[i].place == NM_STORE_OWN_PLACE &&
		    job->stores[i].memory.start == start)
			return true;
	return false;
}

static bool read_two(struct nm_ledger_job *job, nm_addr addr, uint64_t out[2])
{
	return nm_pagemap_is_present(&job->process->pagemap, addr) &&
	       nm_reader_get(job->process->reader, addr, out, 2 * sizeof(*out));
}

static bool is_mimalloc(struct nm_ledger_job *job, const struct nm_map *map)
{
	uint64_t words[2];

	return map->start % MIMALLOC_ALIGNMENT == 0 &&
	       (map->end - map->start) % MIMALLOC_ALIGNMENT == 0 &&
	       read_two(job, map->start, words) && words[0] == 0 && words[1] == 1;
}

static bool is_abseil(struct nm_ledger_job *job, nm_addr addr)
{
	uint64_t words[2];

	return read_two(job, addr, words) && (words[1] ^ addr) == ABSEIL_MAGIC;
}

static bool is_dispatch_table(const struct nm_ledger_job *job, size_t mapping)
{
	const struct nm_maps *maps = &job->smaps.maps;
	const struct nm_map *map = &maps->items[mapping], *first = map - 1, *rest = map + 1;

	return mapping > 0 && mapping + 1 < maps->count && first->end == map->start &&
	       (map->end - map->start) % TABLE_SEGMENT == 0 &&
	       first->end - first->start == TABLE_SEGMENT && !(first->access & NM_MAP_WRITE) &&
	       rest->start == map->end && is_without_access(rest);
}

/* What is left of a mapping that is neither of V8's pages nor of malloc's chunks. */
static nm_part_index part_of_rest(struct nm_ledger_job *job, size_t mapping, nm_addr start)
{
	const struct nm_map *map = &job->smaps.maps.items[mapping];
	struct nm_ledger *ledger = job->ledger;
	nm_part_index part;

	if (map->access & NM_MAP_EXECUTE)
		return nm_ledger_part(ledger, NM_GROUP_V8_CODE, "", "code range, outside pages");
	if (is_own_place(job, map->start))
		return nm_ledger_part(ledger, NM_GROUP_WASM, "", "memory");
	if (is_dispatch_table(job, mapping))
		return nm_ledger_part(ledger, NM_GROUP_V8_CODE, "", "dispatch table of functions");
	if (is_abseil(job, start))
		return nm_ledger_part(ledger, NM_GROUP_OTHER, "", "abseil (checks of mutexes)");
	if (job->allocator != NM_ALLOCATOR_GLIBC && job->allocator != NM_ALLOCATOR_UNKNOWN &&
	    (map->access & NM_MAP_WRITE))
		return nm_ledger_part(ledger, NM_GROUP_MALLOC, "",
				      nm_allocator_name(job->allocator));
	if (job->has_addon && is_mimalloc(job, map))
		return nm_ledger_part(ledger, NM_GROUP_ADDONS, "", "mimalloc of an add-on");
	part = nm_ledger_part(ledger, NM_GROUP_OTHER, "", "anonymous memory, unnamed");
	nm_ledger_mark_unnamed(ledger, part);
	return part;
}

static nm_part_index part_of_heap(struct nm_ledger_job *job, const struct nm_glibc_heap *heap)
{
	bool is_main = job->glibc.arenas[heap->arena].is_main;

	return nm_ledger_part(job->ledger, NM_GROUP_MALLOC, "",
			      is_main ? "main arena" : "thread arenas");
}

static nm_part_index part_of_mmapped(struct nm_ledger_job *job, const struct nm_mmapped *chunk)
{
	if (chunk->is_buffer)
		return nm_ledger_part(job->ledger, NM_GROUP_ARRAY_BUFFERS, "",
				      "in mappings of their own");
	return nm_ledger_part(job->ledger, NM_GROUP_MALLOC, "", "large chunks (mmap)");
}

static nm_addr lower(nm_addr a, nm_addr b)
{
	return a < b ? a : b;
}

/* Memory of no file: piece by piece. */
static void cut_up(struct nm_ledger_job *job, size_t mapping, struct nm_extents *out)
{
	const struct nm_map *map = &job->smaps.maps.items[mapping];
	nm_addr at = map->start;

	while (at < map->end && !out->failed) {
		const struct nm_v8_page *page = nm_ledger_next_page(job, at);
		const struct nm_glibc_heap *heap = nm_ledger_next_heap(job, at);
		const struct nm_mmapped *chunk = nm_ledger_next_mmapped(job, at);
		struct nm_extent extent = {.start = at, .end = map->end};

		if (page && page->addr <= at) {
			extent.end = lower(extent.end, page->addr + page->size);
			extent.part = part_of_page(job, page);
		} else if (heap && heap->start <= at) {
			extent.end = lower(extent.end, heap->end);
			extent.part = part_of_heap(job, heap);
			extent.heap = job->is_walked ? heap : NULL;
		} else if (chunk && chunk->addr <= at) {
			extent.end = lower(extent.end, chunk->addr + chunk->size);
			extent.part = part_of_mmapped(job, chunk);
		} else {
			if (page)
				extent.end = lower(extent.end, page->addr);
			if (heap)
				extent.end = lower(extent.end, heap->start);
			if (chunk)
				extent.end = lower(extent.end, chunk->addr);
			extent.part = part_of_rest(job, mapping, at);
		}
		add_extent(out, &extent);
		at = extent.end;
	}
}

void nm_ledger_classify(struct nm_ledger_job *job, size_t mapping, struct nm_extents *out)
{
	const struct nm_map *map = &job->smaps.maps.items[mapping];
	struct nm_extent whole = {.start = map->start, .end = map->end};
	struct nm_ledger_file file;

	if (nm_ledger_file_find(&job->smaps.maps, mapping, job->process->program.path, &file)) {
		whole.part = nm_ledger_part(job->ledger, file.group, "", file.name);
		add_extent(out, &whole);
	} else if (strcmp(map->path, "[heap]") != 0 && is_stack(job, mapping, &whole.part)) {
		add_extent(out, &whole);
	} else {
		cut_up(job, mapping, out);
	}
}
