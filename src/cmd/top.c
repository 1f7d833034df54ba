/*
 * top.c - every Node.js process of the machine on a screen that goes on
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "cmd/command.h"
#include "cmd/top/batch.h"
#include "cmd/top/screen.h"

#define INTERVAL_MIN_MS 100
#define PIDS_MAX	256

struct top {
	struct nm_top_options options;
	pid_t pids[PIDS_MAX];
	uint64_t count; /* rounds of a batch; UINT64_MAX: no end */
	bool is_batch;
};

static bool read_sort(struct nm_call *call, struct nm_roster_order *order)
{
	const char *name = nm_call_option(call, "sort");

	order->key = NM_ROSTER_RSS;
	if (!name || nm_roster_find_key(name, &order->key))
		return true;
	nm_call_usage(call,
		      "--sort: no key '%s' (pid, name, rss, heapUsed, arrayBuffers, full, "
		      "timeToLimit or age)",
		      name);
	return false;
}

static bool read_filter(struct nm_call *call, struct nm_roster_order *order)
{
	const char *text = nm_call_option(call, "filter");

	order->is_tree = nm_call_option(call, "tree") != NULL;
	if (!text)
		return true;
	if (strlen(text) >= sizeof(order->filter)) {
		nm_call_usage(call, "--filter: longer than %zu bytes: '%s'",
			      sizeof(order->filter) - 1, text);
		return false;
	}
	memcpy(order->filter, text, strlen(text) + 1);
	return true;
}

/* "4121,4122" */
static bool read_pids(struct nm_call *call, struct top *top)
{
	const char *text = nm_call_option(call, "pid");

	if (!text)
		return true;
	top->options.only = top->pids;
	for (;;) {
		const size_t length = strcspn(text, ",");
		char word[16];
		uint64_t pid;

		snprintf(word, sizeof(word), "%.*s",
			 (int)(length < sizeof(word) ? length : sizeof(word) - 1), text);
		if (!nm_units_parse_whole(word, 1, 1u << 22, &pid)) {
			nm_call_usage(call, "--pid: not a process id: '%.*s'", (int)length, text);
			return false;
		}
		if (top->options.only_count == PIDS_MAX) {
			nm_call_usage(call, "--pid: more than %d processes", PIDS_MAX);
			return false;
		}
		top->pids[top->options.only_count++] = (pid_t)pid;
		if (text[length] == '\0')
			return true;
		text += length + 1;
	}
}

/* False after the wrong usage was told. */
static bool read_options(struct nm_call *call, struct top *top)
{
	top->is_batch = nm_call_option(call, "batch") != NULL;
	if (nm_call_option(call, "delay") && nm_call_option(call, "interval")) {
		nm_call_usage(call, "--delay and --interval: one of the two");
		return false;
	}
	if (!nm_call_duration(call, "delay", INTERVAL_MIN_MS, &top->options.interval_ms) ||
	    !nm_call_duration(call, "interval", INTERVAL_MIN_MS, &top->options.interval_ms) ||
	    !nm_call_whole(call, "count", 1, UINT64_MAX - 1, &top->count) ||
	    !read_sort(call, &top->options.order) || !read_filter(call, &top->options.order) ||
	    !read_pids(call, top))
		return false;
	if (!top->is_batch &&
	    (nm_call_option(call, "count") || call->view.format == &nm_view_json)) {
		nm_call_usage(call, "%s needs --batch",
			      nm_call_option(call, "count") ? "--count" : "--json");
		return false;
	}
	if (!top->is_batch && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))) {
		nm_call_usage(call, "the screen needs a terminal to read from and to write to; "
				    "--batch does without");
		return false;
	}
	return true;
}

/* Processes that were asked for by their numbers must be there. */
static int check_pids(const struct nm_call *call, const struct nm_top_options *options)
{
	for (size_t i = 0; i < options->only_count; i++) {
		struct nm_target *target = NULL;
		struct nm_error err;
		const int status = nm_target_open(options->only[i], &target, &err);

		nm_target_close(target);
		if (status == NM_E_GONE || status == NM_E_NOT_NODE)
			return nm_call_fail(call, &err);
	}
	return NM_EXIT_OK;
}

static int run(struct nm_call *call)
{
	struct top top = {.options = {.interval_ms = 1000, .has_color = call->view.color},
			  .count = UINT64_MAX};
	struct nm_error err;
	int code;

	if (!read_options(call, &top))
		return NM_EXIT_USAGE;
	code = check_pids(call, &top.options);
	if (code != NM_EXIT_OK)
		return code;
	if (top.is_batch)
		return nm_top_batch(call, &top.options, top.count);
	code = nm_top_guard_run(nm_top_screen, &top.options, &err);
	return code >= 0 ? code : nm_call_fail(call, &err);
}

static const struct nm_option options[] = {
	{'d', "delay", "TIME", "between two looks: 1s unless given, 100ms at least"},
	{'i', "interval", "TIME", "the same"},
	{'p', "pid", "PID[,PID...]", "these processes only"},
	{'s', "sort", "KEY",
	 "rss (default), pid, name, heapUsed, arrayBuffers, full, timeToLimit, age"},
	{'t', "tree", NULL, "processes below their parents"},
	{'f', "filter", "TEXT", "only processes with this in name, command, version or number"},
	{'b', "batch", NULL, "no screen: a table at each look, for a file"},
	{'n', "count", "NUMBER", "with --batch: end after so many"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_top = {
	.name = "top",
	.summary = "a screen of every Node.js process: its memory, its trend, its limits",
	.usage = "[OPTIONS]",
	.about =
		"A line a process; Enter looks at one: numbers, limits, what its memory is, its heaps, its\n"
		"classes and its history as a chart. F1 or ? tells the keys, which are those of htop.\n"
		"No process is stopped, but for a histogram of classes, which asks first.\n",
	.options = options,
	.min_words = 0,
	.max_words = 0,
	.run = run,
};
