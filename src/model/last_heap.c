#include "model/last_heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/findings.h"

#define FAR_PERCENT   60
#define CLOSE_PERCENT 50
#define NEAR_PERCENT  80

/* Seen in a collection so often on end, a heap is in trouble, or large. */
#define GC_LOOKS 3

/* A class with less than this share of what grew is hardly the reason. */
#define WORTH_PERCENT 5

/* What may be used for old objects; 0 when it is not known. V8 counts three semi-spaces into its
   limit: Heap::MaxReserved(), src/heap/heap.cc. */
static uint64_t old_limit(const struct nm_isolate *isolate)
{
	const uint64_t limit = isolate->heap_size_limit;

	if (!(isolate->has & NM_HAS_HEAP_USED) || !(isolate->has & NM_HAS_HEAP_SIZE_LIMIT))
		return 0;
	if ((isolate->has & NM_HAS_MAX_SEMI_SPACE) && limit > 3 * isolate->max_semi_space)
		return limit - 3 * isolate->max_semi_space;
	return limit;
}

bool nm_last_heap_is_close(const struct nm_sample *sample)
{
	for (unsigned i = 0; i < sample->isolate_count; i++) {
		const struct nm_isolate *isolate = &sample->isolates[i];
		const uint64_t limit = old_limit(isolate);

		if (isolate->in_gc ||
		    (limit != 0 && nm_history_old_used(isolate) >= limit / 100 * CLOSE_PERCENT))
			return true;
	}
	return false;
}

/* What is old, and half of what is young: how much of that lives is not known, and all that does may become
   old in one collection. */
static uint64_t soon_old(const struct nm_isolate *isolate)
{
	const uint64_t old = nm_history_old_used(isolate);

	return old + (isolate->heap_used - old) / 2;
}

bool nm_last_heap_is_near(const struct nm_isolate *isolate)
{
	const uint64_t limit = old_limit(isolate);

	return limit != 0 && soon_old(isolate) >= limit / 100 * NEAR_PERCENT;
}

static unsigned count_passed(uint64_t used, uint64_t limit)
{
	static const unsigned percents[] = {75, 88, 96};
	unsigned passed = 0;

	while (passed < sizeof(percents) / sizeof(percents[0]) &&
	       used >= limit / 100 * percents[passed])
		passed++;
	return passed;
}

/* The process has memory for a heap near its limit, beside what is known to be something else. */
static bool may_be_full(const struct nm_sample *sample, const struct nm_isolate *isolate,
			uint64_t limit)
{
	const uint64_t beside = NM_NODE_BESIDE_HEAP + isolate->external;

	return sample->rss > beside && count_passed(sample->rss - beside, limit) > 0;
}

bool nm_last_heap_is_due(const struct nm_sample *sample, const struct nm_isolate *isolate,
			 struct nm_last_heap_watch *watch)
{
	const uint64_t limit = old_limit(isolate);
	unsigned passed;
	uint64_t used;

	watch->gc_looks = isolate->in_gc ? watch->gc_looks + 1 : 0;
	if (limit == 0)
		return false;
	used = soon_old(isolate);
	passed = count_passed(used, limit);
	if (passed == 0 && watch->gc_looks >= GC_LOOKS && may_be_full(sample, isolate, limit))
		passed = 1;
	else if (used < limit / 100 * FAR_PERCENT && !isolate->in_gc)
		watch->level = 0;
	if (passed <= watch->level)
		return false;
	watch->level = passed;
	return true;
}

static void begin_anew(struct nm_last_heap *heap, const char *isolate)
{
	nm_classes_done(&heap->first);
	nm_classes_done(&heap->last);
	heap->taken = 0;
	snprintf(heap->isolate, sizeof(heap->isolate), "%s", isolate);
}

void nm_last_heap_add(struct nm_last_heap *heap, const char *isolate, int64_t time_ms,
		      uint64_t used, struct nm_classes *classes)
{
	struct nm_classes *place;

	if (strcmp(heap->isolate, isolate) != 0)
		begin_anew(heap, isolate);
	place = heap->taken == 0 ? &heap->first : &heap->last;
	if (heap->taken == 0) {
		heap->first_ms = time_ms;
		heap->first_used = used;
	}
	heap->last_ms = time_ms;
	heap->last_used = used;
	heap->taken++;
	heap->stopped_us += classes->stopped_us;
	nm_classes_done(place);
	*place = *classes;
	memset(classes, 0, sizeof(*classes));
}

