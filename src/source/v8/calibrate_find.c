#include "source/v8/calibrate_match.h"

#include <stdlib.h>
#include <string.h>

#include "source/v8/thread.h"

static int fail(struct nm_error *err, const char *field)
{
	return nm_error_set(err, NM_E_UNSUPPORTED,
			    "cannot calibrate: %s was not found in this binary (report it with the "
			    "output of: node -p process.versions)",
			    field);
}

int nm_v8_finder_new(struct nm_v8_process *process, struct nm_v8_layout *layout,
		     struct nm_v8_finder **out, struct nm_error *err)
{
	struct nm_v8_finder *finder = calloc(1, sizeof(*finder));

	if (!finder)
		return nm_error_nomem(err);
	finder->process = process;
	finder->layout = layout;
	for (size_t i = 0; i < ALLOCATOR_WORDS; i++)
		finder->area_of[i] = NM_V8_SPACE_COUNT;
	*out = finder;
	return NM_OK;
}

/* ---- the first step: heap, isolate, spaces ------------------------------------------------ */

/* The heap that most pages name, in the form of header by which most pages are found. */
static int find_heap(struct nm_v8_finder *finder, struct nm_error *err)
{
	struct nm_v8_process *process = finder->process;
	size_t most = 0;
	int status;

	for (int form = 0; form < NM_V8_PAGE_FORM_COUNT; form++) {
		status = nm_v8_pages_find(process->reader, &process->maps, &process->pagemap,
					  (enum nm_v8_page_form)form, NM_V8_PAGES_COUNTED, SIZE_MAX,
					  &finder->pages, err);
		if (status != NM_OK)
			return status;
		if (finder->pages.count <= most)
			continue;
		most = finder->pages.count;
		finder->layout->page_form = (enum nm_v8_page_form)form;
		finder->heap = finder->pages.items[most / 2].heap;
	}
	if (most == 0)
		return fail(err, "a page of the heap");
	finder->isolate = finder->heap - (uint64_t)finder->layout->isolate_heap;
	return NM_OK;
}

static int find_back_pointer(struct nm_v8_finder *finder, struct nm_error *err)
{
	for (size_t i = 0; i < HEAD_WORDS; i++) {
		if (finder->words[i] != finder->isolate)
			continue;
		finder->layout->heap_isolate = nm_v8_match_offset(i);
		return NM_OK;
	}
	return fail(err, "the heap's pointer to its isolate");
}

/* StackGuard's limit is the first word of the Isolate that lies in the stack. */
static int find_stack(struct nm_v8_finder *finder, struct nm_error *err)
{
	uint64_t head[HEAD_WORDS];

	if (!nm_reader_get(finder->process->reader, finder->isolate, head, sizeof(head)))
		return fail(err, "the isolate");
	for (size_t i = 0; i < HEAD_WORDS; i++) {
		if (!nm_thread_is_main_stack(&finder->process->maps, head[i]))
			continue;
		finder->layout->isolate_stack = nm_v8_match_offset(i);
		return NM_OK;
	}
	return fail(err, "the stack limit");
}

/* Do the spaces of the array at `base` have the committed sizes that the process printed? */
static bool fits_spaces(struct nm_v8_finder *finder, size_t base)
{
	const struct nm_v8_truth *truth = finder->truth;
	struct nm_reader *reader = finder->process->reader;
	unsigned good = 0;

	for (uint32_t i = 0; i < truth->space_count; i++) {
		nm_addr space = finder->words[base + i];
		uint64_t head[4];

		if (truth->spaces[i] == NM_V8_SPACE_READ_ONLY)
			continue;
		if (space == 0 && truth->size[i] == 0)
			continue;
		if (!nm_addr_is_plausible(space) ||
		    !nm_reader_get(reader, space, head, sizeof(head)) ||
		    !nm_v8_match_is_in_image(finder, head[0]) ||
		    head[NM_V8_SPACE_HEAP / 8] != finder->heap)
			return false;
		/* new_space's is the sum of two others. */
		if (truth->spaces[i] != NM_V8_SPACE_NEW &&
		    head[NM_V8_SPACE_COMMITTED / 8] != truth->size[i])
			return false;
		good++;
	}
	return good >= 5;
}

/* Heap has the spaces twice, as fields and as an array, which stands behind the fields and is
   the one that is iterated. */
static int find_spaces(struct nm_v8_finder *finder, struct nm_error *err)
{
	const struct nm_v8_truth *truth = finder->truth;
	struct nm_v8_layout *layout = finder->layout;
	size_t found = 0;

	for (size_t base = 1; base + truth->space_count < HEAP_WORDS; base++)
		if (fits_spaces(finder, base))
			found = base;
	if (found == 0)
		return fail(err, "the array of spaces");
	layout->heap_spaces = nm_v8_match_offset(found);
	layout->space_count = truth->space_count;
	for (uint32_t i = 0; i < truth->space_count; i++) {
		layout->spaces[i] = truth->spaces[i];
		if (truth->spaces[i] != NM_V8_SPACE_READ_ONLY)
			finder->spaces[truth->spaces[i]] = finder->words[found + i];
	}
	return NM_OK;
}

