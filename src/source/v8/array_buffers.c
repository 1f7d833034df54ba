#include "source/v8/array_buffers.h"

#include <stdlib.h>
#include <string.h>

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
	return out->data && out->views;
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
	free(buffers->views);
	memset(buffers, 0, sizeof(*buffers));
}
