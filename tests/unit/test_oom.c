/*
 * test_oom.c - kills that the kernel counted between two moments, from recorded trees
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "source/proc/oom.h"
#include "tree.h"

#define POD   "cgroup/pod.slice"
#define SCOPE POD "/app.scope"

static void add(const char *dir, const char *path, const char *text)
{
	tree_add(dir, path, text, strlen(text));
}

static int make(char dir[64], const char *cgroup, const char *type)
{
	char mounts[256];
	int fd = tree_make(dir, NULL);

	snprintf(mounts, sizeof(mounts), "30 23 0:26 / %s/cgroup rw - %s %s rw%s\n", dir, type,
		 type, strcmp(type, "cgroup") == 0 ? ",memory" : "");
	add(dir, "proc/self/mountinfo", mounts);
	add(dir, "proc/100/cgroup", cgroup);
	add(dir, "proc/vmstat", "nr_free_pages 1\noom_kill 4\n");
	close(fd);
	snprintf(mounts, sizeof(mounts), "%s/proc", dir);
	return open(mounts, O_RDONLY | O_DIRECTORY);
}

/* memory.events as the kernel writes them, of version 2. */
static void add_events(const char *dir, const char *folder, unsigned oom, unsigned kill,
		       unsigned group)
{
	char path[128], text[128];

	snprintf(path, sizeof(path), "%s/memory.events", folder);
	snprintf(text, sizeof(text),
		 "low 0\nhigh 0\nmax 12\noom %u\noom_kill %u\noom_group_kill %u\n", oom, kill,
		 group);
	add(dir, path, text);
}

static void a_group_that_is_killed_together_is_seen(void **state)
{
	struct nm_oom before, after;
	char dir[64];
	int proc;

	(void)state;
	proc = make(dir, "0::/pod.slice/app.scope\n", "cgroup2");
	add_events(dir, POD, 3, 5, 1);
	add_events(dir, SCOPE, 1, 2, 0);
	add(dir, POD "/memory.max", "268435456\n");
	add(dir, SCOPE "/memory.max", "max\n");
	nm_oom_read(proc, 100, &before);
	assert_true(before.knows_cgroup && before.knows_machine && before.is_v2);
	assert_int_equal(before.cgroup_limit, 268435456);
	assert_string_equal(before.limited, "/pod.slice");
	assert_int_equal(before.cgroup_kills, 2);
	/* The pod has memory.oom.group and reached its limit: both processes of the scope went. */
	add_events(dir, POD, 4, 7, 2);
	add_events(dir, SCOPE, 1, 4, 0);
	nm_oom_read_again(proc, &before, &after);
	assert_int_equal(after.cgroup_kills - before.cgroup_kills, 2);
	assert_int_equal(after.group_kills - before.group_kills, 1);
	assert_int_equal(after.cgroup_failures - before.cgroup_failures, 1);
	close(proc);
	tree_remove(dir);
}

static void version_1_counts_too(void **state)
{
	struct nm_oom before, after;
	char dir[64];
	int proc;

	(void)state;
	proc = make(dir, "4:memory:/pod.slice/app.scope\n", "cgroup");
	add(dir, SCOPE "/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n");
	add(dir, SCOPE "/memory.failcnt", "7\n");
	add(dir, SCOPE "/memory.limit_in_bytes", "125829120\n");
	add(dir, POD "/memory.limit_in_bytes", "9223372036854771712\n");
	nm_oom_read(proc, 100, &before);
	assert_true(before.knows_cgroup && !before.is_v2);
	assert_int_equal(before.cgroup_limit, 125829120);
	add(dir, SCOPE "/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
	add(dir, SCOPE "/memory.failcnt", "90\n");
	nm_oom_read_again(proc, &before, &after);
	assert_int_equal(after.cgroup_kills - before.cgroup_kills, 1);
	assert_int_equal(after.cgroup_failures - before.cgroup_failures, 83);
	assert_int_equal(after.group_kills, 0);
	close(proc);
	tree_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_that_is_killed_together_is_seen),
		cmocka_unit_test(version_1_counts_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