static int by_bytes(const void *a, const void *b)
{
	const struct nm_class_row *one = a, *other = b;

	return (one->one.bytes < other->one.bytes) - (one->one.bytes > other->one.bytes);
}

int nm_last_heap_finish(struct nm_last_heap *heap)
{
	int status = NM_OK;

	free(heap->rows);
	heap->rows = NULL;
	heap->row_count = 0;
	if (heap->taken > 1) {
		status = nm_classes_compare(&heap->last, &heap->first, &heap->rows,
					    &heap->row_count);
	} else if (heap->taken == 1) {
		heap->rows = calloc(heap->first.count + 1, sizeof(*heap->rows));
		if (!heap->rows)
			return NM_E_NOMEM;
		for (size_t i = 0; i < heap->first.count; i++)
			heap->rows[heap->row_count++].one = heap->first.items[i];
	}
	if (heap->row_count > 0)
		qsort(heap->rows, heap->row_count, sizeof(*heap->rows), by_bytes);
	return status;
}

static int read_histogram(const struct nm_history_histogram *from, struct nm_classes *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < from->class_count; i++) {
		const struct nm_class numbers = {.count = from->classes[i].count,
						 .bytes = from->classes[i].bytes};

		if (nm_classes_add(out, from->classes[i].name, &numbers) != NM_OK)
			return NM_E_NOMEM;
	}
	nm_classes_finish(out);
	out->stopped_us = from->stopped_us;
	return NM_OK;
}

int nm_last_heap_of_history(const struct nm_history_process *process, struct nm_last_heap *out)
{
	memset(out, 0, sizeof(*out));
	out->pid = process->pid;
	for (size_t i = 0; i < process->histogram_count; i++) {
		const struct nm_history_histogram *from = &process->histograms[i];
		struct nm_classes classes;
		int status = read_histogram(from, &classes);

		if (status != NM_OK) {
			nm_classes_done(&classes);
			nm_last_heap_done(out);
			return status;
		}
		nm_last_heap_add(out, "", from->time_ms, from->live_bytes, &classes);
	}
	return nm_last_heap_finish(out);
}

/* 2: a class of the program's own; 1: one of JavaScript's; 0: a kind that V8 names in brackets. */
static int rank_name(const char *name)
{
	static const char *const common[] = {
		"Object",  "Array",	  "Function", "Map",	"Set",	  "WeakMap", "WeakRef",
		"Promise", "Date",	  "Error",    "RegExp", "Symbol", "Number",  "String",
		"Boolean", "ArrayBuffer", "process",  "global", "Module", "system"};

	if (name[0] == '(' || name[0] == '\0')
		return 0;
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (strcmp(name, common[i]) == 0)
			return 1;
	return 2;
}

static int64_t weight_of(const struct nm_last_heap *heap, const struct nm_class_row *row)
{
	return heap->taken > 1 ? row->bytes_delta : (int64_t)row->one.bytes;
}

const struct nm_class_row *nm_last_heap_suspect(const struct nm_last_heap *heap)
{
	const struct nm_class_row *best[3] = {NULL, NULL, NULL};
	int64_t all = 0;

	for (size_t i = 0; i < heap->row_count; i++) {
		const struct nm_class_row *row = &heap->rows[i];
		const int rank = rank_name(row->one.name);

		if (weight_of(heap, row) > 0)
			all += weight_of(heap, row);
		if (!best[rank] || weight_of(heap, row) > weight_of(heap, best[rank]))
			best[rank] = row;
	}
	for (int rank = 2; rank > 0; rank--)
		if (best[rank] && weight_of(heap, best[rank]) > all / 100 * WORTH_PERCENT)
			return best[rank];
	return best[0] ? best[0] : best[1] ? best[1] : best[2];
}

void nm_last_heap_done(struct nm_last_heap *heap)
{
	free(heap->rows);
	nm_classes_done(&heap->first);
	nm_classes_done(&heap->last);
	memset(heap, 0, sizeof(*heap));
}
