#include "cmd/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/units.h"
#include "model/findings.h"
#include "source/facts.h"
#include "source/proc/file.h"
#include "source/proc/stat.h"

#define SLOW_MS	  10000
#define LEDGER_MS 60000
#define COMMIT_MS 1000
/* How often old samples are looked at for thinning; that has to keep up with what comes. */
#define THIN_MS 5000

/* Minor collections come several a second: they are summed up. */
struct minors {
	char isolate[24]; /* "": none */
	struct nm_history_gc sum;
	int64_t first_ms;
};

#define MINORS_MAX 4

struct nm_recorder_process {
	nm_recorded id;
	char isolate[24];   /* the main one */
	int64_t started_ms; /* since 1970, as are the others */
	int64_t written_ms, slow_ms, ledger_ms;
	struct minors minors[MINORS_MAX]; /* of so many isolates at a time */
	bool is_traced;			  /* --trace-gc tells of each collection */
};

int64_t nm_recorder_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

int nm_recorder_open(struct nm_recorder *recorder, const char *path, struct nm_error *err)
{
	return nm_recording_create(path, nm_recorder_now_ms(), &recorder->recording, err);
}

/* Room for the process `record`. NULL when there is no memory. */
static struct nm_recorder_process *find(struct nm_recorder *recorder, size_t record)
{
	struct nm_recorder_process *grown;

	if (record > recorder->process_count) {
		grown = realloc(recorder->processes, record * sizeof(*grown));
		if (!grown)
			return NULL;
		memset(grown + recorder->process_count, 0,
		       (record - recorder->process_count) * sizeof(*grown));
		recorder->processes = grown;
		recorder->process_count = record;
	}
	return &recorder->processes[record - 1];
}

/* What `doctor` would say of it. */
static void write_findings(struct nm_recorder *recorder, struct nm_recorder_process *process,
			   const struct nm_member *member)
{
	struct nm_findings findings;
	struct nm_facts facts;

	nm_findings_init(&findings);
	nm_facts_init(&facts);
	if (nm_facts_read(member->pid, &facts, NULL) == NM_OK)
		nm_findings_add_process(&findings, &facts);
	for (size_t i = 0; i < findings.count; i++) {
		const struct nm_finding *from = &findings.items[i];
		struct nm_history_finding finding = {.time_ms = member->sample.time_ms};

		snprintf(finding.id, sizeof(finding.id), "%s", from->id);
		snprintf(finding.severity, sizeof(finding.severity), "%s",
			 nm_severity_name(from->severity));
		snprintf(finding.text, sizeof(finding.text), "%s", from->text);
		snprintf(finding.fix, sizeof(finding.fix), "%s", from->fix);
		nm_recording_finding(recorder->recording, process->id, &finding);
	}
	nm_facts_done(&facts);
	nm_findings_done(&findings);
}

static void add_process(struct nm_recorder *recorder, struct nm_recorder_process *process,
			const struct nm_member *member)
{
	const struct nm_target_info *info = nm_target_info(member->target);
	const struct nm_isolate *isolate = nm_sample_main(&member->sample);

	process->id = nm_recording_process(recorder->recording, info, member->label);
	process->started_ms = info->started_ms;
	snprintf(process->isolate, sizeof(process->isolate), "%s", isolate ? isolate->name : "");
	write_findings(recorder, process, member);
}

static uint64_t read_swap(const struct nm_recorder *recorder, pid_t pid)
{
	char name[32], text[4096];
	uint64_t swap;

	snprintf(name, sizeof(name), "%d/status", (int)pid);
	if (nm_proc_read(recorder->proc, name, text, sizeof(text)) <= 0 ||
	    !nm_proc_status_find(text, "VmSwap:", &swap))
		return NM_UNKNOWN;
	return swap;
}

/* "some avg10=0.12 avg60=...": the share of time in which a task waited for memory, in percent;
   negative where the kernel does not tell. */
static double read_pressure(const struct nm_recorder *recorder)
{
	char text[256];
	double share;

	if (nm_proc_read(recorder->proc, "pressure/memory", text, sizeof(text)) <= 0 ||
	    sscanf(text, "some avg10=%lf", &share) != 1)
		return -1;
	return share;
}

static void write_limits(struct nm_recorder *recorder, struct nm_recorder_process *process,
			 const struct nm_member *member)
{
	struct nm_limits limits;

	if (nm_limits_read(member->target, &member->sample, &limits, NULL) != NM_OK)
		return;
	nm_recording_limits(recorder->recording, process->id, member->sample.time_ms, &limits,
			    read_pressure(recorder));
	nm_limits_done(&limits);
}

