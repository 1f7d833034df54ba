/*
 * ps.c - every Node.js process of the machine
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "cmd/command.h"
#include "model/metrics.h"
#include "source/find.h"

/* A process that is just starting is given a moment, but all of them together no longer than it
   takes to notice. */
#define TRY_AGAIN_US 20000
#define PATIENCE     15

struct process {
	struct nm_target *target;
	struct nm_target_info info; /* when there is no target */
	struct nm_sample sample;
	struct nm_error problem; /* code NM_OK: none */
	bool has_key;
	uint64_t key; /* what is sorted by: the largest first */
};

/* False when it has ended, or runs something else by now. */
static bool look_at(struct process *process, pid_t pid, int *patience)
{
	struct nm_error *problem = &process->problem;

	nm_sample_init(&process->sample);
	while ((problem->code = nm_target_open(pid, &process->target, problem)) == NM_E_BUSY &&
	       *patience > 0) {
		usleep(TRY_AGAIN_US);
		--*patience;
	}
	if (problem->code == NM_OK)
		problem->code = nm_target_sample(process->target, &process->sample, problem);
	if (problem->code == NM_OK)
		return true;
	if (problem->code == NM_E_GONE || problem->code == NM_E_NOT_NODE)
		return false;
	if (!nm_find_describe(pid, &process->info, &process->sample))
		return false;
	if (process->target)
		process->info = *nm_target_info(process->target);
	return true;
}

static void process_done(struct process *process)
{
	nm_sample_done(&process->sample);
	nm_target_close(process->target);
}

static const struct nm_metric *find_metric(const char *key)
{
	for (size_t i = 0; i < nm_metric_count; i++)
		if (strcmp(nm_metrics[i].key, key) == 0)
			return &nm_metrics[i];
	return NULL;
}

static bool is_sort_key(const char *key)
{
	return strcmp(key, "pid") == 0 || strcmp(key, "age") == 0 || find_metric(key) != NULL;
}

static void set_key(struct process *process, const char *key)
{
	const struct nm_sample *sample = &process->sample;

	if (strcmp(key, "age") == 0) {
		process->has_key = (sample->has & NM_HAS_UPTIME) != 0;
		process->key = sample->uptime_ms;
	} else if (strcmp(key, "pid") != 0) {
		process->has_key = nm_metric_get(find_metric(key), sample, nm_sample_main(sample),
						 &process->key);
	}
}

/* The largest first, then the unknown, and those alike in the order of their pids. */
static int compare(const void *left, const void *right)
{
	const struct process *a = left, *b = right;

	if (a->has_key != b->has_key)
		return a->has_key ? -1 : 1;
	if (a->has_key && a->key != b->key)
		return a->key > b->key ? -1 : 1;
	return (a->sample.pid > b->sample.pid) - (a->sample.pid < b->sample.pid);
}

static int show(struct nm_call *call, const struct process *processes, size_t count, size_t hidden)
{
	struct nm_view_process *rows = calloc(count + 1, sizeof(*rows));
	struct nm_error err;

	if (!rows) {
		nm_error_nomem(&err);
		return nm_call_fail(call, &err);
	}
	for (size_t i = 0; i < count; i++) {
		const struct process *process = &processes[i];
		bool good = process->problem.code == NM_OK;

		rows[i].info = good ? nm_target_info(process->target) : &process->info;
		rows[i].sample = &process->sample;
		rows[i].problem = good ? NULL : process->problem.message;
	}
	call->view.format->processes(&call->view, rows, count, hidden);
	free(rows);
	return NM_EXIT_OK;
}

/* Fill `processes`, which has room for all of the list, and return how many there are. */
static size_t look_at_all(const struct nm_pid_list *list, const char *key,
			  struct process *processes)
{
	int patience = PATIENCE;
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (look_at(&processes[count], list->pids[i], &patience)) {
			set_key(&processes[count++], key);
		} else {
			process_done(&processes[count]);
			memset(&processes[count], 0, sizeof(processes[count]));
		}
	}
	if (count > 0)
		qsort(processes, count, sizeof(*processes), compare);
	return count;
}

static int run(struct nm_call *call)
{
	const char *key = nm_call_option(call, "sort");
	uint64_t begun = uv_hrtime(), found;
	struct process *processes;
	struct nm_pid_list list;
	struct nm_error err;
	size_t count;
	int code;

	if (!key)
		key = "rss";
	if (!is_sort_key(key))
		return nm_call_usage(call, "--sort: no key '%s' (rss, heapUsed, pid, age, ...)",
				     key);
	if (nm_find_node(&list, &err) != NM_OK)
		return nm_call_fail(call, &err);
	found = uv_hrtime();
	processes = calloc(list.count + 1, sizeof(*processes));
	if (!processes) {
		nm_pid_list_done(&list);
		nm_error_nomem(&err);
		return nm_call_fail(call, &err);
	}
	count = look_at_all(&list, key, processes);
	code = show(call, processes, count, list.hidden);
	if (call->verbose)
		fprintf(stderr, "nodemem: found in %" PRIu64 " us, read in %" PRIu64 " us\n",
			(found - begun) / 1000, (uv_hrtime() - found) / 1000);
	for (size_t i = 0; i < count; i++)
		process_done(&processes[i]);
	free(processes);
	nm_pid_list_done(&list);
	return code;
}

static const struct nm_option options[] = {
	{'s', "sort", "KEY",
	 "rss (default), heapUsed, any other number, age: largest first; or pid"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_ps = {
	.name = "ps",
	.summary = "every Node.js process of the machine with its numbers",
	.usage = "[OPTIONS]",
	.about =
		"Each is looked at from outside and not stopped. On a terminal only those columns\n"
		"are shown that leave room for the command.\n",
	.options = options,
	.min_words = 0,
	.max_words = 0,
	.run = run,
};
