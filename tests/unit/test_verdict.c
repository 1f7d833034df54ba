/*
 * test_verdict.c - facts of endings and what is said of them
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "model/verdict.h"
#include "model/verdict_terms.h"

#define COMMAND_PID 100
#define CHILD_PID   101

struct facts {
	const char *name;
	int exit_code;
	int signal;
	int stop_sent;
	enum nm_words_kind words_kind;
	pid_t words_pid;   /* -1: no words */
	pid_t process_pid; /* 0: no Node process was seen */
	uint64_t heap_limit_mib, peak_rss_mib, heap_total_mib, array_buffers_mib;
	struct nm_kills kills;
	enum nm_cause cause;
	const char *in_headline, *in_reason, *in_advice;
};

#define KILLS_NONE                                          \
	{                                                   \
		.knows_cgroup = true, .knows_machine = true \
	}
#define KILLS_CGROUP                                                                  \
	{                                                                             \
		.knows_cgroup = true, .knows_machine = true, .cgroup_was_full = true, \
		.in_cgroup = 1, .on_machine = 1, .cgroup_limit = 512 * NM_MIB,        \
		.cgroup_name = "/docker/1"                                            \
	}
#define KILLS_MACHINE                                                                        \
	{                                                                                    \
		.knows_cgroup = true, .knows_machine = true, .in_cgroup = 1, .on_machine = 1 \
	}

static const struct facts cases[] = {
	{"the command dies at its heap limit", 134, SIGABRT, 0, NM_WORDS_HEAP_LIMIT, COMMAND_PID,
	 COMMAND_PID, 2096, 2200, 2090, 1, KILLS_NONE, NM_CAUSE_V8_HEAP_LIMIT,
	 "app.js died: its JavaScript heap was full, at a limit of 2.05 GiB",
	 "The last collection took 161 ms and freed 0.1 of 2090.0 MiB",
	 "node --max-old-space-size=4224 ..."},
	{"a child of npm dies at its heap limit", 1, 0, 0, NM_WORDS_HEAP_LIMIT, CHILD_PID,
	 CHILD_PID, 2096, 2200, 2090, 1, KILLS_NONE, NM_CAUSE_V8_HEAP_LIMIT, "app.js died", NULL,
	 "NODE_OPTIONS=--max-old-space-size=4224"},
	{"the heap limit in a container that is full",
	 134,
	 SIGABRT,
	 0,
	 NM_WORDS_HEAP_LIMIT,
	 COMMAND_PID,
	 COMMAND_PID,
	 400,
	 440,
	 400,
	 1,
	 {.knows_cgroup = true, .cgroup_limit = 512 * NM_MIB},
	 NM_CAUSE_V8_HEAP_LIMIT,
	 "app.js died",
	 NULL,
	 "no room for a much higher --max-old-space-size: the container has 512.0 MiB"},
	{"one array is too long", 133, SIGTRAP, 0, NM_WORDS_INVALID_SIZE, 0, COMMAND_PID, 2096,
	 1500, 1400, 1, KILLS_NONE, NM_CAUSE_V8_OTHER_OOM, "larger than V8 allows",
	 "no heap limit changes that", "split it"},
	{"the system gives no memory", 134, SIGABRT, 0, NM_WORDS_NO_MEMORY, COMMAND_PID,
	 COMMAND_PID, 2096, 1500, 1400, 1, KILLS_NONE, NM_CAUSE_V8_OTHER_OOM,
	 "no memory from the operating system", NULL, "ulimit -v"},
	{"killed at the cgroup's limit", 137, SIGKILL, 0, 0, -1, COMMAND_PID, 2096, 500, 490, 1,
	 KILLS_CGROUP, NM_CAUSE_CGROUP_OOM, "its container reached the memory limit of 512.0 MiB",
	 "/docker/1 counted the kill", "--max-old-space-size=384"},
	{"killed at the cgroup's limit by Buffers", 137, SIGKILL, 0, 0, -1, COMMAND_PID, 259, 500,
	 5, 480, KILLS_CGROUP, NM_CAUSE_CGROUP_OOM, "app.js was killed", "arrayBuffers 480.0 MiB",
	 "no flag of Node's bounds them"},
	{"killed behind a shell", 137, 0, 0, 0, -1, CHILD_PID, 2096, 500, 490, 1, KILLS_CGROUP,
	 NM_CAUSE_CGROUP_OOM, "app.js was killed", NULL, NULL},
	{"killed by the kernel for the machine", 137, SIGKILL, 0, 0, -1, COMMAND_PID, 4144, 7900,
	 4000, 1, KILLS_MACHINE, NM_CAUSE_KERNEL_OOM, "the machine had no more memory",
	 "OOM killer", "The machine has 8.00 GiB"},
	{"a kill elsewhere is not ours",
	 1,
	 0,
	 0,
	 0,
	 -1,
	 COMMAND_PID,
	 4144,
	 50,
	 10,
	 1,
	 {.knows_machine = true, .on_machine = 1},
	 NM_CAUSE_EXIT,
	 "app.js ended with exit code 1",
	 NULL,
	 NULL},
	{"killed by somebody", 137, SIGKILL, 0, 0, -1, COMMAND_PID, 4144, 50, 10, 1, KILLS_NONE,
	 NM_CAUSE_SIGNAL, "app.js was ended by SIGKILL", "the kernel counted no kill", NULL},
	{"stopped through nodemem", 143, SIGTERM, SIGTERM, 0, -1, COMMAND_PID, 4144, 50, 10, 1,
	 KILLS_NONE, NM_CAUSE_SIGNAL, "app.js was ended by SIGTERM", "passed it on", NULL},
	{"returned 0", 0, 0, 0, 0, -1, COMMAND_PID, 4144, 50, 10, 1, KILLS_NONE, NM_CAUSE_EXIT,
	 "app.js ended normally", NULL, NULL},
	{"old words of another do not matter after a good end", 0, 0, 0, NM_WORDS_HEAP_LIMIT,
	 CHILD_PID, COMMAND_PID, 4144, 50, 10, 1, KILLS_NONE, NM_CAUSE_EXIT,
	 "app.js ended normally", NULL, NULL},
	{"SIGTERM after words of a worker process", 143, SIGTERM, 0, NM_WORDS_HEAP_LIMIT, CHILD_PID,
	 COMMAND_PID, 4144, 50, 10, 1, KILLS_NONE, NM_CAUSE_SIGNAL, "app.js was ended by SIGTERM",
	 NULL, NULL},
	{"Buffers beyond the heap limit", 0, 0, 0, 0, -1, COMMAND_PID, 148, 3041, 5, 3000,
	 KILLS_NONE, NM_CAUSE_EXIT, "app.js ended normally",
	 "Buffers live outside of it: 2.93 GiB of the peak rss were ArrayBuffers", NULL},
	{"no Node process at all", 7, 0, 0, 0, -1, 0, 0, 0, 0, 0, KILLS_NONE, NM_CAUSE_EXIT,
	 "sh ended with exit code 7", NULL, NULL},
	{"a fatal error without memory in it", 134, SIGABRT, 0, NM_WORDS_OTHER, 0, COMMAND_PID,
	 4144, 50, 10, 1, KILLS_NONE, NM_CAUSE_SIGNAL, "app.js was ended by SIGABRT", NULL, NULL},
};

