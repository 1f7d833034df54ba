/*
 * run.c - start a command, watch its Node processes, say how it ended
 */
#include "cmd/command.h"
#include "cmd/session.h"

#define INTERVAL_MIN_MS 10

static int run_command(struct nm_call *call)
{
	static struct nm_session session;
	struct nm_error err;

	nm_session_init(&session, call);
	if (!nm_call_duration(call, "interval", INTERVAL_MIN_MS, &session.interval_ms))
		return NM_EXIT_USAGE;
	if (!nm_session_open_json(&session, call, &err))
		return nm_call_fail(call, &err);
	session.output.is_quiet = nm_call_option(call, "quiet") != NULL;
	session.output.is_steady = nm_call_option(call, "interval") != NULL;
	session.reads_stdout = nm_call_option(call, "read-stdout") != NULL;
	session.flight.is_off = nm_call_option(call, "no-histogram") != NULL;
	session.flight.dump_path = nm_call_option(call, "dump-near-limit");
	return nm_session_run(&session, call);
}

static const struct nm_option options[] = {
	{'i', "interval", "TIME",
	 "time between samples, each with a row (default: a row each second, and sooner when much "
	 "changes)"},
	{'q', "quiet", NULL, "no rows, only the end"},
	{0, "json", "[FILE]", "samples and the end as JSON Lines into FILE (- or none: stdout)"},
	{0, "isolates", NULL, "in JSON every isolate and space too"},
	{0, "read-stdout", NULL, "read along on stdout too, for what --trace-gc prints"},
	{0, "dump-near-limit", "FILE",
	 "write a heap snapshot when a heap is about to reach its limit, once"},
	{0, "no-histogram", NULL, "never stop a process near its limit to see what fills its heap"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_run = {
	.name = "run",
	.summary = "start a command, watch its Node processes and say how it ended",
	.usage = "[OPTIONS] -- COMMAND [ARGUMENT...]",
	.about =
		"The command behaves as without nodemem: stdin, stdout, stderr, signals and exit\n"
		"code are its own. What nodemem shows goes to stderr. Node processes below it,\n"
		"of npm or cluster, are watched too. When a heap comes near its limit, and at most\n"
		"a few times, the process is stopped for some 10 ms to see what fills it. If nodemem\n"
		"is killed the command goes on.\n",
	.options = options,
	.takes_command = true,
	.min_words = 1,
	.max_words = -1,
	.run = run_command,
};
