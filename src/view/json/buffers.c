#include "view/json/buffers.h"

#include "model/heap/buffers.h"
#include "view/json/write.h"

static json_t *make_path(const struct nm_buffers *buffers, size_t index)
{
	struct nm_buffer_step steps[NM_BUFFER_STEPS_MAX];
	size_t count = nm_buffers_path(buffers, index, steps);
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, nm_json_foreign(steps[i].text));
	return array;
}

static json_t *make_buffer(const struct nm_buffers *buffers, size_t index)
{
	const struct nm_buffer *item = &buffers->items[index];
	char holder[NM_BUFFER_STEP_MAX];
	json_t *one = json_object();

	nm_buffers_holder(buffers, index, holder, sizeof(holder));
	json_object_set_new(one, "bytes", nm_json_number(true, item->bytes));
	json_object_set_new(one, "kind", json_string(nm_buffer_kind_name(item->kind)));
	json_object_set_new(one, "used",
			    nm_json_number(buffers->knows_used && item->views > 0, item->used));
	json_object_set_new(one, "views", json_integer(item->views));
	json_object_set_new(one, "holder", nm_json_text(holder));
	json_object_set_new(one, "path", make_path(buffers, index));
	return one;
}

static json_t *make_slabs(const struct nm_buffers *buffers)
{
	json_t *slabs = json_object();

	json_object_set_new(slabs, "retained", nm_json_number(true, buffers->slabs_retained));
	json_object_set_new(slabs, "used",
			    nm_json_number(buffers->knows_used, buffers->slabs_used));
	return slabs;
}

void nm_json_buffers(const struct nm_view_options *how, const struct nm_view_buffers *view)
{
	const struct nm_buffers *buffers = view->buffers;
	json_t *document = nm_json_document("nodemem/buffers/1"), *array = json_array();

	json_object_set_new(document, "pid", nm_json_number(view->pid != 0, (uint64_t)view->pid));
	json_object_set_new(document, "via", nm_json_text(view->via));
	json_object_set_new(document, "stoppedMs", json_real((double)view->stopped_us / 1000));
	json_object_set_new(document, "missingBytes", nm_json_number(true, view->missing_bytes));
	json_object_set_new(document, "total", nm_json_number(true, buffers->total));
	json_object_set_new(document, "count", json_integer((json_int_t)buffers->count));
	for (size_t i = 0; i < buffers->count && (view->top == 0 || i < view->top); i++)
		json_array_append_new(array, make_buffer(buffers, i));
	json_object_set_new(document, "buffers", array);
	json_object_set_new(document, "slabs", make_slabs(buffers));
	nm_json_write(how->out, document);
}
