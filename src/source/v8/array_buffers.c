#include "source/v8/array_buffers.h"

#include <stdlib.h>
#include <string.h>

#include "source/v8/backing_store.h"

/* JSArrayBuffer: its extension stands behind its backing store. In the extension is a pointer to
   the BackingStore, among the first words: src/objects/js-array-buffer.h. */
#define EXTENSION_AFTER_STORE 8
#define EXTENSION_WORDS	      4

static uint16_t type_of(const struct nm_v8_heap *heap, uint32_t index)
{
	return heap->maps[heap->map_of[index]].type;
}

static bool is_view(const struct nm_v8_heap *heap, uint16_t type)
{
	return type == heap->layout->type.js_typed_array || type == heap->layout->type.js_data_view;
}

/* Where the memory of an ArrayBuffer begins; 0 when it has none. */
static nm_addr data_of(const struct nm_v8_heap *heap, const struct nm_v8_object *buffer)
{
	const nm_addr addr = nm_v8_object_field(buffer, heap->layout->at.buffer_store);
	const uint64_t length = nm_v8_object_field(buffer, heap->layout->at.buffer_length);

	return length == 0 || length >= NM_ADDR_MAX ? 0 : addr;
}

static bool reserve(const struct nm_v8_heap *heap, struct nm_v8_array_buffers *out)
{
	size_t buffers = 0, views = 0;

	for (uint32_t i = 0; i < heap->count; i++) {
		if (!nm_v8_heap_is_live(heap, i))
			continue;
		buffers += type_of(heap, i) == heap->layout->type.js_array_buffer;
		views += is_view(heap, type_of(heap, i));
	}
	out->data = calloc(buffers + 1, sizeof(*out->data));
	out->views = calloc(views + 1, sizeof(*out->views));
	out->has_deleter = calloc(buffers + 1, sizeof(*out->has_deleter));
	return out->data && out->views && out->has_deleter;
}

static int by_address(const void *a, const void *b)
{
	const nm_addr left = *(const nm_addr *)a, right = *(const nm_addr *)b;

	return left < right ? -1 : left > right;
}

static void take_data(const struct nm_v8_heap *heap, struct nm_v8_array_buffers *out)
{
	size_t kept = 0;

	for (uint32_t i = 0; i < heap->count; i++) {
		struct nm_v8_object buffer;
		nm_addr addr;

		if (type_of(heap, i) != heap->layout->type.js_array_buffer ||
		    !nm_v8_heap_is_live(heap, i))
			continue;
		buffer = nm_v8_heap_object(heap, i);
		addr = data_of(heap, &buffer);
		if (addr != 0)
			out->data[out->count++] = addr;
	}
	qsort(out->data, out->count, sizeof(*out->data), by_address);
	for (size_t i = 0; i < out->count; i++)
		if (kept == 0 || out->data[kept - 1] != out->data[i])
			out->data[kept++] = out->data[i];
	out->count = kept;
}

static bool is_code(const struct nm_v8_heap *heap, uint64_t word)
{
	const struct nm_map *map = nm_maps_find(&heap->process.maps, word);

	return map && (map->access & NM_MAP_EXECUTE) != 0;
}

/* The BackingStore proves itself: it begins with where the memory is. */
static bool has_deleter(const struct nm_v8_heap *heap, const struct nm_v8_object *buffer,
			nm_addr addr)
{
	const nm_addr extension =
		nm_v8_object_field(buffer, heap->layout->at.buffer_store + EXTENSION_AFTER_STORE);
	uint64_t store, start, deleter;

	for (unsigned i = 0; i < EXTENSION_WORDS; i++)
		if (extension % 8 == 0 && extension < NM_ADDR_MAX &&
		    nm_image_word(heap->image, extension + UINT64_C(8) * i, &store) &&
		    store % 8 == 0 && store < NM_ADDR_MAX &&
		    nm_image_word(heap->image, store, &start) && start == addr &&
		    nm_image_word(heap->image, store + NM_V8_BACKING_STORE_DELETER, &deleter))
			return is_code(heap, deleter);
	return false;
}

static void take_deleters(const struct nm_v8_heap *heap, struct nm_v8_array_buffers *out)
{
	for (uint32_t i = 0; i < heap->count; i++) {
		struct nm_v8_object buffer;
		const nm_addr *found;
		nm_addr addr;

		if (type_of(heap, i) != heap->layout->type.js_array_buffer ||
		    !nm_v8_heap_is_live(heap, i))
			continue;
		buffer = nm_v8_heap_object(heap, i);
		addr = data_of(heap, &buffer);
		found = addr ? bsearch(&addr, out->data, out->count, sizeof(addr), by_address)
			     : NULL;
		if (found && has_deleter(heap, &buffer, addr))
			out->has_deleter[found - out->data] = true;
	}
}

static void take_view(const struct nm_v8_heap *heap, const struct nm_v8_object *view,
		      struct nm_v8_array_buffers *out)
{
	const struct nm_v8_object_layout *layout = heap->layout;
	struct nm_v8_object buffer;
	const nm_addr *found;
	nm_addr addr;

	if (!nm_v8_heap_follow(heap, nm_v8_object_field(view, layout->row->view_buffer), false,
			       &buffer) ||
	    buffer.type != layout->type.js_array_buffer)
		return;
	addr = data_of(heap, &buffer);
	found = addr ? bsearch(&addr, out->data, out->count, sizeof(addr), by_address) : NULL;
	if (found)
		out->views[out->view_count++] = (struct nm_v8_array_view){
			.data = (uint32_t)(found - out->data),
			.offset = nm_v8_object_field(view, layout->at.view_offset),
			.length = nm_v8_object_field(view, layout->at.view_length),
		};
}

int nm_v8_array_buffers_find(const struct nm_v8_heap *heap, struct nm_v8_array_buffers *out,
			     struct nm_error *err)
{
	memset(out, 0, sizeof(*out));
	if (!reserve(heap, out)) {
		nm_v8_array_buffers_done(out);
		return nm_error_nomem(err);
	}
	take_data(heap, out);
	take_deleters(heap, out);
	for (uint32_t i = 0; i < heap->count; i++) {
		struct nm_v8_object view;

		if (!is_view(heap, type_of(heap, i)) || !nm_v8_heap_is_live(heap, i))
			continue;
		view = nm_v8_heap_object(heap, i);
		take_view(heap, &view, out);
	}
	return NM_OK;
}

void nm_v8_array_buffers_done(struct nm_v8_array_buffers *buffers)
{
	free(buffers->data);
	free(buffers->has_deleter);
	free(buffers->views);
	memset(buffers, 0, sizeof(*buffers));
}
