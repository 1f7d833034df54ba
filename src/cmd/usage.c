/*
 * usage.c - process.memoryUsage() of another process
 */
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/open.h"

static int run(struct nm_call *call)
{
	struct nm_target *target = NULL;
	struct nm_sample sample;
	struct nm_error err;
	int status, code = NM_EXIT_OK;
	pid_t pid;

	if (!nm_call_pid(call, 0, &pid))
		return NM_EXIT_USAGE;
	call->view.isolates = nm_call_option(call, "isolates") != NULL;
	nm_sample_init(&sample);
	status = nm_open_target(pid, &target, &err);
	if (status == NM_OK)
		status = nm_target_sample(target, &sample, &err);
	if (status == NM_OK)
		nm_target_read_available(target, &sample);
	/* Of a process that ended in between, what was read is shown all the same. */
	if (status == NM_OK || (status == NM_E_GONE && sample.isolate_count > 0))
		call->view.format->usage(&call->view, nm_target_info(target), &sample);
	if (status != NM_OK)
		code = nm_call_fail(call, &err);
	if (target && call->verbose)
		nm_print_cost(target, &sample);
	nm_sample_done(&sample);
	nm_target_close(target);
	return code;
}

static const struct nm_option options[] = {
	{'i', "isolates", NULL, "every isolate and every space of V8's heap too"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_usage = {
	.name = "usage",
	.summary = "the numbers of process.memoryUsage() of a running process",
	.usage = "[OPTIONS] PID",
	.about = "The process is not stopped and nothing runs in it. It answers also while it is\n"
		 "busy in a synchronous loop. Sizes are in bytes, as Node prints them.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