static void fill(struct nm_ending *ending, const struct facts *facts)
{
	struct nm_run_process *process;

	nm_ending_init(ending);
	snprintf(ending->command, sizeof(ending->command), "sh");
	ending->pid = COMMAND_PID;
	ending->exit_code = facts->exit_code;
	ending->signal = facts->signal;
	ending->stop_sent = facts->stop_sent;
	ending->totalmem = 8 * NM_GIB;
	ending->kills = facts->kills;
	if (facts->words_pid >= 0)
		ending->words[ending->words_count++] = (struct nm_last_words){
			.kind = facts->words_kind,
			.pid = facts->words_pid,
			.reason = "Reached heap limit",
			.gc_count = 1,
			.gcs = {{.kind = "Mark-Compact",
				 .at_ms = 1000,
				 .before_mb = (double)facts->heap_total_mib,
				 .after_mb = (double)facts->heap_total_mib - 0.1,
				 .pause_ms = 161.1}},
		};
	if (facts->process_pid == 0)
		return;
	process = nm_ending_add_process(ending);
	assert_non_null(process);
	process->pid = facts->process_pid;
	snprintf(process->label, sizeof(process->label), "app.js");
	process->has = ~0u;
	process->heap_size_limit = facts->heap_limit_mib * NM_MIB;
	process->peak_rss = facts->peak_rss_mib * NM_MIB;
	process->peak_heap_total = process->heap_total_at_peak = facts->heap_total_mib * NM_MIB;
	process->array_buffers_at_peak = facts->array_buffers_mib * NM_MIB;
}

static void expect_part(const char *name, const char *text, const char *part)
{
	if (part && !strstr(text, part))
		fail_msg("%s: '%s' is not in '%s'", name, part, text);
}

static void facts_have_their_cause_and_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_ending ending;

		fill(&ending, &cases[i]);
		nm_verdict_reach(&ending);
		if (ending.cause != cases[i].cause)
			fail_msg("%s: %s, not %s", cases[i].name, nm_cause_name(ending.cause),
				 nm_cause_name(cases[i].cause));
		expect_part(cases[i].name, ending.headline, cases[i].in_headline);
		expect_part(cases[i].name, ending.reason, cases[i].in_reason);
		expect_part(cases[i].name, ending.advice, cases[i].in_advice);
		nm_ending_done(&ending);
	}
}

