/*
 * The rows of a recording: what is written of a process.
 */
#include <string.h>

#include "model/ending.h"
#include "source/recording/write.h"
#include "source/recording/writer.h"

/* Classes beyond so many are summed up. */
#define CLASSES_MAX 400
#define OTHER_NAME  "(other classes)"

#define INTEGER nm_recording_integer
#define SIZE	nm_recording_size
#define TEXT	nm_recording_text
#define REAL	nm_recording_real

nm_recorded nm_recording_process(struct nm_recording *recording, const struct nm_target_info *info,
				 const char *label)
{
	nm_recorded found = NM_RECORDING_RUN(recording, NM_RECORDING_FIND_PROCESS,
					     INTEGER(info->pid), INTEGER(info->started_ms));

	if (found < 0)
		found = NM_RECORDING_RUN(recording, NM_RECORDING_PROCESS, INTEGER(info->pid),
					 INTEGER(info->started_ms), TEXT(label), TEXT(info->node),
					 TEXT(info->v8), TEXT(info->command));
	return found < 0 ? 0 : found;
}

/* ---- samples -------------------------------------------------------------------------------- */

static struct nm_recording_name *find_isolate(struct nm_recording *recording, nm_recorded process,
					      const char *name)
{
	return nm_recording_find(recording, NM_RECORDING_FIND_ISOLATE, NM_RECORDING_ISOLATE,
				 process, name, NULL);
}

static struct nm_recording_value known(const struct nm_isolate *isolate, unsigned bit,
				       uint64_t value)
{
	return SIZE(isolate->has & bit ? value : NM_UNKNOWN);
}

static void write_isolate(struct nm_recording *recording, const struct nm_sample *sample,
			  const struct nm_isolate *isolate, int64_t id, bool is_main, uint64_t swap)
{
	const bool has_rss = is_main && (sample->has & NM_HAS_RSS);

	NM_RECORDING_RUN(recording, NM_RECORDING_SAMPLE, INTEGER(sample->time_ms), INTEGER(id),
			 SIZE(has_rss ? sample->rss : NM_UNKNOWN),
			 SIZE(is_main ? swap : NM_UNKNOWN),
			 known(isolate, NM_HAS_HEAP_TOTAL, isolate->heap_total),
			 known(isolate, NM_HAS_HEAP_USED, isolate->heap_used),
			 known(isolate, NM_HAS_EXTERNAL, isolate->external),
			 known(isolate, NM_HAS_ARRAY_BUFFERS, isolate->array_buffers),
			 known(isolate, NM_HAS_HEAP_USED, nm_history_old_used(isolate)));
}

/* It stays as it is. */
static void write_semi_space(struct nm_recording *recording, struct nm_recording_name *row,
			     uint64_t size)
{
	row->has_last = true;
	NM_RECORDING_RUN(recording, NM_RECORDING_SEMI_SPACE, SIZE(size), INTEGER(row->id));
}

static void write_spaces(struct nm_recording *recording, int64_t time_ms,
			 const struct nm_isolate *isolate, int64_t id)
{
	for (unsigned i = 0; i < isolate->space_count; i++) {
		const struct nm_space *space = &isolate->spaces[i];
		struct nm_recording_name *row =
			nm_recording_find(recording, NM_RECORDING_FIND_SPACE, NM_RECORDING_SPACE,
					  id, space->name, NULL);

		if (!row ||
		    (row->has_last && row->last == space->size && row->last_too == space->used))
			continue;
		row->has_last = true;
		row->last = space->size;
		row->last_too = space->used;
		NM_RECORDING_RUN(recording, NM_RECORDING_SPACE_SAMPLE, INTEGER(time_ms),
				 INTEGER(row->id), SIZE(space->size), SIZE(space->used));
	}
}

void nm_recording_sample(struct nm_recording *recording, nm_recorded process,
			 const struct nm_sample *sample, uint64_t swap, enum nm_recording_pace pace)
{
	for (unsigned i = 0; i < sample->isolate_count && process != 0; i++) {
		const struct nm_isolate *isolate = &sample->isolates[i];
		struct nm_recording_name *row = find_isolate(recording, process, isolate->name);

		if (!row)
			return;
		if ((isolate->has & NM_HAS_MAX_SEMI_SPACE) && !row->has_last)
			write_semi_space(recording, row, isolate->max_semi_space);
		write_isolate(recording, sample, isolate, row->id, i == 0, swap);
		if (pace == NM_RECORDING_SPACES)
			write_spaces(recording, sample->time_ms, isolate, row->id);
	}
}

void nm_recording_gc(struct nm_recording *recording, nm_recorded process, const char *isolate,
		     const struct nm_history_gc *gc)
{
	const struct nm_recording_name *row =
		process != 0 ? find_isolate(recording, process, isolate) : NULL;

	if (row)
		NM_RECORDING_RUN(recording, NM_RECORDING_GC, INTEGER(gc->time_ms), INTEGER(row->id),
				 INTEGER(gc->is_major), INTEGER(gc->count),
				 TEXT(nm_gc_source_name(gc->source)), SIZE(gc->before),
				 SIZE(gc->after), REAL(gc->pause_ms), TEXT(gc->kind));
}

/* ---- limits --------------------------------------------------------------------------------- */

