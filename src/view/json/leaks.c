#include "view/json/leaks.h"

#include "base/strbuf.h"
#include "model/heap/leaks.h"
#include "model/heap/path_text.h"
#include "model/heap/paths.h"
#include "model/heap/script_place.h"
#include "view/json/heap.h"
#include "view/json/write.h"

#define STEPS_MAX 64
#define KEY_MAX	  ((size_t)1 << 20)

static json_t *make_key(const struct nm_class_key *key)
{
	struct nm_strbuf text;
	json_t *made;

	nm_strbuf_init(&text, KEY_MAX);
	nm_class_key_write(&text, key);
	made = nm_json_foreign(nm_strbuf_get(&text));
	nm_strbuf_done(&text);
	return made;
}

static json_t *make_node(const struct nm_graph *graph, nm_node node)
{
	json_t *one;

	if (node == NM_NO_NODE)
		return json_null();
	one = json_object();
	json_object_set_new(one, "id", json_integer(graph->id[node]));
	json_object_set_new(one, "name", nm_json_foreign(nm_path_node_text(graph, node)));
	return one;
}

/* Lines and columns as editors count them, from 1. */
static json_t *make_place(const struct nm_graph *graph, const struct nm_leak *leak)
{
	json_t *one;

	if (!leak->has_place)
		return json_null();
	one = json_object();
	json_object_set_new(one, "script", nm_json_text(nm_script_name(graph, leak->script_id)));
	json_object_set_new(one, "scriptId", json_integer(leak->script_id));
	json_object_set_new(one, "line", json_integer((json_int_t)leak->line + 1));
	json_object_set_new(one, "column", json_integer((json_int_t)leak->column + 1));
	return one;
}

static json_t *make_path(const struct nm_view_leaks *view, const struct nm_leak *leak)
{
	const struct nm_graph *graph = view->classes->heap->graph;
	uint32_t edges[STEPS_MAX];
	size_t count = nm_paths_get(view->paths, leak->example, edges, STEPS_MAX);
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		const nm_node to = graph->edge_to[edges[i]];
		json_t *one = make_node(graph, to);
		char text[NM_PATH_NAME_MAX + 8];

		nm_path_edge_text(graph, edges[i], text, sizeof(text));
		json_object_set_new(one, "edge", nm_json_foreign(text));
		json_object_set_new(one, "edgeType",
				    json_string(nm_edge_kind_name(
					    (enum nm_edge_kind)graph->edge_kind[edges[i]])));
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *make_leak(const struct nm_view_leaks *view, const struct nm_leak *leak)
{
	const struct nm_graph *graph = view->classes->heap->graph;
	const struct nm_class_key *key = &view->classes->rows[leak->class].key;
	json_t *one = json_object(), *counts = json_array();

	for (unsigned i = 0; i < view->side_count; i++)
		json_array_append_new(counts, nm_json_number(true, leak->counts[i]));
	json_object_set_new(one, "key", make_key(key));
	json_object_set_new(one, "name", nm_json_foreign(key->name));
	json_object_set_new(one, "counts", counts);
	json_object_set_new(one, "shallowDelta", json_integer(leak->shallow_delta));
	json_object_set_new(one, "retainedDelta", json_integer(leak->retained_delta));
	json_object_set_new(one, "born", nm_json_number(view->leaks->knows_born, leak->born));
	json_object_set_new(one, "place", make_place(graph, leak));
	json_object_set_new(one, "holder", make_node(graph, leak->holder));
	json_object_set_new(one, "held", nm_json_number(true, leak->held));
	json_object_set_new(
		one, "within",
		leak->within == NM_NO_LEAK
			? json_null()
			: make_key(&view->classes->rows[view->leaks->items[leak->within].class]
					    .key));
	json_object_set_new(one, "suspect", json_boolean(leak->is_suspect));
	json_object_set_new(one, "example", json_integer(graph->id[leak->example]));
	json_object_set_new(one, "path", make_path(view, leak));
	return one;
}

void nm_json_leaks(const struct nm_view_options *how, const struct nm_view_leaks *view)
{
	json_t *document = nm_json_document("nodemem/leaks/1"), *array = json_array();

	nm_json_add_origin(document, &view->origin);
	for (uint32_t i = 0; i < view->leaks->count && (view->top == 0 || i < view->top); i++)
		json_array_append_new(array, make_leak(view, &view->leaks->items[i]));
	json_object_set_new(document, "leaks", array);
	nm_json_write(how->out, document);
}
