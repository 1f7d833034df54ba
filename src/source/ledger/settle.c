/*
 * settle.c - how much of each extent is resident, so that all of a mapping is accounted for
 */
#include <stdlib.h>
#include <string.h>

#include "source/ledger/job.h"

struct amount {
	uint64_t rss;
	uint64_t pss;
	uint64_t swap;
};

static void add_amount(struct nm_ledger *ledger, nm_part_index index, const struct amount *amount)
{
	struct nm_part *part = &ledger->parts[index];

	part->rss += amount->rss;
	part->pss += amount->pss;
	part->swap += amount->swap;
}

/* `of` in the proportion part : all. Where all of it is taken, exactly all. */
static uint64_t share(uint64_t of, uint64_t part, uint64_t all)
{
	if (part >= all || of == all)
		return part >= all ? of : part;
	return (uint64_t)((double)of * ((double)part / (double)all));
}

/* The process ran between the kernel's count and ours: what differs goes to the largest. */
static void even_out(uint64_t *counts, size_t count, uint64_t wanted)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += counts[i];
	while (sum != wanted) {
		size_t largest = 0;
		uint64_t less;

		for (size_t i = 1; i < count; i++)
			if (counts[i] > counts[largest])
				largest = i;
		if (sum < wanted) {
			counts[largest] += wanted - sum;
			return;
		}
		less = sum - wanted < counts[largest] ? sum - wanted : counts[largest];
		counts[largest] -= less;
		sum -= less;
	}
}

/* What an arena's memory is taken for. Bytes that are resident but in none of the sums are in
   use, malloc's own heads and gaps included. */
static void add_heap(struct nm_ledger_job *job, const struct nm_glibc_heap *heap,
		     const struct amount *amount)
{
	const struct nm_heap_sums *sums = &job->heap_sums[heap - job->glibc.heaps];
	bool is_main = job->glibc.arenas[heap->arena].is_main;
	struct amount buffers, unused, used = *amount;
	struct nm_ledger *ledger = job->ledger;

	buffers.rss = sums->resident_buffers < used.rss ? sums->resident_buffers : used.rss;
	used.rss -= buffers.rss;
	unused.rss = sums->resident_free < used.rss ? sums->resident_free : used.rss;
	used.rss -= unused.rss;
	buffers.pss = share(amount->pss, buffers.rss, amount->rss);
	unused.pss = share(amount->pss, buffers.rss + unused.rss, amount->rss) - buffers.pss;
	used.pss -= buffers.pss + unused.pss;
	buffers.swap = unused.swap = 0;
	add_amount(ledger, nm_ledger_part(ledger, NM_GROUP_ARRAY_BUFFERS, "", "in malloc's arenas"),
		   &buffers);
	add_amount(ledger,
		   nm_ledger_part(ledger, NM_GROUP_MALLOC, "",
				  is_main ? "main arena: free" : "thread arenas: free"),
		   &unused);
	add_amount(ledger,
		   nm_ledger_part(ledger, NM_GROUP_MALLOC, "",
				  is_main ? "main arena: in use" : "thread arenas: in use"),
		   &used);
}

static void add_extent(struct nm_ledger_job *job, const struct nm_extent *extent,
		       const struct amount *amount)
{
	if (extent->heap)
		add_heap(job, extent->heap, amount);
	else
		add_amount(job->ledger, extent->part, amount);
}

static void settle_many(struct nm_ledger_job *job, const struct nm_smap *smap,
			const struct nm_extents *extents, uint64_t *rss, uint64_t *swap)
{
	uint64_t sum = 0, before = 0;

	for (size_t i = 0; i < extents->count; i++)
		nm_pagemap_count(&job->process->pagemap, extents->items[i].start,
				 extents->items[i].end, &rss[i], &swap[i]);
	even_out(rss, extents->count, smap->rss);
	even_out(swap, extents->count, smap->swap);
	for (size_t i = 0; i < extents->count; i++) {
		struct amount amount = {.rss = rss[i], .swap = swap[i]};

		/* From the sums, so that roundings do not add up. */
		sum += rss[i];
		amount.pss = share(smap->pss, sum, smap->rss) - before;
		before += amount.pss;
		add_extent(job, &extents->items[i], &amount);
	}
}

void nm_ledger_settle(struct nm_ledger_job *job, size_t mapping, const struct nm_extents *extents)
{
	const struct nm_smap *smap = &job->smaps.items[mapping];
	struct amount whole = {smap->rss, smap->pss, smap->swap};
	uint64_t *counts;

	if (!job->ledger->parts || extents->count == 0)
		return;
	if (extents->count == 1) {
		add_extent(job, &extents->items[0], &whole);
		return;
	}
	counts = calloc(2 * extents->count, sizeof(*counts));
	/* Without memory for it, all goes to one part: right in sum. */
	if (counts)
		settle_many(job, smap, extents, counts, counts + extents->count);
	else
		add_extent(job, &extents->items[0], &whole);
	free(counts);
}
