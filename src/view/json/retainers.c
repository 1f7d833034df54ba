#include "view/json/retainers.h"

#include <inttypes.h>

#include "model/heap/object_name.h"
#include "model/heap/retainers.h"
#include "view/json/heap.h"
#include "view/json/write.h"

static json_t *make_node(const struct nm_retainers *retainers, nm_node node)
{
	char name[NM_OBJECT_NAME_MAX];
	json_t *one = json_object();

	json_object_set_new(one, "node",
			    nm_json_foreign(nm_object_name(retainers->classes, node, name)));
	json_object_set_new(one, "id", json_integer(retainers->classes->heap->graph->id[node]));
	return one;
}

static json_t *make_step(const struct nm_retainers *retainers, uint32_t edge)
{
	const struct nm_graph *graph = retainers->classes->heap->graph;
	const enum nm_edge_kind kind = (enum nm_edge_kind)graph->edge_kind[edge];
	json_t *one = make_node(retainers, graph->edge_to[edge]);
	char index[16];

	snprintf(index, sizeof(index), "%" PRIu32, graph->edge_name[edge]);
	json_object_set_new(
		one, "edge",
		nm_json_foreign(nm_edge_has_index(kind)
					? index
					: nm_graph_text(graph, graph->edge_name[edge])));
	json_object_set_new(one, "edgeType", json_string(nm_edge_kind_name(kind)));
	return one;
}

/* The steps that are left out stand for themselves, so that no reader takes the rest for all. */
static json_t *make_path(const struct nm_retainers *retainers, const struct nm_retainer_path *path)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < path->count; i++) {
		if (i == NM_PATH_HEAD && path->left_out > 0) {
			json_t *gap = json_object();

			json_object_set_new(gap, "leftOut", json_integer(path->left_out));
			json_array_append_new(array, gap);
		}
		json_array_append_new(array, make_step(retainers, path->edges[i]));
	}
	return array;
}

static json_t *make_group(const struct nm_retainers *retainers,
			  const struct nm_retainer_group *group)
{
	const struct nm_graph *graph = retainers->classes->heap->graph;
	json_t *one = json_object();
	struct nm_retainer_path path;

	nm_retainers_path(retainers, group, &path);
	json_object_set_new(one, "count", nm_json_number(true, group->count));
	json_object_set_new(one, "shallow", nm_json_number(true, group->shallow));
	json_object_set_new(one, "retained", nm_json_number(true, group->retained));
	json_object_set_new(one, "distance", json_integer(group->distance));
	json_object_set_new(one, "maxDistance", json_integer(group->farthest));
	json_object_set_new(one, "weak", json_boolean(group->state == NM_PATH_WEAK));
	json_object_set_new(one, "cycle", json_boolean(group->state == NM_PATH_CYCLE));
	json_object_set_new(one, "example", json_integer(graph->id[group->example]));
	json_object_set_new(one, "start", make_node(retainers, path.start));
	json_object_set_new(one, "path", make_path(retainers, &path));
	return one;
}

void nm_json_retainers(const struct nm_view_options *how, const struct nm_view_retainers *view)
{
	const struct nm_retainers *retainers = view->retainers;
	const bool is_one = retainers->self != NM_NO_NODE;
	json_t *document = nm_json_document("nodemem/retainers/1"), *array = json_array();

	nm_json_add_origin(document, &view->origin);
	json_object_set_new(document, "class",
			    view->class_name ? nm_json_foreign(view->class_name) : json_null());
	json_object_set_new(
		document, "id",
		is_one ? json_integer(retainers->classes->heap->graph->id[retainers->self])
		       : json_null());
	json_object_set_new(document, "objects", nm_json_number(true, retainers->objects));
	json_object_set_new(document, "shallow", nm_json_number(true, retainers->shallow));
	json_object_set_new(document, "retained", nm_json_number(true, retainers->retained));
	json_object_set_new(document, "groupCount", json_integer(retainers->count));
	for (uint32_t i = 0; i < retainers->count && (view->top == 0 || i < view->top); i++)
		json_array_append_new(array, make_group(retainers, &retainers->groups[i]));
	json_object_set_new(document, "groups", array);
	nm_json_write(how->out, document);
}