static void write_limit(struct nm_recording *recording, nm_recorded process, int64_t time_ms,
			const struct nm_limit *limit, bool is_first, double pressure)
{
	struct nm_recording_name *row =
		nm_recording_find(recording, NM_RECORDING_FIND_LIMIT, NM_RECORDING_LIMIT, process,
				  nm_limit_name(limit->kind), limit->scope);
	const uint64_t value = limit->has & NM_LIMIT_HAS_LIMIT ? limit->limit : NM_UNKNOWN;

	if (!row)
		return;
	if (!row->has_last || row->last != value || row->last_too != is_first)
		NM_RECORDING_RUN(recording, NM_RECORDING_LIMIT_VALUE, INTEGER(time_ms),
				 INTEGER(row->id), SIZE(value), INTEGER(is_first));
	row->has_last = true;
	row->last = value;
	row->last_too = is_first;
	/* What is used of the heap is in the samples. */
	if (limit->kind == NM_LIMIT_HEAP || !(limit->has & NM_LIMIT_HAS_USED))
		return;
	NM_RECORDING_RUN(recording, NM_RECORDING_LIMIT_USE, INTEGER(time_ms), INTEGER(row->id),
			 SIZE(limit->used),
			 SIZE(limit->has & NM_LIMIT_HAS_CACHE ? limit->cache : NM_UNKNOWN),
			 SIZE(limit->has & NM_LIMIT_HAS_KILLS ? limit->kills : NM_UNKNOWN),
			 REAL(limit->kind == NM_LIMIT_MACHINE ? pressure : -1));
}

void nm_recording_limits(struct nm_recording *recording, nm_recorded process, int64_t time_ms,
			 const struct nm_limits *limits, double pressure)
{
	bool has_group = false;

	for (size_t i = 0; i < limits->count && process != 0; i++) {
		const struct nm_limit *limit = &limits->items[i];
		const bool is_group = limit->kind == NM_LIMIT_CGROUP_MAX;

		/* Of those that are not set only what the process's own group uses is of interest. */
		if ((limit->has & NM_LIMIT_HAS_LIMIT) || (is_group && !has_group))
			write_limit(recording, process, time_ms, limit, i == limits->first,
				    pressure);
		has_group = has_group || is_group;
	}
}

/* ---- the rest ------------------------------------------------------------------------------- */

void nm_recording_ledger(struct nm_recording *recording, nm_recorded process, int64_t time_ms,
			 const struct nm_ledger *ledger)
{
	struct nm_recording_value values[2 + NM_GROUP_COUNT] = {INTEGER(time_ms), INTEGER(process)};
	uint64_t sums[NM_GROUP_COUNT] = {0};

	for (size_t i = 0; i < ledger->part_count; i++)
		sums[ledger->parts[i].group] += ledger->parts[i].rss;
	for (size_t i = 0; i < NM_GROUP_COUNT; i++)
		values[2 + i] = SIZE(sums[i]);
	if (process != 0)
		nm_recording_run(recording, NM_RECORDING_LEDGER, values, 2 + NM_GROUP_COUNT);
}

static void write_class(struct nm_recording *recording, int64_t histogram, const char *name,
			uint64_t count, uint64_t bytes)
{
	int64_t id = NM_RECORDING_RUN(recording, NM_RECORDING_FIND_CLASS, TEXT(name));

	if (id < 0)
		id = NM_RECORDING_RUN(recording, NM_RECORDING_CLASS, TEXT(name));
	if (id >= 0)
		NM_RECORDING_RUN(recording, NM_RECORDING_HISTOGRAM_CLASS, INTEGER(histogram),
				 INTEGER(id), SIZE(count), SIZE(bytes));
}

void nm_recording_histogram(struct nm_recording *recording, nm_recorded process, int64_t time_ms,
			    const char *reason, const struct nm_classes *classes)
{
	uint64_t rest_count = 0, rest_bytes = 0;
	int64_t histogram;

	if (process == 0)
		return;
	histogram = NM_RECORDING_RUN(recording, NM_RECORDING_HISTOGRAM, INTEGER(time_ms),
				     INTEGER(process), TEXT(reason), SIZE(classes->live_bytes),
				     SIZE(classes->stopped_us));
	for (size_t i = 0; i < classes->count && histogram >= 0; i++) {
		const struct nm_class *one = &classes->items[i];

		if (i < CLASSES_MAX) {
			write_class(recording, histogram, one->name, one->count, one->bytes);
		} else {
			rest_count += one->count;
			rest_bytes += one->bytes;
		}
	}
	if (rest_count > 0)
		write_class(recording, histogram, OTHER_NAME, rest_count, rest_bytes);
}

void nm_recording_finding(struct nm_recording *recording, nm_recorded process,
			  const struct nm_history_finding *finding)
{
	if (process != 0)
		NM_RECORDING_RUN(recording, NM_RECORDING_FINDING, INTEGER(finding->time_ms),
				 INTEGER(process), TEXT(finding->id), TEXT(finding->severity),
				 TEXT(finding->text), TEXT(finding->fix));
}

void nm_recording_end(struct nm_recording *recording, nm_recorded process,
		      const struct nm_history_end *end)
{
	if (process != 0)
		NM_RECORDING_RUN(recording, NM_RECORDING_ENDING, INTEGER(process),
				 INTEGER(end->time_ms), TEXT(end->cause),
				 SIZE(end->exit_code < 0 ? NM_UNKNOWN : (uint64_t)end->exit_code),
				 INTEGER(end->signal), TEXT(end->headline), TEXT(end->reason),
				 TEXT(end->advice));
}
