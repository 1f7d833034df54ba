#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "source/proc/cgroup.h"
#include "tree.h"

/* The groups as text: "PATH max=N high=N usage=N", a line each; what is not there is left out. */
static void print_groups(const struct nm_cgroups *groups, char *out, size_t room)
{
	size_t used = (size_t)snprintf(out, room, "version %d\n", groups->version);

	for (size_t i = 0; i < groups->count && used < room; i++) {
		const struct nm_cgroup *group = &groups->items[i];
		char max[32] = "", high[32] = "", usage[32] = "", swap[64] = "", more[64] = "";

		if (group->has & NM_CGROUP_HAS_MAX)
			snprintf(max, sizeof(max), " max=%" PRIu64, group->max);
		if (group->has & NM_CGROUP_HAS_HIGH)
			snprintf(high, sizeof(high), " high=%" PRIu64, group->high);
		if (group->has & NM_CGROUP_HAS_USAGE)
			snprintf(usage, sizeof(usage), " usage=%" PRIu64, group->usage);
		if (group->has & NM_CGROUP_HAS_SWAP_MAX)
			snprintf(swap, sizeof(swap), " swap-max=%" PRIu64, group->swap_max);
		if (group->has & NM_CGROUP_HAS_SWAP_USAGE)
			snprintf(swap + strlen(swap), sizeof(swap) - strlen(swap), " swap=%" PRIu64,
				 group->swap_usage);
		if (group->has & NM_CGROUP_HAS_CACHE)
			snprintf(more, sizeof(more), " cache=%" PRIu64, group->cache);
		if (group->has & NM_CGROUP_HAS_KILLS)
			snprintf(more + strlen(more), sizeof(more) - strlen(more),
				 " kills=%" PRIu64, group->kills);
		used += (size_t)snprintf(out + used, room - used, "%s%s%s%s%s%s\n", group->path,
					 max, high, usage, swap, more);
	}
}

static void expect_groups(int root, pid_t pid, int status, const char *expected)
{
	struct nm_cgroups groups;
	struct nm_error err = {.code = NM_OK};
	char text[4096];
	int proc = openat(root, "proc", O_RDONLY | O_DIRECTORY);

	assert_int_equal(nm_cgroups_read(proc, root, pid, &groups, &err), status);
	close(proc);
	if (status != NM_OK) {
		assert_int_equal(err.code, status);
		assert_true(strlen(err.message) > 10);
		return;
	}
	print_groups(&groups, text, sizeof(text));
	nm_cgroups_done(&groups);
	assert_string_equal(text, expected);
}

/* ---- recorded machines ------------------------------------------------------------------- */

struct machine_case {
	const char *name;
	const char *machine;
	pid_t pid;
	int status;
	const char *groups;
};

#define POD_MORE " swap-max=0 swap=0 cache=73400320 kills=2"
#define POD	 "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod6d2c.slice"

