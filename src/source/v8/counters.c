#include "source/v8/counters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_WORD UINT32_MAX
/* Larger than any heap or counter can be; smaller than a pointer mistaken for a size. */
#define SIZE_PLAUSIBLE (UINT64_C(1) << 45)

/* `top` moves with every object; the others only when a new area is taken. */
struct area_words {
	nm_word start, top, limit; /* start and limit of some are guards */
};

/* Where in the gathered words the counters of one isolate stand. */
struct isolate_words {
	nm_word first, end; /* all of them */
	nm_word gc_state;   /* guard */
	nm_word gc_counts;  /* guard: a collection can begin and end while we read */
	nm_word back;	    /* Heap -> Isolate, to see that it still lives */
	nm_word external, external_more;
	nm_word semi, old;
	nm_word array_buffers;
	nm_word committed[NM_V8_SPACE_COUNT], used[NM_V8_SPACE_COUNT];
	nm_word new_committed[2], new_capacity, new_top, new_more;
	struct area_words areas[NM_V8_AREAS_MAX];
	uint32_t read_only; /* index of that space where it counts, else NO_WORD */
};

struct nm_v8_counters {
	const struct nm_v8_process *process;
	const struct nm_v8_isolates *isolates;
	struct nm_gather *gather;
	nm_word platform_first, platform_count;
	uint64_t known_first, known_count;
	struct isolate_words *words; /* one for each isolate */
};

/* The word at the end of a path, or NO_WORD for a path that does not exist. */
static nm_word add_path(struct nm_v8_counters *counters, nm_addr base,
			const struct nm_v8_path *path)
{
	nm_addr inner;

	if (path->at == NM_V8_NONE)
		return NO_WORD;
	if (path->then == NM_V8_NONE)
		return nm_gather_add(counters->gather, base + (uint64_t)path->at);
	if (!nm_reader_word(counters->process->reader, base + (uint64_t)path->at, &inner) ||
	    !nm_addr_is_plausible(inner))
		return NO_WORD;
	return nm_gather_add(counters->gather, inner + (uint64_t)path->then);
}

/* Programs allocate in new and old space all the time; the areas of the others change with
   compiling, and lie so far from the rest that to read them twice costs a tenth of a sample. */
static nm_word add_area_word(struct nm_v8_counters *counters, enum nm_v8_space space, nm_addr addr)
{
	if (space == NM_V8_SPACE_NEW || space == NM_V8_SPACE_OLD)
		return nm_gather_add_guard(counters->gather, addr);
	return nm_gather_add(counters->gather, addr);
}

static void add_areas(struct nm_v8_counters *counters, const struct nm_v8_isolate *isolate,
		      struct isolate_words *words)
{
	const struct nm_v8_layout *layout = &counters->process->layout;
	struct nm_reader *reader = counters->process->reader;
	nm_addr allocator = 0, area;

	for (uint32_t i = 0; i < NM_V8_AREAS_MAX; i++)
		words->areas[i] = (struct area_words){NO_WORD, NO_WORD, NO_WORD};
	if (layout->area_count == 0 ||
	    !nm_reader_word(reader, isolate->heap + (uint64_t)layout->heap_allocator, &allocator))
		return;
	for (uint32_t i = 0; i < layout->area_count; i++) {
		if (!nm_reader_word(reader, allocator + (uint64_t)layout->areas[i].pointer,
				    &area) ||
		    !nm_addr_is_plausible(area))
			continue;
		words->areas[i].start = add_area_word(counters, layout->areas[i].space, area);
		words->areas[i].top = nm_gather_add(counters->gather, area + 8);
		words->areas[i].limit = add_area_word(counters, layout->areas[i].space, area + 16);
	}
}

static void add_new_space(struct nm_v8_counters *counters, nm_addr space,
			  struct isolate_words *words)
{
	const struct nm_v8_layout *layout = &counters->process->layout;
	struct nm_gather *gather = counters->gather;

