/*
 * heap.c - the objects of a heap by class, with what they retain
 */
#include <inttypes.h>

#include "cmd/objects.h"
#include "model/heap/constructors.h"
#include "model/heap/statistics.h"
#include "source/snapshot/output.h"

#define TOP_IN_TEXT 20

static void put_node(struct nm_output *output, const struct nm_heap *heap, nm_node node)
{
	const uint32_t *id = heap->graph->id;
	const int32_t distance = heap->distance[node];

	nm_output_number(output, id[node]);
	nm_output_text(output, "\t");
	nm_output_number(output, heap->shallow[node]);
	nm_output_text(output, "\t");
	nm_output_number(output, heap->retained[node]);
	nm_output_text(output, distance < 0 ? "\t-" : "\t");
	nm_output_number(output, (uint64_t)(distance < 0 ? -(int64_t)distance : distance));
	nm_output_text(output, "\t");
	nm_output_number(output, id[heap->dominator[node]]);
	nm_output_text(output, "\n");
}

/* A line a node, in the order of the file. */
static int write_nodes(const struct nm_heap *heap, const char *path, struct nm_error *err)
{
	struct nm_output *output;
	uint64_t bytes;
	int status = nm_output_open(path, &output, err);

	if (status != NM_OK)
		return status;
	for (nm_node i = 0; i < heap->graph->node_count && nm_output_is_good(output); i++)
		put_node(output, heap, i);
	return nm_output_close(output, &bytes, err);
}

static int show(struct nm_call *call, struct nm_heap_of *of, uint64_t top, struct nm_error *err)
{
	struct nm_heap_statistics statistics;
	int status = nm_constructors_make(of->heap, NULL, &of->classes, err);

	if (status == NM_OK)
		status = nm_heap_statistics(of->heap, &statistics, err);
	if (status == NM_OK) {
		const struct nm_view_heap view = {
			.origin = nm_origin_of(&of->of),
			.heap = of->heap,
			.classes = of->classes,
			.statistics = &statistics,
			.top = (size_t)top,
		};

		call->view.format->heap(&call->view, &view);
		nm_print_graph_cost(call, 0, &of->of);
	}
	return status;
}

static int run(struct nm_call *call)
{
	const char *nodes = nm_call_option(call, "nodes");
	uint64_t top = call->view.format == &nm_view_text ? TOP_IN_TEXT : 0;
	struct nm_heap_of of;
	struct nm_error err;
	int status = NM_OK, code;

	if (!nm_call_whole(call, "top", 0, 1000000, &top))
		return NM_EXIT_USAGE;
	code = nm_call_heap(call, 0, &of);
	if (code != NM_EXIT_OK)
		return code;
	if (nodes)
		status = write_nodes(of.heap, nodes, &err);
	if (status == NM_OK)
		status = show(call, &of, top, &err);
	if (status != NM_OK)
		code = nm_call_fail(call, &err);
	nm_heap_of_done(&of);
	return code;
}

static const struct nm_option options[] = {
	{0, "top", "N", "how many classes to show, 0 for all (default: 20; all as JSON)"},
	{0, "nodes", "FILE",
	 "also write a line for each object: id, shallow, retained, distance, dominator's id"},
	NM_IMAGE_OPTIONS,
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_heap = {
	.name = "heap",
	.summary = "objects by class with the memory that they retain, as Chrome DevTools counts",
	.usage = "[OPTIONS] PID|CORE|SNAPSHOT",
	.about =
		"A snapshot is a .heapsnapshot file of any writer, also compressed by gzip or zstd.\n"
		"Of a process an image is taken, as for 'nodemem histo'.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
