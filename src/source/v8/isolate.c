#include "source/v8/isolate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/v8/thread.h"

/* A target that allocates while its pages are being counted gets another chance. */
#define TRIES	     5
#define TRY_PAUSE_US 2000
/* So often all heaps of node's list must pass: a worker's is still changing when it has just been made. */
#define PATIENT_TRIES 3
#define SPACES_MIN    5
/* So many pages are proof enough where node itself lists its isolates: a heap of gigabytes has
   thousands of them. */
#define PAGES_ENOUGH 1024
/* After the last try: more than this much off is no longer explained by a moving target. */
#define SLACK (UINT64_C(16) << 20)

/* One heap being tested. */
struct trial {
	struct nm_v8_process *process;
	const struct nm_v8_pages *pages;
	bool last_try;
	bool is_patient;    /* not all passed: try again */
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
		if (layout->spaces[i] == NM_V8_SPACE_READ_ONLY) {
			isolate->read_only = *space;
			*space = 0;
		}
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

bool nm_v8_space_owns(const struct nm_v8_layout *layout, enum nm_v8_space kind, nm_addr space,
		      nm_addr owner)
{
	if (space == 0)
		return false;
	if (kind != NM_V8_SPACE_NEW)
		return owner == space;
	for (int i = 0; i < 2; i++)
		if (owner == space + (uint64_t)layout->new_committed[i] - NM_V8_SPACE_COMMITTED)
			return true;
	return false;
}

/* Bytes of the pages of the space. */
static uint64_t sum_pages(const struct trial *trial, const struct nm_v8_isolate *isolate,
			  nm_addr space, enum nm_v8_space kind)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < trial->pages->count; i++) {
		const struct nm_v8_page *page = &trial->pages->items[i];

		if (page->heap == isolate->heap && !page->is_pooled &&
		    nm_v8_space_owns(&trial->process->layout, kind, space, page->owner))
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
 * The committed sizes against the pages. One or the other space may differ while the target runs;
 * most must not.
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
	return trial->last_try || trial->pages->is_partial || 2 * equal > spaces;
}

/* Pages of new_space are alike; those of other spaces can have more room for headers or less. The
   one that is allocated in is found through the allocation top. */
static void find_area(const struct nm_v8_process *process, struct nm_v8_isolate *isolate)
{
	const struct nm_v8_layout *layout = &process->layout;
	struct nm_v8_page page;
	uint64_t top = 0;

	for (uint32_t i = 0; i < layout->space_count; i++) {
		nm_addr at = isolate->spaces[i] + (uint64_t)layout->new_top.at;

		if (layout->spaces[i] != NM_V8_SPACE_NEW || isolate->spaces[i] == 0)
			continue;
		if (layout->new_top.then == NM_V8_NONE)
			nm_reader_word(process->reader, at, &top);
		else if (nm_reader_word(process->reader, at, &top))
			nm_reader_word(process->reader, top + (uint64_t)layout->new_top.then, &top);
	}
	if (top == 0 ||
	    !nm_v8_page_read(process->reader, layout->page_form, (top - 1) & ~(NM_V8_PAGE_SIZE - 1),
			     &page) ||
	    page.heap != isolate->heap)
		return;
	isolate->area_offset = page.area_start - page.addr;
	isolate->area_size = page.area_end - page.area_start;
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
	/* The field is 0 or 1. A total is that in the first moments of a process only, or by chance; then the
	   other allocator is where the field moves it to, or not. */
	has_field = (word[1] & 0xffffffff) <= 1 && is_object(process, word[3]);
	if (!has_field && !is_object(process, word[2]))
		return;
	isolate->allocator = allocator;
	isolate->allocator_total = has_field ? 0x10 : 8;
}

