/*
 * limits.c - all that can end a process for its memory, and what comes first
 */
#include "cmd/command.h"
#include "cmd/open.h"

static int run(struct nm_call *call)
{
	struct nm_target *target = NULL;
	struct nm_limits limits = {.items = NULL};
	struct nm_sample sample;
	struct nm_error err;
	int status, code = NM_EXIT_OK;
	pid_t pid;

	if (!nm_call_pid(call, 0, &pid))
		return NM_EXIT_USAGE;
	nm_sample_init(&sample);
	status = nm_open_target(pid, &target, &err);
	if (status == NM_OK)
		status = nm_target_sample(target, &sample, &err);
	if (status == NM_OK)
		status = nm_limits_read(target, &sample, &limits, &err);
	if (status == NM_OK)
		call->view.format->limits(&call->view, nm_target_info(target), &sample, &limits);
	else
		code = nm_call_fail(call, &err);
	if (target && call->verbose)
		nm_print_cost(target, &sample);
	nm_limits_done(&limits);
	nm_sample_done(&sample);
	nm_target_close(target);
	return code;
}

const struct nm_command nm_cmd_limits = {
	.name = "limits",
	.summary = "all that can end a process for its memory, and what comes first",
	.usage = "[OPTIONS] PID",
	.about =
		"V8's heap limit of every isolate, the process's resource limits, those of every\n"
		"control group above it, and the machine: for each the limit, what is used of it,\n"
		"and what is left. Then which one ends the process first, and how much memory Node\n"
		"itself believes it has.\n",
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
