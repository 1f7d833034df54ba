/*
 * sum_malloc.c - how much of malloc's memory is in use, free, and could be given back
 */
#include <stdlib.h>

#include "source/ledger/job.h"

/* How many of the pages before each page of a heap are resident. */
struct presence {
	const struct nm_glibc_heap *heap;
	uint64_t page_size;
	uint32_t *before;
	size_t pages;
};

static bool read_presence(struct nm_ledger_job *job, const struct nm_glibc_heap *heap,
			  struct presence *out)
{
	struct nm_pagemap *pagemap = &job->process->pagemap;
	const uint64_t page = pagemap->page_size;
	struct nm_pagemap_run run;
	size_t at = 0;

	out->heap = heap;
	out->page_size = page;
	out->pages = (size_t)((heap->end - heap->start + page - 1) / page);
	out->before = calloc(out->pages + 1, sizeof(*out->before));
	if (!out->before)
		return false;
	for (nm_addr from = heap->start; nm_pagemap_next_run(pagemap, from, heap->end, &run);
	     from = run.end) {
		if (run.is_swapped || run.is_zero)
			continue;
		for (; at < (run.start - heap->start) / page; at++)
			out->before[at + 1] = out->before[at];
		for (; at < out->pages && at < (run.end - heap->start + page - 1) / page; at++)
			out->before[at + 1] = out->before[at] + 1;
	}
	for (; at < out->pages; at++)
		out->before[at + 1] = out->before[at];
	return true;
}

/* Resident bytes in front of `addr`. */
static uint64_t resident_before(const struct presence *presence, nm_addr addr)
{
	uint64_t offset = addr - presence->heap->start;
	size_t page = (size_t)(offset / presence->page_size);
	bool is_present;

	if (page >= presence->pages)
		return (uint64_t)presence->before[presence->pages] * presence->page_size;
	is_present = presence->before[page + 1] > presence->before[page];
	return (uint64_t)presence->before[page] * presence->page_size +
	       (is_present ? offset % presence->page_size : 0);
}

static uint64_t resident_between(const struct presence *presence, nm_addr from, nm_addr to)
{
	return to > from ? resident_before(presence, to) - resident_before(presence, from) : 0;
}

/* malloc_trim() gives back the whole pages of a free chunk behind its head, and of the top in the
   break all but the least possible chunk; never another top
   (malloc/malloc.c: mtrim, systrim). */
static uint64_t reclaimable(const struct presence *presence, nm_addr chunk, nm_addr end)
{
	const uint64_t head = 48, page = presence->page_size;

	return resident_between(presence, (chunk + head + page - 1) / page * page,
				end / page * page);
}

static bool is_buffer_chunk(const struct nm_ledger_job *job, size_t *store, nm_addr user)
{
	while (*store < job->store_count && job->stores[*store].memory.start < user)
		(*store)++;
	return *store < job->store_count && job->stores[*store].memory.start == user &&
	       job->stores[*store].place == NM_STORE_ARENA;
}

/* Free chunks in a row, which malloc_trim() makes one, from `start` to before `end`. */
static void add_free(const struct presence *presence, nm_addr start, nm_addr end, bool is_kept,
		     struct nm_heap_sums *out)
{
	out->free += end - start;
	out->resident_free += resident_between(presence, start, end);
	if (!is_kept)
		out->reclaimable += reclaimable(presence, start, end);
}

static void sum_heap(const struct nm_ledger_job *job, const struct nm_glibc_heap *heap,
		     const struct presence *presence, struct nm_heap_sums *out)
{
	nm_addr free_from = 0; /* 0: the last chunk was in use */
	size_t store = 0;

	for (size_t i = 0; i + 1 < heap->chunk_count; i++) {
		nm_addr start = nm_glibc_chunk_start(heap, i);
		nm_addr end = nm_glibc_chunk_start(heap, i + 1);

		if (!nm_glibc_chunk_is_used(heap, i)) {
			free_from = free_from ? free_from : start;
			continue;
		}
		if (free_from)
			add_free(presence, free_from, start, false, out);
		free_from = 0;
		if (is_buffer_chunk(job, &store, start + NM_GLIBC_HEADER))
			out->resident_buffers += resident_between(presence, start, end);
	}
	if (heap->top == 0) {
		if (free_from)
			add_free(presence, free_from,
				 nm_glibc_chunk_start(heap, heap->chunk_count - 1), false, out);
		return;
	}
	add_free(presence, free_from ? free_from : heap->top, heap->end, !heap->is_break, out);
}

static void add_to_arena(const struct nm_ledger_job *job, const struct nm_glibc_heap *heap,
			 const struct nm_heap_sums *sums, struct nm_malloc_arena *arena)
{
	arena->is_main = job->glibc.arenas[heap->arena].is_main;
	arena->size += heap->end - heap->start;
	arena->free += sums->free;
	arena->in_use += heap->end - heap->start - sums->free;
	arena->reclaimable += sums->reclaimable;
}

static void sum_arenas(const struct nm_ledger_job *job, struct nm_malloc *malloc)
{
	for (size_t i = 0; i < job->glibc.heap_count; i++)
		add_to_arena(job, &job->glibc.heaps[i], &job->heap_sums[i],
			     &malloc->arenas[job->glibc.heaps[i].arena]);
	for (size_t i = 0; i < malloc->arena_count; i++) {
		struct nm_malloc_arena *arena = &malloc->arenas[i];
		uint64_t fast = job->glibc.arenas[i].fast_bytes;

		/* What looks in use and is free. */
		fast = fast < arena->in_use ? fast : arena->in_use;
		arena->in_use -= fast;
		arena->free += fast;
		malloc->in_use += arena->in_use;
		malloc->free += arena->free;
		malloc->reclaimable += arena->reclaimable;
		malloc->cached += job->glibc.arenas[i].cached_bytes;
	}
}

int nm_ledger_sum_malloc(struct nm_ledger_job *job, struct nm_error *err)
{
	struct nm_malloc *malloc = &job->ledger->malloc;

	if (job->allocator == NM_ALLOCATOR_GLIBC) {
		malloc->has |= NM_HAS_MALLOC_MMAPPED;
		malloc->mmapped_chunks = job->mmapped_count;
		for (size_t i = 0; i < job->mmapped_count; i++)
			malloc->mmapped += job->mmapped[i].size;
	}
	if (!job->is_walked)
		return NM_OK;
	job->heap_sums = calloc(job->glibc.heap_count + 1, sizeof(*job->heap_sums));
	malloc->arenas = calloc(job->glibc.arena_count + 1, sizeof(*malloc->arenas));
	if (!job->heap_sums || !malloc->arenas)
		return nm_error_nomem(err);
	malloc->arena_count = job->glibc.arena_count;
	nm_glibc_consolidate(&job->glibc);
	for (size_t i = 0; i < job->glibc.heap_count; i++) {
		struct presence presence;

		if (!read_presence(job, &job->glibc.heaps[i], &presence))
			return nm_error_nomem(err);
		sum_heap(job, &job->glibc.heaps[i], &presence, &job->heap_sums[i]);
		free(presence.before);
	}
	sum_arenas(job, malloc);
	malloc->has |= NM_HAS_MALLOC_INSIDE;
	return NM_OK;
}
