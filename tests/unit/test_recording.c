/*
 * test_recording.c - a recording is read as it was written, whatever happened in between
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "source/recording/read.h"
#include "source/recording/write.h"

#define BEGUN_MS INT64_C(1790000000000)
#define DAY_S	 86400

static char folder[] = "/tmp/nodemem-recording-XXXXXX";
static char path[64];

static const struct nm_target_info info = {
	.pid = 4121,
	.node = "v24.21.0",
	.v8 = "13.6",
	.command = "node server.js",
	.started_ms = BEGUN_MS - 5000,
};

/* A new name each time. */
static const char *new_path(void)
{
	static int number;

	snprintf(path, sizeof(path), "%s/%d", folder, number++);
	return path;
}

static struct nm_recording *create(const char *name)
{
	struct nm_recording *recording = NULL;
	struct nm_error err;

	if (nm_recording_create(name, BEGUN_MS, &recording, &err) != NM_OK)
		fail_msg("%s", err.message);
	return recording;
}

/* The numbers of second `s`, all of them different from those before. */
static void fill_sample(struct nm_sample *sample, uint64_t s)
{
	static const char *const names[] = {"new_space", "old_space", "code_space",
					    "large_object_space", "trusted_space"};
	struct nm_isolate *isolate = sample->isolates;

	sample->pid = info.pid;
	sample->has = NM_HAS_RSS;
	sample->rss = (UINT64_C(300) << 20) + s % 977 * 4096;
	sample->time_ms = BEGUN_MS + (int64_t)s * 1000;
	sample->isolate_count = 1;
	snprintf(isolate->name, sizeof(isolate->name), "main");
	isolate->has = NM_HAS_HEAP_TOTAL | NM_HAS_HEAP_USED | NM_HAS_EXTERNAL |
		       NM_HAS_ARRAY_BUFFERS | NM_HAS_HEAP_SIZE_LIMIT;
	isolate->heap_total = UINT64_C(200) << 20;
	isolate->heap_used = (UINT64_C(120) << 20) + s * 31 % 50000000;
	isolate->external = 3000000 + s % 1000;
	isolate->array_buffers = 1000000 + s % 1000;
	isolate->heap_size_limit = UINT64_C(4) << 30;
	isolate->space_count = 5;
	for (unsigned i = 0; i < 5; i++)
		isolate->spaces[i] = (struct nm_space){
			.name = names[i], .size = (i + 1) << 20, .used = (i + 1) * 1000 + s};
}

static void write_seconds(struct nm_recording *recording, nm_recorded process, uint64_t from,
			  uint64_t to)
{
	struct nm_isolate isolate;
	struct nm_sample sample = {.isolates = &isolate};
	struct nm_error err;

	memset(&isolate, 0, sizeof(isolate));
	for (uint64_t s = from; s < to; s++) {
		fill_sample(&sample, s);
		nm_recording_sample(recording, process, &sample, s % 10 ? NM_UNKNOWN : s,
				    s % 10 ? NM_RECORDING_NUMBERS : NM_RECORDING_SPACES);
		if (s % 60 == 0 && nm_recording_commit(recording, &err) != NM_OK)
			fail_msg("%s", err.message);
	}
	assert_int_equal(nm_recording_commit(recording, &err), NM_OK);
}

static struct nm_history read_whole(const char *name)
{
	struct nm_history history;
	struct nm_error err;

	if (nm_recording_read(name, &history, &err) != NM_OK)
		fail_msg("%s", err.message);
	return history;
}

/* ---- what is written is read ----------------------------------------------------------------- */

static void samples_are_read_as_they_were(void **state)
{
	struct nm_recording *recording = create(new_path());
	nm_recorded process = nm_recording_process(recording, &info, "server.js");
	struct nm_isolate isolate;
	struct nm_sample sample = {.isolates = &isolate};
	struct nm_history history;
	const struct nm_history_isolate *main_isolate;

	(void)state;
	write_seconds(recording, process, 0, 25);
	assert_int_equal(nm_recording_close(recording, BEGUN_MS + 25000, NULL), NM_OK);
	history = read_whole(path);
	assert_true(history.is_complete);
	assert_int_equal(history.process_count, 1);
	assert_string_equal(history.processes[0].label, "server.js");
	assert_string_equal(history.processes[0].node, "v24.21.0");
	main_isolate = &history.processes[0].isolates[0];
	assert_int_equal(main_isolate->count, 25);
	memset(&isolate, 0, sizeof(isolate));
	for (uint64_t s = 0; s < 25; s++) {
		fill_sample(&sample, s);
		assert_int_equal(main_isolate->time_ms[s], sample.time_ms);
		assert_int_equal(main_isolate->columns[NM_COLUMN_RSS][s], sample.rss);
		assert_int_equal(main_isolate->columns[NM_COLUMN_HEAP_USED][s], isolate.heap_used);
		assert_int_equal(main_isolate->columns[NM_COLUMN_OLD_USED][s],
				 isolate.heap_used - isolate.spaces[0].used);
		assert_true(main_isolate->columns[NM_COLUMN_SWAP][s] == (s % 10 ? NM_UNKNOWN : s));
	}
	/* new_space and the others, three times. */
	assert_int_equal(history.processes[0].space_count, 15);
	nm_history_done(&history);
}