static const struct machine_case machine_cases[] = {
	{"v1_lists_every_group_up_to_the_root", "v1", 100, NM_OK,
	 "version 1\n"
	 "/apps.slice/web.service max=2147483648 usage=536870912 swap-max=2684354560 "
	 "swap=545259520 cache=104857600 kills=3\n"
	 "/apps.slice max=1073741824 usage=805306368\n"
	 "/ usage=2147483648\n"},
	{"v1_without_hierarchy_ends_below_the_group_that_does_not_count", "v1", 101, NM_OK,
	 "version 1\n/flat/child usage=8192\n"},
	{"v2_finds_the_limit_of_the_pod_above_the_container", "v2", 100, NM_OK,
	 "version 2\n" POD "/cri-containerd-4f1e.scope usage=390070272" POD_MORE "\n" POD
	 " max=536870912 usage=402653184" POD_MORE "\n"
	 "/kubepods.slice/kubepods-burstable.slice usage=4294967296\n"
	 "/kubepods.slice max=16106127360 usage=9663676416\n"
	 "/\n"},
	{"v2_tells_high_from_max", "v2", 101, NM_OK,
	 "version 2\n"
	 "/user.slice/user-1000.slice/session-3.scope\n"
	 "/user.slice/user-1000.slice max=2147483648 high=1610612736 usage=209715200 swap=4194304\n"
	 "/user.slice high=1073741824 usage=314572800\n"
	 "/\n"},
	{"a_removed_group_shows_those_above_it", "v2", 102, NM_OK,
	 "version 2\n/gone.slice max=268435456 usage=0\n/\n"},
	{"the_root_group_alone_has_no_limit", "v2", 103, NM_OK, "version 2\n/\n"},
	{"in_a_namespace_the_callers_own_group_is_the_root", "v2-container", 0, NM_OK,
	 "version 2\n/ max=268435456 usage=104857600\n"},
	{"in_a_namespace_a_group_below_is_found", "v2-container", 100, NM_OK,
	 "version 2\n"
	 "/workers/a usage=41943040\n"
	 "/workers high=201326592 usage=83886080\n"
	 "/ max=268435456 usage=104857600\n"},
	{"a_sibling_container_is_seen_through_its_own_mount", "v2-container", 200, NM_OK,
	 "version 2\n/../b7f0 max=134217728 usage=130023424\n"},
	{"a_group_outside_the_namespace_is_not_taken_for_our_root", "v2-container", 300, NM_OK,
	 "version 2\n"},
	{"a_mount_that_begins_at_the_container_is_translated", "v1-container", 100, NM_OK,
	 "version 1\n"
	 "/docker/9c11/app usage=10485760\n"
	 "/docker/9c11 max=157286400 usage=52428800\n"},
	{"the_callers_own_group_in_a_container_is_the_mounts_root", "v1-container", 0, NM_OK,
	 "version 1\n/docker/9c11 max=157286400 usage=52428800\n"},
	{"a_group_beside_its_containers_mount_shows_the_container", "v1-container", 101, NM_OK,
	 "version 1\n/docker/9c11 max=157286400 usage=52428800\n"},
	{"hybrid_takes_the_hierarchy_with_the_memory_controller", "hybrid", 100, NM_OK,
	 "version 1\n"
	 "/jobs/build max=419430400 usage=146800640\n"
	 "/jobs max=314572800 usage=146800640\n"
	 "/ usage=734003200\n"},
	{"hybrid_without_v1_memory_takes_version_2", "hybrid", 101, NM_OK,
	 "version 2\n/two max=50331648 usage=1048576\n/\n"},
	{"a_kernel_without_cgroups_has_none", "no-cgroup", 100, NM_OK, "version 0\n"},
	{"a_process_that_is_not_there_is_gone", "v2", 999, NM_E_GONE, ""},
};

static void check_machine(void **state)
{
	const struct machine_case *one = *state;
	char path[512];
	int root;

	snprintf(path, sizeof(path), FIXTURES "/proc/%s", one->machine);
	root = open(path, O_RDONLY | O_DIRECTORY);
	assert_true(root >= 0);
	expect_groups(root, one->pid, one->status, one->groups);
	close(root);
}

/* ---- broken trees ------------------------------------------------------------------------ */

struct broken_case {
	const char *name;
	const char *cgroup;    /* of process 100 */
	const char *mountinfo; /* the caller's */
	const char *max;       /* memory.max of group /a and memory.limit_in_bytes of it */
	int status;
	const char *groups;
};

#define V2 "33 23 0:28 / /cg rw shared:9 - cgroup2 cgroup2 rw\n"
#define V1 "33 23 0:28 / /cg rw shared:9 - cgroup cgroup rw,memory\n"

