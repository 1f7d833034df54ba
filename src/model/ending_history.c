#include <stdio.h>
#include <string.h>

#include "model/deaths.h"
#include "model/verdict.h"

/* The last and the highest number of a column; false when none is known. */
static bool look_at(const struct nm_history_isolate *isolate, enum nm_column column,
		    uint64_t *out_last, uint64_t *out_peak, size_t *out_peak_at)
{
	const uint64_t *values = isolate->columns[column];
	bool is_known = false;

	for (size_t i = 0; values && i < isolate->count; i++) {
		if (values[i] == NM_UNKNOWN)
			continue;
		*out_last = values[i];
		if (!is_known || values[i] >= *out_peak) {
			*out_peak = values[i];
			*out_peak_at = i;
		}
		is_known = true;
	}
	return is_known;
}

static uint64_t value_at(const struct nm_history_isolate *isolate, enum nm_column column, size_t at)
{
	const uint64_t *values = isolate->columns[column];

	return values && values[at] != NM_UNKNOWN ? values[at] : 0;
}

static void take_samples(const struct nm_history_isolate *isolate, struct nm_run_process *out)
{
	size_t at = 0, peak_at = 0;
	uint64_t last;

	out->samples = isolate->count;
	if (look_at(isolate, NM_COLUMN_HEAP_TOTAL, &last, &out->peak_heap_total, &at))
		out->has |= NM_HAS_HEAP_TOTAL;
	if (look_at(isolate, NM_COLUMN_HEAP_USED, &out->heap_used, &out->peak_heap_used, &at))
		out->has |= NM_HAS_HEAP_USED;
	if (look_at(isolate, NM_COLUMN_EXTERNAL, &last, &out->peak_external, &at))
		out->has |= NM_HAS_EXTERNAL;
	if (look_at(isolate, NM_COLUMN_ARRAY_BUFFERS, &last, &out->peak_array_buffers, &at))
		out->has |= NM_HAS_ARRAY_BUFFERS;
	if (look_at(isolate, NM_COLUMN_RSS, &out->rss, &out->peak_rss, &peak_at)) {
		out->has |= NM_HAS_RSS;
		out->heap_total_at_peak = value_at(isolate, NM_COLUMN_HEAP_TOTAL, peak_at);
		out->array_buffers_at_peak = value_at(isolate, NM_COLUMN_ARRAY_BUFFERS, peak_at);
	}
}

/* The limits as they were last: V8's, and the lowest of the control groups. */
static void take_limits(const struct nm_history_process *process, struct nm_run_process *out,
			struct nm_kills *kills)
{
	for (size_t i = 0; i < process->limit_count; i++) {
		const struct nm_history_limit *limit = &process->limits[i];

		if (limit->limit == NM_UNKNOWN)
			continue;
		if (limit->kind == NM_LIMIT_HEAP && strcmp(limit->scope, "main") == 0) {
			out->heap_size_limit = limit->limit;
			out->has |= NM_HAS_HEAP_SIZE_LIMIT;
		} else if (limit->kind == NM_LIMIT_CGROUP_MAX &&
			   (kills->cgroup_limit == 0 || limit->limit < kills->cgroup_limit ||
			    strcmp(limit->scope, kills->cgroup_name) == 0)) {
			kills->cgroup_limit = limit->limit;
			snprintf(kills->cgroup_name, sizeof(kills->cgroup_name), "%.159s",
				 limit->scope);
		}
	}
}

static enum nm_cause cause_of(const char *name)
{
	static const enum nm_cause causes[] = {
#define X(cause, text) NM_CAUSE_##cause,
		NM_CAUSE_LIST(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (strcmp(nm_cause_name(causes[i]), name) == 0)
			return causes[i];
	return NM_CAUSE_UNKNOWN;
}

/* What was told when it ended had facts which a recording does not keep. */
static void take_end(const struct nm_history_end *end, struct nm_ending *out)
{
	out->cause = cause_of(end->cause);
	out->exit_code = end->exit_code;
	out->signal = end->signal;
	if (!end->cause[0]) {
		snprintf(out->headline, sizeof(out->headline),
			 "%s was still there when the recording ended", out->command);
		return;
	}
	memcpy(out->headline, end->headline, sizeof(out->headline));
	memcpy(out->reason, end->reason, sizeof(out->reason));
	memcpy(out->advice, end->advice, sizeof(out->advice));
}

int nm_ending_of_history(const struct nm_history_process *process, uint64_t totalmem,
			 struct nm_ending *out, struct nm_error *err)
{
	struct nm_run_process *one;

	nm_ending_init(out);
	out->source = NM_ENDING_RECORDING;
	one = nm_ending_add_process(out);
	if (!one)
		return nm_error_nomem(err);
	snprintf(out->command, sizeof(out->command), "%s",
		 process->label[0] ? process->label : "Node.js");
	one->pid = out->pid = process->pid;
	one->has_ended = process->end.cause[0] != '\0';
	memcpy(one->label, process->label, sizeof(one->label));
	memcpy(one->node, process->node, sizeof(one->node));
	out->totalmem = totalmem;
	out->duration_ms = process->last_ms > process->first_ms
				   ? (uint64_t)(process->last_ms - process->first_ms)
				   : 0;
	if (process->isolate_count > 0)
		take_samples(&process->isolates[0], one);
	take_limits(process, one, &out->kills);
	out->peak_rss = one->peak_rss;
	out->subject = one;
	take_end(&process->end, out);
	return NM_OK;
}