	for (int i = 0; i < 2; i++)
		words->new_committed[i] =
			nm_gather_add(gather, space + (uint64_t)layout->new_committed[i]);
	/* From Node 22 on these change only with the area, which is a guard. */
	if (layout->area_count > 0)
		words->new_capacity = nm_gather_add(gather, space + (uint64_t)layout->new_capacity);
	else
		words->new_capacity =
			nm_gather_add_guard(gather, space + (uint64_t)layout->new_capacity);
	words->new_top = add_path(counters, space, &layout->new_top);
	words->new_more = NO_WORD;
	if (layout->new_more_used != NM_V8_NONE)
		words->new_more = nm_gather_add(gather, space + (uint64_t)layout->new_more_used);
}

static void add_spaces(struct nm_v8_counters *counters, const struct nm_v8_isolate *isolate,
		       struct isolate_words *words)
{
	const struct nm_v8_layout *layout = &counters->process->layout;
	struct nm_gather *gather = counters->gather;
	nm_addr read_only = 0;

	words->read_only = NO_WORD;
	if (layout->read_only.at != NM_V8_NONE)
		nm_reader_word(counters->process->reader,
			       isolate->heap + (uint64_t)layout->read_only.at, &read_only);
	for (uint32_t i = 0; i < layout->space_count; i++) {
		enum nm_v8_space kind = layout->spaces[i];
		nm_addr space = isolate->spaces[i];
		int32_t used = nm_v8_space_is_large(kind) ? layout->large_used : layout->paged_used;

		if (kind == NM_V8_SPACE_READ_ONLY && nm_addr_is_plausible(read_only)) {
			words->read_only = i;
			space = read_only;
			used = layout->read_only_used;
		}
		if (space == 0)
			continue;
		if (kind == NM_V8_SPACE_NEW) {
			add_new_space(counters, space, words);
			continue;
		}
		words->committed[i] = nm_gather_add(gather, space + NM_V8_SPACE_COMMITTED);
		words->used[i] = nm_gather_add(gather, space + (uint64_t)used);
	}
}

static void add_isolate(struct nm_v8_counters *counters, const struct nm_v8_isolate *isolate,
			struct isolate_words *words)
{
	const struct nm_v8_layout *layout = &counters->process->layout;
	struct nm_gather *gather = counters->gather;
	nm_addr heap = isolate->heap;

	words->first = nm_gather_count(gather);
	words->gc_state = nm_gather_add_guard(gather, heap + (uint64_t)layout->heap_gc_state);
	words->gc_counts = NO_WORD;
	if (layout->heap_gc_counts != NM_V8_NONE)
		words->gc_counts =
			nm_gather_add_guard(gather, heap + (uint64_t)layout->heap_gc_counts);
	words->back = nm_gather_add(gather, heap + (uint64_t)layout->heap_isolate);
	words->external = add_path(counters, heap, &layout->external);
	words->external_more = add_path(counters, heap, &layout->external_more);
	words->semi = add_path(counters, heap, &layout->max_semi_space);
	words->old = add_path(counters, heap, &layout->max_old_generation);
	words->array_buffers = NO_WORD;
	if (isolate->allocator)
		words->array_buffers = nm_gather_add(
			gather, isolate->allocator + (uint64_t)isolate->allocator_total);
	add_spaces(counters, isolate, words);
	add_areas(counters, isolate, words);
	words->end = nm_gather_count(gather);
}

static void add_platform(struct nm_v8_counters *counters)
{
	nm_addr platform = counters->process->platform;

	counters->platform_first = counters->platform_count = NO_WORD;
	if (platform == 0)
		return;
	counters->platform_first = nm_gather_add(counters->gather, platform + NM_V8_PLATFORM_FIRST);
	counters->platform_count = nm_gather_add(counters->gather, platform + NM_V8_PLATFORM_COUNT);
	nm_reader_word(counters->process->reader, platform + NM_V8_PLATFORM_FIRST,
		       &counters->known_first);
	nm_reader_word(counters->process->reader, platform + NM_V8_PLATFORM_COUNT,
		       &counters->known_count);
}

int nm_v8_counters_new(const struct nm_v8_process *process, const struct nm_v8_isolates *isolates,
		       struct nm_v8_counters **out, struct nm_error *err)
{
	struct nm_v8_counters *counters = calloc(1, sizeof(*counters));

