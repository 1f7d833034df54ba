#include "source/v8/isolate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/v8/thread.h"

/* A target that allocates while its pages are being counted gets another chance. */
#define TRIES	     5
#define TRY_PAUSE_US 2000
#define SPACES_MIN   5
/* After the last try: more than this much off is no longer explained by a moving target. */
#define SLACK (UINT64_C(16) << 20)

/* One heap being tested. */
struct trial {
	const struct nm_v8_process *process;
	const struct nm_v8_pages *pages;
	bool last_try;
	const char *failed; /* the test that the last heap did not pass */
};

static bool is_in_image(const struct nm_v8_process *process, nm_addr addr)
{
	return addr >= process->image_first && addr < process->image_end;
}

/* Does an object with a vtable of the binary stand at `addr`? */
static bool is_object(const struct nm_v8_process *process, nm_addr addr)
{
	uint64_t vtable;

	return nm_addr_is_plausible(addr) && nm_reader_word(process->reader, addr, &vtable) &&
	       is_in_image(process, vtable);
}

/* The Isolate around the Heap, if both point at each other. */
static bool find_isolate(const struct nm_v8_process *process, struct nm_v8_isolate *isolate)
{
	const struct nm_v8_layout *layout = &process->layout;
	uint64_t back;

	isolate->isolate = isolate->heap - (uint64_t)layout->isolate_heap;
	return nm_reader_word(process->reader, isolate->heap + (uint64_t)layout->heap_isolate,
			      &back) &&
	       back == isolate->isolate;
}

static bool find_spaces(const struct nm_v8_process *process, struct nm_v8_isolate *isolate)
{
	const struct nm_v8_layout *layout = &process->layout;
	unsigned good = 0;

	if (!nm_reader_get(process->reader, isolate->heap + (uint64_t)layout->heap_spaces,
			   isolate->spaces, layout->space_count * sizeof(nm_addr)))
		return false;
	for (uint32_t i = 0; i < layout->space_count; i++) {
		nm_addr *space = &isolate->spaces[i];
		uint64_t heap;

		/* Shared by all heaps of the process, and not counted by any, in most versions. */
		if (layout->spaces[i] == NM_V8_SPACE_READ_ONLY)
			*space = 0;
		if (*space == 0)
			continue;
		if (!is_object(process, *space) ||
		    !nm_reader_word(process->reader, *space + NM_V8_SPACE_HEAP, &heap) ||
		    heap != isolate->heap)
			return false;
		good++;
	}
	return good >= SPACES_MIN;
}

/* Bytes of the pages that name the space, whose two halves are embedded in it for new_space. */
static uint64_t sum_pages(const struct trial *trial, const struct nm_v8_isolate *isolate,
			  nm_addr space, enum nm_v8_space kind)
{
	const struct nm_v8_layout *layout = &trial->process->layout;
	nm_addr halves[2];
	uint64_t sum = 0;

	for (int i = 0; i < 2; i++)
		halves[i] = kind == NM_V8_SPACE_NEW ? space + (uint64_t)layout->new_committed[i] -
							      NM_V8_SPACE_COMMITTED
						    : space;
	for (size_t i = 0; i < trial->pages->count; i++) {
		const struct nm_v8_page *page = &trial->pages->items[i];

		if (page->heap == isolate->heap &&
		    (page->owner == halves[0] || page->owner == halves[1]))
			sum += page->size;
	}
	return sum;
}

