/*
 * why.c - what killed a process, from what it and others left behind
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "source/deaths.h"
#include "source/recording/read.h"

/* As many as a screen holds. */
#define LAST_IN_TEXT 3

/* What filled the heaps of the deaths, beside them. */
struct heaps {
	struct nm_last_heap items[NM_DEATHS_MAX];
	size_t count;
};

static int read_death(const struct nm_history_process *process, uint64_t totalmem,
		      struct nm_last_heap *heap, struct nm_death *death, struct nm_error *err)
{
	int status = nm_ending_of_history(process, totalmem, &death->ending, err);

	if (status != NM_OK)
		return status;
	nm_call_time(process->end.time_ms, death->when, sizeof(death->when));
	if (nm_last_heap_of_history(process, heap) != NM_OK)
		return nm_error_nomem(err);
	if (heap->taken > 0)
		death->ending.heap = heap;
	return NM_OK;
}

/* The processes that have ended, in the order of their ends. */
static int read_recording(const char *path, struct nm_deaths *out, struct heaps *heaps,
			  struct nm_error *err)
{
	struct nm_history history;
	size_t ended = 0, first;
	int status = nm_recording_read(path, &history, err);

	nm_deaths_init(out);
	out->kind = NM_FILE_RECORDING;
	if (status != NM_OK)
		return status;
	nm_history_sort_by_end(&history);
	while (ended < history.process_count && history.processes[ended].end.cause[0])
		ended++;
	first = ended > NM_DEATHS_MAX ? ended - NM_DEATHS_MAX : 0;
	for (size_t i = first; i < ended && status == NM_OK; i++) {
		struct nm_death *death = nm_deaths_add(out);

		status = death ? read_death(&history.processes[i], history.totalmem,
					    &heaps->items[heaps->count++], death, err)
			       : nm_error_nomem(err);
	}
	out->total = ended;
	if (history.process_count == 0)
		snprintf(out->note, sizeof(out->note),
			 "No Node.js process was seen in this recording.");
	else if (ended < history.process_count)
		snprintf(out->note, sizeof(out->note),
			 "Of %zu process%s in it, %zu had not ended when the recording did.",
			 history.process_count, history.process_count == 1 ? "" : "es",
			 history.process_count - ended);
	nm_history_done(&history);
	if (status != NM_OK)
		nm_deaths_done(out);
	return status;
}

static int read_any(const char *path, struct nm_deaths *out, struct heaps *heaps,
		    struct nm_error *err)
{
	if (nm_recording_is_one(path))
		return read_recording(path, out, heaps, err);
	return nm_deaths_read(path, out, err);
}

static int run_why(struct nm_call *call)
{
	bool is_text = call->view.format == &nm_view_text;
	uint64_t last = is_text ? LAST_IN_TEXT : 0;
	struct nm_view_deaths view;
	struct heaps *heaps;
	struct nm_deaths deaths;
	struct nm_error err;
	int code = NM_EXIT_OK;

	if (!nm_call_whole(call, "last", 0, NM_DEATHS_MAX, &last))
		return NM_EXIT_USAGE;
	heaps = calloc(1, sizeof(*heaps));
	if (!heaps)
		nm_error_nomem(&err);
	if (!heaps || read_any(call->words[0], &deaths, heaps, &err) != NM_OK) {
		code = nm_call_fail(call, &err);
		goto out;
	}
	view = (struct nm_view_deaths){
		.deaths = &deaths,
		.name = strcmp(call->words[0], "-") == 0 ? "stdin" : call->words[0],
		.count = last == 0 || last > deaths.count ? deaths.count : (size_t)last,
	};
	call->view.format->deaths(&call->view, &view);
	if (deaths.count == 0)
		code = NM_EXIT_FAILED;
	nm_deaths_done(&deaths);
out:
	for (size_t i = 0; heaps && i < heaps->count; i++)
		nm_last_heap_done(&heaps->items[i]);
	free(heaps);
	return code;
}

static const struct nm_option options[] = {
	{0, "last", "N", "show the last N deaths, 0 for all (default: 3, and all with --json)"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_why = {
	.name = "why",
	.summary = "what killed a process and what to do, from a recording, a log or a report",
	.usage = "[OPTIONS] FILE",
	.about =
		"FILE is what was written to stderr, by a service with or without the times and names\n"
		"that loggers put before each line; the kernel's log (dmesg, journalctl -k); what\n"
		"docker inspect or kubectl describe print; a diagnostic report of Node's; or a recording.\n"
		"Which it is, is found from its content; it may be compressed by gzip or zstd. - is stdin.\n"
		"The last death comes first. Exit code 1: it tells of none.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run_why,
};
