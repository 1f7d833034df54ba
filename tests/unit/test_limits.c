#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>

#include "base/units.h"
#include "model/limits.h"
#include "model/node_rule.h"
#include "source/limits.h"
#include "tree.h"

/* Whole MiB, and what is not known as "-". */
static void print_number(char *out, size_t room, bool known, uint64_t value)
{
	size_t used = strlen(out);

	if (known)
		snprintf(out + used, room - used, " %" PRIu64, value / NM_MIB);
	else
		snprintf(out + used, room - used, " -");
}

/* "memory.max /a LIMIT USED HEADROOM DISTANCE", a line each, a star before the first. */
static void print_limits(const struct nm_limits *limits, char *out, size_t room)
{
	out[0] = '\0';
	for (size_t i = 0; i < limits->count; i++) {
		const struct nm_limit *one = &limits->items[i];

		snprintf(out + strlen(out), room - strlen(out), "%s%s %s",
			 i == limits->first ? "*" : "", nm_limit_name(one->kind), one->scope);
		print_number(out, room, (one->has & NM_LIMIT_HAS_LIMIT) != 0, one->limit);
		print_number(out, room, (one->has & NM_LIMIT_HAS_USED) != 0, one->used);
		print_number(out, room, (one->has & NM_LIMIT_HAS_HEADROOM) != 0, one->headroom);
		print_number(out, room, (one->has & NM_LIMIT_HAS_DISTANCE) != 0, one->distance);
		snprintf(out + strlen(out), room - strlen(out), "\n");
	}
	if (limits->has & NM_LIMITS_HAS_BELIEF)
		snprintf(out + strlen(out), room - strlen(out), "believes %" PRIu64 ": %s",
			 limits->node_believes / NM_MIB, nm_belief_text(limits->believes_from));
}

/* ---- recorded machines ------------------------------------------------------------------- */

struct machine_case {
	const char *name;
	const char *machine;
	pid_t pid;
	const char *node;
	const char *expected;
};

/* A heap of 100 MiB, of which 60 are used; the machine has 16 GiB of which 8 are free. */
#define HEAP	"heapSizeLimit main 4144 60 4084 4044\n"
#define MACHINE "machine machine 16384 8192 8192 8192\nmachineSwap machine 0 0 0 -\n"
#define RLIMITS "RLIMIT_AS process - 1245 - -\nRLIMIT_DATA process 1024 512 512 512\n"
#define POD	"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod6d2c.slice"

static const struct machine_case machine_cases[] = {
	{"v2_with_the_limit_on_the_pod", "v2", 100, "v22.23.3",
	 HEAP RLIMITS "memory.max " POD "/cri-containerd-4f1e.scope - 302 - -\n"
		      "memory.high " POD "/cri-containerd-4f1e.scope - 302 - -\n"
		      "swap.max " POD "/cri-containerd-4f1e.scope 0 0 0 -\n"
		      "*memory.max " POD " 512 314 198 198\n"
		      "memory.high " POD " - 314 - -\n"
		      "swap.max " POD " 0 0 0 -\n"
		      "memory.max /kubepods.slice/kubepods-burstable.slice - 4096 - -\n"
		      "memory.high /kubepods.slice/kubepods-burstable.slice - 4096 - -\n"
		      "memory.max /kubepods.slice 15360 9216 6144 6144\n"
		      "memory.high /kubepods.slice - 9216 - -\n"
		      "memory.max / - - - -\nmemory.high / - - - -\n" MACHINE
		      "believes 16384: the machine's memory: it sees no limit"},
	{"v2_where_node_24_sees_its_resource_limit", "v2", 100, "v24.1.0", NULL},
	{"v2_with_memory_high_above_the_group", "v2", 101, "v20.1.0",
	 HEAP "memory.max /user.slice/user-1000.slice/session-3.scope - - - -\n"
	      "memory.high /user.slice/user-1000.slice/session-3.scope - - - -\n"
	      "*memory.max /user.slice/user-1000.slice 2048 200 1848 1848\n"
	      "memory.high /user.slice/user-1000.slice 1536 200 1336 -\n"
	      "swap.max /user.slice/user-1000.slice - 4 - -\n"
	      "memory.max /user.slice - 300 - -\n"
	      "memory.high /user.slice 1024 300 724 -\n"
	      "memory.max / - - - -\nmemory.high / - - - -\n" MACHINE
	      "believes 16384: the machine's memory: it sees no limit"},
	{"v2_unlimited", "v2", 103, "v20.1.0",
	 HEAP "memory.max / - - - -\nmemory.high / - - - -\n" MACHINE
	      "believes 16384: the machine's memory: it sees no limit"},
	{"v1_with_a_lower_slice_and_a_soft_limit", "v1", 100, "v20.1.0",
	 /* The machine has 1535 MiB of swap left. */
	 HEAP "RLIMIT_AS process - 1245 - -\n*RLIMIT_DATA process 1024 512 512 512\n"
	      "memory.max /apps.slice/web.service 2048 412 1636 3171\n"
	      "memsw.max /apps.slice/web.service 2560 420 2140 2140\n"
	      "memory.max /apps.slice 1024 768 256 1791\n"
	      "memory.max / - 2048 - -\n"
	      "machine machine 16384 8192 8192 9727\nmachineSwap machine 2047 512 1535 -\n"
	      "believes 1536: the soft limit of its own control group"},
	{"v1_which_18_sees_in_no_group", "v1", 100, "v18.1.0", NULL},
	{"v1_container_falls_back_to_the_top", "v1-container", 100, "v20.1.0",
	 HEAP "memory.max /docker/9c11/app - 10 - -\n"
	      "*memory.max /docker/9c11 150 50 100 100\n" MACHINE
	      "believes 150: the limit at the top of /sys/fs/cgroup/memory"},
	{"v2_container", "v2-container", 100, "v20.1.0",
	 HEAP "memory.max /workers/a - 40 - -\nmemory.high /workers/a - 40 - -\n"
	      "memory.max /workers - 80 - -\nmemory.high /workers 192 80 112 -\n"
	      "*memory.max / 256 100 156 156\nmemory.high / - 100 - -\n" MACHINE
	      "believes 16384: the machine's memory: it sees no limit"},
	{"no_cgroups", "no-cgroup", 100, "v20.1.0",
	 HEAP MACHINE "believes 16384: the machine's memory: it sees no limit"},
	{"an_unknown_version_believes_nothing", "no-cgroup", 100, "", HEAP MACHINE},
};

