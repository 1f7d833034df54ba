#include "view/json/heap.h"

#include "model/heap/constructors.h"
#include "model/heap/statistics.h"
#include "view/json/write.h"

static json_t *make_class(const struct nm_constructor *row)
{
	json_t *one = json_object();
	struct nm_strbuf key;

	nm_strbuf_init(&key, 1 << 20);
	nm_class_key_write(&key, &row->key);
	json_object_set_new(one, "key", nm_json_foreign(nm_strbuf_get(&key)));
	json_object_set_new(one, "name", nm_json_foreign(row->key.name));
	json_object_set_new(one, "count", nm_json_number(true, row->count));
	json_object_set_new(one, "shallow", nm_json_number(true, row->shallow));
	json_object_set_new(one, "retained", nm_json_number(true, row->retained));
	json_object_set_new(one, "distance", json_integer(row->distance));
	nm_strbuf_done(&key);
	return one;
}

json_t *nm_json_heap_statistics(const struct nm_heap_statistics *statistics)
{
	json_t *one = json_object();

	json_object_set_new(one, "total", nm_json_number(true, statistics->total));
	json_object_set_new(one, "native", nm_json_number(true, statistics->native));
	json_object_set_new(one, "typedArrays", nm_json_number(true, statistics->typed_arrays));
	json_object_set_new(one, "v8heap", nm_json_number(true, statistics->v8));
	json_object_set_new(one, "code", nm_json_number(true, statistics->code));
	json_object_set_new(one, "strings", nm_json_number(true, statistics->strings));
	json_object_set_new(one, "jsArrays", nm_json_number(true, statistics->js_arrays));
	json_object_set_new(one, "system", nm_json_number(true, statistics->system));
	return one;
}

void nm_json_add_origin(json_t *document, const struct nm_view_origin *origin)
{
	json_object_set_new(document, "pid",
			    origin->pid > 0 ? json_integer(origin->pid) : json_null());
	if (!origin->via[0])
		return;
	json_object_set_new(document, "via", json_string(origin->via));
	json_object_set_new(document, "stoppedMs", json_real((double)origin->stopped_us / 1000));
	json_object_set_new(document, "missingBytes", nm_json_number(true, origin->missing_bytes));
}

void nm_json_heap(const struct nm_view_options *how, const struct nm_view_heap *view)
{
	const struct nm_constructors *classes = view->classes;
	json_t *document = nm_json_document("nodemem/heap/1"), *array = json_array();

	nm_json_add_origin(document, &view->origin);
	json_object_set_new(document, "nodes", json_integer(view->heap->graph->node_count));
	json_object_set_new(document, "edges", json_integer(view->heap->graph->edge_count));
	json_object_set_new(document, "totalBytes", nm_json_number(true, view->heap->total));
	json_object_set_new(document, "statistics", nm_json_heap_statistics(view->statistics));
	for (uint32_t i = 0; i < classes->count && (view->top == 0 || i < view->top); i++)
		json_array_append_new(array, make_class(&classes->rows[i]));
	json_object_set_new(document, "classes", array);
	nm_json_write(how->out, document);
}
