#include "source/buffers.h"

#include <stdlib.h>
#include <string.h>

#include "source/snapshot/read.h"
#include "source/v8/array_buffers.h"
#include "source/v8/graph.h"

/* The nodes of buffers' memory are the last ones of the graph, in the order of their addresses. */
struct join {
	const struct nm_still *still;
	const struct nm_graph *graph;
	struct nm_v8_array_buffers found;
	nm_node first;
};

/* Memory of a mapped file, or that native code gave. */
static bool is_external(void *context, nm_node data)
{
	const struct join *join = context;
	const struct nm_map *map;

	if (data < join->first || data - join->first >= join->found.count)
		return false;
	if (join->found.has_deleter[data - join->first])
		return true;
	map = nm_maps_find(nm_image_maps(join->still->image), join->found.data[data - join->first]);
	return map && !nm_map_is_anonymous(map) && map->inode != 0;
}

static struct nm_buffer_span *make_spans(const struct join *join)
{
	struct nm_buffer_span *spans = calloc(join->found.view_count + 1, sizeof(*spans));

	for (size_t i = 0; spans && i < join->found.view_count; i++) {
		const struct nm_v8_array_view *view = &join->found.views[i];

		spans[i] = (struct nm_buffer_span){join->first + view->data, view->offset,
						   view->length};
	}
	return spans;
}

static int find(struct join *join, struct nm_buffers *out, struct nm_error *err)
{
	struct nm_buffer_span *spans;
	int status;

	if (join->found.count >= join->graph->node_count)
		return nm_error_set(err, NM_E_CORRUPT, "the heap has more buffers than objects");
	join->first = join->graph->node_count - (nm_node)join->found.count;
	spans = make_spans(join);
	if (!spans)
		return nm_error_nomem(err);
	status = nm_buffers_find(join->graph, spans, join->found.view_count, is_external, join, out,
				 err);
	free(spans);
	if (status != NM_OK || out->count == join->found.count)
		return status;
	nm_buffers_done(out);
	return nm_error_set(err, NM_E_CORRUPT,
			    "the graph has %zu buffers and the heap %zu: their order is not known",
			    out->count, join->found.count);
}

int nm_buffers_of_still(struct nm_still *still, const char *isolate, struct nm_buffers_of *out,
			struct nm_error *err)
{
	struct join join = {.still = still};
	nm_addr only;
	int status = nm_still_find_isolate(still, isolate, &only, err);

	out->graph = NULL;
	if (status == NM_OK)
		status = nm_v8_graph_make(still->heap, &still->names, only, &out->graph, err);
	if (status != NM_OK)
		return status;
	join.graph = out->graph;
	status = nm_v8_array_buffers_find(still->heap, &join.found, err);
	if (status == NM_OK)
		status = find(&join, &out->buffers, err);
	nm_v8_array_buffers_done(&join.found);
	if (status != NM_OK) {
		nm_graph_free(out->graph);
		out->graph = NULL;
	}
	return status;
}

int nm_buffers_of_snapshot(const char *path, struct nm_buffers_of *out, struct nm_error *err)
{
	int status = nm_snapshot_read(path, &out->graph, err);

	if (status == NM_OK)
		status = nm_buffers_find(out->graph, NULL, 0, NULL, NULL, &out->buffers, err);
	if (status != NM_OK) {
		nm_graph_free(out->graph);
		out->graph = NULL;
	}
	return status;
}

void nm_buffers_of_done(struct nm_buffers_of *of)
{
	nm_buffers_done(&of->buffers);
	nm_graph_free(of->graph);
	of->graph = NULL;
}
