#include <stdlib.h>
#include <sys/mman.h>

#include "source/v8/heap.h"

/* How far around a Heap linear allocation areas are looked for, and in a space. */
#define AREAS_NEAR_HEAP	 (UINT64_C(64) << 10)
#define AREAS_IN_SPACE	 UINT64_C(2048)
#define SYSTEM_PAGE_SIZE UINT64_C(4096)

static bool is_changeable(const struct nm_maps *maps, nm_addr addr)
{
	const struct nm_map *map = nm_maps_find(maps, addr);

	return map && (map->access & (NM_MAP_WRITE | NM_MAP_EXECUTE)) != 0;
}

static bool is_heap_known(const struct nm_v8_heap *heap, nm_addr addr)
{
	for (size_t i = 0; i < heap->isolates.count; i++)
		if (heap->isolates.items[i].heap == addr)
			return true;
	return false;
}

/* Where new_space allocates next; 0 when not known. */
static nm_addr find_new_top(const struct nm_v8_heap *heap, nm_addr space)
{
	const struct nm_v8_layout *layout = &heap->process.layout;
	uint64_t top = 0;

	if (!nm_image_word(heap->image, space + (uint64_t)layout->new_top.at, &top))
		return 0;
	if (layout->new_top.then != NM_V8_NONE &&
	    !nm_image_word(heap->image, top + (uint64_t)layout->new_top.then, &top))
		return 0;
	return top;
}

/*
 * The half of new_space that holds no objects: what stands there was left by the last collection,
 * with forwarding addresses in place of Maps. Its pages name it as their owner.
 */
static nm_addr find_idle_half(const struct nm_v8_heap *heap, const struct nm_v8_pages *pages,
			      const struct nm_v8_isolate *isolate)
{
	const struct nm_v8_layout *layout = &heap->process.layout;
	nm_addr space = 0, halves[2], top;

	for (uint32_t i = 0; i < layout->space_count; i++)
		if (layout->spaces[i] == NM_V8_SPACE_NEW)
			space = isolate->spaces[i];
	if (space == 0)
		return 0;
	for (int i = 0; i < 2; i++)
		halves[i] = space + (uint64_t)layout->new_committed[i] - NM_V8_SPACE_COMMITTED;
	top = find_new_top(heap, space) - 1;
	for (size_t i = 0; i < pages->count; i++) {
		const struct nm_v8_page *page = &pages->items[i];

		if (top >= page->area_start && top < page->area_end && page->owner == halves[1])
			return halves[0];
	}
	return halves[1];
}

/* The objects' bytes of a page of which parts are not in the image: those are zero. */
static const unsigned char *assemble(const struct nm_image *image, struct nm_v8_heap_page *page)
{
	const size_t size = page->end - page->start;
	void *copy = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (copy == MAP_FAILED)
		return NULL;
	page->copy = copy;
	page->copy_size = size;
	for (nm_addr at = page->start; at < page->end;) {
		nm_addr next = (at / SYSTEM_PAGE_SIZE + 1) * SYSTEM_PAGE_SIZE;
		uint64_t length = (next < page->end ? next : page->end) - at;
		const unsigned char *bytes = nm_image_at(image, at, length);

		if (bytes)
			memcpy((unsigned char *)copy + (at - page->start), bytes, length);
		at += length;
	}
	return copy;
}

/* Parts that cannot be read hold nothing: the bodies of V8's holes, from Node 26 on. */
static void take_unreadable(const struct nm_maps *maps, struct nm_v8_heap_page *page)
{
	for (nm_addr at = page->start; at < page->end && page->gap_count < NM_V8_GAPS_MAX;) {
		const struct nm_map *map = nm_maps_find(maps, at);
		nm_addr end = map ? map->end : (at / SYSTEM_PAGE_SIZE + 1) * SYSTEM_PAGE_SIZE;

		end = end < page->end ? end : page->end;
		if (!map || !(map->access & NM_MAP_READ))
			page->gaps[page->gap_count++] = (struct nm_v8_gap){at, end};
		at = end;
	}
}