static const struct broken_case broken_cases[] = {
	{"the_tree_of_these_cases_is_good", "0::/a\n", V2, "4096\n", NM_OK,
	 "version 2\n/a max=4096\n/\n"},
	{"an_empty_cgroup_file_means_no_groups", "", V2, "4096\n", NM_OK, "version 0\n"},
	{"garbage_in_the_cgroup_file_is_an_error", "\1\2 what?\n", V2, "4096\n", NM_E_CORRUPT, ""},
	{"garbage_beside_a_good_line_is_skipped", "what?\n0::/a\n", V2, "4096\n", NM_OK,
	 "version 2\n/a max=4096\n/\n"},
	{"a_cgroup_file_without_a_line_break_is_read", "0::/a", V2, "4096\n", NM_OK,
	 "version 2\n/a max=4096\n/\n"},
	{"dots_in_the_middle_of_a_path_are_an_error", "0::/a/../../x\n", V2, "1\n", NM_E_CORRUPT,
	 ""},
	{"dots_in_front_never_leave_the_mount", "0::/../a\n", V2, "4096\n", NM_OK, "version 2\n"},
	{"a_single_dot_is_an_error", "0::/./a\n", V2, "4096\n", NM_E_CORRUPT, ""},
	{"a_relative_path_is_an_error", "0::a\n", V2, "4096\n", NM_E_CORRUPT, ""},
	{"two_slashes_are_an_error", "0:://a\n", V2, "4096\n", NM_E_CORRUPT, ""},
	{"a_slash_at_the_end_is_an_error", "0::/a/\n", V2, "4096\n", NM_E_CORRUPT, ""},
	{"a_controller_that_only_begins_like_memory_is_another", "3:memoryless:/x\n0::/a\n", V2,
	 "4096\n", NM_OK, "version 2\n/a max=4096\n/\n"},
	{"memory_is_found_among_other_controllers", "3:cpu,memory,pids:/a\n", V1, "4096\n", NM_OK,
	 "version 1\n/a max=4096\n/\n"},
	{"no_mount_means_nothing_can_be_seen", "0::/a\n", "", "4096\n", NM_OK, "version 2\n"},
	{"a_mount_of_the_other_version_is_not_taken", "0::/a\n", V1, "4096\n", NM_OK,
	 "version 2\n"},
	{"short_lines_of_mountinfo_are_skipped", "0::/a\n", "33\n33 23 0:28\n - cgroup2\n" V2,
	 "4096\n", NM_OK, "version 2\n/a max=4096\n/\n"},
	{"a_cut_last_line_of_mountinfo_is_skipped", "0::/a\n",
	 "33 23 0:28 / /cg rw - cgroup2 cgroup2 rw", "4096\n", NM_OK, "version 2\n"},
	{"a_mount_point_with_dots_is_skipped", "0::/a\n",
	 "33 23 0:28 / /../cg rw - cgroup2 cgroup2 rw\n", "4096\n", NM_OK, "version 2\n"},
	{"a_mount_point_that_is_not_there_is_skipped", "0::/a\n",
	 "33 23 0:28 / /nowhere rw - cgroup2 cgroup2 rw\n" V2, "4096\n", NM_OK,
	 "version 2\n/a max=4096\n/\n"},
	{"a_blank_in_a_mount_point_is_unescaped", "0::/a\n",
	 "33 23 0:28 / /c\\040g rw - cgroup2 cgroup2 rw\n", "4096\n", NM_OK,
	 "version 2\n/a max=1\n/\n"},
	{"a_half_escape_is_taken_as_it_stands", "0::/a\n",
	 "33 23 0:28 / /cg\\04 rw - cgroup2 cgroup2 rw\n", "4096\n", NM_OK, "version 2\n"},
	{"of_two_mounts_the_one_that_begins_higher_is_taken", "0::/a\n",
	 "34 23 0:28 /a /cg/a rw - cgroup2 cgroup2 rw\n" V2, "4096\n", NM_OK,
	 "version 2\n/a max=4096\n/\n"},
	{"a_mount_that_begins_like_the_path_but_is_another_group_is_not_taken", "0::/ab\n",
	 "34 23 0:28 /a /cg/a rw - cgroup2 cgroup2 rw\n", "4096\n", NM_OK, "version 2\n"},
	{"a_mount_above_the_namespace_shows_its_root_only", "0::/a\n",
	 "34 23 0:28 /../.. /cg rw - cgroup2 cgroup2 rw\n", "4096\n", NM_OK, "version 2\n/../..\n"},
	{"a_limit_of_max_is_none", "0::/a\n", V2, "max\n", NM_OK, "version 2\n/a\n/\n"},
	{"a_limit_of_0_is_one", "0::/a\n", V2, "0\n", NM_OK, "version 2\n/a max=0\n/\n"},
	{"an_empty_limit_is_unknown", "0::/a\n", V2, "", NM_OK, "version 2\n/a\n/\n"},
	{"garbage_for_a_limit_is_unknown", "0::/a\n", V2, "12x\n", NM_OK, "version 2\n/a\n/\n"},
	{"a_negative_limit_is_unknown", "0::/a\n", V2, "-1\n", NM_OK, "version 2\n/a\n/\n"},
	{"a_limit_past_64_bits_is_unknown", "0::/a\n", V2, "18446744073709551616\n", NM_OK,
	 "version 2\n/a\n/\n"},
	{"the_largest_limit_of_v2_is_one", "0::/a\n", V2, "18446744073709551615\n", NM_OK,
	 "version 2\n/a max=18446744073709551615\n/\n"},
	{"the_largest_limit_of_v1_is_none", "4:memory:/a\n", V1, "9223372036854771712\n", NM_OK,
	 "version 1\n/a\n/\n"},
	{"the_largest_limit_of_v1_with_64_KiB_pages_is_none", "4:memory:/a\n", V1,
	 "9223372036854710272\n", NM_OK, "version 1\n/a\n/\n"},
	{"a_huge_limit_of_v1_is_one", "4:memory:/a\n", V1, "9223372036854644736\n", NM_OK,
	 "version 1\n/a max=9223372036854644736\n/\n"},
};

