#include "source/v8/heap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Of the bytes walked, in hundredths of a percent, and of the pointers. */
#define UNEXPLAINED_MAX 100
#define MISSED_MAX	100
#define WHOLE		10000

/* An image taken while memory is being collected has objects in two places, or none. */
static int check_quiet(const struct nm_v8_heap *heap, struct nm_error *err)
{
	for (size_t i = 0; i < heap->isolates.count; i++) {
		const nm_addr at =
			heap->isolates.items[i].heap + (uint64_t)heap->process.layout.heap_gc_state;
		const unsigned char *bytes = nm_image_at(heap->image, at, sizeof(uint32_t));
		uint32_t state = 0;

		if (bytes)
			memcpy(&state, bytes, sizeof(state));
		if (state != 0)
			return nm_error_set(err, NM_E_BUSY,
					    "cannot walk the heap: memory was being collected at "
					    "that moment (try again)");
	}
	return NM_OK;
}

static int refuse(const struct nm_v8_heap *heap, double percent, const char *what,
		  struct nm_error *err)
{
	return nm_error_set(
		err, NM_E_UNSUPPORTED,
		"cannot walk the heap of V8 %s: %.2f %% of %s with the %s (this version "
		"may lay out its objects differently; please report it)",
		heap->process.program.v8, percent, what, heap->layout->row->name);
}

/* Is the walk to be trusted? */
static int check_walk(const struct nm_v8_heap *heap, struct nm_error *err)
{
	const struct nm_v8_heap_check *check = &heap->check;
	const uint64_t unknown = check->unexplained + check->searched;

	if (heap->count == 0)
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "cannot walk the heap of V8 %s: no object was found",
				    heap->process.program.v8);
	if (unknown > check->walked / WHOLE * UNEXPLAINED_MAX)
		return refuse(heap, 100.0 * (double)unknown / (double)check->walked,
			      "its bytes remain unexplained", err);
	if (check->missed_pointers > check->pointers / WHOLE * MISSED_MAX)
		return refuse(heap,
			      100.0 * (double)check->missed_pointers / (double)check->pointers,
			      "its pointers lead to no object", err);
	return NM_OK;
}

static int fill(struct nm_v8_heap *heap, const struct nm_v8_process *process, bool any_moment,
		struct nm_error *err)
{
	int status = nm_v8_process_open_image(process, heap->image, &heap->process, err);

	if (status == NM_OK)
		status = nm_v8_object_layout_fill(&process->program.version, process->program.elf,
						  heap->layout, err);
	if (status == NM_OK)
		status = nm_v8_isolates_find(&heap->process, &heap->isolates, err);
	if (status == NM_OK && !any_moment)
		status = check_quiet(heap, err);
	if (status == NM_OK)
		status = nm_v8_heap_find_pages(heap, err);
	if (status == NM_OK)
		status = nm_v8_heap_walk(heap, err);
	if (status == NM_OK)
		status = nm_v8_heap_mark(heap, err);
	return status == NM_OK ? check_walk(heap, err) : status;
}

int nm_v8_heap_new(const struct nm_v8_process *process, const struct nm_image *image,
		   bool any_moment, struct nm_v8_heap **out, struct nm_error *err)
{
	struct nm_v8_heap *heap = calloc(1, sizeof(*heap));
	int status;

	if (!heap)
		return nm_error_nomem(err);
	heap->image = image;
	heap->layout = malloc(sizeof(*heap->layout));
	status = heap->layout ? fill(heap, process, any_moment, err) : nm_error_nomem(err);
	if (status != NM_OK) {
		nm_v8_heap_free(heap);
		return status;
	}
	*out = heap;
	return NM_OK;
}

void nm_v8_heap_free(struct nm_v8_heap *heap)
{
	if (!heap)
		return;
	for (size_t i = 0; i < heap->page_count; i++) {
		if (heap->pages[i].copy)
			munmap(heap->pages[i].copy, heap->pages[i].copy_size);
		free(heap->pages[i].starts);
		free(heap->pages[i].ranks);
	}
	free(heap->pages);
	free(heap->slices);
	free(heap->maps);
	free(heap->map_slots);
	free(heap->places);
	free(heap->words);
	free(heap->map_of);
	free(heap->live);
	free(heap->layout);
	nm_v8_isolates_done(&heap->isolates);
	nm_v8_process_close_image(&heap->process);
	free(heap);
}