/* Is it a page of a heap that we know, with objects? */
static bool is_wanted(const struct nm_v8_heap *heap, const struct nm_v8_page *page,
		      const nm_addr *idle, bool *out_read_only)
{
	*out_read_only = page->heap == 0 || !is_changeable(&heap->process.maps, page->addr);
	if ((page->area_end - page->area_start) % 8 != 0 || page->area_start % 8 != 0)
		return false;
	/* All of it must be mapped: objects can look like pages. */
	if (!nm_maps_find(&heap->process.maps, page->area_end - 1))
		return false;
	if (*out_read_only)
		return true;
	/* Kept for later: full of what the last collection moved away. 22's read-only page too. */
	if (page->is_pooled)
		return false;
	for (size_t i = 0; i < heap->isolates.count; i++)
		if (idle[i] != 0 && page->owner == idle[i])
			return false;
	return is_heap_known(heap, page->heap);
}

static bool is_young(const struct nm_v8_heap *heap, const struct nm_v8_page *page)
{
	const struct nm_v8_layout *layout = &heap->process.layout;

	for (size_t i = 0; i < heap->isolates.count; i++)
		for (uint32_t k = 0; k < layout->space_count; k++)
			if ((layout->spaces[k] == NM_V8_SPACE_NEW ||
			     layout->spaces[k] == NM_V8_SPACE_NEW_LARGE) &&
			    nm_v8_space_owns(layout, layout->spaces[k],
					     heap->isolates.items[i].spaces[k], page->owner))
				return true;
	return false;
}

static int add_page(struct nm_v8_heap *heap, const struct nm_v8_page *found, bool is_read_only,
		    struct nm_error *err)
{
	struct nm_v8_heap_page *page = &heap->pages[heap->page_count];
	const uint64_t area = found->area_end - found->area_start;

	*page = (struct nm_v8_heap_page){
		.addr = found->addr,
		.heap = is_read_only ? 0 : found->heap,
		.owner = found->owner,
		.start = found->area_start,
		.end = found->area_end,
		.is_large = found->area_end - found->addr > NM_V8_PAGE_SIZE,
		.is_young = !is_read_only && is_young(heap, found),
	};
	page->bytes = nm_image_at(heap->image, page->start, area);
	if (!page->bytes)
		page->bytes = assemble(heap->image, page);
	if (!page->bytes)
		return nm_error_nomem(err);
	if (page->copy)
		take_unreadable(&heap->process.maps, page);
	heap->page_count++;
	return NM_OK;
}

static int by_address(const void *a, const void *b)
{
	const struct nm_v8_page *left = a, *right = b;

	return left->addr < right->addr ? -1 : left->addr > right->addr;
}

static int take_pages(struct nm_v8_heap *heap, struct nm_v8_pages *found, struct nm_error *err)
{
	nm_addr *idle = calloc(heap->isolates.count + 1, sizeof(*idle)), behind = 0;
	int status = NM_OK;

	heap->pages = calloc(found->count + 1, sizeof(*heap->pages));
	if (!heap->pages || !idle) {
		free(idle);
		return nm_error_nomem(err);
	}
	for (size_t i = 0; i < heap->isolates.count; i++)
		idle[i] = find_idle_half(heap, found, &heap->isolates.items[i]);
	if (found->count > 0)
		qsort(found->items, found->count, sizeof(*found->items), by_address);
	for (size_t i = 0; i < found->count && status == NM_OK; i++) {
		const struct nm_v8_page *page = &found->items[i];
		bool is_read_only;

		if (page->addr < behind || !is_wanted(heap, page, idle, &is_read_only))
			continue;
		if (heap->page_count >= NM_V8_HEAP_PAGES_MAX)
			status = nm_error_set(err, NM_E_LIMIT,
					      "cannot walk the heap: it has more than %u pages",
					      NM_V8_HEAP_PAGES_MAX);
		else
			status = add_page(heap, page, is_read_only, err);
		behind = page->area_end;
	}
	free(idle);
	return status;
}

