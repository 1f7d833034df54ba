/*
 * pages.c - pages of processes that never were: pages week|small|bare OUT.html
 *
 * Prints a line of JSON for each of some samples, with what the page must show there:
 * {"process":0,"row":17,"timeMs":...,"rss":...,...}, null for what is not known.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/html/history.h"

#define MIB	(UINT64_C(1) << 20)
#define START	INT64_C(1772000000000)
#define HOUR_MS INT64_C(3600000)
#define WEEK	604800
#define SMALL	900
/* What a hostile process would call itself. */
#define EVIL "</script><img src=x onerror=alert(1)><!-- & \xe2\x80\xa8 \" ' ]]> \xff"

struct noise {
	uint32_t state;
};

static uint64_t next_noise(struct noise *noise, uint64_t below)
{
	noise->state = noise->state * 1664525 + 1013904223;
	return (noise->state >> 8) % below;
}

static void *make(size_t count, size_t size)
{
	void *items = calloc(count, size);

	if (!items) {
		perror("pages");
		exit(1);
	}
	return items;
}

/* A leak under a sawtooth: the heap goes up with what is thrown away, down with each collection, and its floor
   from `low` to `high`. */
static void fill_samples(struct nm_history_isolate *isolate, size_t count, int64_t step_ms,
			 uint64_t low, uint64_t high, struct noise *noise)
{
	const size_t period = 47;

	isolate->count = count;
	isolate->time_ms = make(count, sizeof(int64_t));
	for (int column = 0; column < NM_COLUMN_COUNT; column++)
		isolate->columns[column] = make(count, sizeof(uint64_t));
	for (size_t i = 0; i < count; i++) {
		const uint64_t floor = low + (high - low) * i / count;
		const uint64_t tooth = i % period * MIB / 2 + next_noise(noise, 3 * MIB);
		const uint64_t total = (floor + 34 * MIB) & ~UINT64_C(0x3ffff);
		const uint64_t buffers =
			6 * MIB + (i / 600 % 5) * 3 * MIB + next_noise(noise, 9000);
		const uint64_t values[] = {
			[NM_COLUMN_RSS] = (total + 58 * MIB + buffers + next_noise(noise, MIB)) &
					  ~UINT64_C(4095),
			[NM_COLUMN_SWAP] = 0,
			[NM_COLUMN_HEAP_TOTAL] = total,
			[NM_COLUMN_HEAP_USED] = floor + tooth,
			[NM_COLUMN_EXTERNAL] = buffers + 2 * MIB + next_noise(noise, 3000),
			[NM_COLUMN_ARRAY_BUFFERS] = buffers,
			[NM_COLUMN_OLD_USED] = floor + tooth / 4,
		};

		isolate->time_ms[i] = START + (int64_t)i * step_ms + (int64_t)next_noise(noise, 12);
		for (int column = 0; column < NM_COLUMN_COUNT; column++)
			isolate->columns[column][i] = values[column];
	}
}

/* One major collection for `every` samples, and minor ones between them. */
static void fill_gcs(struct nm_history_process *process, size_t every)
{
	const struct nm_history_isolate *isolate = &process->isolates[0];

	process->gcs = make(2 * (isolate->count / every) + 2, sizeof(*process->gcs));
	for (size_t i = every; i < isolate->count; i += every)
		for (int major = 0; major < 2; major++) {
			struct nm_history_gc *gc = &process->gcs[process->gc_count++];

			gc->time_ms = isolate->time_ms[i] + major;
			gc->is_major = major;
			gc->source = NM_GC_COUNTER;
			gc->count = major ? 1 : 12;
			gc->before = isolate->columns[NM_COLUMN_HEAP_USED][i - 1];
			gc->after = isolate->columns[NM_COLUMN_OLD_USED][i];
			gc->pause_ms = major ? 41.25 : -1;
			snprintf(gc->kind, sizeof(gc->kind), "%s",
				 major ? "Mark-Compact" : "Scavenge");
		}
}

static void add_limit(struct nm_history_process *process, enum nm_limit_kind kind,
		      const char *scope, uint64_t bytes, bool is_first)
{
	struct nm_history_limit *limit = &process->limits[process->limit_count++];

	limit->time_ms = process->first_ms;
	limit->kind = kind;
	snprintf(limit->scope, sizeof(limit->scope), "%s", scope);
	limit->limit = bytes;
	limit->is_first = is_first;
}

