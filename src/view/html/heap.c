#include "view/html/heap.h"

#include "model/heap/constructors.h"
#include "model/heap/statistics.h"
#include "model/heap/territory.h"
#include "view/html/page.h"
#include "view/json/heap.h"
#include "view/json/write.h"

/* [name, place or null, count, shallow, retained, distance] */
static json_t *make_class(const struct nm_constructor *row)
{
	json_t *one = json_array();
	char place[64];

	snprintf(place, sizeof(place), "script %u, %u:%u", row->key.script_id, row->key.line + 1,
		 row->key.column + 1);
	json_array_append_new(one, nm_json_foreign(row->key.name));
	json_array_append_new(one, row->key.has_location ? json_string(place) : json_null());
	json_array_append_new(one, nm_json_number(true, row->count));
	json_array_append_new(one, nm_json_number(true, row->shallow));
	json_array_append_new(one, nm_json_number(true, row->retained));
	json_array_append_new(one, json_integer(row->distance));
	return one;
}

static json_t *make_classes(const struct nm_constructors *classes)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < classes->count && i < NM_HTML_ROWS_MAX; i++)
		json_array_append_new(array, make_class(&classes->rows[i]));
	return array;
}

/* Groups of roots are of one class, and have names that tell them apart. */
static json_t *make_name(const struct nm_constructors *classes, const struct nm_area *area)
{
	const struct nm_graph *graph = classes->heap->graph;
	char text[256];

	if (area->class == NM_TERRITORY_NONE)
		return json_null();
	if (graph->kind[area->largest] != NM_NODE_SYNTHETIC)
		return nm_json_foreign(classes->rows[area->class].key.name);
	snprintf(text, sizeof(text), area->count > 1 ? "%s and others" : "%s",
		 nm_graph_text(graph, graph->name[area->largest]));
	return nm_json_foreign(text);
}

/* [parent or null, class or null, name or null, parts, count, shallow, retained, id of the largest or null];
   a class without a row in the table has none here. */
static json_t *make_area(const struct nm_constructors *classes, const struct nm_area *area)
{
	const bool has_row = area->class < classes->count && area->class < NM_HTML_ROWS_MAX;
	json_t *one = json_array();

	json_array_append_new(one, area->parent == NM_TERRITORY_NONE ? json_null()
								     : json_integer(area->parent));
	json_array_append_new(one, has_row ? json_integer(area->class) : json_null());
	json_array_append_new(one, make_name(classes, area));
	json_array_append_new(one, json_integer(area->parts));
	json_array_append_new(one, nm_json_number(true, area->count));
	json_array_append_new(one, nm_json_number(true, area->shallow));
	json_array_append_new(one, nm_json_number(true, area->retained));
	json_array_append_new(one, area->largest == NM_NO_NODE
					   ? json_null()
					   : json_integer(classes->heap->graph->id[area->largest]));
	return one;
}

static json_t *make_document(const char *subject, const struct nm_view_heap *view,
			     const struct nm_territory *territory)
{
	json_t *document = nm_json_document("nodemem/page/1"), *areas = json_array();

	json_object_set_new(document, "kind", json_string("heap"));
	json_object_set_new(document, "subject", nm_json_foreign(subject));
	nm_json_add_origin(document, &view->origin);
	json_object_set_new(document, "nodes", json_integer(view->heap->graph->node_count));
	json_object_set_new(document, "edges", json_integer(view->heap->graph->edge_count));
	json_object_set_new(document, "totalBytes", nm_json_number(true, view->heap->total));
	json_object_set_new(document, "statistics", nm_json_heap_statistics(view->statistics));
	json_object_set_new(document, "classCount", json_integer(view->classes->count));
	json_object_set_new(document, "classes", make_classes(view->classes));
	for (uint32_t i = 0; i < territory->count; i++)
		json_array_append_new(areas, make_area(view->classes, &territory->areas[i]));
	json_object_set_new(document, "areas", areas);
	return document;
}

int nm_view_html_heap(FILE *out, const char *subject, const struct nm_view_heap *view,
		      const struct nm_territory *territory, struct nm_error *err)
{
	int status;

	nm_html_page_begin(out);
	status = nm_html_page_document(out, make_document(subject, view, territory), err);
	nm_html_page_end(out);
	return status;
}