static int index_pages(struct nm_v8_heap *heap, struct nm_error *err)
{
	uint64_t slices = 1, room = 64;

	for (size_t i = 0; i < heap->page_count; i++)
		slices += (heap->pages[i].end - heap->pages[i].addr) / NM_V8_PAGE_SIZE + 1;
	while (room < 3 * slices)
		room *= 2;
	heap->slices = calloc(room, sizeof(*heap->slices));
	if (!heap->slices)
		return nm_error_nomem(err);
	heap->slice_mask = room - 1;
	for (size_t i = 0; i < heap->page_count; i++) {
		const struct nm_v8_heap_page *page = &heap->pages[i];

		for (nm_addr at = page->addr; at < page->end; at += NM_V8_PAGE_SIZE) {
			uint64_t slice = at / NM_V8_PAGE_SIZE;
			uint64_t slot = nm_v8_hash(slice) & heap->slice_mask;

			while (heap->slices[slot] != 0)
				slot = (slot + 1) & heap->slice_mask;
			heap->slices[slot] = (slice << 24 | i) + 1;
		}
	}
	return NM_OK;
}

/* Three words {start, top, limit} of one page are a linear allocation area: between top and limit
   there are no objects. */
static void take_area(struct nm_v8_heap *heap, nm_addr start, nm_addr top, nm_addr limit)
{
	struct nm_v8_heap_page *page;

	if (start == 0 || (start | top | limit) % 8 != 0 || start > top || top >= limit)
		return;
	page = (struct nm_v8_heap_page *)nm_v8_heap_page_of(heap, start);
	if (!page || page->heap == 0 || page->is_large || limit > page->end ||
	    page->gap_count >= NM_V8_GAPS_MAX)
		return;
	for (unsigned i = 0; i < page->gap_count; i++)
		if (page->gaps[i].start == top)
			return;
	page->gaps[page->gap_count++] = (struct nm_v8_gap){top, limit};
}

static void find_areas_in(struct nm_v8_heap *heap, nm_addr from, nm_addr to)
{
	uint64_t word[3] = {0, 0, 0};

	for (nm_addr at = from; at < to; at += 8) {
		word[0] = word[1];
		word[1] = word[2];
		if (!nm_image_word(heap->image, at, &word[2]))
			word[2] = 0;
		take_area(heap, word[0], word[1], word[2]);
	}
}

static void find_areas(struct nm_v8_heap *heap)
{
	for (size_t i = 0; i < heap->isolates.count; i++) {
		const struct nm_v8_isolate *isolate = &heap->isolates.items[i];

		find_areas_in(heap, isolate->heap - AREAS_NEAR_HEAP,
			      isolate->heap + AREAS_NEAR_HEAP);
		for (uint32_t k = 0; k < heap->process.layout.space_count; k++)
			if (isolate->spaces[k] != 0)
				find_areas_in(heap, isolate->spaces[k],
					      isolate->spaces[k] + AREAS_IN_SPACE);
	}
}

int nm_v8_heap_find_pages(struct nm_v8_heap *heap, struct nm_error *err)
{
	struct nm_v8_pages found = {.count = 0};
	int status = nm_v8_pages_find(heap->process.reader, &heap->process.maps,
				      &heap->process.pagemap, heap->process.layout.page_form,
				      NM_V8_PAGES_ALL, SIZE_MAX, &found, err);

	if (status == NM_OK)
		status = take_pages(heap, &found, err);
	if (status == NM_OK)
		status = index_pages(heap, err);
	if (status == NM_OK)
		find_areas(heap);
	nm_v8_pages_done(&found);
	return status;
}
