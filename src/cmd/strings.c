/*
 * strings.c - texts that a heap has more than once
 */
#include <stdlib.h>

#include "cmd/objects.h"
#include "model/heap/duplicates.h"

#define TOP_IN_TEXT 20

static int most_wasted_first(const void *a, const void *b)
{
	const struct nm_duplicate *left = a, *right = b;

	if (left->wasted != right->wasted)
		return left->wasted > right->wasted ? -1 : 1;
	return left->node < right->node ? -1 : left->node > right->node;
}

static void show(struct nm_call *call, const struct nm_heap_of *of,
		 struct nm_duplicates *duplicates, uint64_t top)
{
	const struct nm_view_strings view = {
		.origin = nm_origin_of(&of->of),
		.heap = of->heap,
		.duplicates = duplicates,
		.top = (size_t)top,
	};

	if (duplicates->count > 0)
		qsort(duplicates->rows, duplicates->count, sizeof(*duplicates->rows),
		      most_wasted_first);
	call->view.format->strings(&call->view, &view);
	nm_print_graph_cost(call, 0, &of->of);
}

static int run(struct nm_call *call)
{
	uint64_t top = call->view.format == &nm_view_text ? TOP_IN_TEXT : 0;
	struct nm_duplicates duplicates;
	struct nm_heap_of of;
	struct nm_error err;
	int code;

	if (!nm_call_whole(call, "top", 0, 1000000, &top))
		return NM_EXIT_USAGE;
	code = nm_call_heap(call, 0, &of);
	if (code != NM_EXIT_OK)
		return code;
	if (nm_duplicates_make(of.heap, &duplicates, &err) == NM_OK) {
		show(call, &of, &duplicates, top);
		nm_duplicates_done(&duplicates);
	} else {
		code = nm_call_fail(call, &err);
	}
	nm_heap_of_done(&of);
	return code;
}

static const struct nm_option options[] = {
	{0, "top", "N", "how many texts to show, 0 for all (default: 20; all as JSON)"},
	NM_IMAGE_OPTIONS,
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_strings = {
	.name = "strings",
	.summary = "texts that are in the heap more than once, and what they waste",
	.usage = "[OPTIONS] PID|CORE|SNAPSHOT",
	.about =
		"Strings are compared as they read, whether they are in one piece or were put together.\n"
		"A snapshot that V8 wrote has their first 1,024 characters.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
