/*
 * stat.c - one process on one screen, in words
 */
#include "base/error.h"
#include "cmd/command.h"
#include "cmd/open.h"
#include "model/verdict_memory.h"

/* What is read of the process, one after the other. */
struct look {
	struct nm_target *target;
	struct nm_sample sample;
	struct nm_ledger ledger;
	struct nm_limits limits;
	bool has_limits;
};

static int read_all(pid_t pid, const struct nm_ledger_options *options, struct look *look,
		    struct nm_error *err)
{
	int status = nm_open_target(pid, &look->target, err);

	if (status == NM_OK)
		status = nm_target_sample(look->target, &look->sample, err);
	if (status == NM_OK && !nm_sample_main(&look->sample))
		status = nm_error_set(err, NM_E_BUSY, "process %d has no main isolate (try again)",
				      (int)pid);
	if (status == NM_OK)
		status = nm_ledger_read(look->target, options, &look->ledger, err);
	/* Without its control groups the rest is worth showing. */
	if (status == NM_OK)
		look->has_limits =
			nm_limits_read(look->target, &look->sample, &look->limits, NULL) == NM_OK;
	return status;
}

static void show(const struct nm_call *call, const struct look *look)
{
	const struct nm_limits *limits = look->has_limits ? &look->limits : NULL;
	struct nm_memory_facts facts = {&look->sample, &look->ledger, limits};
	struct nm_memory_verdict verdict;
	struct nm_view_stat stat = {
		.info = nm_target_info(look->target),
		.sample = &look->sample,
		.ledger = &look->ledger,
		.limits = limits,
		.verdict = &verdict,
	};

	nm_verdict_memory(&facts, &verdict);
	call->view.format->stat(&call->view, &stat);
}

static int run(struct nm_call *call)
{
	struct nm_ledger_options options = {.no_stop = nm_call_option(call, "no-stop") != NULL};
	struct look look = {.target = NULL};
	struct nm_error err;
	uint64_t max_stop_ms = 0;
	int code = NM_EXIT_OK;
	pid_t pid;

	if (!nm_call_pid(call, 0, &pid) || !nm_call_whole(call, "max-stop", 1, 10000, &max_stop_ms))
		return NM_EXIT_USAGE;
	options.max_stop_us = max_stop_ms * 1000;
	nm_sample_init(&look.sample);
	if (read_all(pid, &options, &look, &err) == NM_OK)
		show(call, &look);
	else
		code = nm_call_fail(call, &err);
	if (code == NM_EXIT_OK && call->verbose)
		nm_print_stops(&look.ledger);
	nm_limits_done(&look.limits);
	nm_ledger_done(&look.ledger);
	nm_sample_done(&look.sample);
	nm_target_close(look.target);
	return code;
}

static const struct nm_option options[] = {
	{0, "no-stop", NULL, "never stop the process; what malloc holds stays unknown then"},
	{0, "max-stop", "MS", "stop it no longer than this at a time (default: 15)"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_stat = {
	.name = "stat",
	.summary = "one screen in words: the numbers, what they are made of, the limits, a verdict",
	.usage = "[OPTIONS] PID",
	.about =
		"The five numbers of process.memoryUsage() with their meaning, what rss is made of,\n"
		"the nearest limits, and a verdict. As for 'nodemem rss', the process is stopped for\n"
		"some milliseconds at a time, unless --no-stop says not to.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