/* Where read_only_space counts as heap: the object with its size. */
static void find_read_only(struct nm_v8_finder *finder, uint64_t size)
{
	finder->layout->read_only = (struct nm_v8_path){NM_V8_NONE, NM_V8_NONE};
	finder->layout->read_only_used = NM_V8_NONE;
	for (size_t i = 0; size > 0 && i < HEAP_WORDS; i++) {
		if (!finder->has_pointee[i] ||
		    finder->pointees[i][NM_V8_SPACE_COMMITTED / 8] != size)
			continue;
		finder->layout->read_only.at = nm_v8_match_offset(i);
		finder->spaces[NM_V8_SPACE_READ_ONLY] = finder->words[i];
		return;
	}
}

/* The HeapAllocator is pointed to near the beginning of the Heap, from Node 22 on. */
static void find_allocator(struct nm_v8_finder *finder)
{
	unsigned most = 0;

	finder->layout->heap_allocator = NM_V8_NONE;
	for (size_t i = 0; i < HEAD_WORDS; i++) {
		unsigned count = finder->words[i] == finder->isolate
					 ? 0
					 : nm_v8_match_count_areas(finder, finder->words[i]);

		if (count <= most)
			continue;
		most = count;
		finder->layout->heap_allocator = nm_v8_match_offset(i);
	}
}

/* All that is found once, at the first step. */
static int find_structure(struct nm_v8_finder *finder, struct nm_error *err)
{
	const struct nm_v8_truth *truth = finder->truth;
	int status;

	if ((status = find_back_pointer(finder, err)) != NM_OK ||
	    (status = find_stack(finder, err)) != NM_OK ||
	    (status = find_spaces(finder, err)) != NM_OK)
		return status;
	for (uint32_t i = 0; i < truth->space_count; i++)
		if (truth->spaces[i] == NM_V8_SPACE_READ_ONLY)
			find_read_only(finder, truth->size[i]);
	find_allocator(finder);
	return NM_OK;
}

int nm_v8_finder_step(struct nm_v8_finder *finder, const struct nm_v8_truth *truth,
		      struct nm_error *err)
{
	struct nm_v8_process *process = finder->process;
	int status;

	finder->truth = truth;
	if (nm_maps_read(process->pid_dir, &process->maps) != 0)
		return nm_error_set(err, NM_E_GONE, "cannot calibrate: the child has ended");
	if (finder->steps == 0) {
		status = find_heap(finder, err);
		if (status != NM_OK)
			return status;
	}
	status = nm_v8_pages_find(process->reader, &process->maps, &process->pagemap,
				  finder->layout->page_form, NM_V8_PAGES_COUNTED, SIZE_MAX,
				  &finder->pages, err);
	if (status != NM_OK)
		return status;
	if (!nm_v8_match_read_heap(finder))
		return fail(err, "the heap");
	if (finder->steps == 0 && (status = find_structure(finder, err)) != NM_OK)
		return status;
	if (!nm_v8_match_read_spaces(finder))
		return fail(err, "a space");
	nm_v8_match(finder);
	finder->steps++;
	return NM_OK;
}

/* ---- deciding ----------------------------------------------------------------------------- */

static bool first_true(const bool *places, size_t from, size_t count, int32_t *out)
{
	for (size_t i = from; i < count; i++) {
		if (!places[i])
			continue;
		*out = nm_v8_match_offset(i);
		return true;
	}
	return false;
}

static bool first_via(bool (*places)[POINTEE_WORDS], struct nm_v8_path *out)
{
	for (size_t i = 0; i < HEAP_WORDS; i++) {
		if (!first_true(places[i], 0, POINTEE_WORDS, &out->then))
			continue;
		out->at = nm_v8_match_offset(i);
		return true;
	}
	return false;
}

static int decide_external(struct nm_v8_finder *finder, struct nm_error *err)
{
	struct nm_v8_layout *layout = finder->layout;

	layout->external = layout->external_more = (struct nm_v8_path){NM_V8_NONE, NM_V8_NONE};
	if (first_true(finder->external, 0, HEAP_WORDS, &layout->external.at) ||
	    first_via(finder->via_external, &layout->external))
		return NM_OK;
	if (finder->external_pairs.count == 0)
		return fail(err, "external");
	layout->external = finder->external_pairs.items[0].first;
	layout->external_more = finder->external_pairs.items[0].second;
	return NM_OK;
}

/* Several words may begin with the limit's value: what the flags asked for, the limit of the
   moment. The caller tries one after another on a process with other limits. */
static int decide_limits(struct nm_v8_finder *finder, unsigned choice, struct nm_error *err)
{
	const struct pairs *limits = &finder->limits;

	if (limits->count == 0)
		return fail(err, "the heap limit");
	finder->layout->max_semi_space = limits->items[choice % limits->count].first;
	finder->layout->max_old_generation = limits->items[choice % limits->count].second;
	return NM_OK;
}