static int read_machine(const struct machine_case *one, struct nm_limits *out)
{
	struct nm_isolate isolate = {
		.name = "main",
		.has = NM_HAS_HEAP_SIZE_LIMIT | NM_HAS_HEAP_TOTAL | NM_HAS_HEAP_USED,
		.heap_size_limit = 4144 * NM_MIB,
		.heap_total = 100 * NM_MIB,
		.heap_used = 60 * NM_MIB,
	};
	const struct nm_sample sample = {.isolate_count = 1, .isolates = &isolate};
	const struct nm_limits_subject subject = {.pid = one->pid,
						  .node = one->node,
						  .sample = &sample,
						  .totalmem = 16 * NM_GIB,
						  .freemem = 8 * NM_GIB};
	char path[512];
	int root, proc, status;

	snprintf(path, sizeof(path), FIXTURES "/proc/%s", one->machine);
	root = open(path, O_RDONLY | O_DIRECTORY);
	proc = openat(root, "proc", O_RDONLY | O_DIRECTORY);
	status = nm_limits_read_from(proc, root, &subject, out, NULL);
	close(proc);
	close(root);
	return status;
}

static void recorded_machines(void **state)
{
	char text[4096], expected[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(machine_cases) / sizeof(machine_cases[0]); i++) {
		const struct machine_case *one = &machine_cases[i];
		struct nm_limits limits;

		if (!one->expected)
			continue;
		assert_int_equal(read_machine(one, &limits), NM_OK);
		print_limits(&limits, text, sizeof(text));
		/* Where nothing else is lower, V8 comes first. */
		snprintf(expected, sizeof(expected), "%s%s", strchr(one->expected, '*') ? "" : "*",
			 one->expected);
		nm_limits_done(&limits);
		if (strcmp(text, expected) != 0)
			fail_msg("%s:\n%s", one->name, text);
	}
}

static void what_a_release_sees_differs(void **state)
{
	struct nm_limits limits;

	(void)state;
	assert_int_equal(read_machine(&machine_cases[1], &limits), NM_OK);
	assert_int_equal(limits.node_believes, NM_GIB);
	assert_int_equal(limits.believes_from, NM_BELIEF_DATA);
	assert_int_equal(limits.default_heap_limit, 560 * NM_MIB);
	assert_int_equal(limits.swapped, 2 * NM_MIB);
	assert_int_equal(nm_limits_of(&limits, NM_LIMIT_CGROUP_MAX, POD)->kills, 2);
	nm_limits_done(&limits);
	assert_int_equal(read_machine(&machine_cases[5], &limits), NM_OK);
	assert_int_equal(limits.believes_from, NM_BELIEF_MACHINE);
	assert_int_equal(limits.cgroup_version, 1);
	assert_int_equal(nm_limits_lowest_group(&limits)->limit, NM_GIB);
	nm_limits_done(&limits);
}

static void a_process_that_is_not_there_is_gone(void **state)
{
	const struct machine_case one = {"", "v2", 999, "", NULL};
	struct nm_limits limits;

	(void)state;
	assert_int_equal(read_machine(&one, &limits), NM_E_GONE);
}

/* ---- which comes first ------------------------------------------------------------------- */

