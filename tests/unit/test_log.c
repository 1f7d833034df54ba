/*
 * test_log.c - the deaths that logs tell of, and which lines are of the same one
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "source/crashlog/log.h"

static void read_text(const char *text, size_t piece, struct nm_deaths *out)
{
	const size_t length = strlen(text);
	struct nm_log *log;

	nm_deaths_init(out);
	log = nm_log_open(out);
	assert_non_null(log);
	for (size_t at = 0; at < length; at += piece)
		nm_log_feed(log, text + at, length - at < piece ? length - at : piece);
	nm_log_end(log);
	nm_log_close(log);
}

static void one_line_notes_are_understood(void **state)
{
	static const struct {
		const char *line;
		int exit_code, signal; /* 0, 0: no death */
		enum nm_cause cause;
	} cases[] = {
		{"x.service: Main process exited, code=killed, status=9/KILL", 137, SIGKILL,
		 NM_CAUSE_SIGNAL},
		{"x.service: Main process exited, code=dumped, status=6/ABRT", 134, SIGABRT,
		 NM_CAUSE_SIGNAL},
		{"x.service: Main process exited, code=exited, status=3/NOTIMPLEMENTED", 3, 0,
		 NM_CAUSE_EXIT},
		{"x.service: Main process exited, code=exited, status=0/SUCCESS", 0, 0, 0},
		{"x.service: Failed with result 'oom-kill'.", 137, SIGKILL, NM_CAUSE_KERNEL_OOM},
		{"web-1 exited with code 137", 137, SIGKILL, NM_CAUSE_SIGNAL},
		{"web-1 exited with code 1", 1, 0, NM_CAUSE_EXIT},
		{"web-1 exited with code 0", 0, 0, 0},
		{"npm ERR! errno 134", 134, SIGABRT, NM_CAUSE_SIGNAL},
		{"npm error signal SIGKILL", 137, SIGKILL, NM_CAUSE_SIGNAL},
		{"npm error code ELIFECYCLE", 0, 0, 0},
		{"npm error signal SIGNONSENSE", 0, 0, 0},
		{"Killed", 137, SIGKILL, NM_CAUSE_SIGNAL},
		{"Killed by the moderator", 0, 0, 0},
		{"Terminated", 143, SIGTERM, NM_CAUSE_SIGNAL},
		{"Trace/breakpoint trap (core dumped)", 133, SIGTRAP, NM_CAUSE_SIGNAL},
		{"a.sh: line 6: 11448 Killed   node a.js", 137, SIGKILL, NM_CAUSE_SIGNAL},
		{"a.sh: line 6: syntax error", 0, 0, 0},
		{"Command terminated by signal 9", 137, SIGKILL, NM_CAUSE_SIGNAL},
		{"traps: MainThread[16651] trap int3 ip:27bd22c sp:7 error:0 in node[1,2]", 133,
		 SIGTRAP, NM_CAUSE_SIGNAL},
		{"exit code 137", 0, 0, 0},
		{"web-1 exited with code 999999999999", 0, 0, 0},
		{"Reason: OOMKilled\nExit Code: 137", 137, SIGKILL, NM_CAUSE_CGROUP_OOM},
		{"  exitCode: 137\n  reason: OOMKilled", 137, SIGKILL, NM_CAUSE_CGROUP_OOM},
		{"\"OOMKilled\": false,\n\"ExitCode\": 137,", 137, SIGKILL, NM_CAUSE_SIGNAL},
		{"Reason: Completed\nExit Code: 0", 0, 0, 0},
		{"Reason: OOMKilled", 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_deaths deaths;

		read_text(cases[i].line, 7, &deaths);
		if (deaths.total != (cases[i].exit_code != 0))
			fail_msg("'%s' tells of %d deaths", cases[i].line, (int)deaths.total);
		if (deaths.count > 0) {
			assert_int_equal(deaths.items[0]->ending.exit_code, cases[i].exit_code);
			assert_int_equal(deaths.items[0]->ending.signal, cases[i].signal);
			assert_int_equal(deaths.items[0]->ending.cause, cases[i].cause);
		}
		nm_deaths_done(&deaths);
	}
}

#define FULL "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n"

