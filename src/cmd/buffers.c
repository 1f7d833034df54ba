/*
 * buffers.c - the memory of ArrayBuffers and Buffers, and who holds it
 */
#include <stdio.h>

#include "cmd/objects.h"
#include "cmd/open.h"
#include "source/buffers.h"

#define TOP_IN_TEXT 20

static void print_cost(const struct nm_still *still)
{
	/* What was shown comes first, also where both go to one file. */
	fflush(stdout);
	fprintf(stderr,
		"nodemem: the image took %.1f ms by %s; the process was stopped %u time%s, %.1f ms in "
		"all, %.1f ms at the longest; walking and marking took %.1f ms\n",
		(double)still->image_us / 1000, nm_via_name(still->info.via), still->info.stops,
		still->info.stops == 1 ? "" : "s", (double)still->info.stopped_us / 1000,
		(double)still->info.longest_us / 1000, (double)still->walk_us / 1000);
}

static void show(struct nm_call *call, pid_t pid, const struct nm_still *still,
		 const struct nm_buffers *buffers, uint64_t top)
{
	const struct nm_view_buffers view = {
		.buffers = buffers,
		.pid = pid,
		.via = nm_via_name(still->info.via),
		.stopped_us = still->info.stopped_us,
		.missing_bytes = still->missing_bytes,
		.top = (size_t)top,
	};

	call->view.format->buffers(&call->view, &view);
	if (call->verbose)
		print_cost(still);
}

/* How to look, and at what. */
struct look {
	pid_t pid;
	const char *core; /* or a snapshot; NULL: a process */
	struct nm_graph_options image;
	uint64_t top;
};

static int take(const struct look *look, struct nm_target **target, struct nm_still *out,
		struct nm_error *err)
{
	int status;

	if (look->core)
		return nm_still_open_core(look->core, look->image.exe, out, err);
	status = nm_open_target(look->pid, target, err);
	return status == NM_OK
		       ? nm_still_take(*target, look->image.via, look->image.max_stop_us, out, err)
		       : status;
}

static int read_and_show(struct nm_call *call, const struct look *look)
{
	struct nm_target *target = NULL;
	struct nm_buffers_of of = {.graph = NULL};
	struct nm_still still;
	struct nm_error err;
	int status = take(look, &target, &still, &err), code = NM_EXIT_OK;

	if (status == NM_OK) {
		status = nm_buffers_of_still(&still, look->image.isolate, &of, &err);
		if (status == NM_OK)
			show(call, look->pid, &still, &of.buffers, look->top);
		nm_print_cut(look->core, still.missing_bytes);
		nm_buffers_of_done(&of);
		nm_still_done(&still);
	}
	if (status != NM_OK)
		code = nm_call_fail(call, &err);
	nm_target_close(target);
	return code;
}

static int read_snapshot_and_show(struct nm_call *call, const struct look *look)
{
	struct nm_buffers_of of = {.graph = NULL};
	struct nm_error err;

	if (nm_buffers_of_snapshot(look->core, &of, &err) != NM_OK)
		return nm_call_fail(call, &err);
	call->view.format->buffers(
		&call->view, &(struct nm_view_buffers){
				     .buffers = &of.buffers, .via = "", .top = (size_t)look->top});
	nm_buffers_of_done(&of);
	return NM_EXIT_OK;
}

static int run(struct nm_call *call)
{
	struct look look = {.top = call->view.format == &nm_view_text ? TOP_IN_TEXT : 0};

	if (!nm_call_target(call, 0, &look.pid, &look.core) ||
	    !nm_call_whole(call, "top", 0, 1000000, &look.top) || !nm_call_image(call, &look.image))
		return NM_EXIT_USAGE;
	if (look.core && !nm_file_is_elf(look.core))
		return read_snapshot_and_show(call, &look);
	return read_and_show(call, &look);
}

static const struct nm_option options[] = {
	{0, "top", "N", "how many to show, 0 for all (default: 20; all as JSON)"},
	NM_IMAGE_OPTIONS,
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_buffers = {
	.name = "buffers",
	.summary = "every ArrayBuffer with its bytes and who holds it; slabs kept by small slices",
	.usage = "[OPTIONS] PID|CORE|SNAPSHOT",
	.about =
		"The process is stopped while an image of its memory is taken, as for 'nodemem histo'.\n"
		"Buffers are looked for in it among the live objects, and for each the shortest way\n"
		"from the roots of the heap. A core file will do as well, or a heap\n"
		"snapshot.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
