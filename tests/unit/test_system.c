#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "source/system.h"
#include "tree.h"

/* A number of /proc/meminfo in bytes: what libuv's are held against. */
static uint64_t meminfo(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "r");
	size_t length = strlen(name);
	char line[256];
	uint64_t kib = 0;

	while (kib == 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			kib = strtoull(line + length + 1, NULL, 10);
	fclose(file);
	return kib * 1024;
}

static void total_is_MemTotal(void **state)
{
	struct nm_system system;

	(void)state;
	assert_int_equal(nm_system_read(0, &system, NULL), NM_OK);
	assert_int_equal(system.totalmem, meminfo("MemTotal"));
}

static void free_is_MemAvailable(void **state)
{
	struct nm_system system;

	(void)state;
	for (int tries = 0; tries < 1000; tries++) {
		uint64_t before = meminfo("MemAvailable");

		assert_int_equal(nm_system_read(0, &system, NULL), NM_OK);
		if (system.freemem == before)
			return;
	}
	fail_msg("freemem was never MemAvailable");
}

static void available_is_never_more_than_free_or_the_limit(void **state)
{
	struct nm_system system;

	(void)state;
	assert_int_equal(nm_system_read(getpid(), &system, NULL), NM_OK);
	assert_true(system.has & NM_HAS_AVAILABLE);
	assert_true(system.available_memory <= system.freemem);
	if (system.has & NM_HAS_CONSTRAINED) {
		assert_true(system.available_memory <= system.constrained_memory);
		assert_int_equal(system.constrained_by[0], '/');
	}
}

static void a_process_that_is_not_there_is_gone(void **state)
{
	struct nm_system system = {.totalmem = 1};
	struct nm_error err;

	(void)state;
	assert_int_equal(nm_system_read(1 << 23, &system, &err), NM_E_GONE);
	assert_int_equal(system.totalmem, 1);
	assert_non_null(strstr(err.message, "8388608"));
}

/* ---- recorded machines, each as if 8 GiB of 16 were free ----------------------------------- */

#define FREE (UINT64_C(8) << 30)
#define NONE UINT64_MAX

struct limit_case {
	const char *machine;
	pid_t pid;
	uint64_t constrained; /* NONE: no limit */
	uint64_t available;   /* NONE: not known */
	const char *by;
};

#define POD "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod6d2c.slice"

static void the_lowest_limit_and_the_least_left_are_found(void **state)
{
	static const struct limit_case cases[] = {
		/* The lowest limit is not where the least is left. */
		{"v1", 100, 1073741824, 1073741824 - 805306368, "/apps.slice"},
		{"v1", 101, NONE, FREE, ""},
		{"v2", 100, 536870912, 536870912 - 402653184, POD},
		{"v2", 101, 1073741824, 1073741824 - 314572800, "/user.slice"},
		{"v2", 102, 268435456, 268435456, "/gone.slice"},
		{"v2", 103, NONE, FREE, ""},
		{"v2-container", 100, 201326592, 201326592 - 83886080, "/workers"},
		{"v2-container", 200, 134217728, 134217728 - 130023424, "/../b7f0"},
		{"v2-container", 300, NONE, FREE, ""},
		{"hybrid", 100, 314572800, 314572800 - 146800640, "/jobs"},
		{"no-cgroup", 100, NONE, FREE, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_system system = {.totalmem = 2 * FREE, .freemem = FREE};
		bool is_limited = cases[i].constrained != NONE;
		char path[512];
		int root, proc;

		snprintf(path, sizeof(path), FIXTURES "/proc/%s", cases[i].machine);
		root = open(path, O_RDONLY | O_DIRECTORY);
		proc = openat(root, "proc", O_RDONLY | O_DIRECTORY);
		assert_int_equal(nm_system_read_limits(proc, root, cases[i].pid, &system, NULL),
				 NM_OK);
		assert_int_equal((system.has & NM_HAS_CONSTRAINED) != 0, is_limited);
		assert_int_equal(system.constrained_memory, is_limited ? cases[i].constrained : 0);
		assert_true(system.has & NM_HAS_AVAILABLE);
		assert_int_equal(system.available_memory, cases[i].available);
		assert_string_equal(system.constrained_by, cases[i].by);
		close(proc);
		close(root);
	}
}

struct tree_case {
	const char *path; /* of the group */
	const char *max;
	const char *current;
	uint64_t available; /* NONE: not known */
	const char *by;
};

static void limits_of_one_group_leave_what_they_leave(void **state)
{
	static const struct tree_case cases[] = {
		{"/a", "1000\n", "400\n", 600, "/a"},
		{"/a", "1000\n", "1000\n", 0, "/a"},
		{"/a", "1000\n", "1400\n", 0, "/a"},
		{"/a", "1000\n", "what?\n", NONE, "/a"},
		{"/a", "99999999999\n", "0\n", FREE, "/a"},
		{"/0123456789012345678901234567890123456789012345678901234567890123456789/"
		 "0123456789012345678901234567890123456789012345678901234567890123456789/"
		 "0123456789012345678901234567890123456789012345678901234567890123456789/"
		 "0123456789012345678901234567890123456789/the-end",
		 "1000\n", "400\n", 600,
		 "...9012345678901234567890123456789012345678901234567890123456789/"
		 "0123456789012345678901234567890123456789012345678901234567890123456789/"
		 "0123456789012345678901234567890123456789012345678901234567890123456789/"
		 "0123456789012345678901234567890123456789/the-end"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_system system = {.totalmem = 2 * FREE, .freemem = FREE};
		char dir[64], cgroup[400], max[400], current[400];
		const struct tree_file files[] = {
			{"self/cgroup", cgroup},
			{"self/mountinfo", "33 23 0:28 / /cg rw shared:9 - cgroup2 cgroup2 rw\n"},
			{max, cases[i].max},
			{current, cases[i].current},
			{NULL, NULL},
		};
		int root;

		snprintf(cgroup, sizeof(cgroup), "0::%s\n", cases[i].path);
		snprintf(max, sizeof(max), "cg%s/memory.max", cases[i].path);
		snprintf(current, sizeof(current), "cg%s/memory.current", cases[i].path);
		root = tree_make(dir, files);
		assert_int_equal(nm_system_read_limits(root, root, 0, &system, NULL), NM_OK);
		assert_int_equal((system.has & NM_HAS_AVAILABLE) != 0, cases[i].available != NONE);
		assert_int_equal(system.available_memory,
				 cases[i].available == NONE ? 0 : cases[i].available);
		assert_string_equal(system.constrained_by, cases[i].by);
		assert_false(system.has & NM_HAS_SWAP); /* no meminfo there */
		close(root);
		tree_remove(dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(total_is_MemTotal),
		cmocka_unit_test(free_is_MemAvailable),
		cmocka_unit_test(available_is_never_more_than_free_or_the_limit),
		cmocka_unit_test(a_process_that_is_not_there_is_gone),
		cmocka_unit_test(the_lowest_limit_and_the_least_left_are_found),
		cmocka_unit_test(limits_of_one_group_leave_what_they_leave),
	};

	return cmocka_run_group_tests_name("system", tests, NULL, NULL);
}