static void what_is_not_known_stays_so(void **state)
{
	struct nm_recording *recording = create(new_path());
	nm_recorded process = nm_recording_process(recording, &info, "x");
	struct nm_isolate isolate;
	struct nm_sample sample = {.isolates = &isolate};
	struct nm_history history;

	(void)state;
	memset(&isolate, 0, sizeof(isolate));
	fill_sample(&sample, 1);
	sample.has = 0;
	isolate.has = NM_HAS_EXTERNAL;
	nm_recording_sample(recording, process, &sample, NM_UNKNOWN, NM_RECORDING_NUMBERS);
	nm_recording_close(recording, BEGUN_MS, NULL);
	history = read_whole(path);
	for (size_t i = 0; i < NM_COLUMN_COUNT; i++)
		assert_true((history.processes[0].isolates[0].columns[i][0] == NM_UNKNOWN) ==
			    (i != NM_COLUMN_EXTERNAL));
	nm_history_done(&history);
}

static void write_rest(struct nm_recording *recording, nm_recorded process)
{
	struct nm_class items[] = {{.name = "Leaked", .count = 7, .bytes = 700},
				   {.name = "(string)", .count = 3, .bytes = 30}};
	const struct nm_classes classes = {
		.items = items, .count = 2, .live_bytes = 730, .stopped_us = 8000};
	struct nm_part part = {.group = NM_GROUP_MALLOC, .rss = 4096};
	const struct nm_ledger ledger = {.parts = &part, .part_count = 1};
	struct nm_limit items_of[] = {
		{.kind = NM_LIMIT_HEAP, .has = NM_LIMIT_HAS_LIMIT, .scope = "main", .limit = 1000},
		{.kind = NM_LIMIT_CGROUP_MAX,
		 .has = NM_LIMIT_HAS_LIMIT | NM_LIMIT_HAS_USED,
		 .scope = "/app",
		 .limit = 2000,
		 .used = 500}};
	const struct nm_limits limits = {.items = items_of, .count = 2, .first = 1};
	const struct nm_history_gc gc = {.time_ms = BEGUN_MS + 5,
					 .is_major = true,
					 .source = NM_GC_COUNTER,
					 .count = 2,
					 .before = 90,
					 .after = 60,
					 .pause_ms = -1};
	const struct nm_history_finding finding = {
		.id = "heap-above-container", .severity = "critical", .text = "t", .fix = "f"};
	const struct nm_history_end end = {
		.time_ms = BEGUN_MS + 9, .cause = "signal", .exit_code = 143, .signal = 15};

	nm_recording_histogram(recording, process, BEGUN_MS + 3, "near-limit", &classes);
	nm_recording_ledger(recording, process, BEGUN_MS, &ledger);
	nm_recording_limits(recording, process, BEGUN_MS, &limits, 1.5);
	nm_recording_limits(recording, process, BEGUN_MS + 1, &limits, -1);
	nm_recording_gc(recording, process, "main", &gc);
	nm_recording_finding(recording, process, &finding);
	nm_recording_end(recording, process, &end);
}

static void all_else_is_read_as_it_was(void **state)
{
	struct nm_recording *recording = create(new_path());
	nm_recorded process = nm_recording_process(recording, &info, "server.js");
	const struct nm_history_process *read;
	struct nm_history history;

	(void)state;
	write_seconds(recording, process, 0, 1);
	write_rest(recording, process);
	assert_int_equal(nm_recording_close(recording, BEGUN_MS, NULL), NM_OK);
	history = read_whole(path);
	read = &history.processes[0];
	assert_int_equal(read->histogram_count, 1);
	assert_int_equal(read->histograms[0].class_count, 2);
	assert_string_equal(read->histograms[0].classes[0].name, "Leaked");
	assert_int_equal(read->histograms[0].classes[0].bytes, 700);
	assert_int_equal(read->ledgers[0].rss[NM_GROUP_MALLOC], 4096);
	assert_int_equal(read->ledgers[0].rss[NM_GROUP_WASM], 0);
	/* Limits that did not change stand there once; what is used, each time. */
	assert_int_equal(read->limit_count, 2);
	assert_true(read->limits[1].is_first);
	assert_int_equal(read->limits[1].limit, 2000);
	assert_int_equal(read->use_count, 2);
	assert_int_equal(read->uses[1].used, 500);
	assert_true(read->uses[1].cache == NM_UNKNOWN);
	assert_int_equal(read->gc_count, 1);
	assert_true(read->gcs[0].is_major && read->gcs[0].source == NM_GC_COUNTER);
	assert_int_equal(read->gcs[0].after, 60);
	assert_true(read->gcs[0].pause_ms < 0);
	assert_string_equal(read->findings[0].id, "heap-above-container");
	assert_string_equal(read->end.cause, "signal");
	assert_int_equal(read->end.exit_code, 143);
	nm_history_done(&history);
}