static void fill_uses(struct nm_history_process *process, size_t every)
{
	const struct nm_history_isolate *isolate = &process->isolates[0];

	process->uses = make(isolate->count / every + 1, sizeof(*process->uses));
	for (size_t i = 0; i < isolate->count; i += every) {
		struct nm_history_use *use = &process->uses[process->use_count++];

		use->time_ms = isolate->time_ms[i];
		use->kind = NM_LIMIT_CGROUP_MAX;
		snprintf(use->scope, sizeof(use->scope), "/system.slice/web.service");
		use->used = isolate->columns[NM_COLUMN_RSS][i] + 30 * MIB;
		use->cache = 120 * MIB;
		use->kills = 0;
		use->pressure = i * 2 > isolate->count ? 1.5 : -1;
	}
}

static void fill_spaces(struct nm_history_process *process, size_t every)
{
	static const char *const names[] = {"new_space", "old_space", "code_space", "trusted_space",
					    "large_object_space"};
	const size_t kinds = sizeof(names) / sizeof(names[0]);
	const struct nm_history_isolate *isolate = &process->isolates[0];

	process->spaces = make((isolate->count / every + 1) * kinds, sizeof(*process->spaces));
	for (size_t i = 0; i < isolate->count; i += every)
		for (size_t k = 0; k < kinds; k++) {
			struct nm_history_space *space = &process->spaces[process->space_count++];
			const uint64_t total = isolate->columns[NM_COLUMN_HEAP_TOTAL][i];
			const uint64_t size[] = {16 * MIB, total - 26 * MIB, 3 * MIB, 2 * MIB,
						 5 * MIB};

			space->time_ms = isolate->time_ms[i];
			snprintf(space->name, sizeof(space->name), "%s", names[k]);
			space->size = size[k];
			space->used = size[k] / 8 * 7;
		}
}

static void fill_ledgers(struct nm_history_process *process)
{
	const struct nm_history_isolate *isolate = &process->isolates[0];

	process->ledgers = make(2, sizeof(*process->ledgers));
	process->ledger_count = 2;
	for (size_t i = 0; i < 2; i++) {
		const size_t row = i * (isolate->count - 1);
		uint64_t *rss = process->ledgers[i].rss;

		process->ledgers[i].time_ms = isolate->time_ms[row];
		rss[NM_GROUP_V8_HEAP] = isolate->columns[NM_COLUMN_HEAP_TOTAL][row];
		rss[NM_GROUP_V8_CODE] = 4 * MIB;
		rss[NM_GROUP_ARRAY_BUFFERS] = isolate->columns[NM_COLUMN_ARRAY_BUFFERS][row];
		rss[NM_GROUP_MALLOC] = 14 * MIB + i * 9 * MIB;
		rss[NM_GROUP_PROGRAM] = 36 * MIB - i * 2 * MIB;
		rss[NM_GROUP_LIBRARIES] = 4 * MIB;
		rss[NM_GROUP_STACKS] = MIB / 4;
	}
}

static void fill_histograms(struct nm_history_process *process, const char *odd)
{
	static const char *const names[] = {"(string)", "Session",	   "Array",
					    "(array)",	"Object",	   "Map",
					    "Function", "(compiled code)", "Buffer"};
	static const char *const reasons[] = {"start", "near-limit", "near-limit"};
	const size_t kinds = sizeof(names) / sizeof(names[0]) + 40;
	const struct nm_history_isolate *isolate = &process->isolates[0];

	process->histogram_count = 3;
	process->histograms = make(3, sizeof(*process->histograms));
	for (size_t i = 0; i < 3; i++) {
		struct nm_history_histogram *one = &process->histograms[i];
		const size_t row = i * (isolate->count - 1) / 2;

		one->time_ms = isolate->time_ms[row];
		snprintf(one->reason, sizeof(one->reason), "%s", reasons[i]);
		one->stopped_us = 12345;
		one->class_count = kinds;
		one->classes = make(kinds, sizeof(*one->classes));
		for (size_t k = 0; k < kinds; k++) {
			const size_t known = sizeof(names) / sizeof(names[0]);
			char name[160];

			if (k > known)
				snprintf(name, sizeof(name), "Class%zu", k);
			else
				snprintf(name, sizeof(name), "%s", k < known ? names[k] : odd);
			one->classes[k].name = strdup(name);
			one->classes[k].count = (k == 1 ? 1 + 400000 * i : 90000) / (k + 1);
			one->classes[k].bytes = one->classes[k].count * (k == 1 ? 880 : 120);
			one->live_bytes += one->classes[k].bytes;
		}
	}
}

