/*
 * test_crashlog.c - the dying words of real processes, cut and mixed in every way
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/crashlog/crashlog.h"

#define TEXT_MAX 16384

static size_t read_fixture(const char *name, char *text)
{
	char path[512];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "%s/crashlog/%s.txt", FIXTURES, name);
	file = fopen(path, "r");
	assert_non_null(file);
	length = fread(text, 1, TEXT_MAX - 1, file);
	text[length] = '\0';
	fclose(file);
	return length;
}

static void feed_all(struct nm_crashlog *log, const char *text)
{
	nm_crashlog_init(log);
	nm_crashlog_feed(log, text, strlen(text));
	nm_crashlog_end(log);
}

struct recorded {
	const char *name;
	enum nm_words_kind kind;
	pid_t pid;
	const char *reason;
	unsigned gcs;
	const char *last_kind;
	double before, after, pause;
};

static const struct recorded recorded[] = {
	{"heap-limit-16.18.1", NM_WORDS_HEAP_LIMIT, 14852,
	 "Ineffective mark-compacts near heap limit", 2, "Mark-sweep (reduce)", 63.6, 63.6, 89.6},
	{"heap-limit-18.20.8", NM_WORDS_HEAP_LIMIT, 14866,
	 "Ineffective mark-compacts near heap limit", 2, "Mark-sweep (reduce)", 63.6, 63.6, 76.0},
	{"heap-limit-20.20.2", NM_WORDS_HEAP_LIMIT, 14884,
	 "Ineffective mark-compacts near heap limit", 2, "Mark-Compact (reduce)", 63.6, 63.6,
	 97.95},
	{"heap-limit-22.23.3", NM_WORDS_HEAP_LIMIT, 14903, "Reached heap limit", 2, "Mark-Compact",
	 72.5, 69.5, 38.76},
	{"heap-limit-24.21.0", NM_WORDS_HEAP_LIMIT, 14917, "Reached heap limit", 2,
	 "Mark-Compact (reduce)", 63.4, 63.3, 88.73},
	{"heap-limit-26.10.0", NM_WORDS_HEAP_LIMIT, 14931,
	 "Ineffective mark-compacts near heap limit", 2, "Mark-Compact (reduce)", 63.0, 63.0,
	 91.97},
	{"invalid-size-16.18.1", NM_WORDS_INVALID_SIZE, 0, "invalid size error 169220804", 0, NULL,
	 0, 0, 0},
	{"invalid-size-20.20.2", NM_WORDS_INVALID_SIZE, 0,
	 "invalid size error 169220804 (see crbug.com/1201626)", 0, NULL, 0, 0, 0},
};

static void check(const struct nm_crashlog *log, const struct recorded *expected)
{
	const struct nm_last_words *words = &log->words[0];
	const struct nm_gc *last;

	assert_int_equal(log->words_count, 1);
	assert_int_equal(words->kind, expected->kind);
	assert_int_equal(words->pid, expected->pid);
	assert_string_equal(words->reason, expected->reason);
	assert_int_equal(words->gc_count, expected->gcs);
	if (expected->gcs == 0)
		return;
	last = &words->gcs[words->gc_count - 1];
	assert_string_equal(last->kind, expected->last_kind);
	assert_float_equal(last->before_mb, expected->before, 0.001);
	assert_float_equal(last->after_mb, expected->after, 0.001);
	assert_float_equal(last->pause_ms, expected->pause, 0.001);
}

static void recorded_deaths_are_understood(void **state)
{
	char text[TEXT_MAX];
	struct nm_crashlog log;

	(void)state;
	for (size_t i = 0; i < sizeof(recorded) / sizeof(recorded[0]); i++) {
		read_fixture(recorded[i].name, text);
		feed_all(&log, text);
		check(&log, &recorded[i]);
	}
}

static void pieces_of_any_length_give_the_same(void **state)
{
	char text[TEXT_MAX];
	struct nm_crashlog log;

	(void)state;
	for (size_t i = 0; i < sizeof(recorded) / sizeof(recorded[0]); i++)
		for (size_t piece = 1; piece < 70; piece += 3) {
			size_t length = read_fixture(recorded[i].name, text);

			nm_crashlog_init(&log);
			for (size_t at = 0; at < length; at += piece)
				nm_crashlog_feed(&log, text + at,
						 length - at < piece ? length - at : piece);
			nm_crashlog_end(&log);
			check(&log, &recorded[i]);
		}
}

static void wordings_have_their_kind(void **state)
{
	static const struct {
		const char *line;
		enum nm_words_kind kind;
		const char *reason;
	} cases[] = {
		{"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
		 NM_WORDS_HEAP_LIMIT, "Reached heap limit"},
		{"FATAL ERROR: CALL_AND_RETRY_LAST Allocation failed - JavaScript heap out of memory",
		 NM_WORDS_HEAP_LIMIT, "CALL_AND_RETRY_LAST"},
		{"FATAL ERROR: MarkCompactCollector: young object promotion failed Allocation failed - JavaScript heap out of memory",
		 NM_WORDS_HEAP_LIMIT, "MarkCompactCollector: young object promotion failed"},
		{"FATAL ERROR: Scavenger: semi-space copy Allocation failed - JavaScript heap out of memory",
		 NM_WORDS_HEAP_LIMIT, "Scavenger: semi-space copy"},
		{"FATAL ERROR: Committing semi space failed. Allocation failed - JavaScript heap out of memory",
		 NM_WORDS_HEAP_LIMIT, "Committing semi space failed."},
		{"FATAL ERROR: invalid array length Allocation failed - JavaScript heap out of memory",
		 NM_WORDS_INVALID_SIZE, "invalid array length"},
		{"FATAL ERROR: invalid table size Allocation failed - JavaScript heap out of memory",
		 NM_WORDS_INVALID_SIZE, "invalid table size"},
		{"FATAL ERROR: Zone Allocation failed - process out of memory", NM_WORDS_ZONE,
		 "Zone"},
		{"FATAL ERROR: v8::ArrayBuffer::New Allocation failed - process out of memory",
		 NM_WORDS_NO_MEMORY, "v8::ArrayBuffer::New"},
		{"FATAL ERROR: v8::ToLocalChecked Empty MaybeLocal", NM_WORDS_OTHER,
		 "v8::ToLocalChecked Empty MaybeLocal"},
		{"# Fatal process out of memory: Zone", NM_WORDS_ZONE, "Zone"},
		{"# Fatal process out of memory: Worklist::Segment::Create", NM_WORDS_NO_MEMORY,
		 "Worklist::Segment::Create"},
		{"# Check failed: (result.ptr) != nullptr.", NM_WORDS_NO_MEMORY,
		 "Check failed: (result.ptr) != nullptr."},
		{"# Check failed: args.", NM_WORDS_OTHER, "Check failed: args."},
		{"terminate called after throwing an instance of 'std::bad_alloc'",
		 NM_WORDS_BAD_ALLOC, "std::bad_alloc"},
		{"terminate called after throwing an instance of 'St9bad_alloc'",
		 NM_WORDS_BAD_ALLOC, "std::bad_alloc"},
		{"terminate called without an active exception", NM_WORDS_OTHER,
		 "terminate called without an active exception"},
		{"/bin/node[1319]: ../src/node_file.cc:1899:void f(): Assertion `(argc) >= (3)' failed.",
		 NM_WORDS_OTHER, "Assertion `(argc) >= (3)' failed."},
		{"  #  Assertion failed: (argc) >= (3)", NM_WORDS_OTHER,
		 "Assertion failed: (argc) >= (3)"},
		{" 1: 0xb9bbf0 node::Abort() [node]", NM_WORDS_OTHER, ""},
		{"Uncaught TypeError: x\n\nFROM\n[eval]:1:1", NM_WORDS_ABORT,
		 "Uncaught TypeError: x"},
		{"# Fatal process OOM in Failed to reserve virtual memory for CodeRange",
		 NM_WORDS_NO_MEMORY, "Failed to reserve virtual memory for CodeRange"},
		{"# Fatal JavaScript out of memory: Reached heap limit", NM_WORDS_HEAP_LIMIT,
		 "Reached heap limit"},
		{"\033[31mFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\033[0m\r",
		 NM_WORDS_HEAP_LIMIT, "Reached heap limit"},
		{"FATAL ERROR: Allocation failed - JavaScript heap out of memory",
		 NM_WORDS_HEAP_LIMIT, "Allocation failed - JavaScript heap out of memory"},
	};
	struct nm_crashlog log;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		feed_all(&log, cases[i].line);
		assert_int_equal(log.words_count, 1);
		assert_int_equal(log.words[0].kind, cases[i].kind);
		assert_string_equal(log.words[0].reason, cases[i].reason);
	}
}

static void traced_collections_are_told_once(void **state)
{
	static const char text[] =
		"[7:0x55aa]       30 ms: Scavenge 4.3 (5.9) -> 4.2 (6.9) MB, pooled: 0 MB, 0.83 / 0.00 ms  (average mu = 1.000) task;\n"
		"[8:0x55bb]       31 ms: Scavenge 1.0 (5.9) -> 0.5 (6.9) MB, 0.5 / 0.0 ms  (average mu = 1.000) task\n"
		"[7:0x55aa]      173 ms: Incremental Mark-Compact 30.6 (39.6) -> 28.2 (37.3) MB, pooled: 0.0 MB, 20.63 / 0.00 ms\n"
		"<--- Last few GCs --->\n"
		"cut (3.0) MB[7:0x55aa]      173 ms: Incremental Mark-Compact 30.6 (39.6) -> 28.2 (37.3) MB, pooled: 0.0 MB, 20.63 / 0.00 ms\n"
		"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n";
	struct nm_crashlog log;

	(void)state;
	feed_all(&log, text);
	assert_int_equal(log.words_count, 1);
	assert_int_equal(log.words[0].pid, 7);
	assert_int_equal(log.words[0].gc_count, 2);
	assert_string_equal(log.words[0].gcs[0].kind, "Scavenge");
	assert_string_equal(log.words[0].gcs[1].kind, "Incremental Mark-Compact");
}

static void two_deaths_keep_their_own_collections(void **state)
{
	char first[TEXT_MAX], second[TEXT_MAX];
	struct nm_crashlog log;

	(void)state;
	read_fixture("heap-limit-20.20.2", first);
	read_fixture("heap-limit-26.10.0", second);
	nm_crashlog_init(&log);
	nm_crashlog_feed(&log, first, strlen(first));
	nm_crashlog_feed(&log, "other words\n", 12);
	nm_crashlog_feed(&log, second, strlen(second));
	assert_int_equal(log.words_count, 2);
	assert_int_equal(log.words[0].pid, 14884);
	assert_int_equal(log.words[1].pid, 14931);
	assert_int_equal(log.words[1].gc_count, 2);
}

struct traced {
	unsigned count;
	uint64_t isolate;
	double pauses;
};

static void on_traced(void *context, pid_t pid, const struct nm_gc *gc)
{
	struct traced *traced = context;

	assert_int_equal(pid, 7);
	traced->count++;
	traced->isolate = gc->isolate;
	traced->pauses += gc->pause_ms;
}

/* Each that --trace-gc prints counts, also one just like that before it; the last few are those again. */
static void printed_collections_are_told_once_each(void **state)
{
	static const char text[] =
		"[7:0x2a9586d0]     1070 ms: Scavenge 4.6 (6.0) -> 3.6 (6.0) MB, 0.25 / 0.00 ms  x\n"
		"[7:0x2a9586d0]     1070 ms: Scavenge 4.6 (6.0) -> 3.6 (6.0) MB, 0.25 / 0.00 ms  x\n"
		"[7:0x2a9586d0:0]     1073 ms: Mark-Compact 4.2 (6.0) -> 3.0 (6.0) MB, 2.5 / 0.00 ms  x\n"
		"\n<--- Last few GCs --->\n\n"
		"[7:0x2a9586d0:0]     1073 ms: Mark-Compact 4.2 (6.0) -> 3.0 (6.0) MB, 2.5 / 0.00 ms  x\n";
	struct traced traced = {0};
	struct nm_crashlog log;

	(void)state;
	nm_crashlog_init(&log);
	log.traced = on_traced;
	log.context = &traced;
	nm_crashlog_feed(&log, text, strlen(text));
	assert_int_equal(traced.count, 3);
	assert_int_equal(traced.isolate, 0x2a9586d0);
	assert_true(traced.pauses > 2.99 && traced.pauses < 3.01);
	assert_int_equal(nm_crashlog_find_gcs(&log, 7)->count, 3);
	assert_null(nm_crashlog_find_gcs(&log, 8));
}

