#include "cmd/objects.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/open.h"
#include "cmd/progress.h"

bool nm_call_image(struct nm_call *call, struct nm_graph_options *out)
{
	uint64_t max_stop_ms = 0;

	*out = (struct nm_graph_options){.isolate = nm_call_option(call, "isolate"),
					 .exe = nm_call_option(call, "exe")};
	if (!nm_call_whole(call, "max-stop", 1, 60000, &max_stop_ms) ||
	    !nm_call_via(call, &out->via))
		return false;
	out->max_stop_us = max_stop_ms * 1000;
	return true;
}

static int read_process(pid_t pid, const struct nm_graph_options *options, struct nm_graph_of *out,
			struct nm_error *err)
{
	struct nm_target *target = NULL;
	int status = nm_open_target(pid, &target, err);

	if (status == NM_OK)
		status = nm_graph_of_process(target, options, out, err);
	nm_target_close(target);
	return status;
}

int nm_call_graph(struct nm_call *call, int index, struct nm_graph_of *out)
{
	struct nm_graph_options options;
	struct nm_progress progress;
	struct nm_error err;
	const char *path;
	pid_t pid = 0;
	int status;

	if (!nm_call_target(call, index, &pid, &path) || !nm_call_image(call, &options))
		return NM_EXIT_USAGE;
	nm_progress_begin(&progress, path ? "reading" : "looking at the objects", path, false);
	status = path ? nm_graph_of_file(path, &options, out, &err)
		      : read_process(pid, &options, out, &err);
	nm_progress_end(&progress);
	return status == NM_OK ? NM_EXIT_OK : nm_call_fail(call, &err);
}

int nm_call_heap(struct nm_call *call, int index, struct nm_heap_of *out)
{
	struct nm_progress progress;
	struct nm_error err;
	int code, status;

	memset(out, 0, sizeof(*out));
	code = nm_call_graph(call, index, &out->of);
	if (code == NM_EXIT_OK) {
		nm_progress_begin(&progress, "computing what objects retain", NULL, false);
		status = nm_heap_make(out->of.graph, &out->heap, &err);
		nm_progress_end(&progress);
		if (status != NM_OK)
			code = nm_call_fail(call, &err);
	}
	if (code != NM_EXIT_OK)
		nm_heap_of_done(out);
	return code;
}

/* V8 itself and nodemem differ in what they take for a class and how they name what holds an object. */
static int check_alike(const struct nm_call *call, const struct nm_heap_of *sides, int count,
		       struct nm_error *err)
{
	for (int i = 1; i < count; i++)
		if (sides[i].of.graph->has_stable_ids != sides[0].of.graph->has_stable_ids)
			return nm_error_set(
				err, NM_E_UNSUPPORTED,
				"cannot compare '%s' with '%s': only one of them is a snapshot "
				"that V8 wrote, and the other an image of nodemem's (compare "
				"snapshots of nodemem dump with such or with a process)",
				call->words[0], call->words[i]);
	return NM_OK;
}

int nm_call_sides(struct nm_call *call, struct nm_heap_of *sides)
{
	const int count = call->word_count;
	struct nm_heap_of *last = &sides[count - 1];
	struct nm_error err;
	int code = NM_EXIT_OK, status;

	memset(sides, 0, (size_t)count * sizeof(*sides));
	for (int i = 0; i < count && code == NM_EXIT_OK; i++)
		code = nm_call_heap(call, i, &sides[i]);
	if (code != NM_EXIT_OK)
		return code;
	if (check_alike(call, sides, count, &err) != NM_OK)
		return nm_call_fail(call, &err);
	status = nm_constructors_make(last->heap, NULL, &last->classes, &err);
	for (int i = 0; i + 1 < count && status == NM_OK; i++)
		status = nm_constructors_make(sides[i].heap, last->classes->interfaces,
					      &sides[i].classes, &err);
	return status == NM_OK ? NM_EXIT_OK : nm_call_fail(call, &err);
}

void nm_heap_of_done(struct nm_heap_of *of)
{
	nm_constructors_free(of->classes);
	nm_heap_free(of->heap);
	nm_graph_of_done(&of->of);
	memset(of, 0, sizeof(*of));
}

int nm_call_classes(struct nm_call *call, int index, struct nm_heap_of *out)
{
	struct nm_error err;
	int code = nm_call_heap(call, index, out);

	if (code != NM_EXIT_OK ||
	    nm_constructors_make(out->heap, NULL, &out->classes, &err) == NM_OK)
		return code;
	nm_heap_of_done(out);
	return nm_call_fail(call, &err);
}

int nm_find_id(const struct nm_graph *graph, uint64_t id, nm_node *out, struct nm_error *err)
{
	for (nm_node node = 0; node < graph->node_count; node++)
		if (graph->id[node] == id) {
			*out = node;
			return NM_OK;
		}
	return nm_error_set(
		err, NM_E_UNSUPPORTED,
		"no object has the id %" PRIu64 " (nodemem retainers --class tells some)", id);
}

struct nm_view_origin nm_origin_of(const struct nm_graph_of *of)
{
	return (struct nm_view_origin){.pid = of->pid,
				       .via = of->via,
				       .stopped_us = of->stopped_us,
				       .missing_bytes = of->missing_bytes};
}

void nm_print_graph_cost(const struct nm_call *call, int index, const struct nm_graph_of *of)
{
	nm_print_cut(of->pid > 0 ? NULL : call->words[index], of->missing_bytes);
	if (!call->verbose)
		return;
	/* What was shown comes first, also where both go to one file. */
	fflush(stdout);
	if (of->via[0])
		fprintf(stderr,
			"nodemem: the image took %.1f ms by %s; the process was stopped %u time%s, "
			"%.1f ms in all, %.1f ms at the longest\n",
			(double)of->image_us / 1000, of->via, of->stops, of->stops == 1 ? "" : "s",
			(double)of->stopped_us / 1000, (double)of->longest_stop_us / 1000);
	fprintf(stderr, "nodemem: %" PRIu32 " objects with %" PRIu32 " references in %.1f ms\n",
		of->graph->node_count, of->graph->edge_count, (double)of->graph_us / 1000);
}