static void fill_process(struct nm_history_process *process, size_t count, int64_t step_ms,
			 const char *odd, struct noise *noise)
{
	process->isolate_count = 1;
	process->isolates = make(2, sizeof(*process->isolates));
	snprintf(process->isolates[0].name, sizeof(process->isolates[0].name), "main");
	fill_samples(&process->isolates[0], count, step_ms, 60 * MIB, 980 * MIB, noise);
	process->first_ms = process->isolates[0].time_ms[0];
	process->last_ms = process->isolates[0].time_ms[count - 1];
	process->started_ms = process->first_ms - 12 * HOUR_MS;
	snprintf(process->node, sizeof(process->node), "v24.21.0");
	snprintf(process->v8, sizeof(process->v8), "13.6.233.17-node.37");
	process->limits = make(4, sizeof(*process->limits));
	add_limit(process, NM_LIMIT_HEAP, "main", 1200 * MIB, true);
	add_limit(process, NM_LIMIT_CGROUP_MAX, "/system.slice/web.service", 2048 * MIB, false);
	add_limit(process, NM_LIMIT_MACHINE, "machine", 16384 * MIB, false);
	fill_gcs(process, count / 300);
	fill_uses(process, count / 150);
	fill_spaces(process, count > 10000 ? 60 : 5);
	fill_ledgers(process);
	fill_histograms(process, odd);
}

static void add_finding(struct nm_history_process *process, const char *severity, const char *text)
{
	struct nm_history_finding *finding = &process->findings[process->finding_count++];

	finding->time_ms = process->first_ms;
	snprintf(finding->id, sizeof(finding->id), "heap-above-container");
	snprintf(finding->severity, sizeof(finding->severity), "%s", severity);
	snprintf(finding->text, sizeof(finding->text), "%s", text);
	snprintf(finding->fix, sizeof(finding->fix), "node --max-old-space-size=900");
}

static void fill_forecast(struct nm_html_forecast *forecast,
			  const struct nm_history_process *process)
{
	const int64_t span = process->last_ms - process->first_ms;

	forecast->is_known = true;
	snprintf(forecast->limit, sizeof(forecast->limit), "heapSizeLimit");
	snprintf(forecast->scope, sizeof(forecast->scope), "main");
	snprintf(forecast->basis, sizeof(forecast->basis), "post-gc floor");
	forecast->limit_bytes = 1200 * MIB;
	forecast->from_ms = process->last_ms;
	forecast->from_bytes = 980 * MIB;
	forecast->growth_per_hour = 920.0 * MIB / ((double)span / HOUR_MS);
	forecast->eta_ms = process->last_ms + span * 22 / 92;
	forecast->eta_low_ms = process->last_ms + span * 19 / 92;
	forecast->eta_high_ms = process->last_ms + span * 27 / 92;
}

static void make_week(struct nm_history *history, struct nm_html_forecast *forecasts)
{
	struct noise noise = {1};
	struct nm_history_process *process;

	history->process_count = 1;
	process = history->processes = make(1, sizeof(*process));
	process->pid = 4121;
	snprintf(process->label, sizeof(process->label), "server.js");
	snprintf(process->command, sizeof(process->command),
		 "node --max-old-space-size=1000 server.js");
	fill_process(process, WEEK, 1000, "Odd", &noise);
	process->findings = make(2, sizeof(*process->findings));
	add_finding(process, "warning", "The heap may grow to more than the container has.");
	fill_forecast(&forecasts[0], process);
}