static void hints_of_uncaught_errors_are_kept(void **state)
{
	struct nm_crashlog log;

	(void)state;
	feed_all(
		&log,
		"Error [ERR_WORKER_OUT_OF_MEMORY]: Worker terminated due to reaching memory limit\n");
	assert_true(log.worker_ran_out);
	feed_all(&log, "RangeError: Array buffer allocation failed\n    at createUnsafeBuffer\n");
	assert_true(log.buffer_failed);
	feed_all(&log, "  code: 'ERR_MEMORY_ALLOCATION_FAILED'\n");
	assert_true(log.buffer_failed);
}

static void the_error_that_nobody_caught_is_kept(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"/srv/a.js:3\nthrow new TypeError('x');\n^\n\nTypeError: x\n    at a.js:3:7\n\n"
		 "Node.js v20.20.2\n",
		 "TypeError: x"},
		{"node:internal/process/promises:394\n      triggerUncaughtException(err);\n      ^\n\n"
		 "[UnhandledPromiseRejection: x] {\n}\n\nNode.js v26.10.0\n",
		 "[UnhandledPromiseRejection: x] {"},
		{"[eval]:1\nthrow 1\n^\n1\n(Use `node --trace-uncaught ...`)\n\nNode.js v18.20.8\n",
		 "1"},
		{"Error [ERR_X]: old\nError: new\n    at a\n\nNode.js v24.21.0", "Error: new"},
		/* It lived on. */
		{"^\n\nTypeError: logged\n", ""},
		{"listening, Node.js v20.20.2\n", ""},
	};
	struct nm_crashlog log;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		feed_all(&log, cases[i].text);
		assert_string_equal(log.error, cases[i].error);
		assert_int_equal(log.errors, cases[i].error[0] != '\0');
		assert_int_equal(log.words_count, 0);
	}
}

