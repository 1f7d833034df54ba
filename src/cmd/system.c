/*
 * system.c - the memory of the machine, as Node's os module gives it
 */
#include "cmd/command.h"

static int run(struct nm_call *call)
{
	struct nm_system system;
	struct nm_error err;
	uint64_t pid = 0;

	if (!nm_call_whole(call, "pid", 1, 1u << 22, &pid))
		return NM_EXIT_USAGE;
	if (nm_system_read((pid_t)pid, &system, &err) != NM_OK)
		return nm_call_fail(call, &err);
	call->view.format->system(&call->view, &system);
	return NM_EXIT_OK;
}

static const struct nm_option options[] = {
	{'p', "pid", "PID", "the process whose control groups count (default: the caller's own)"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_system = {
	.name = "system",
	.summary = "the memory of the machine and what the control groups leave of it",
	.usage = "[OPTIONS]",
	.about =
		"totalmem and freemem are those of Node's os module. The other numbers look at the\n"
		"limits of every control group above the process, not of the lowest one only.\n",
	.options = options,
	.min_words = 0,
	.max_words = 0,
	.run = run,
};
