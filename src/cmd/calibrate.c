/*
 * calibrate.c - learn the layout of a Node.js binary that is in no table
 */
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"

static int run(struct nm_call *call)
{
	struct nm_calibration found;
	struct nm_error err;

	if (nm_calibrate(call->words[0], &found, &err) != NM_OK)
		return nm_call_fail(call, &err);
	if (nm_call_option(call, "row") && call->view.format == &nm_view_text)
		fputs(found.row, call->view.out);
	else
		call->view.format->calibration(&call->view, &found);
	return NM_EXIT_OK;
}

static const struct nm_option options[] = {
	{0, "row", NULL, "print the layout as a row of nodemem's own table"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_calibrate = {
	.name = "calibrate",
	.summary = "learn the layout of a Node.js binary that is in no table",
	.usage = "[OPTIONS] NODE_BINARY",
	.about =
		"Runs the binary twice, as you, with a small script: the first time to find where\n"
		"its V8 keeps the numbers, the second time to prove it. The result is kept under\n"
		"XDG_CACHE_HOME (else ~/.cache) for the processes that run this very binary.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