	if (!counters)
		return nm_error_nomem(err);
	counters->process = process;
	counters->isolates = isolates;
	counters->gather = nm_gather_new();
	counters->words = calloc(isolates->count, sizeof(*counters->words));
	if (!counters->gather || !counters->words) {
		nm_v8_counters_free(counters);
		return nm_error_nomem(err);
	}
	add_platform(counters);
	for (size_t i = 0; i < isolates->count; i++)
		add_isolate(counters, &isolates->items[i], &counters->words[i]);
	if (nm_gather_seal(counters->gather) != NM_OK) {
		nm_v8_counters_free(counters);
		return nm_error_nomem(err);
	}
	*out = counters;
	return NM_OK;
}

/* One isolate being made from the words of one read. */
struct reading {
	const struct nm_gather *gather;
	const struct nm_v8_layout *layout;
	const struct nm_v8_isolate *isolate;
	const struct isolate_words *words;
	bool in_gc;
	bool torn; /* the words are from different moments: they changed or contradict each other */
};

static uint64_t get(const struct reading *reading, nm_word word)
{
	return word == NO_WORD ? 0 : nm_gather_get(reading->gather, word);
}

/* The area of the space, if this version has one and it makes sense. */
static bool get_area(struct reading *reading, enum nm_v8_space kind, nm_addr *top, nm_addr *limit)
{
	for (uint32_t i = 0; i < reading->layout->area_count; i++) {
		const struct area_words *words = &reading->words->areas[i];
		nm_addr start;

		if (reading->layout->areas[i].space != kind || words->start == NO_WORD)
			continue;
		start = get(reading, words->start);
		*top = get(reading, words->top);
		*limit = get(reading, words->limit);
		if (start <= *top && *top <= *limit && *limit - start <= NM_V8_PAGE_SIZE)
			return true;
		reading->torn = true;
	}
	return false;
}

/* Full pages, and the part of the current page before the allocation top. */
static uint64_t new_space_used(struct reading *reading)
{
	const struct nm_v8_isolate *isolate = reading->isolate;
	uint64_t capacity = get(reading, reading->words->new_capacity);
	uint64_t used = get(reading, reading->words->new_more);
	nm_addr top = get(reading, reading->words->new_top);
	nm_addr area_top, area_limit, page;

	/* The space's own top is the limit of the area handed to the mutator, if there is one. */
	if (get_area(reading, NM_V8_SPACE_NEW, &area_top, &area_limit) && area_limit == top)
		top = area_top;
	if (top == 0)
		return used;
	page = (top - 1) & ~(NM_V8_PAGE_SIZE - 1);
	/* No page was found in new_space, so it can't have had a top then. */
	if (isolate->area_size == 0 || capacity < NM_V8_PAGE_SIZE ||
	    top < page + isolate->area_offset) {
		reading->torn = true;
		return used;
	}
	return used + (capacity - NM_V8_PAGE_SIZE) / NM_V8_PAGE_SIZE * isolate->area_size + top -
	       (page + isolate->area_offset);
}

static void fill_space(struct reading *reading, uint32_t i, struct nm_space *out)
{
	const struct isolate_words *words = reading->words;
	enum nm_v8_space kind = reading->layout->spaces[i];
	nm_addr top, limit;

	out->name = nm_v8_space_name(kind);
	out->size = 0;
	out->used = 0;
	if (reading->isolate->spaces[i] == 0 && words->read_only != i)
		return;
	if (kind == NM_V8_SPACE_NEW) {
		out->size = get(reading, words->new_committed[0]) +
			    get(reading, words->new_committed[1]);
		out->used = new_space_used(reading);
	} else {
		out->size = get(reading, words->committed[i]);
		out->used = get(reading, words->used[i]);
		if (get_area(reading, kind, &top, &limit))
			out->used -= limit - top;
	}
	if (out->used > out->size || out->size > SIZE_PLAUSIBLE)
		reading->torn = true;
}

static void fill_number(uint64_t value, unsigned has, uint64_t *out, unsigned *out_has)
{
	if (value > SIZE_PLAUSIBLE)
		return;
	*out = value;
	*out_has |= has;
}

/* Both counts are in one word. More mark-compacts than collections: it is another word. */
static void fill_gc_counts(const struct reading *reading, struct nm_isolate *out)
{
	uint64_t counts = get(reading, reading->words->gc_counts);
	uint64_t majors = counts & UINT32_MAX, all = counts >> 32;

	if (reading->words->gc_counts == NO_WORD || majors > all)
		return;
	out->major_gcs = majors;
	out->minor_gcs = all - majors;
	out->has |= NM_HAS_GC_COUNTS;
}

