/*
 * record.c - numbers of processes over time, into a file
 */
#include <stdlib.h>

#include "base/units.h"
#include "cmd/attend.h"
#include "cmd/command.h"
#include "cmd/open.h"
#include "cmd/session.h"

#define INTERVAL_MIN_MS 100
#define INTERVAL_MS	1000
#define SIZE_MIN	(4 * NM_MIB)

/* What both ways of recording have. */
struct record_options {
	const char *path;
	uint64_t interval_ms;
	uint64_t duration_ms;
	struct nm_recording_bounds bounds;
	bool no_histogram;
	bool reads_stdout;
	const char *dump_path;
};

static bool read_options(struct nm_call *call, struct record_options *out)
{
	*out = (struct record_options){
		.path = nm_call_option(call, "output"),
		.interval_ms = INTERVAL_MS,
		.no_histogram = nm_call_option(call, "no-histogram") != NULL,
		.reads_stdout = nm_call_option(call, "read-stdout") != NULL,
		.dump_path = nm_call_option(call, "dump-near-limit"),
	};
	if (!out->path) {
		nm_call_usage(call, "record: which file? nodemem record %s", call->command->usage);
		return false;
	}
	return nm_call_duration(call, "interval", INTERVAL_MIN_MS, &out->interval_ms) &&
	       nm_call_duration(call, "duration", 1, &out->duration_ms) &&
	       nm_call_duration(call, "keep", 1000, &out->bounds.keep_ms) &&
	       nm_call_bytes(call, "max-size", SIZE_MIN, &out->bounds.max_size);
}

static int record_command(struct nm_call *call, const struct record_options *options)
{
	static struct nm_session session;

	nm_session_init(&session, call);
	if (call->view.format == &nm_view_json)
		session.output.json = call->view;
	session.output.is_quiet = true;
	session.record_path = options->path;
	session.recorder.bounds = options->bounds;
	session.recorder.interval_ms = options->interval_ms;
	session.reads_stdout = options->reads_stdout;
	session.flight.is_off = options->no_histogram;
	session.flight.dump_path = options->dump_path;
	session.interval_ms = options->interval_ms;
	return nm_session_run(&session, call);
}

/* Each must be a Node process that can be read: what can't be recorded is to be said at once. */
static int check(const pid_t *pids, size_t count, struct nm_error *err)
{
	int status = NM_OK;

	for (size_t i = 0; i < count && status == NM_OK; i++) {
		struct nm_target *target = NULL;

		status = nm_open_target(pids[i], &target, err);
		nm_target_close(target);
	}
	return status;
}

static int record_processes(struct nm_call *call, const struct record_options *options)
{
	static struct nm_attend attend;
	const size_t count = (size_t)call->word_count;
	struct nm_error err;
	pid_t *pids = calloc(count, sizeof(*pids));
	int code = NM_EXIT_USAGE;

	if (!pids) {
		nm_error_nomem(&err);
		return nm_call_fail(call, &err);
	}
	for (size_t i = 0; i < count; i++)
		if (!nm_call_pid(call, (int)i, &pids[i]))
			goto out;
	if (check(pids, count, &err) != NM_OK) {
		code = nm_call_fail(call, &err);
		goto out;
	}
	attend.call = call;
	attend.path = options->path;
	attend.interval_ms = options->interval_ms;
	attend.duration_ms = options->duration_ms;
	attend.recorder.bounds = options->bounds;
	attend.flight.is_off = options->no_histogram;
	attend.flight.dump_path = options->dump_path;
	code = nm_attend_run(&attend, pids, count);
out:
	free(pids);
	return code;
}

static int run(struct nm_call *call)
{
	struct record_options options;

	if (!read_options(call, &options))
		return NM_EXIT_USAGE;
	if (!call->has_dashes && options.reads_stdout)
		return nm_call_usage(call, "--read-stdout is for a command that nodemem starts");
	if (!call->has_dashes)
		return record_processes(call, &options);
	if (options.duration_ms > 0)
		return nm_call_usage(call, "--duration is for processes that are running already");
	return record_command(call, &options);
}

static const struct nm_option options[] = {
	{'o', "output", "FILE", "the recording; one that is there is continued"},
	{'i', "interval", "TIME",
	 "between two samples of a process: 1s unless given, 100ms at least"},
	{'d', "duration", "TIME", "end after this time: 30s, 5m, 1h (default: with the processes)"},
	{0, "keep", "TIME", "keep all samples for so long, then one a minute: 7d"},
	{0, "max-size", "SIZE", "bound the file; the oldest samples are thinned out for it: 100M"},
	{0, "read-stdout", NULL,
	 "read along on the command's stdout too, for what --trace-gc prints"},
	{0, "dump-near-limit", "FILE",
	 "write a heap snapshot when a heap is about to reach its limit, once"},
	{0, "no-histogram", NULL, "never stop a process near its limit to see what fills its heap"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_record = {
	.name = "record",
	.summary = "processes over time, into a file: for report, forecast and why",
	.usage = "-o FILE [OPTIONS] PID... | -o FILE [OPTIONS] -- COMMAND [ARGUMENT...]",
	.about =
		"Records the numbers, collections, limits and ends of running processes and of those\n"
		"that they start, or of a command, which behaves as without nodemem. The file is a\n"
		"SQLite database; it is whole at any time, also when nodemem is killed. When a heap\n"
		"comes near its limit, and at most a few times, the process is stopped for some 10 ms\n"
		"to see what fills it.\n",
	.options = options,
	.min_words = 1,
	.max_words = -1,
	.run = run,
};
