/*
 * dominators.c - the dominator tree: what would be free without what
 */
#include "cmd/objects.h"
#include "model/heap/dominated.h"

#define DEPTH 4
#define TOP   8
/* Unless it was asked for more: rows that retain less than this part would fill more than a screen. */
#define LEAST 0.02

static int make(struct nm_call *call, const struct nm_constructors *classes, uint64_t id,
		const struct nm_dominated_limits *limits, struct nm_dominated *out,
		struct nm_error *err)
{
	nm_node node = 0;
	int status = NM_OK;

	if (nm_call_option(call, "id"))
		status = nm_find_id(classes->heap->graph, id, &node, err);
	return status == NM_OK ? nm_dominated_make(classes, node, limits, out, err) : status;
}

static int run(struct nm_call *call)
{
	uint64_t id = 0, depth = DEPTH, top = TOP;
	struct nm_dominated dominated = {0};
	struct nm_dominated_limits limits;
	struct nm_heap_of objects;
	struct nm_error err;
	int code;

	if (!nm_call_whole(call, "id", 0, UINT32_MAX, &id) ||
	    !nm_call_whole(call, "depth", 0, NM_DOMINATED_DEPTH_MAX, &depth) ||
	    !nm_call_whole(call, "top", 1, 1000000, &top))
		return NM_EXIT_USAGE;
	limits = (struct nm_dominated_limits){.depth = (uint32_t)depth,
					      .top = (uint32_t)top,
					      .least = nm_call_option(call, "top") ? 0 : LEAST};
	code = nm_call_classes(call, 0, &objects);
	if (code == NM_EXIT_OK &&
	    make(call, objects.classes, id, &limits, &dominated, &err) == NM_OK) {
		const struct nm_view_dominators view = {.origin = nm_origin_of(&objects.of),
							.dominated = &dominated};

		call->view.format->dominators(&call->view, &view);
		nm_print_graph_cost(call, 0, &objects.of);
	} else if (code == NM_EXIT_OK) {
		code = nm_call_fail(call, &err);
	}
	nm_dominated_done(&dominated);
	nm_heap_of_done(&objects);
	return code;
}

static const struct nm_option options[] = {
	{0, "id", "N", "begin at the object with this id (default: the root)"},
	{0, "depth", "N", "how many levels to show, up to 100 (default: 4)"},
	{0, "top", "N", "how many children of each (default: 8, if they retain 2 % of the tree)"},
	NM_IMAGE_OPTIONS,
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_dominators = {
	.name = "dominators",
	.summary = "the dominator tree, biggest first: what would be free without what",
	.usage = "[OPTIONS] PID|CORE|SNAPSHOT",
	.about = "Many small children of one class are one line, with their count.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