/* Two processes with a worker, unknown numbers, a gap, an end, and texts that are no friends of a page. */
static void make_small(struct nm_history *history, struct nm_html_forecast *forecasts)
{
	struct noise noise = {2};
	struct nm_history_process *first, *second;
	struct nm_history_isolate *main_isolate;

	history->process_count = 2;
	first = history->processes = make(2, sizeof(*first));
	second = &history->processes[1];
	first->pid = 7474;
	snprintf(first->command, sizeof(first->command), "node server.js %s", EVIL);
	fill_process(first, SMALL, 1000, EVIL, &noise);
	first->isolate_count = 2;
	snprintf(first->isolates[1].name, sizeof(first->isolates[1].name), "worker-1");
	fill_samples(&first->isolates[1], SMALL / 2, 2000, 20 * MIB, 90 * MIB, &noise);
	for (size_t i = 0; i < SMALL / 2; i++) {
		first->isolates[1].columns[NM_COLUMN_RSS][i] = NM_UNKNOWN;
		first->isolates[1].columns[NM_COLUMN_SWAP][i] = NM_UNKNOWN;
	}
	main_isolate = &first->isolates[0];
	for (size_t i = 100; i < 120; i++)
		main_isolate->columns[NM_COLUMN_HEAP_USED][i] = NM_UNKNOWN;
	for (size_t i = SMALL / 2; i < SMALL; i++)
		main_isolate->time_ms[i] += HOUR_MS / 6;
	first->last_ms = main_isolate->time_ms[SMALL - 1];
	first->findings = make(2, sizeof(*first->findings));
	add_finding(first, "critical", EVIL);
	add_finding(first, EVIL, "A severity that there is not.");
	first->end.time_ms = first->last_ms;
	first->end.exit_code = 134;
	first->end.signal = 6;
	snprintf(first->end.cause, sizeof(first->end.cause), "v8-heap-limit");
	snprintf(first->end.headline, sizeof(first->end.headline),
		 "server.js died: its JavaScript heap was full, at a limit of 1.17 GiB");
	snprintf(first->end.reason, sizeof(first->end.reason),
		 "V8 could not make room for more objects. %s", EVIL);
	snprintf(first->end.advice, sizeof(first->end.advice), "Allow it more: %s", EVIL);
	snprintf(forecasts[0].reason, sizeof(forecasts[0].reason), "no trend");

	second->pid = 7475;
	snprintf(second->label, sizeof(second->label), "child.js");
	snprintf(second->command, sizeof(second->command), "node child.js");
	fill_process(second, SMALL, 1000, "Odd", &noise);
	fill_forecast(&forecasts[1], second);
}

/* One of which nothing is known, one that was seen once, by rss alone, and was there to the end. */
static void make_bare(struct nm_history *history)
{
	struct nm_history_isolate *isolate;

	history->process_count = 2;
	history->processes = make(2, sizeof(*history->processes));
	history->processes[0].pid = 1;
	history->processes[0].first_ms = history->processes[0].last_ms = START;
	history->processes[0].end.exit_code = -1;
	snprintf(history->processes[0].end.cause, sizeof(history->processes[0].end.cause),
		 "unknown");
	history->processes[1].pid = 2;
	history->processes[1].first_ms = history->processes[1].last_ms = START;
	history->processes[1].isolate_count = 1;
	isolate = history->processes[1].isolates = make(1, sizeof(*isolate));
	snprintf(isolate->name, sizeof(isolate->name), "main");
	isolate->count = 1;
	isolate->time_ms = make(1, sizeof(int64_t));
	isolate->time_ms[0] = START;
	isolate->columns[NM_COLUMN_RSS] = make(1, sizeof(uint64_t));
	isolate->columns[NM_COLUMN_RSS][0] = 4096;
}

static void print_row(size_t process, const struct nm_history_isolate *isolate, size_t row)
{
	printf("{\"process\":%zu,\"row\":%zu,\"timeMs\":%" PRId64, process, row,
	       isolate->time_ms[row]);
	for (int column = 0; column < NM_COLUMN_COUNT; column++) {
		const uint64_t *values = isolate->columns[column];
		const uint64_t value = values ? values[row] : NM_UNKNOWN;

		printf(",\"%s\":", nm_column_name((enum nm_column)column));
		if (value == NM_UNKNOWN)
			printf("null");
		else
			printf("%" PRIu64, value);
	}
	printf("}\n");
}

int main(int argc, char **argv)
{
	struct nm_html_forecast forecasts[2] = {0};
	struct nm_history history;
	struct nm_error err;
	FILE *out;
	int status;

	if (argc != 3 || !(out = fopen(argv[2], "w"))) {
		fputs("usage: pages week|small|bare OUT.html\n", stderr);
		return 2;
	}
	nm_history_init(&history);
	history.totalmem = 16384 * MIB;
	history.is_complete = true;
	snprintf(history.host, sizeof(history.host), "build-7");
	if (strcmp(argv[1], "week") == 0)
		make_week(&history, forecasts);
	else if (strcmp(argv[1], "small") == 0)
		make_small(&history, forecasts);
	else
		make_bare(&history);
	history.begun_ms = history.processes[0].first_ms;
	history.ended_ms = history.processes[0].last_ms;
	status = nm_view_html_history(out, &history, forecasts, &err);
	if (status != NM_OK)
		fprintf(stderr, "pages: %s\n", err.message);
	for (size_t i = 0; i < history.process_count; i++)
		for (size_t k = 0; k <= 20 && history.processes[i].isolate_count > 0; k++)
			print_row(i, &history.processes[i].isolates[0],
				  (history.processes[i].isolates[0].count - 1) * k / 20);
	if (fclose(out) != 0)
		status = NM_E_IO;
	nm_history_done(&history);
	return status == NM_OK ? 0 : 1;
}