static void a_recording_is_continued(void **state)
{
	struct nm_recording *recording = create(new_path());
	struct nm_target_info again = info;
	struct nm_history history;

	(void)state;
	write_seconds(recording, nm_recording_process(recording, &info, "server.js"), 0, 10);
	nm_recording_close(recording, BEGUN_MS + 10000, NULL);
	recording = create(path);
	/* The start of a process is known to a tick or two. */
	again.started_ms += 10;
	write_seconds(recording, nm_recording_process(recording, &again, "server.js"), 20, 30);
	again.started_ms += 60000;
	write_seconds(recording, nm_recording_process(recording, &again, "server.js"), 30, 31);
	nm_recording_close(recording, BEGUN_MS + 31000, NULL);
	history = read_whole(path);
	assert_int_equal(history.process_count, 2);
	assert_int_equal(history.processes[0].isolates[0].count, 20);
	assert_int_equal(history.processes[1].isolates[0].count, 1);
	nm_history_done(&history);
}

/* ---- what can go wrong ------------------------------------------------------------------------ */

static void nobody_writes_into_another_ones_recording(void **state)
{
	struct nm_recording *recording = create(new_path()), *other = NULL;
	struct nm_error err;

	(void)state;
	assert_int_equal(nm_recording_create(path, BEGUN_MS, &other, &err), NM_E_BUSY);
	assert_non_null(strstr(err.message, "another nodemem records into"));
	nm_recording_close(recording, BEGUN_MS, NULL);
}

static void write_file(const char *name, const void *bytes, size_t length)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
}

static void other_files_are_left_alone(void **state)
{
	static const char text[] = "not a recording, but somebody's notes\n";
	struct nm_recording *recording = NULL;
	struct nm_history history;
	struct nm_error err;
	char after[sizeof(text)];
	int fd;

	(void)state;
	write_file(new_path(), text, sizeof(text));
	assert_int_equal(nm_recording_create(path, BEGUN_MS, &recording, &err), NM_E_CORRUPT);
	assert_int_equal(nm_recording_read(path, &history, &err), NM_E_CORRUPT);
	assert_false(nm_recording_is_one(path));
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, after, sizeof(after)), sizeof(after));
	assert_memory_equal(after, text, sizeof(text));
	close(fd);
}