static int decide_used(struct nm_v8_finder *finder, struct nm_error *err)
{
	struct nm_v8_layout *layout = finder->layout;
	size_t best = 0;

	for (size_t i = 1; i < SPACE_WORDS; i++)
		if (finder->paged_votes[i] > finder->paged_votes[best])
			best = i;
	if (2 * finder->paged_votes[best] < finder->paged_voters)
		return fail(err, "the used size of paged spaces");
	layout->paged_used = nm_v8_match_offset(best);
	if (!first_true(finder->large, 0, SPACE_WORDS, &layout->large_used))
		return fail(err, "the used size of large_object_space");
	if (layout->read_only.at != NM_V8_NONE &&
	    !first_true(finder->read_only_used, 0, SPACE_WORDS, &layout->read_only_used))
		return fail(err, "the used size of read_only_space");
	return NM_OK;
}

static int decide_new_space(struct nm_v8_finder *finder, struct nm_error *err)
{
	struct nm_v8_layout *layout = finder->layout;
	const struct new_used *best = NULL;
	unsigned votes = 0;

	layout->new_more_used = NM_V8_NONE;
	for (size_t a = 0; a < SPACE_WORDS; a++) {
		for (size_t b = a + 1; b < SPACE_WORDS; b++) {
			if (finder->half_votes[a][b] <= votes)
				continue;
			votes = finder->half_votes[a][b];
			layout->new_committed[0] = nm_v8_match_offset(a) + NM_V8_SPACE_COMMITTED;
			layout->new_committed[1] = nm_v8_match_offset(b) + NM_V8_SPACE_COMMITTED;
		}
	}
	if (3 * votes < 2 * finder->steps)
		return fail(err, "the size of new_space");
	for (size_t i = 0; i < finder->new_used_count; i++)
		if (!best || finder->new_used[i].error < best->error)
			best = &finder->new_used[i];
	if (!best)
		return fail(err, "the used size of new_space");
	layout->new_capacity = best->capacity;
	layout->new_top = best->top;
	return NM_OK;
}

/* These are not needed for the other numbers: where more than one word fits, or none, they stay
   unknown. */
static void decide_gc_counts(struct nm_v8_finder *finder)
{
	int32_t *out = &finder->layout->heap_gc_counts;
	int32_t second;

	if (!first_true(finder->gc_counts, 0, HEAP_WORDS, out) ||
	    first_true(finder->gc_counts, (size_t)*out / 8 + 1, HEAP_WORDS, &second))
		*out = NM_V8_NONE;
}

static bool find_area(const struct nm_v8_finder *finder, enum nm_v8_space kind, int32_t *out)
{
	for (size_t i = 0; i < ALLOCATOR_WORDS; i++) {
		if (finder->area_of[i] != kind || finder->area_is_bad[i])
			continue;
		*out = nm_v8_match_offset(i);
		return true;
	}
	return false;
}

/*
 * HeapAllocator holds a MainAllocator per space in this order, one behind the other. Those of
 * trusted and code space are mostly without an area, and stand where the distance says.
 */
static void decide_areas(struct nm_v8_finder *finder)
{
	static const enum nm_v8_space order[] = {NM_V8_SPACE_NEW, NM_V8_SPACE_OLD,
						 NM_V8_SPACE_TRUSTED, NM_V8_SPACE_CODE};
	struct nm_v8_layout *layout = finder->layout;
	int32_t first, second;

	layout->area_count = 0;
	if (layout->heap_allocator == NM_V8_NONE)
		return;
	if (!find_area(finder, NM_V8_SPACE_NEW, &first) ||
	    !find_area(finder, NM_V8_SPACE_OLD, &second) || second <= first) {
		layout->heap_allocator = NM_V8_NONE;
		return;
	}
	for (int i = 0; i < 4; i++)
		layout->areas[layout->area_count++] =
			(struct nm_v8_area){order[i], first + i * (second - first)};
}

int nm_v8_finder_finish(struct nm_v8_finder *finder, unsigned choice, struct nm_error *err)
{
	int status;

	if (finder->steps < 3)
		return fail(err, "a heap that changes");
	decide_areas(finder);
	decide_gc_counts(finder);
	if ((status = decide_external(finder, err)) != NM_OK ||
	    (status = decide_limits(finder, choice, err)) != NM_OK ||
	    (status = decide_used(finder, err)) != NM_OK ||
	    (status = decide_new_space(finder, err)) != NM_OK)
		return status;
	if (!first_true(finder->total_at, 0, 4, &finder->layout->allocator_total))
		return fail(err, "arrayBuffers");
	return NM_OK;
}

void nm_v8_finder_free(struct nm_v8_finder *finder)
{
	if (!finder)
		return;
	nm_v8_pages_done(&finder->pages);
	free(finder);
}