static void a_stack_trace_belongs_to_the_words_before_it(void **state)
{
	struct nm_crashlog log;

	(void)state;
	feed_all(&log, "FATAL ERROR: x\n----- Native stack trace -----\n\n 1: 0xb9 node::Abort()\n"
		       " 2: 0xba [node]\n 1: 0xb9 node::Abort()\n");
	assert_int_equal(log.words_count, 2);
	assert_string_equal(log.words[0].reason, "x");
	assert_string_equal(log.words[1].reason, "");
}

static void nonsense_says_nothing(void **state)
{
	static const char *const lines[] = {
		"[0:0x1] 1 ms: Scavenge 1 (1) -> 1 (1) MB, 1 / 0 ms",
		"[99999999999:0x1] 1 ms: Scavenge 1 (1) -> 1 (1) MB, 1 / 0 ms",
		"[12:0x1] inf ms: Scavenge 1 (1) -> 1 (1) MB, 1 / 0 ms",
		"[12:0x1] 1 ms: Sca\001venge 1 (1) -> 1 (1) MB, 1 / 0 ms",
		"[12:0x1] 1 ms: Scavenge 1 (1) -> 1 (1) MB, nan / 0 ms",
		"[12:0x1] 1 ms: Scavenge 11111111111111111111 (1) -> 1 (1) MB, 1 / 0 ms",
		"[12:0x",
		"[",
		"[12:0x1]",
		"[12:0x1] 1 ms: ",
		"\033",
		"\033[",
		"",
	};
	struct nm_crashlog log;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		feed_all(&log, lines[i]);
		assert_int_equal(log.words_count, 0);
		for (size_t k = 0; k < NM_CRASHLOG_PIDS_MAX; k++)
			assert_int_equal(log.pids[k].count, 0);
	}
}

