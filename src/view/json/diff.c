#include "view/json/diff.h"

#include "base/strbuf.h"
#include "model/heap/constructors.h"
#include "model/heap/duplicates.h"
#include "model/heap/node_text.h"
#include "view/json/heap.h"
#include "view/json/write.h"

#define KEY_MAX	 ((size_t)1 << 20)
#define TEXT_MAX ((size_t)1 << 20)

/* Histograms know no places. */
static json_t *make_key(const struct nm_view_diff_row *row)
{
	struct nm_strbuf key;
	json_t *text;

	nm_strbuf_init(&key, KEY_MAX);
	if (row->key) {
		nm_class_key_write(&key, row->key);
	} else {
		nm_strbuf_adds(&key, ",");
		nm_strbuf_adds(&key, row->name);
	}
	text = nm_json_foreign(nm_strbuf_get(&key));
	nm_strbuf_done(&key);
	return text;
}

static json_t *make_row(const struct nm_view_diff_row *row)
{
	json_t *one = json_object();

	json_object_set_new(one, "key", make_key(row));
	json_object_set_new(one, "name", nm_json_foreign(row->name));
	json_object_set_new(one, "addedCount", nm_json_number(row->knows_both, row->added_count));
	json_object_set_new(one, "removedCount",
			    nm_json_number(row->knows_both, row->removed_count));
	json_object_set_new(one, "countDelta", json_integer(row->count_delta));
	json_object_set_new(one, "addedSize", nm_json_number(row->knows_both, row->added_size));
	json_object_set_new(one, "removedSize", nm_json_number(row->knows_both, row->removed_size));
	json_object_set_new(one, "sizeDelta", json_integer(row->size_delta));
	return one;
}

void nm_json_diff(const struct nm_view_options *how, const struct nm_view_diff *view)
{
	json_t *document = nm_json_document("nodemem/diff/1"), *array = json_array();

	nm_json_add_origin(document, &view->origin);
	for (size_t i = 0; i < view->count && (view->top == 0 || i < view->top); i++)
		json_array_append_new(array, make_row(&view->rows[i]));
	json_object_set_new(document, "classes", array);
	nm_json_write(how->out, document);
}

static json_t *make_duplicate(const struct nm_heap *heap, const struct nm_duplicate *row)
{
	json_t *one = json_object();
	struct nm_strbuf text;

	nm_strbuf_init(&text, TEXT_MAX);
	nm_text_add_node(&text, heap->graph, row->node);
	json_object_set_new(one, "text", nm_json_foreign(nm_strbuf_get(&text)));
	json_object_set_new(one, "truncated", json_boolean(row->is_cut));
	json_object_set_new(one, "count", json_integer(row->count));
	json_object_set_new(one, "size", nm_json_number(true, row->size));
	json_object_set_new(one, "retained", nm_json_number(true, row->retained));
	json_object_set_new(one, "wasted", nm_json_number(true, row->wasted));
	json_object_set_new(one, "example", json_integer(heap->graph->id[row->node]));
	nm_strbuf_done(&text);
	return one;
}

void nm_json_strings(const struct nm_view_options *how, const struct nm_view_strings *view)
{
	const struct nm_duplicates *duplicates = view->duplicates;
	json_t *document = nm_json_document("nodemem/strings/1"), *array = json_array();
	uint64_t wasted = 0;

	nm_json_add_origin(document, &view->origin);
	for (uint32_t i = 0; i < duplicates->count; i++)
		wasted += duplicates->rows[i].wasted;
	json_object_set_new(document, "groups", json_integer(duplicates->count));
	json_object_set_new(document, "strings", nm_json_number(true, duplicates->node_count));
	json_object_set_new(document, "wasted", nm_json_number(true, wasted));
	for (uint32_t i = 0; i < duplicates->count && (view->top == 0 || i < view->top); i++)
		json_array_append_new(array, make_duplicate(view->heap, &duplicates->rows[i]));
	json_object_set_new(document, "duplicates", array);
	nm_json_write(how->out, document);
}