static bool read_committed(const struct trial *trial, nm_addr space, enum nm_v8_space kind,
			   uint64_t *out)
{
	const struct nm_v8_layout *layout = &trial->process->layout;
	struct nm_reader *reader = trial->process->reader;
	uint64_t first, second = 0;

	if (kind != NM_V8_SPACE_NEW)
		return nm_reader_word(reader, space + NM_V8_SPACE_COMMITTED, out);
	if (!nm_reader_word(reader, space + (uint64_t)layout->new_committed[0], &first) ||
	    !nm_reader_word(reader, space + (uint64_t)layout->new_committed[1], &second))
		return false;
	*out = first + second;
	return true;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/*
 * The committed sizes against the pages. Pages that V8 pools for later still name old_space, so
 * one or the other space may differ even in a process at rest; most must not.
 */
static bool check_committed(const struct trial *trial, const struct nm_v8_isolate *isolate)
{
	const struct nm_v8_layout *layout = &trial->process->layout;
	unsigned spaces = 0, equal = 0;

	for (uint32_t i = 0; i < layout->space_count; i++) {
		enum nm_v8_space kind = layout->spaces[i];
		uint64_t committed, pages;

		/* Code lies in executable memory, which is not searched. */
		if (isolate->spaces[i] == 0 || kind == NM_V8_SPACE_CODE ||
		    kind == NM_V8_SPACE_CODE_LARGE)
			continue;
		if (!read_committed(trial, isolate->spaces[i], kind, &committed))
			return false;
		pages = sum_pages(trial, isolate, isolate->spaces[i], kind);
		spaces += committed > 0;
		equal += committed > 0 && committed == pages;
		if (trial->pages->swapped > 0 && pages <= committed + SLACK)
			equal += committed > 0 && committed != pages;
		if (committed % 4096 != 0 || (trial->last_try && trial->pages->swapped == 0 &&
					      distance(committed, pages) > SLACK + committed / 8))
			return false;
	}
	return trial->last_try || 2 * equal > spaces;
}

/* Is the page one of new_space's, whose two halves are embedded in it? */
static bool is_new_page(const struct trial *trial, const struct nm_v8_isolate *isolate,
			const struct nm_v8_page *page)
{
	const struct nm_v8_layout *layout = &trial->process->layout;

	for (uint32_t i = 0; i < layout->space_count; i++) {
		nm_addr half = page->owner + NM_V8_SPACE_COMMITTED - isolate->spaces[i];

		if (layout->spaces[i] == NM_V8_SPACE_NEW && isolate->spaces[i] != 0 &&
		    page->heap == isolate->heap && page->size == NM_V8_PAGE_SIZE &&
		    (half == (uint64_t)layout->new_committed[0] ||
		     half == (uint64_t)layout->new_committed[1]))
			return true;
	}
	return false;
}

/* Pages of new_space are alike; those of other spaces can have more room for headers or less. */
static void find_area(const struct trial *trial, struct nm_v8_isolate *isolate)
{
	for (size_t i = 0; i < trial->pages->count; i++) {
		const struct nm_v8_page *page = &trial->pages->items[i];

		if (!is_new_page(trial, isolate, page))
			continue;
		isolate->area_offset = page->area_start - page->addr;
		isolate->area_size = page->area_end - page->area_start;
		return;
	}
}

/*
 * node::NodeArrayBufferAllocator is { vtable, [uint32_t zero_fill_field,] size_t total_mem_size,
 * std::unique_ptr<v8::ArrayBuffer::Allocator> }: src/node_internals.h; zero_fill_field went in
 * 24.18. What stands behind the total tells which of the two it is. An allocator of another
 * embedder fits neither, and arrayBuffers is then not known.
 */
static void find_allocator(const struct nm_v8_process *process, struct nm_v8_isolate *isolate)
{
	const struct nm_v8_layout *layout = &process->layout;
	nm_addr allocator;
	uint64_t word[4];
	bool has_field;

	isolate->allocator = 0;
	if (!nm_reader_word(process->reader, isolate->isolate + (uint64_t)layout->isolate_allocator,
			    &allocator) ||
	    !is_object(process, allocator))
		return;
	if (layout->allocator_total != NM_V8_BINARY) {
		isolate->allocator = allocator;
		isolate->allocator_total = layout->allocator_total;
		return;
	}
	if (!nm_reader_get(process->reader, allocator, word, sizeof(word)))
		return;
	has_field = !is_object(process, word[2]);
	if (has_field && (word[1] & 0xffffffff) > 1)
		return;
	isolate->allocator = allocator;
	isolate->allocator_total = has_field ? 0x10 : 8;
}

static void find_thread(const struct nm_v8_process *process, struct nm_v8_isolate *isolate)
{
	isolate->stack = 0;
	nm_reader_word(process->reader, isolate->isolate + (uint64_t)process->layout.isolate_stack,
		       &isolate->stack);
	isolate->is_main = nm_thread_is_main_stack(&process->maps, isolate->stack);
	isolate->thread = isolate->is_main ? 0
					   : nm_thread_of_stack(process->reader, &process->maps,
								process->pid_dir, isolate->stack);
}

static bool test_heap(struct trial *trial, nm_addr heap, struct nm_v8_isolate *out)
{
	struct nm_v8_isolate isolate = {.heap = heap};

	if (!find_isolate(trial->process, &isolate))
		trial->failed = "no heap points back to its isolate";
	else if (!find_spaces(trial->process, &isolate))
		trial->failed = "the spaces do not point back to their heap";
	else if (!check_committed(trial, &isolate))
		trial->failed = "the committed sizes do not equal the pages";
	else {
		find_area(trial, &isolate);
		find_allocator(trial->process, &isolate);
		find_thread(trial->process, &isolate);
		*out = isolate;
		return true;
	}
	return false;
}

static int main_then_thread(const void *a, const void *b)
{
	const struct nm_v8_isolate *left = a, *right = b;

	if (left->is_main != right->is_main)
		return left->is_main ? -1 : 1;
	if (left->thread != right->thread)
		return left->thread < right->thread ? -1 : 1;
	/* Stacks are handed out downwards. */
	return left->stack > right->stack ? -1 : left->stack < right->stack;
}

static bool was_tested(const nm_addr *heaps, size_t count, nm_addr heap)
{
	for (size_t i = count; i-- > 0;)
		if (heaps[i] == heap)
			return true;
	return false;
}

/* Test every heap that a page names. False when none passed. */
static bool test_heaps(struct trial *trial, struct nm_v8_isolates *out)
{
	/* Pages of ended workers and objects that look like headers name heaps too. */
	nm_addr tested[4 * NM_V8_ISOLATES_MAX];
	size_t count = 0;

	out->count = 0;
	trial->failed = "no page of a heap was found";
	for (size_t i = 0; i < trial->pages->count; i++) {
		nm_addr heap = trial->pages->items[i].heap;

		if (was_tested(tested, count, heap))
			continue;
		if (count == sizeof(tested) / sizeof(tested[0]) || out->count == NM_V8_ISOLATES_MAX)
			break;
		tested[count++] = heap;
		if (test_heap(trial, heap, &out->items[out->count]))
			out->count++;
	}
	qsort(out->items, out->count, sizeof(*out->items), main_then_thread);
	return out->count > 0;
}

int nm_v8_isolates_find(struct nm_v8_process *process, struct nm_v8_isolates *out,
			struct nm_error *err)
{
	struct nm_v8_pages pages = {.count = 0};
	struct trial trial = {.process = process, .pages = &pages};
	int status = NM_OK;

	if (!out->items)
		out->items = calloc(NM_V8_ISOLATES_MAX, sizeof(*out->items));
	if (!out->items)
		return nm_error_nomem(err);
	for (int i = 1; i <= TRIES; i++) {
		trial.last_try = i == TRIES;
		status = nm_v8_process_read_maps(process, err);
		if (status == NM_OK)
			status =
				nm_v8_pages_find(process->reader, &process->maps, &process->pagemap,
						 process->layout.page_form, &pages, err);
		if (status != NM_OK || test_heaps(&trial, out))
			break;
		if (trial.last_try)
			status =
				nm_error_set(err, NM_E_UNSUPPORTED,
					     "the heap does not look as that of %s should: %s "
					     "(nodemem calibrate learns the layout of this binary)",
					     process->layout.name, trial.failed);
		else
			usleep(TRY_PAUSE_US);
	}
	nm_v8_pages_done(&pages);
	return status;
}

void nm_v8_isolates_done(struct nm_v8_isolates *isolates)
{
	free(isolates->items);
	memset(isolates, 0, sizeof(*isolates));
}