/* A limit as {kind, scope, limit, used}. */
struct added {
	enum nm_limit_kind kind;
	const char *scope;
	uint64_t limit, used;
};

static void expect_first(const struct added *list, size_t first, uint64_t distance)
{
	struct nm_limits limits;
	size_t count = 0;

	nm_limits_init(&limits);
	for (; list[count].scope; count++) {
		struct nm_limit *item = nm_limits_add(&limits, list[count].kind, list[count].scope);

		nm_limit_set_limit(item, true, list[count].limit);
		nm_limit_set_used(item, true, list[count].used);
	}
	nm_limits_judge(&limits);
	assert_int_equal(limits.first, first);
	if (first < count)
		assert_int_equal(limits.items[first].distance, distance);
	nm_limits_done(&limits);
}

static void swap_puts_the_kernel_off(void **state)
{
	const struct added full_swap[] = {{NM_LIMIT_CGROUP_MAX, "/a", 100, 90},
					  {NM_LIMIT_CGROUP_SWAP, "/a", 50, 20},
					  {NM_LIMIT_CGROUP_MAX, "/", 200, 195},
					  {NM_LIMIT_CGROUP_SWAP, "/", 50, 25},
					  {NM_LIMIT_MACHINE, "machine", 1000, 1},
					  {NM_LIMIT_MACHINE_SWAP, "machine", 500, 0},
					  {0, NULL, 0, 0}};
	const struct added none[] = {{NM_LIMIT_CGROUP_HIGH, "/a", 100, 99},
				     {NM_LIMIT_CGROUP_SWAP, "/a", 50, 50},
				     {0, NULL, 0, 0}};
	const struct added together[] = {{NM_LIMIT_CGROUP_MAX, "/a", 100, 90},
					 {NM_LIMIT_CGROUP_MEMSW, "/a", 120, 91},
					 {NM_LIMIT_MACHINE_SWAP, "machine", 500, 0},
					 {0, NULL, 0, 0}};

	(void)state;
	/* 10 + 25, the swap of the group above being less: 30 left above are fewer. */
	expect_first(full_swap, 2, 5 + 25);
	expect_first(none, 2, 0);
	expect_first(together, 1, 29);
}

static void used_past_the_limit_leaves_nothing(void **state)
{
	const struct added list[] = {{NM_LIMIT_CGROUP_MAX, "/a", 100, 90},
				     {NM_LIMIT_DATA, "process", 100, 900},
				     {0, NULL, 0, 0}};

	(void)state;
	expect_first(list, 1, 0);
}

static void an_overlong_scope_keeps_its_end(void **state)
{
	struct nm_limits limits;
	char scope[5000];

	(void)state;
	memset(scope, 'a', sizeof(scope) - 1);
	scope[0] = '/';
	memcpy(scope + sizeof(scope) - 5, "/end", 5);
	nm_limits_init(&limits);
	assert_non_null(nm_limits_add(&limits, NM_LIMIT_CGROUP_MAX, scope));
	assert_string_equal(limits.items[0].scope + strlen(limits.items[0].scope) - 4, "/end");
	assert_int_equal(strncmp(limits.items[0].scope, "...", 3), 0);
	nm_limits_done(&limits);
}

static void a_heap_in_a_collection_has_a_distance(void **state)
{
	struct nm_isolate isolates[2] = {
		{.name = "main",
		 .has = NM_HAS_HEAP_SIZE_LIMIT | NM_HAS_HEAP_TOTAL,
		 .in_gc = true,
		 .heap_size_limit = 100,
		 .heap_total = 40},
		{.name = "worker-1",
		 .has = NM_HAS_HEAP_SIZE_LIMIT | NM_HAS_HEAP_TOTAL | NM_HAS_HEAP_USED,
		 .heap_size_limit = 50,
		 .heap_total = 20,
		 .heap_used = 30},
	};
	const struct nm_sample sample = {.isolate_count = 2, .isolates = isolates};
	struct nm_limits limits;

	(void)state;
	nm_limits_init(&limits);
	assert_int_equal(nm_limits_add_isolates(&limits, &sample), NM_OK);
	nm_limits_judge(&limits);
	assert_false(limits.items[0].has & NM_LIMIT_HAS_USED);
	assert_int_equal(limits.items[0].distance, 60);
	assert_int_equal(limits.first, 1);
	assert_int_equal(limits.items[1].distance, 20);
	nm_limits_done(&limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_machines),
		cmocka_unit_test(what_a_release_sees_differs),
		cmocka_unit_test(a_process_that_is_not_there_is_gone),
		cmocka_unit_test(swap_puts_the_kernel_off),
		cmocka_unit_test(used_past_the_limit_leaves_nothing),
		cmocka_unit_test(an_overlong_scope_keeps_its_end),
		cmocka_unit_test(a_heap_in_a_collection_has_a_distance),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
