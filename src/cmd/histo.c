/*
 * histo.c - what fills the heap of a process: its objects by class
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/objects.h"
#include "cmd/open.h"
#include "model/heap/classes.h"
#include "source/classes_saved.h"

#define TOP_IN_TEXT 20

static void print_cost(const struct nm_classes *classes)
{
	if (classes->via == NM_VIA_SNAPSHOT) {
		fprintf(stderr, "nodemem: the snapshot was read in %.1f ms\n",
			(double)classes->walk_us / 1000);
		return;
	}
	/* What was shown comes first, also where both go to one file. */
	fflush(stdout);
	fprintf(stderr,
		"nodemem: %s, V8 %s: the image took %.1f ms by %s, %" PRIu64 " bytes of it copied; "
		"the process was stopped %u time%s, %.1f ms in all, %.1f ms at the longest\n",
		classes->node, classes->v8, (double)classes->image_us / 1000,
		nm_via_name(classes->via), classes->copied_bytes, classes->stops,
		classes->stops == 1 ? "" : "s", (double)classes->stopped_us / 1000,
		(double)classes->longest_stop_us / 1000);
	if (classes->why_not_fork[0])
		fprintf(stderr, "nodemem: not by fork: %s\n", classes->why_not_fork);
	fprintf(stderr,
		"nodemem: walking and marking took %.1f ms; of %" PRIu64 " bytes %" PRIu64
		" could not be explained, of %" PRIu64 " pointers %" PRIu64 " led to no object\n",
		(double)classes->walk_us / 1000, classes->walked_bytes, classes->unexplained_bytes,
		classes->pointers, classes->missed_pointers);
}

/* One row per class that has anything to show. */
static int make_rows(struct nm_view_classes *view, const struct nm_classes *since,
		     struct nm_class_row **out)
{
	const struct nm_classes *classes = view->classes;
	size_t count = 0;

	if (since) {
		view->is_compared = true;
		if (nm_classes_compare(classes, since, out, &count) != NM_OK)
			return NM_E_NOMEM;
	} else {
		*out = calloc(classes->count + 1, sizeof(**out));
		if (!*out)
			return NM_E_NOMEM;
		for (size_t i = 0; i < classes->count; i++)
			(*out)[count++].one = classes->items[i];
	}
	for (size_t i = 0; i < count; i++) {
		const struct nm_class_row *row = &(*out)[i];

		if (row->one.count > 0 || row->count_delta != 0 ||
		    (view->with_garbage && row->one.garbage_count > 0))
			(*out)[view->row_count++] = *row;
	}
	view->rows = *out;
	return NM_OK;
}

static int show(struct nm_call *call, const struct nm_classes *classes,
		const struct nm_classes *since, uint64_t top)
{
	struct nm_view_classes view = {
		.classes = classes,
		.with_garbage = nm_call_option(call, "garbage") != NULL,
		.top = (size_t)top,
	};
	struct nm_class_row *rows = NULL;
	struct nm_error err;

	if (make_rows(&view, since, &rows) != NM_OK) {
		nm_error_nomem(&err);
		return nm_call_fail(call, &err);
	}
	call->view.format->classes(&call->view, &view);
	free(rows);
	if (call->verbose)
		print_cost(classes);
	return NM_EXIT_OK;
}

static int read_process(pid_t pid, const struct nm_classes_options *options, struct nm_classes *out,
			struct nm_error *err)
{
	struct nm_target *target = NULL;
	int status = nm_open_target(pid, &target, err);

	if (status == NM_OK)
		status = nm_classes_read(target, options, out, err);
	nm_target_close(target);
	return status;
}

static int read_file(struct nm_call *call, const char *path,
		     const struct nm_classes_options *options, struct nm_classes *out,
		     struct nm_error *err)
{
	if (!nm_file_is_elf(path))
		return nm_classes_read_snapshot(path, out, err);
	return nm_classes_read_core(path, nm_call_option(call, "exe"), options, out, err);
}

static int read_and_show(struct nm_call *call, pid_t pid, const char *path,
			 const struct nm_classes_options *options, const struct nm_classes *since,
			 uint64_t top)
{
	struct nm_classes classes;
	struct nm_error err;
	int status = path ? read_file(call, path, options, &classes, &err)
			  : read_process(pid, options, &classes, &err);
	int code;

	if (status != NM_OK)
		return nm_call_fail(call, &err);
	code = show(call, &classes, since, top);
	nm_print_cut(path, classes.missing_bytes);
	nm_classes_done(&classes);
	return code;
}

static int run(struct nm_call *call)
{
	const char *path = nm_call_option(call, "since");
	struct nm_graph_options image;
	struct nm_classes_options options;
	uint64_t top = call->view.format == &nm_view_text ? TOP_IN_TEXT : 0;
	struct nm_classes since;
	struct nm_error err;
	const char *file;
	pid_t pid = 0;
	int code;

	if (!nm_call_target(call, 0, &pid, &file) ||
	    !nm_call_whole(call, "top", 0, 1000000, &top) || !nm_call_image(call, &image))
		return NM_EXIT_USAGE;
	options = (struct nm_classes_options){
		.isolate = image.isolate, .via = image.via, .max_stop_us = image.max_stop_us};
	if (path && nm_classes_load(path, &since, &err) != NM_OK)
		return nm_call_fail(call, &err);
	code = read_and_show(call, pid, file, &options, path ? &since : NULL, top);
	if (path)
		nm_classes_done(&since);
	return code;
}

static const struct nm_option options[] = {
	{0, "top", "N", "how many classes to show, 0 for all (default: 20; all as JSON)"},
	{0, "garbage", NULL, "also what is dead and not collected yet, by class"},
	{0, "since", "FILE", "show what grew since an earlier 'histo --json'"},
	NM_IMAGE_OPTIONS,
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_histo = {
	.name = "histo",
	.summary = "what fills the heap: objects by class, counted from outside",
	.usage = "[OPTIONS] PID|CORE|SNAPSHOT",
	.about =
		"The process is stopped while an image of its memory is taken, for some 10 ms, and\n"
		"none of its own memory is used. What lives is told from what is garbage by marking\n"
		"the image: no collection runs. Of a core file the same is told, and of a heap snapshot.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
