/*
 * leaks.c - what grows from snapshot to snapshot, and what holds it
 */
#include "cmd/objects.h"
#include "model/heap/leaks.h"
#include "model/heap/paths.h"

#define TOP_IN_TEXT 5

static int find_and_show(struct nm_call *call, const struct nm_heap_of *sides, int count,
			 uint64_t top, struct nm_error *err)
{
	const struct nm_constructors *classes[NM_LEAK_SIDES_MAX];
	struct nm_view_leaks view = {.side_count = (unsigned)count, .top = (size_t)top};
	struct nm_leaks leaks = {.items = NULL};
	struct nm_paths paths = {.from = NULL};
	int status;

	for (int i = 0; i < count; i++)
		classes[i] = sides[i].classes;
	status = nm_leaks_find(classes, (unsigned)count, &leaks, err);
	if (status == NM_OK)
		status = nm_paths_by_distance(sides[count - 1].heap, &paths, err);
	if (status == NM_OK) {
		view.origin = nm_origin_of(&sides[count - 1].of);
		view.leaks = &leaks;
		view.classes = classes[count - 1];
		view.paths = &paths;
		call->view.format->leaks(&call->view, &view);
	}
	nm_paths_done(&paths);
	nm_leaks_done(&leaks);
	return status;
}

static int run(struct nm_call *call)
{
	const int count = call->word_count;
	uint64_t top = call->view.format == &nm_view_text ? TOP_IN_TEXT : 0;
	struct nm_heap_of sides[NM_LEAK_SIDES_MAX];
	struct nm_error err;
	int code;

	if (!nm_call_whole(call, "top", 0, 1000000, &top))
		return NM_EXIT_USAGE;
	code = nm_call_sides(call, sides);
	if (code == NM_EXIT_OK && find_and_show(call, sides, count, top, &err) != NM_OK)
		code = nm_call_fail(call, &err);
	for (int i = 0; i < count; i++) {
		if (code == NM_EXIT_OK)
			nm_print_graph_cost(call, i, &sides[i].of);
		nm_heap_of_done(&sides[i]);
	}
	return code;
}

static const struct nm_option options[] = {
	{0, "top", "N", "how many classes to show, 0 for all (default: 5; all as JSON)"},
	NM_IMAGE_OPTIONS,
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_leaks = {
	.name = "leaks",
	.summary = "what grows from snapshot to snapshot, what holds it and where it is written",
	.usage = "[OPTIONS] A B [C]",
	.about =
		"A, B and C are heap snapshots of one process, the earliest first: either all of them\n"
		"written by V8, or all by nodemem dump, and then the last may be the process itself. With\n"
		"three, what came with the second and stayed is told from what only fills a cache.\n",
	.options = options,
	.min_words = 2,
	.max_words = 3,
	.run = run,
};
