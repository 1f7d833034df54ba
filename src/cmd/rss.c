/*
 * rss.c - the resident memory of a process, part by part
 */
#include "cmd/command.h"
#include "cmd/open.h"
#include "source/ledger/saved.h"

static int show(struct nm_call *call, pid_t pid, const struct nm_ledger_options *options,
		const struct nm_ledger *since)
{
	struct nm_target_info info;
	struct nm_ledger ledger;
	struct nm_error err;

	if (nm_open_ledger(pid, options, &info, &ledger, &err) != NM_OK)
		return nm_call_fail(call, &err);
	call->view.format->ledger(&call->view, &info, &ledger, since);
	if (call->verbose)
		nm_print_stops(&ledger);
	nm_ledger_done(&ledger);
	return NM_EXIT_OK;
}

static int run(struct nm_call *call)
{
	const char *path = nm_call_option(call, "since");
	struct nm_ledger_options options = {
		.no_stop = nm_call_option(call, "no-stop") != NULL,
	};
	struct nm_ledger since;
	struct nm_error err;
	uint64_t max_stop_ms = 0;
	pid_t pid;
	int code;

	if (!nm_call_pid(call, 0, &pid) || !nm_call_whole(call, "max-stop", 1, 10000, &max_stop_ms))
		return NM_EXIT_USAGE;
	options.max_stop_us = max_stop_ms * 1000;
	if (path && nm_ledger_load(path, &since, &err) != NM_OK)
		return nm_call_fail(call, &err);
	code = show(call, pid, &options, path ? &since : NULL);
	if (path)
		nm_ledger_done(&since);
	return code;
}

static const struct nm_option options[] = {
	{0, "no-stop", NULL, "never stop the process; what malloc holds stays unknown then"},
	{0, "max-stop", "MS", "stop it no longer than this at a time (default: 15)"},
	{0, "since", "FILE", "show what grew since an earlier 'rss --json'"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_rss = {
	.name = "rss",
	.summary = "every resident byte named: heap, buffers, malloc, code, files",
	.usage = "[OPTIONS] PID",
	.about =
		"The parts add up to the process's resident memory. To look into malloc, the\n"
		"process is stopped for some milliseconds at a time; it goes on by itself, even if\n"
		"nodemem dies. No page that is not in memory is touched.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