static void check_broken(void **state)
{
	const struct broken_case *one = *state;
	const struct tree_file files[] = {
		{"proc/100/cgroup", one->cgroup}, {"proc/self/mountinfo", one->mountinfo},
		{"cg/a/memory.max", one->max},	  {"cg/a/memory.limit_in_bytes", one->max},
		{"c g/a/memory.max", "1\n"},	  {NULL, NULL},
	};
	char dir[64];
	int root = tree_make(dir, files);

	expect_groups(root, 100, one->status, one->groups);
	close(root);
	tree_remove(dir);
}

/* ---- sizes ------------------------------------------------------------------------------- */

static void expect_long(char *cgroup, char *mountinfo, int status, const char *expected)
{
	const struct tree_file files[] = {
		{"proc/100/cgroup", cgroup},
		{"proc/self/mountinfo", mountinfo},
		{"cg/memory.max", "77\n"},
		{NULL, NULL},
	};
	char dir[64];
	int root = tree_make(dir, files);

	expect_groups(root, 100, status, expected);
	close(root);
	tree_remove(dir);
	free(cgroup);
	free(mountinfo);
}

/* `text` with `count` times `middle` before its last line break. */
static char *stretch(const char *text, const char *middle, size_t count)
{
	size_t step = strlen(middle), length = strlen(text);
	char *out = calloc(1, length + count * step + 2);
	char *at;

	assert_non_null(out);
	memcpy(out, text, length); /* NOLINT(bugprone-not-null-terminated-result): more follows */
	at = out + length;
	for (size_t i = 0; i < count; i++, at += step)
		memcpy(at, middle, step);
	memcpy(at, "\n", 2);
	return out;
}

static void a_path_longer_than_any_path_is_an_error(void **state)
{
	(void)state;
	expect_long(stretch("0::/", "abcdefgh", 600), strdup(V2), NM_E_CORRUPT, "");
}

static void a_long_path_that_is_not_there_shows_the_root(void **state)
{
	(void)state;
	expect_long(stretch("0::/", "abcdefgh", 500), strdup(V2), NM_OK, "version 2\n/ max=77\n");
}

static void a_very_long_line_of_mountinfo_does_no_harm(void **state)
{
	(void)state;
	expect_long(strdup("0::/\n"), stretch(V2 "34 23 0:28 / /", "abcdefgh", 20000), NM_OK,
		    "version 2\n/ max=77\n");
}

