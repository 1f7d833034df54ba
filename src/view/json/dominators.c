#include "view/json/dominators.h"

#include "model/heap/dominated.h"
#include "model/heap/object_name.h"
#include "view/json/heap.h"
#include "view/json/write.h"

static json_t *make_row(const struct nm_dominated *dominated, const struct nm_dominated_row *row)
{
	const struct nm_constructors *classes = dominated->classes;
	json_t *one = json_object();
	char name[NM_OBJECT_NAME_MAX];

	if (row->node != NM_NO_NODE) {
		json_object_set_new(one, "id", json_integer(classes->heap->graph->id[row->node]));
		json_object_set_new(
			one, "name",
			nm_json_foreign(row->count == 1 ? nm_object_name(classes, row->node, name)
							: classes->rows[row->class].key.name));
	}
	json_object_set_new(one, "count", nm_json_number(true, row->count));
	json_object_set_new(one, "shallow", nm_json_number(true, row->shallow));
	json_object_set_new(one, "retained", nm_json_number(true, row->retained));
	return one;
}

/* A row's children follow it. The rest of them is a member of the parent's own. */
static json_t *make_tree(const struct nm_dominated *dominated)
{
	json_t *open[NM_DOMINATED_DEPTH_MAX + 1], *tree = NULL;

	for (size_t i = 0; i < dominated->count; i++) {
		const struct nm_dominated_row *row = &dominated->rows[i];
		json_t *one = make_row(dominated, row);

		if (row->node == NM_NO_NODE) {
			json_object_set_new(open[row->depth - 1], "rest", one);
			continue;
		}
		json_object_set_new(one, "more", json_boolean(row->has_more));
		json_object_set_new(one, "children", json_array());
		if (row->depth == 0)
			tree = one;
		else
			json_array_append_new(json_object_get(open[row->depth - 1], "children"),
					      one);
		open[row->depth] = one;
	}
	return tree;
}

void nm_json_dominators(const struct nm_view_options *how, const struct nm_view_dominators *view)
{
	json_t *document = nm_json_document("nodemem/dominators/1");

	nm_json_add_origin(document, &view->origin);
	json_object_set_new(document, "totalBytes",
			    nm_json_number(true, view->dominated->classes->heap->total));
	json_object_set_new(document, "tree", make_tree(view->dominated));
	nm_json_write(how->out, document);
}