static void lines_of_one_end_are_one_death(void **state)
{
	static const struct {
		const char *text;
		unsigned deaths;
		enum nm_cause last;
	} cases[] = {
		{FULL "Aborted (core dumped)\nnpm ERR! errno 134\n", 1, NM_CAUSE_V8_HEAP_LIMIT},
		/* A stop by a supervisor is another end. */
		{FULL "Terminated\n", 2, NM_CAUSE_SIGNAL},
		/* The first words are the reason, what follows comes of it. */
		{"# Check failed: (result.ptr) != nullptr.\n" FULL, 1, NM_CAUSE_V8_OTHER_OOM},
		{"Killed\nKilled\n", 1, NM_CAUSE_SIGNAL},
		{"web-1 exited with code 1\n\n\n\n\n\n\n\n\n\n\n\n\n\nweb-1 exited with code 1\n",
		 2, NM_CAUSE_EXIT},
		{"Nov 28 13:41:48 h kernel: Out of memory: Killed process 7 (node) total-vm:1kB\n"
		 "Nov 28 13:41:48 h systemd[1]: x.service: Main process exited, code=killed, "
		 "status=9/KILL\n",
		 1, NM_CAUSE_KERNEL_OOM},
		{"Nov 28 13:41:48 h kernel: traps: node[7] trap int3 ip:1 sp:1 error:0\n"
		 "Nov 28 13:41:48 h node[7]: # Fatal JavaScript invalid size error 1\n",
		 1, NM_CAUSE_V8_OTHER_OOM},
		{"a  | ^\nb  | ^\na  | Error: of a\nb  | Error: of b\nb  | Node.js v20.20.2\n"
		 "a  | Node.js v20.20.2\n",
		 2, NM_CAUSE_EXIT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_deaths deaths;

		read_text(cases[i].text, 64, &deaths);
		if (deaths.total != cases[i].deaths)
			fail_msg("'%s' tells of %d deaths", cases[i].text, (int)deaths.total);
		assert_int_equal(nm_deaths_last(&deaths)->ending.cause, cases[i].last);
		nm_deaths_done(&deaths);
	}
}

static void mixed_errors_are_those_of_their_writers(void **state)
{
	struct nm_deaths deaths;

	(void)state;
	read_text("a  | ^\nb  | ^\na  | Error: of a\nb  | Error: of b\nb  | Node.js v20.20.2\n"
		  "a  | Node.js v20.20.2\n",
		  5, &deaths);
	assert_string_equal(deaths.items[0]->ending.error, "Error: of b");
	assert_string_equal(deaths.items[0]->ending.command, "b");
	assert_string_equal(deaths.items[1]->ending.error, "Error: of a");
	nm_deaths_done(&deaths);
}

static void of_very_many_the_last_are_kept(void **state)
{
	struct nm_deaths deaths;
	struct nm_log *log;

	(void)state;
	nm_deaths_init(&deaths);
	log = nm_log_open(&deaths);
	assert_non_null(log);
	for (int i = 1; i <= 1000; i++) {
		char text[200];

		snprintf(text, sizeof(text),
			 "Out of memory: Killed process %d (node) total-vm:1kB, anon-rss:%dkB\n", i,
			 i);
		nm_log_feed(log, text, strlen(text));
	}
	nm_log_end(log);
	nm_log_close(log);
	assert_int_equal(deaths.total, 1000);
	assert_int_equal(deaths.count, NM_DEATHS_MAX);
	assert_int_equal(deaths.items[0]->ending.pid, 1001 - NM_DEATHS_MAX);
	assert_int_equal(nm_deaths_last(&deaths)->ending.kill.anon_rss, 1000 * NM_KIB);
	nm_deaths_done(&deaths);
}

static void a_worker_that_was_full_is_the_cause(void **state)
{
	struct nm_deaths deaths;

	(void)state;
	read_text("^\n\nError [ERR_WORKER_OUT_OF_MEMORY]: Worker terminated\n    at x\n\n"
		  "Node.js v20.20.2\n",
		  3, &deaths);
	assert_int_equal(deaths.count, 1);
	assert_int_equal(deaths.items[0]->ending.cause, NM_CAUSE_V8_HEAP_LIMIT);
	assert_int_equal(deaths.items[0]->ending.exit_code, NM_EXIT_UNKNOWN);
	nm_deaths_done(&deaths);
}

/* ---- of a recording ------------------------------------------------------------------------ */

static void a_recorded_end_keeps_its_words(void **state)
{
	int64_t times[] = {1000, 2000, 3000};
	uint64_t rss[] = {10, 30, 20}, used[] = {1, 2, NM_UNKNOWN}, buffers[] = {0, 25, 3};
	struct nm_history_isolate isolate = {
		.name = "main",
		.count = 3,
		.time_ms = times,
		.columns = {[NM_COLUMN_RSS] = rss,
			    [NM_COLUMN_HEAP_USED] = used,
			    [NM_COLUMN_ARRAY_BUFFERS] = buffers},
	};
	struct nm_history_limit limits[] = {
		{.kind = NM_LIMIT_HEAP, .scope = "main", .limit = 100},
		{.kind = NM_LIMIT_CGROUP_MAX, .scope = "/a", .limit = 500},
		{.kind = NM_LIMIT_CGROUP_MAX, .scope = "/a", .limit = 600},
	};
	struct nm_history_process process = {
		.pid = 7,
		.label = "app.js",
		.first_ms = 1000,
		.last_ms = 3000,
		.isolates = &isolate,
		.isolate_count = 1,
		.limits = limits,
		.limit_count = 3,
		.end = {.cause = "cgroup-oom",
			.exit_code = 137,
			.signal = SIGKILL,
			.headline = "app.js was killed",
			.reason = "why",
			.advice = "do"},
	};
	struct nm_ending ending;

	(void)state;
	assert_int_equal(nm_ending_of_history(&process, 4096, &ending, NULL), NM_OK);
	assert_int_equal(ending.cause, NM_CAUSE_CGROUP_OOM);
	assert_string_equal(ending.headline, "app.js was killed");
	assert_int_equal(ending.subject->peak_rss, 30);
	assert_int_equal(ending.subject->array_buffers_at_peak, 25);
	assert_int_equal(ending.subject->heap_used, 2);
	assert_int_equal(ending.subject->heap_size_limit, 100);
	assert_int_equal(ending.kills.cgroup_limit, 600);
	assert_int_equal(ending.duration_ms, 2000);
	nm_ending_done(&ending);
	process.end.cause[0] = '\0';
	assert_int_equal(nm_ending_of_history(&process, 4096, &ending, NULL), NM_OK);
	assert_int_equal(ending.cause, NM_CAUSE_UNKNOWN);
	assert_non_null(strstr(ending.headline, "still there"));
	nm_ending_done(&ending);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_notes_are_understood),
		cmocka_unit_test(lines_of_one_end_are_one_death),
		cmocka_unit_test(mixed_errors_are_those_of_their_writers),
		cmocka_unit_test(of_very_many_the_last_are_kept),
		cmocka_unit_test(a_worker_that_was_full_is_the_cause),
		cmocka_unit_test(a_recorded_end_keeps_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