static void find_thread(struct nm_v8_process *process, struct nm_v8_isolate *isolate)
{
	isolate->stack = 0;
	nm_reader_word(process->reader, isolate->isolate + (uint64_t)process->layout.isolate_stack,
		       &isolate->stack);
	isolate->is_main = nm_thread_is_main_stack(&process->maps, isolate->stack);
	isolate->thread = isolate->is_main ? 0
					   : nm_thread_of_stack(process->reader, &process->maps,
								&process->pagemap, process->pid_dir,
								isolate->stack);
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
		find_area(trial->process, &isolate);
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

/* Heaps to be tested, each once. */
struct heaps {
	size_t count;
	nm_addr items[4 * NM_V8_ISOLATES_MAX];
};

static void add_heap(struct heaps *heaps, nm_addr heap)
{
	for (size_t i = heaps->count; i-- > 0;)
		if (heaps->items[i] == heap)
			return;
	if (heaps->count < sizeof(heaps->items) / sizeof(heaps->items[0]))
		heaps->items[heaps->count++] = heap;
}

/* Those of the isolates in node's own list: a chain of { next, Isolate*, ... }. */
static void list_heaps(const struct nm_v8_process *process, struct heaps *out)
{
	nm_addr node[2] = {0, 0};

	out->count = 0;
	if (process->platform == 0 ||
	    !nm_reader_word(process->reader, process->platform + NM_V8_PLATFORM_FIRST, &node[0]))
		return;
	for (int i = 0; i < NM_V8_ISOLATES_MAX && nm_addr_is_plausible(node[0]); i++) {
		if (!nm_reader_get(process->reader, node[0], node, sizeof(node)))
			return;
		if (nm_addr_is_plausible(node[1]))
			add_heap(out, node[1] + (uint64_t)process->layout.isolate_heap);
	}
}

static bool test_heaps(struct trial *trial, const struct heaps *heaps, struct nm_v8_isolates *out)
{
	out->count = 0;
	for (size_t i = 0; i < heaps->count && out->count < NM_V8_ISOLATES_MAX; i++)
		if (test_heap(trial, heaps->items[i], &out->items[out->count]))
			out->count++;
	qsort(out->items, out->count, sizeof(*out->items), main_then_thread);
	return out->count > 0;
}

/* Where node has no list, or none of it passes: every heap that a page names. Pages of ended
   workers and objects that look like headers name heaps too. */
static bool test_named_heaps(struct trial *trial, struct heaps *heaps, struct nm_v8_isolates *out)
{
	heaps->count = 0;
	for (size_t i = 0; i < trial->pages->count; i++)
		add_heap(heaps, trial->pages->items[i].heap);
	if (heaps->count == 0)
		trial->failed = "no page of a heap was found";
	return test_heaps(trial, heaps, out);
}

/* One look at the process: 1 when an isolate passed, 0 when none did, or an error. */
static int look(struct nm_v8_process *process, struct trial *trial, struct nm_v8_pages *pages,
		struct nm_v8_isolates *out, struct nm_error *err)
{
	struct heaps heaps;
	int status = nm_v8_process_read_maps(process, err);

	if (status != NM_OK)
		return status;
	list_heaps(process, &heaps);
	for (int i = 0; i < 2; i++) {
		/* The second time, without the list. */
		bool has_list = i == 0 && heaps.count > 0;

		if (i == 0 && !has_list)
			continue;
		status = nm_v8_pages_find(process->reader, &process->maps, &process->pagemap,
					  process->layout.page_form, NM_V8_PAGES_COUNTED,
					  has_list ? PAGES_ENOUGH : SIZE_MAX, pages, err);
		if (status != NM_OK)
			return status;
		if (has_list ? test_heaps(trial, &heaps, out)
			     : test_named_heaps(trial, &heaps, out))
			return !has_list || out->count == heaps.count || !trial->is_patient;
	}
	return 0;
}

int nm_v8_isolates_find(struct nm_v8_process *process, struct nm_v8_isolates *out,
			struct nm_error *err)
{
	struct nm_v8_pages pages = {.count = 0};
	struct trial trial = {.process = process, .pages = &pages, .failed = "no heap was found"};
	int status = 0;

	if (!out->items)
		out->items = calloc(NM_V8_ISOLATES_MAX, sizeof(*out->items));
	if (!out->items)
		return nm_error_nomem(err);
	for (int i = 1; i <= TRIES && status == 0; i++) {
		trial.last_try = i == TRIES;
		trial.is_patient = i <= PATIENT_TRIES;
		if (i > 1)
			usleep(TRY_PAUSE_US);
		status = look(process, &trial, &pages, out, err);
	}
	nm_v8_pages_done(&pages);
	if (status == 0)
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "the heap does not look as that of %s should: %s "
				    "(nodemem calibrate learns the layout of this binary)",
				    process->layout.name, trial.failed);
	return status > 0 ? NM_OK : status;
}

void nm_v8_isolate_name(const struct nm_v8_isolate *isolate, char *out, size_t room)
{
	if (isolate->is_main)
		snprintf(out, room, "main");
	else
		snprintf(out, room, "worker-%u", isolate->number);
}

void nm_v8_isolates_done(struct nm_v8_isolates *isolates)
{
	free(isolates->items);
	memset(isolates, 0, sizeof(*isolates));
}
