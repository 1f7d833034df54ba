/*
 * why.c - what killed a process, from what it and others left behind
 */
#include <string.h>

#include "cmd/command.h"
#include "source/deaths.h"

/* As many as a screen holds. */
#define LAST_IN_TEXT 3

static int run_why(struct nm_call *call)
{
	bool is_text = call->view.format == &nm_view_text;
	uint64_t last = is_text ? LAST_IN_TEXT : 0;
	struct nm_view_deaths view;
	struct nm_deaths deaths;
	struct nm_error err;
	int code = NM_EXIT_OK;

	if (!nm_call_whole(call, "last", 0, NM_DEATHS_MAX, &last))
		return NM_EXIT_USAGE;
	if (nm_deaths_read(call->words[0], &deaths, &err) != NM_OK)
		return nm_call_fail(call, &err);
	view = (struct nm_view_deaths){
		.deaths = &deaths,
		.name = strcmp(call->words[0], "-") == 0 ? "stdin" : call->words[0],
		.count = last == 0 || last > deaths.count ? deaths.count : (size_t)last,
	};
	call->view.format->deaths(&call->view, &view);
	if (deaths.count == 0)
		code = NM_EXIT_FAILED;
	nm_deaths_done(&deaths);
	return code;
}

static const struct nm_option options[] = {
	{0, "last", "N", "show the last N deaths, 0 for all (default: 3, and all with --json)"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_why = {
	.name = "why",
	.summary = "what killed a process and what to do, from a log or a report",
	.usage = "[OPTIONS] FILE",
	.about =
		"FILE is what was written to stderr, by a service with or without the times and names\n"
		"that loggers put before each line; the kernel's log (dmesg, journalctl -k); what\n"
		"docker inspect or kubectl describe print; or a diagnostic report of Node's. Which\n"
		"it is, is found from its content; it may be compressed by gzip or zstd. - is stdin.\n"
		"The last death comes first. Exit code 1: it tells of none.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run_why,
};