static void write_ledger(struct nm_recorder *recorder, struct nm_recorder_process *process,
			 const struct nm_member *member)
{
	const struct nm_ledger_options options = {.no_stop = true};
	struct nm_ledger ledger;

	if (nm_ledger_read(member->target, &options, &ledger, NULL) != NM_OK)
		return;
	nm_recording_ledger(recorder->recording, process->id, member->sample.time_ms, &ledger);
	nm_ledger_done(&ledger);
}

/* True, and remembered, when `step_ms` has passed. */
static bool is_due(int64_t *last_ms, int64_t now_ms, int64_t step_ms)
{
	if (*last_ms != 0 && now_ms - *last_ms < step_ms)
		return false;
	*last_ms = now_ms;
	return true;
}

void nm_recorder_sample(struct nm_recorder *recorder, struct nm_member *member)
{
	const struct nm_sample *sample = &member->sample;
	/* Timers are not exact: a little early is in time. */
	const int64_t step = (int64_t)recorder->interval_ms * 15 / 16;
	struct nm_recorder_process *process;
	bool is_slow;

	if (!recorder->recording || member->record == 0)
		return;
	process = find(recorder, member->record);
	if (!process || !is_due(&process->written_ms, sample->time_ms, step))
		return;
	if (process->id == 0)
		add_process(recorder, process, member);
	is_slow = is_due(&process->slow_ms, sample->time_ms, SLOW_MS);
	nm_recording_sample(recorder->recording, process->id, sample,
			    is_slow ? read_swap(recorder, member->pid) : NM_UNKNOWN,
			    is_slow ? NM_RECORDING_SPACES : NM_RECORDING_NUMBERS);
	if (is_slow)
		write_limits(recorder, process, member);
	if (is_due(&process->ledger_ms, sample->time_ms, LEDGER_MS))
		write_ledger(recorder, process, member);
}

void nm_recorder_histogram(struct nm_recorder *recorder, const struct nm_flight_result *result)
{
	const struct nm_recorder_process *process;

	if (!recorder->recording || result->record > recorder->process_count)
		return;
	process = &recorder->processes[result->record - 1];
	nm_recording_histogram(recorder->recording, process->id, result->time_ms, "near-limit",
			       &result->classes);
}

/* ---- collections ------------------------------------------------------------------------- */

static void write_minors(struct nm_recorder *recorder, const struct nm_recorder_process *process,
			 struct minors *minors)
{
	if (minors->isolate[0])
		nm_recording_gc(recorder->recording, process->id, minors->isolate, &minors->sum);
	minors->isolate[0] = '\0';
}

/* Where those of the isolate are summed up: a place that is free, or the one of another isolate, which is
   written. */
static struct minors *find_minors(struct nm_recorder *recorder, struct nm_recorder_process *process,
				  const char *isolate)
{
	struct minors *found = &process->minors[0];

	for (size_t i = 0; i < MINORS_MAX; i++) {
		if (strcmp(process->minors[i].isolate, isolate) == 0)
			return &process->minors[i];
		if (!process->minors[i].isolate[0])
			found = &process->minors[i];
	}
	write_minors(recorder, process, found);
	return found;
}

static void add_minors(struct nm_recorder *recorder, struct nm_recorder_process *process,
		       const char *isolate, const struct nm_history_gc *gc)
{
	struct minors *minors = find_minors(recorder, process, isolate);

	if (minors->isolate[0] && minors->sum.source != gc->source)
		write_minors(recorder, process, minors);
	if (!minors->isolate[0]) {
		snprintf(minors->isolate, sizeof(minors->isolate), "%s", isolate);
		minors->sum = *gc;
		minors->first_ms = gc->time_ms;
		return;
	}
	minors->sum.count += gc->count;
	if (gc->pause_ms >= 0)
		minors->sum.pause_ms += gc->pause_ms;
	minors->sum.after = gc->after;
	minors->sum.time_ms = gc->time_ms;
	if (gc->time_ms - minors->first_ms >= SLOW_MS)
		write_minors(recorder, process, minors);
}

static void add_collection(struct nm_recorder *recorder, struct nm_recorder_process *process,
			   const char *isolate, const struct nm_history_gc *gc)
{
	if (gc->is_major)
		nm_recording_gc(recorder->recording, process->id, isolate, gc);
	else
		add_minors(recorder, process, isolate, gc);
}

/* Which sample of which process shows the collections. */
struct shown {
	struct nm_recorder *recorder;
	struct nm_recorder_process *process;
	int64_t time_ms;
};