static void fill_isolate(struct reading *reading, struct nm_isolate *out)
{
	const struct isolate_words *words = reading->words;
	uint32_t gc_before = (uint32_t)nm_gather_get(reading->gather, words->gc_state);
	uint32_t gc_after = (uint32_t)nm_gather_get_after(reading->gather, words->gc_state);
	uint64_t total = 0, used = 0;

	reading->torn = nm_gather_has_changed(reading->gather, words->first, words->end);
	memset(out, 0, sizeof(*out));
	nm_v8_isolate_name(reading->isolate, out->name, sizeof(out->name));
	out->space_count = reading->layout->space_count;
	for (uint32_t i = 0; i < out->space_count; i++) {
		fill_space(reading, i, &out->spaces[i]);
		total += out->spaces[i].size;
		used += out->spaces[i].used;
	}
	reading->in_gc = gc_before != 0 || gc_after != 0;
	out->in_gc = reading->in_gc || reading->torn;
	fill_number(total, NM_HAS_HEAP_TOTAL, &out->heap_total, &out->has);
	if (!out->in_gc) {
		fill_number(used, NM_HAS_HEAP_USED, &out->heap_used, &out->has);
		/* All are counted as they begin, but which kind it is a little later. */
		fill_gc_counts(reading, out);
	}
	fill_number(get(reading, words->external) + get(reading, words->external_more),
		    NM_HAS_EXTERNAL, &out->external, &out->has);
	fill_number(3 * get(reading, words->semi) + get(reading, words->old),
		    NM_HAS_HEAP_SIZE_LIMIT, &out->heap_size_limit, &out->has);
	if (words->semi != NO_WORD)
		fill_number(get(reading, words->semi), NM_HAS_MAX_SEMI_SPACE, &out->max_semi_space,
			    &out->has);
	if (words->array_buffers != NO_WORD)
		fill_number(get(reading, words->array_buffers), NM_HAS_ARRAY_BUFFERS,
			    &out->array_buffers, &out->has);
}

static bool has_changed(const struct nm_v8_counters *counters)
{
	const struct nm_gather *gather = counters->gather;

	if (counters->platform_first != NO_WORD &&
	    (nm_gather_get(gather, counters->platform_first) != counters->known_first ||
	     nm_gather_get(gather, counters->platform_count) != counters->known_count))
		return true;
	for (size_t i = 0; i < counters->isolates->count; i++)
		if (nm_gather_get(gather, counters->words[i].back) !=
		    counters->isolates->items[i].isolate)
			return true;
	return false;
}

enum nm_v8_reading nm_v8_counters_read(struct nm_v8_counters *counters, struct nm_isolate *out)
{
	enum nm_v8_reading result = NM_V8_READING_GOOD;

	switch (nm_gather_read(counters->gather, counters->process->reader)) {
	case 0:
		break;
	case -EPERM:
	case -EACCES:
		return NM_V8_READING_DENIED;
	case -EFAULT: /* an ended worker's memory was unmapped */
		return NM_V8_READING_CHANGED;
	default:
		return NM_V8_READING_GONE;
	}
	if (has_changed(counters))
		return NM_V8_READING_CHANGED;
	for (size_t i = 0; i < counters->isolates->count; i++) {
		struct reading reading = {
			.gather = counters->gather,
			.layout = &counters->process->layout,
			.isolate = &counters->isolates->items[i],
			.words = &counters->words[i],
		};

		fill_isolate(&reading, &out[i]);
		if (reading.in_gc)
			result = NM_V8_READING_IN_GC;
		else if (reading.torn && result == NM_V8_READING_GOOD)
			result = NM_V8_READING_TORN;
	}
	return result;
}

bool nm_v8_counters_is_complete(const struct nm_v8_counters *counters)
{
	return counters->platform_first != NO_WORD &&
	       counters->known_count == counters->isolates->count;
}

void nm_v8_counters_free(struct nm_v8_counters *counters)
{
	if (!counters)
		return;
	nm_gather_free(counters->gather);
	free(counters->words);
	free(counters);
}