static void run_sql(const char *name, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(name, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void other_databases_and_newer_formats_are_refused_by_name(void **state)
{
	struct nm_recording *recording = NULL;
	struct nm_history history;
	struct nm_error err;

	(void)state;
	run_sql(new_path(), "CREATE TABLE notes(text)");
	assert_int_equal(nm_recording_create(path, BEGUN_MS, &recording, &err), NM_E_CORRUPT);
	assert_int_equal(nm_recording_read(path, &history, &err), NM_E_CORRUPT);
	nm_recording_close(create(new_path()), BEGUN_MS, NULL);
	run_sql(path, "PRAGMA user_version = 2");
	assert_int_equal(nm_recording_create(path, BEGUN_MS, &recording, &err), NM_E_UNSUPPORTED);
	assert_int_equal(nm_recording_read(path, &history, &err), NM_E_UNSUPPORTED);
	assert_non_null(strstr(err.message, "format 2"));
}

/* A table of ours that is a view without an end. */
static void a_recording_made_to_keep_us_busy_is_an_error(void **state)
{
	struct nm_history history;
	struct nm_error err;

	(void)state;
	nm_recording_close(create(new_path()), BEGUN_MS, NULL);
	run_sql(path,
		"DROP VIEW numbers; DROP TABLE gc; CREATE VIEW gc AS WITH RECURSIVE c(time_ms)"
		" AS (SELECT 1 UNION ALL SELECT time_ms + 1 FROM c) SELECT time_ms, 1 AS"
		" isolate, 1 AS major, 1 AS count, '' AS source, 1 AS before, 1 AS after,"
		" 1 AS pause_ms, '' AS kind FROM c WHERE time_ms < 0");
	assert_true(nm_recording_read(path, &history, &err) != NM_OK);
}

static void damaged_files_are_errors_or_read(void **state)
{
	struct nm_recording *recording = create(new_path());
	nm_recorded process = nm_recording_process(recording, &info, "server.js");
	char damaged[80];
	uint8_t *bytes;
	struct stat stat;
	unsigned seed = 7;
	int fd;

	(void)state;
	write_seconds(recording, process, 0, 300);
	write_rest(recording, process);
	nm_recording_close(recording, BEGUN_MS, NULL);
	fd = open(path, O_RDONLY);
	assert_int_equal(fstat(fd, &stat), 0);
	bytes = malloc((size_t)stat.st_size);
	assert_int_equal(read(fd, bytes, (size_t)stat.st_size), stat.st_size);
	close(fd);
	snprintf(damaged, sizeof(damaged), "%s/damaged", folder);
	for (int i = 0; i < 300; i++) {
		struct nm_history history;
		size_t length = (size_t)stat.st_size, at;
		uint8_t kept;

		seed = seed * 1103515245 + 12345;
		at = seed % length;
		kept = bytes[at];
		bytes[at] = (uint8_t)(seed >> 24);
		if (i % 3 == 0)
			length = at;
		write_file(damaged, bytes, length);
		if (nm_recording_read(damaged, &history, NULL) == NM_OK)
			nm_history_done(&history);
		bytes[at] = kept;
	}
	free(bytes);
}

/* ---- size -------------------------------------------------------------------------------------- */

static uint64_t size_of(const char *name)
{
	struct stat status;

	assert_int_equal(stat(name, &status), 0);
	return (uint64_t)status.st_size;
}

static void a_day_at_one_second_takes_a_seventh_of_50_mb(void **state)
{
	struct nm_recording *recording = create(new_path());

	(void)state;
	write_seconds(recording, nm_recording_process(recording, &info, "server.js"), 0, DAY_S);
	nm_recording_close(recording, BEGUN_MS, NULL);
	print_message("# a day: %llu bytes\n", (unsigned long long)size_of(path));
	assert_true(size_of(path) < 50000000 / 7);
}

static void old_samples_are_thinned_to_one_a_minute(void **state)
{
	const struct nm_recording_bounds bounds = {.keep_ms = 1800000};
	const int64_t end = BEGUN_MS + 7200000;
	struct nm_recording *recording = create(new_path());
	const struct nm_history_isolate *isolate;
	struct nm_history history;
	size_t young = 0;

	(void)state;
	write_seconds(recording, nm_recording_process(recording, &info, "server.js"), 0, 7200);
	for (int i = 0; i < 20; i++)
		assert_int_equal(nm_recording_thin(recording, &bounds, end, NULL), NM_OK);
	nm_recording_close(recording, end, NULL);
	history = read_whole(path);
	isolate = &history.processes[0].isolates[0];
	for (size_t i = 0; i < isolate->count; i++)
		young += isolate->time_ms[i] >= end - 1800000;
	assert_int_equal(young, 1800);
	assert_in_range(isolate->count - young, 90, 92);
	nm_history_done(&history);
}

static void the_file_is_bounded(void **state)
{
	const struct nm_recording_bounds bounds = {.max_size = 4000000};
	struct nm_recording *recording = create(new_path());
	nm_recorded process = nm_recording_process(recording, &info, "server.js");
	struct nm_history history;
	struct nm_error err;

	(void)state;
	for (uint64_t s = 0; s < 2 * DAY_S; s += 60) {
		write_seconds(recording, process, s, s + 60);
		if (nm_recording_thin(recording, &bounds, BEGUN_MS + (int64_t)s * 1000, &err) !=
		    NM_OK)
			fail_msg("%s", err.message);
	}
	nm_recording_close(recording, BEGUN_MS, NULL);
	print_message("# bounded: %llu bytes\n", (unsigned long long)size_of(path));
	assert_true(size_of(path) <= 4000000);
	history = read_whole(path);
	/* It begins where it began, and its end is not thinned. */
	assert_true(history.processes[0].first_ms < BEGUN_MS + 3600000);
	assert_int_equal(history.processes[0].last_ms, BEGUN_MS + (2 * DAY_S - 1) * 1000);
	assert_true(history.processes[0].isolates[0].count > 10000);
	nm_history_done(&history);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[80];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_read_as_they_were),
		cmocka_unit_test(what_is_not_known_stays_so),
		cmocka_unit_test(all_else_is_read_as_it_was),
		cmocka_unit_test(a_recording_is_continued),
		cmocka_unit_test(nobody_writes_into_another_ones_recording),
		cmocka_unit_test(other_files_are_left_alone),
		cmocka_unit_test(other_databases_and_newer_formats_are_refused_by_name),
		cmocka_unit_test(a_recording_made_to_keep_us_busy_is_an_error),
		cmocka_unit_test(damaged_files_are_errors_or_read),
		cmocka_unit_test(a_day_at_one_second_takes_a_seventh_of_50_mb),
		cmocka_unit_test(old_samples_are_thinned_to_one_a_minute),
		cmocka_unit_test(the_file_is_bounded),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