static void any_bytes_and_endless_lines_do_no_harm(void **state)
{
	static const char *const parts[] = {"[14:0x1] ",
					    "12 ms: ",
					    "Mark-Compact ",
					    "1.5 (2) -> ",
					    "MB, ",
					    "\n",
					    "FATAL ERROR: ",
					    "out of memory",
					    "<--- Last few GCs --->",
					    "\033[",
					    "["};
	struct nm_crashlog log;
	unsigned seed = 1;

	(void)state;
	nm_crashlog_init(&log);
	for (int i = 0; i < 200000; i++) {
		seed = seed * 1103515245 + 12345;
		if (seed >> 16 & 1) {
			const char *part = parts[(seed >> 17) % (sizeof(parts) / sizeof(parts[0]))];

			nm_crashlog_feed(&log, part, strlen(part));
		} else {
			char byte = (char)(seed >> 18);

			nm_crashlog_feed(&log, &byte, 1);
		}
	}
	for (int i = 0; i < 100000; i++)
		nm_crashlog_feed(&log, "FATAL ERROR: [1:0x1] ", 21);
	nm_crashlog_end(&log);
	assert_true(log.words_count <= NM_WORDS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_deaths_are_understood),
		cmocka_unit_test(pieces_of_any_length_give_the_same),
		cmocka_unit_test(wordings_have_their_kind),
		cmocka_unit_test(traced_collections_are_told_once),
		cmocka_unit_test(two_deaths_keep_their_own_collections),
		cmocka_unit_test(printed_collections_are_told_once_each),
		cmocka_unit_test(hints_of_uncaught_errors_are_kept),
		cmocka_unit_test(the_error_that_nobody_caught_is_kept),
		cmocka_unit_test(a_stack_trace_belongs_to_the_words_before_it),
		cmocka_unit_test(nonsense_says_nothing),
		cmocka_unit_test(any_bytes_and_endless_lines_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
