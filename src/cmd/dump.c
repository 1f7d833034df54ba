/*
 * dump.c - a heap snapshot of a process, made outside it
 */
#include <inttypes.h>

#include "cmd/objects.h"
#include "cmd/open.h"
#include "cmd/progress.h"

static void print_cost(const struct nm_dump *dump)
{
	/* What was shown comes first, also where both go to one file. */
	fflush(stdout);
	fprintf(stderr,
		"nodemem: the image took %.1f ms by %s, %" PRIu64
		" bytes of it copied; the process "
		"was stopped %u time%s, %.1f ms at the longest; walking took %.1f ms, making the "
		"graph and writing it %.1f ms\n",
		(double)dump->image_us / 1000, nm_via_name(dump->via), dump->copied_bytes,
		dump->stops, dump->stops == 1 ? "" : "s", (double)dump->longest_stop_us / 1000,
		(double)dump->walk_us / 1000, (double)dump->write_us / 1000);
	if (dump->why_not_fork[0])
		fprintf(stderr, "nodemem: not by fork: %s\n", dump->why_not_fork);
}

static int dump_process(pid_t pid, const char *path, const struct nm_dump_options *options,
			struct nm_dump *out, struct nm_error *err)
{
	struct nm_target *target = NULL;
	int status = nm_open_target(pid, &target, err);

	if (status == NM_OK)
		status = nm_dump_write(target, path, options, out, err);
	nm_target_close(target);
	return status;
}

static int run(struct nm_call *call)
{
	const char *path = nm_call_option(call, "output"), *core;
	struct nm_dump_options options = {.redact = nm_call_option(call, "redact") != NULL};
	struct nm_graph_options image;
	struct nm_progress progress;
	struct nm_dump dump;
	struct nm_error err;
	pid_t pid = 0;
	int status;

	if (!nm_call_target(call, 0, &pid, &core) || !nm_call_image(call, &image))
		return NM_EXIT_USAGE;
	if (!path)
		return nm_call_usage(call, "-o FILE is missing: where to write the snapshot");
	options.isolate = image.isolate;
	options.via = image.via;
	options.max_stop_us = image.max_stop_us;
	nm_progress_begin(&progress, "writing", path, true);
	status = core ? nm_dump_write_core(core, image.exe, path, &options, &dump, &err)
		      : dump_process(pid, path, &options, &dump, &err);
	nm_progress_end(&progress);
	if (status != NM_OK)
		return nm_call_fail(call, &err);
	call->view.format->dump(&call->view, path, &dump);
	nm_print_cut(core, dump.missing_bytes);
	if (call->verbose)
		print_cost(&dump);
	return NM_EXIT_OK;
}

static const struct nm_option options[] = {
	{'o', "output", "FILE", "where to write it; it appears when it is whole"},
	{0, "redact", NULL, "leave out the texts of strings"},
	NM_IMAGE_OPTIONS,
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_dump = {
	.name = "dump",
	.summary = "a .heapsnapshot for Chrome DevTools, made outside the process",
	.usage = "-o FILE [OPTIONS] PID|CORE",
	.about =
		"The process is stopped while an image of its memory is taken, for some 10 ms, and\n"
		"none of its own memory is used. What is garbage is left out. A core file will do as well.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