static void words_have_their_reasons(void **state)
{
	static const struct {
		struct nm_last_words words;
		uint64_t limit_mib, used_mib;
		enum nm_cause cause;
		const char *in_headline;
	} rows[] = {
		{{.kind = NM_WORDS_ZONE, .reason = "Zone"},
		 2096,
		 50,
		 NM_CAUSE_V8_OTHER_OOM,
		 "no memory to compile a script"},
		{{.kind = NM_WORDS_BAD_ALLOC, .reason = "std::bad_alloc"},
		 2096,
		 50,
		 NM_CAUSE_V8_OTHER_OOM,
		 "native code got no memory"},
		{{.kind = NM_WORDS_HEAP_LIMIT, .reason = "Reached heap limit"},
		 4144,
		 4100,
		 NM_CAUSE_V8_HEAP_LIMIT,
		 "heap was full"},
		/* One object of 1 GiB may not have fitted, or something else was the matter. */
		{{.kind = NM_WORDS_HEAP_LIMIT, .reason = "Reached heap limit"},
		 2096,
		 1200,
		 NM_CAUSE_V8_HEAP_LIMIT,
		 "heap was full"},
		{{.kind = NM_WORDS_HEAP_LIMIT, .reason = "Allocation failed"},
		 4144,
		 200,
		 NM_CAUSE_V8_OTHER_OOM,
		 "with most of its heap free"},
		{{.kind = NM_WORDS_HEAP_LIMIT, .reason = "Committing semi space failed."},
		 868,
		 4,
		 NM_CAUSE_V8_OTHER_OOM,
		 "with most of its heap free"},
		{{.kind = NM_WORDS_HEAP_LIMIT, .reason = "Scavenger: semi-space copy"},
		 136,
		 38,
		 NM_CAUSE_V8_HEAP_LIMIT,
		 "heap was full"},
		{{.kind = NM_WORDS_OTHER, .reason = "v8::ToLocalChecked"},
		 2096,
		 50,
		 NM_CAUSE_SIGNAL,
		 "ended by SIGABRT"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nm_run_process *process;
		struct nm_ending ending;

		nm_ending_init(&ending);
		ending.pid = COMMAND_PID;
		ending.signal = SIGABRT;
		ending.exit_code = 128 + SIGABRT;
		ending.words[ending.words_count++] = rows[i].words;
		process = nm_ending_add_process(&ending);
		assert_non_null(process);
		process->pid = COMMAND_PID;
		process->has = NM_HAS_HEAP_USED | NM_HAS_HEAP_SIZE_LIMIT;
		process->heap_size_limit = rows[i].limit_mib * NM_MIB;
		process->heap_used = rows[i].used_mib * NM_MIB;
		nm_verdict_reach(&ending);
		assert_int_equal(ending.cause, rows[i].cause);
		expect_part(rows[i].words.reason, ending.headline, rows[i].in_headline);
		expect_part(rows[i].words.reason, ending.reason, rows[i].words.reason);
		assert_true(ending.evidence_count >= 2);
		nm_ending_done(&ending);
	}
}

static void a_worker_that_was_full_is_the_cause(void **state)
{
	struct nm_ending ending;

	(void)state;
	nm_ending_init(&ending);
	ending.exit_code = 1;
	snprintf(ending.error, sizeof(ending.error), "Error [ERR_WORKER_OUT_OF_MEMORY]: x");
	nm_verdict_reach(&ending);
	assert_int_equal(ending.cause, NM_CAUSE_V8_HEAP_LIMIT);
	nm_ending_done(&ending);
	/* It was caught, and what ended the process is another thing. */
	nm_ending_init(&ending);
	ending.exit_code = 1;
	ending.worker_ran_out = true;
	nm_verdict_reach(&ending);
	assert_int_equal(ending.cause, NM_CAUSE_EXIT);
	expect_part("caught", ending.reason, "One of its workers");
	nm_ending_done(&ending);
}

static void advised_sizes_fit(void **state)
{
	static const struct {
		uint64_t limit_mib, room_mib, expected;
	} rows[] = {
		{2096, 16384, 4224}, {2096, 4096, 3072}, {2096, 3000, 0}, {64, 65536, 128},
		{62, 65536, 128},    {4144, 0, 8320},	 {259, 256, 0},	  {4144, 8192, 6144},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(nm_verdict_old_space_mib(rows[i].limit_mib * NM_MIB,
							  rows[i].room_mib * NM_MIB),
				 rows[i].expected);
}

static void causes_have_the_names_of_the_contract(void **state)
{
	(void)state;
	assert_string_equal(nm_cause_name(NM_CAUSE_EXIT), "exit");
	assert_string_equal(nm_cause_name(NM_CAUSE_V8_HEAP_LIMIT), "v8-heap-limit");
	assert_string_equal(nm_cause_name(NM_CAUSE_V8_OTHER_OOM), "v8-other-oom");
	assert_string_equal(nm_cause_name(NM_CAUSE_CGROUP_OOM), "cgroup-oom");
	assert_string_equal(nm_cause_name(NM_CAUSE_KERNEL_OOM), "kernel-oom");
	assert_string_equal(nm_cause_name(NM_CAUSE_SIGNAL), "signal");
	assert_string_equal(nm_cause_name(NM_CAUSE_UNKNOWN), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_have_their_cause_and_words),
		cmocka_unit_test(words_have_their_reasons),
		cmocka_unit_test(a_worker_that_was_full_is_the_cause),
		cmocka_unit_test(advised_sizes_fit),
		cmocka_unit_test(causes_have_the_names_of_the_contract),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