static void on_collection(void *context, const struct nm_isolate *isolate,
			  const struct nm_collection *collection)
{
	const struct shown *shown = context;
	const struct nm_history_gc gc = {
		.time_ms = shown->time_ms,
		.is_major = collection->is_major,
		.source = collection->by_counter ? NM_GC_COUNTER : NM_GC_DROP,
		.count = (unsigned)collection->count,
		.before = collection->before,
		.after = collection->after,
		.pause_ms = -1,
	};

	add_collection(shown->recorder, shown->process, isolate->name, &gc);
}

void nm_recorder_follow(struct nm_recorder *recorder, struct nm_follow *follow,
			struct nm_member *member)
{
	struct shown shown = {.recorder = recorder, .time_ms = member->sample.time_ms};
	const struct nm_outlook_listener listener = {on_collection, &shown};
	const bool is_recorded = recorder->recording && member->record != 0 &&
				 member->record <= recorder->process_count;

	if (is_recorded)
		shown.process = &recorder->processes[member->record - 1];
	nm_follow_sample(follow, member->target, &member->sample,
			 is_recorded && !shown.process->is_traced ? &listener : NULL);
}

static uint64_t bytes_of(double mib)
{
	return mib < 0 ? NM_UNKNOWN : (uint64_t)(mib * (double)NM_MIB);
}

static struct nm_history_gc printed_gc(const struct nm_recorder_process *process,
				       const struct nm_gc *from)
{
	struct nm_history_gc gc = {
		/* V8 counts from the making of the isolate, some ms after the start. */
		.time_ms = process->started_ms + (int64_t)from->at_ms,
		.is_major = strncmp(from->kind, "Scavenge", 8) != 0,
		.source = NM_GC_TRACE,
		.count = 1,
		.before = bytes_of(from->before_mb),
		.after = bytes_of(from->after_mb),
		.pause_ms = from->pause_ms,
	};

	memcpy(gc.kind, from->kind, sizeof(gc.kind));
	return gc;
}

void nm_recorder_traced(struct nm_recorder *recorder, size_t record, const char *isolate,
			const struct nm_gc *gc)
{
	struct nm_recorder_process *process;
	struct nm_history_gc printed;

	if (!recorder->recording || record == 0 || record > recorder->process_count)
		return;
	process = &recorder->processes[record - 1];
	process->is_traced = true;
	printed = printed_gc(process, gc);
	add_collection(recorder, process, isolate, &printed);
}

void nm_recorder_last_words(struct nm_recorder *recorder, size_t record,
			    const struct nm_last_words *words)
{
	const struct nm_recorder_process *process;

	if (!recorder->recording || record == 0 || record > recorder->process_count)
		return;
	process = &recorder->processes[record - 1];
	for (unsigned i = 0; i < words->gc_count && !process->is_traced; i++) {
		struct nm_history_gc gc = printed_gc(process, &words->gcs[i]);

		nm_recording_gc(recorder->recording, process->id, process->isolate, &gc);
	}
}

void nm_recorder_end(struct nm_recorder *recorder, size_t record, const struct nm_history_end *end)
{
	struct nm_recorder_process *process;

	if (!recorder->recording || record == 0 || record > recorder->process_count)
		return;
	process = &recorder->processes[record - 1];
	for (size_t i = 0; i < MINORS_MAX; i++)
		write_minors(recorder, process, &process->minors[i]);
	nm_recording_end(recorder->recording, process->id, end);
}

static void give_up(struct nm_recorder *recorder)
{
	nm_recording_close(recorder->recording, nm_recorder_now_ms(), NULL);
	recorder->recording = NULL;
}

int nm_recorder_tick(struct nm_recorder *recorder, struct nm_error *err)
{
	const int64_t now = nm_recorder_now_ms();
	int status;

	if (!recorder->recording || !is_due(&recorder->commit_ms, now, COMMIT_MS))
		return NM_OK;
	status = nm_recording_commit(recorder->recording, err);
	if (status == NM_OK && is_due(&recorder->thin_ms, now, THIN_MS))
		status = nm_recording_thin(recorder->recording, &recorder->bounds, now, err);
	if (status != NM_OK)
		give_up(recorder);
	return status;
}

int nm_recorder_close(struct nm_recorder *recorder, struct nm_error *err)
{
	int status = nm_recording_close(recorder->recording, nm_recorder_now_ms(), err);

	free(recorder->processes);
	memset(recorder, 0, sizeof(*recorder));
	return status;
}