static void a_cgroup_file_past_the_maximum_is_an_error(void **state)
{
	(void)state;
	expect_long(stretch("0::/", "abcdefgh", 200000), strdup(V2), NM_E_IO, "");
}

static void more_levels_than_the_maximum_are_an_error(void **state)
{
	char dir[64];
	char *cgroup = stretch("0::/x", "/x", NM_CGROUPS_MAX);
	const struct tree_file files[] = {
		{"proc/100/cgroup", cgroup}, {"proc/self/mountinfo", V2}, {NULL, NULL}};
	int root, at, next;

	(void)state;
	root = tree_make(dir, files);
	mkdirat(root, "cg", 0700);
	at = openat(root, "cg", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i <= NM_CGROUPS_MAX; i++) {
		mkdirat(at, "x", 0700);
		next = openat(at, "x", O_RDONLY | O_DIRECTORY);
		close(at);
		at = next;
	}
	close(at);
	expect_groups(root, 100, NM_E_LIMIT, "");
	close(root);
	tree_remove(dir);
	free(cgroup);
}

static void a_pipe_in_place_of_a_file_does_not_block(void **state)
{
	const struct tree_file files[] = {{"proc/100/cgroup", "0::/\n"},
					  {"proc/self/mountinfo", V2},
					  {"cg", NULL},
					  {NULL, NULL}};
	char dir[64];
	int root = tree_make(dir, files);

	(void)state;
	assert_int_equal(mkfifoat(root, "cg/memory.max", 0600), 0);
	expect_groups(root, 100, NM_OK, "version 2\n/\n");
	close(root);
	tree_remove(dir);
}

/* ---- the lower of two limits -------------------------------------------------------------- */

static void the_limit_is_the_lower_of_max_and_high(void **state)
{
	const struct {
		struct nm_cgroup group;
		bool has_limit;
		uint64_t limit;
	} cases[] = {
		{{.has = 0, .max = 1, .high = 1}, false, 0},
		{{.has = NM_CGROUP_HAS_MAX, .max = 9, .high = 1}, true, 9},
		{{.has = NM_CGROUP_HAS_HIGH, .max = 1, .high = 9}, true, 9},
		{{.has = NM_CGROUP_HAS_MAX | NM_CGROUP_HAS_HIGH, .max = 5, .high = 9}, true, 5},
		{{.has = NM_CGROUP_HAS_MAX | NM_CGROUP_HAS_HIGH, .max = 9, .high = 5}, true, 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t limit = 0;

		assert_int_equal(nm_cgroup_limit(&cases[i].group, &limit), cases[i].has_limit);
		assert_int_equal(limit, cases[i].limit);
	}
}

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

int main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_path_longer_than_any_path_is_an_error),
		cmocka_unit_test(a_long_path_that_is_not_there_shows_the_root),
		cmocka_unit_test(a_very_long_line_of_mountinfo_does_no_harm),
		cmocka_unit_test(a_cgroup_file_past_the_maximum_is_an_error),
		cmocka_unit_test(more_levels_than_the_maximum_are_an_error),
		cmocka_unit_test(a_pipe_in_place_of_a_file_does_not_block),
		cmocka_unit_test(the_limit_is_the_lower_of_max_and_high),
	};
	struct CMUnitTest tests[LENGTH(machine_cases) + LENGTH(broken_cases) + LENGTH(others)];
	size_t count = 0;

	memset(tests, 0, sizeof(tests));
	for (size_t i = 0; i < LENGTH(machine_cases); i++)
		tests[count++] = (struct CMUnitTest){.name = machine_cases[i].name,
						     .test_func = check_machine,
						     .initial_state = (void *)&machine_cases[i]};
	for (size_t i = 0; i < LENGTH(broken_cases); i++)
		tests[count++] = (struct CMUnitTest){.name = broken_cases[i].name,
						     .test_func = check_broken,
						     .initial_state = (void *)&broken_cases[i]};
	for (size_t i = 0; i < LENGTH(others); i++)
		tests[count++] = others[i];
	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
