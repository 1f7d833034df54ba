#include <signal.h>
#include <sys/wait.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "source/find.h"
#include "source/proc/find.h"
#include "tree.h"

#define STAT(state, flags) \
	"7 (x) " state " 1 7 7 0 -1 " flags " 5 6 7 8 9 10 11 12 20 0 1 0 50 9 9\n"
#define PROGRAM "4194560"
#define KERNEL	"2129984"

static void programs_are_listed_in_order_and_nothing_else(void **state)
{
	const struct tree_file files[] = {
		{"100/stat", STAT("S", PROGRAM)},
		{"99/stat", STAT("R", PROGRAM)},
		{"1000/stat", STAT("D", PROGRAM)},
		{"2/stat", STAT("S", KERNEL)},
		{"101/stat", STAT("Z", PROGRAM)},
		{"102/stat", STAT("X", PROGRAM)},
		{"103/stat", "what?\n"},
		{"104", NULL},
		{"self/stat", STAT("S", PROGRAM)},
		{"0/stat", STAT("S", PROGRAM)},
		{"12x/stat", STAT("S", PROGRAM)},
		{"99999999999/stat", STAT("S", PROGRAM)},
		{"105", "a file"},
		{NULL, NULL},
	};
	char dir[64];
	int root = tree_make(dir, files);
	pid_t *pids;
	size_t count;

	(void)state;
	assert_int_equal(nm_proc_find(root, &pids, &count, NULL), NM_OK);
	assert_int_equal(count, 3);
	assert_int_equal(pids[0], 99);
	assert_int_equal(pids[1], 100);
	assert_int_equal(pids[2], 1000);
	free(pids);
	close(root);
	tree_remove(dir);
}

static void an_empty_machine_has_no_programs(void **state)
{
	char dir[64];
	int root = tree_make(dir, NULL);
	pid_t *pids;
	size_t count = 1;

	(void)state;
	assert_int_equal(nm_proc_find(root, &pids, &count, NULL), NM_OK);
	assert_int_equal(count, 0);
	free(pids);
	close(root);
	tree_remove(dir);
}

static void a_machine_that_cannot_be_listed_is_an_error(void **state)
{
	struct nm_error err;
	pid_t *pids;
	size_t count;

	(void)state;
	assert_int_equal(nm_proc_find(-1, &pids, &count, &err), NM_E_IO);
	assert_non_null(strstr(err.message, "/proc"));
}

static void this_program_is_no_node_process(void **state)
{
	struct nm_pid_list list;

	(void)state;
	assert_int_equal(nm_find_node(&list, NULL), NM_OK);
	for (size_t i = 0; i < list.count; i++) {
		assert_int_not_equal(list.pids[i], getpid());
		assert_true(i == 0 || list.pids[i - 1] < list.pids[i]);
	}
	nm_pid_list_done(&list);
	assert_null(list.pids);
}

static void this_program_can_be_described(void **state)
{
	struct nm_target_info info;
	struct nm_sample sample;

	(void)state;
	nm_sample_init(&sample);
	assert_true(nm_find_describe(getpid(), &info, &sample));
	assert_int_equal(info.pid, getpid());
	assert_non_null(strstr(info.command, "test_find"));
	assert_non_null(strstr(info.executable, "test_find"));
	assert_int_equal(sample.has, NM_HAS_RSS | NM_HAS_UPTIME);
	assert_in_range(sample.rss, 100 << 10, 1 << 30);
	assert_in_range(sample.uptime_ms, 0, 60000);
}

static void a_dead_process_cannot_be_described(void **state)
{
	struct nm_target_info info;
	struct nm_sample sample;
	siginfo_t ended;
	pid_t pid;

	(void)state;
	nm_sample_init(&sample);
	pid = fork();
	if (pid == 0)
		_exit(0);
	waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT);
	assert_false(nm_find_describe(pid, &info, &sample)); /* a zombie */
	waitpid(pid, NULL, 0);
	assert_false(nm_find_describe(pid, &info, &sample));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_are_listed_in_order_and_nothing_else),
		cmocka_unit_test(an_empty_machine_has_no_programs),
		cmocka_unit_test(a_machine_that_cannot_be_listed_is_an_error),
		cmocka_unit_test(this_program_is_no_node_process),
		cmocka_unit_test(this_program_can_be_described),
		cmocka_unit_test(a_dead_process_cannot_be_described),
	};

	return cmocka_run_group_tests_name("find", tests, NULL, NULL);
}
