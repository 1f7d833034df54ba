#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "model/findings.h"
#include "model/limits.h"

/* A process as a few numbers in MiB; 0 is not there. */
struct process_case {
	const char *name;
	const char *node;
	unsigned heap_limit, heap_total, heap_used, rss;
	unsigned group, group_used; /* its own control group */
	unsigned parent, parent_used;
	unsigned high;
	unsigned believes;
	unsigned swapped_kib;
	bool sets_heap;
	int problem;
	int ptrace_scope;
	const char *inspector;
	bool is_local;
	const char *findings; /* "SEVERITY ID;..." in order */
	const char *fix;      /* a part of the first one's */
};

static const struct process_case cases[] = {
	{.name = "all is well",
	 .node = "v20.0.0",
	 .heap_limit = 259,
	 .heap_total = 10,
	 .heap_used = 5,
	 .rss = 50,
	 .group = 512,
	 .group_used = 60,
	 .believes = 512,
	 .findings = ""},
	{.name = "no limits at all",
	 .node = "v20.0.0",
	 .heap_limit = 4144,
	 .heap_total = 10,
	 .heap_used = 5,
	 .rss = 50,
	 .believes = 65536,
	 .findings = ""},
	{.name = "a heap above the container",
	 .node = "v22.0.0",
	 .heap_limit = 4144,
	 .heap_total = 10,
	 .heap_used = 5,
	 .rss = 50,
	 .group = 512,
	 .group_used = 60,
	 .believes = 512,
	 .findings = "critical heap-above-container;",
	 .fix = "--max-old-space-size=384"},
	{.name = "a small container",
	 .node = "v22.0.0",
	 .heap_limit = 259,
	 .heap_total = 10,
	 .heap_used = 5,
	 .rss = 60,
	 .group = 128,
	 .group_used = 60,
	 .believes = 128,
	 .findings = "critical heap-above-container;",
	 .fix = "--max-old-space-size=78"},
	{.name = "no room at all",
	 .node = "v22.0.0",
	 .heap_limit = 259,
	 .heap_total = 10,
	 .heap_used = 5,
	 .rss = 150,
	 .group = 128,
	 .group_used = 60,
	 .believes = 128,
	 .findings = "critical heap-above-container;",
	 .fix = "give it more memory"},
	{.name = "the kernel comes first",
	 .node = "v22.0.0",
	 .heap_limit = 259,
	 .heap_total = 10,
	 .heap_used = 5,
	 .rss = 160,
	 .group = 300,
	 .group_used = 150,
	 .believes = 300,
	 .findings = "warning kernel-first;",
	 .fix = "--max-old-space-size=122"},
	{.name = "a parent that Node does not see",
	 .node = "v22.0.0",
	 .heap_limit = 1048,
	 .heap_total = 10,
	 .heap_used = 5,
	 .rss = 50,
	 .group = 2048,
	 .group_used = 60,
	 .parent = 400,
	 .parent_used = 60,
	 .believes = 2048,
	 .findings = "critical heap-above-container;warning parent-limit-unseen;",
	 .fix = "--max-old-space-size=300"},
	{.name = "the same, with a flag that fits",
	 .node = "v22.0.0",
	 .heap_limit = 200,
	 .heap_total = 10,
	 .heap_used = 5,
	 .rss = 50,
	 .group = 2048,
	 .group_used = 60,
	 .parent = 400,
	 .parent_used = 60,
	 .believes = 2048,
	 .sets_heap = true,
	 .findings = ""},
	{.name = "Node 18",
	 .node = "v18.20.8",
	 .heap_limit = 4144,
	 .heap_total = 10,
	 .heap_used = 5,
	 .rss = 50,
	 .group = 512,
	 .group_used = 60,
	 .believes = 65536,
	 .findings = "critical heap-above-container;warning cgroup-unseen;",
	 .fix = "--max-old-space-size=384"},
	{.name = "a full heap with room",
	 .node = "v22.0.0",
	 .heap_limit = 259,
	 .heap_total = 255,
	 .heap_used = 240,
	 .rss = 300,
	 .group = 1024,
	 .group_used = 300,
	 .believes = 1024,
	 .findings = "warning heap-nearly-full;",
	 .fix = "--max-old-space-size=518"},
	{.name = "a full heap without",
	 .node = "v22.0.0",
	 .heap_limit = 259,
	 .heap_total = 259,
	 .heap_used = 258,
	 .rss = 350,
	 .group = 400,
	 .group_used = 350,
	 .believes = 400,
	 .findings = "critical heap-nearly-full;",
	 .fix = "give it more memory"},
	{.name = "a full container",
	 .node = "v22.0.0",
	 .heap_limit = 259,
	 .heap_total = 200,
	 .heap_used = 150,
	 .rss = 450,
	 .group = 512,
	 .group_used = 500,
	 .believes = 512,
	 .findings = "warning kernel-first;critical memory-nearly-full;",
	 .fix = "--max-old-space-size="},
	{.name = "memory.high",
	 .node = "v22.0.0",
	 .heap_limit = 150,
	 .heap_total = 140,
	 .heap_used = 100,
	 .rss = 300,
	 .group = 512,
	 .group_used = 290,
	 .high = 300,
	 .believes = 300,
	 .findings = "warning memory-high-near;",
	 .fix = "MemoryHigh"},
	{.name = "in swap",
	 .node = "v22.0.0",
	 .heap_limit = 259,
	 .heap_total = 10,
	 .heap_used = 5,
	 .rss = 50,
	 .group = 512,
	 .group_used = 60,
	 .believes = 512,
	 .swapped_kib = 2048,
	 .findings = "warning swap-in-use;",
	 .fix = "memory.swap.max=0"},
	{.name = "hardly in swap",
	 .node = "v22.0.0",
	 .heap_limit = 259,
	 .heap_total = 10,
	 .heap_used = 5,
	 .rss = 50,
	 .group = 512,
	 .group_used = 60,
	 .believes = 512,
	 .swapped_kib = 4,
	 .findings = "info swap-in-use;",
	 .fix = ""},
	{.name = "an open inspector",
	 .node = "v22.0.0",
	 .inspector = "0.0.0.0:9229",
	 .findings = "critical inspector-open;",
	 .fix = "--inspect=127.0.0.1:9229"},
	{.name = "a local inspector",
	 .node = "v22.0.0",
	 .inspector = "127.0.0.1:9229",
	 .is_local = true,
	 .findings = "info inspector-listening;",
	 .fix = "without --inspect"},
	{.name = "not permitted",
	 .node = "",
	 .group = 512,
	 .group_used = 60,
	 .problem = NM_E_PERM,
	 .findings = "warning not-permitted;",
	 .fix = "as the user of"},
	{.name = "not permitted by Yama",
	 .node = "",
	 .problem = NM_E_PERM,
	 .ptrace_scope = 1,
	 .findings = "warning not-permitted;",
	 .fix = "kernel.yama.ptrace_scope=0"},
	{.name = "not understood",
	 .node = "v99.0.0",
	 .problem = NM_E_UNSUPPORTED,
	 .findings = "warning not-readable;",
	 .fix = ""},
};

static void add_limit(struct nm_limits *limits, enum nm_limit_kind kind, const char *scope,
		      unsigned limit, unsigned used)
{
	struct nm_limit *item = nm_limits_add(limits, kind, scope);

	nm_limit_set_limit(item, limit != 0, limit * NM_MIB);
	nm_limit_set_used(item, true, used * NM_MIB);
}

static void make_facts(const struct process_case *one, struct nm_facts *facts,
		       struct nm_isolate *isolate)
{
	struct nm_limits *limits = &facts->limits;

	nm_facts_init(facts);
	memset(isolate, 0, sizeof(*isolate));
	facts->pid = 7;
	facts->problem.code = one->problem;
	facts->ptrace_scope = one->ptrace_scope ? one->ptrace_scope : -1;
	snprintf(facts->info.node, sizeof(facts->info.node), "%s", one->node);
	snprintf(isolate->name, sizeof(isolate->name), "main");
	isolate->has = NM_HAS_HEAP_SIZE_LIMIT | NM_HAS_HEAP_TOTAL | NM_HAS_HEAP_USED;
	isolate->heap_size_limit = one->heap_limit * NM_MIB;
	isolate->heap_total = one->heap_total * NM_MIB;
	isolate->heap_used = one->heap_used * NM_MIB;
	facts->sample.isolates = isolate;
	facts->sample.isolate_count = one->heap_limit != 0;
	facts->sample.has = one->rss ? NM_HAS_RSS : 0;
	facts->sample.rss = one->rss * NM_MIB;
	facts->has_limits = true;
	nm_limits_add_isolates(limits, &facts->sample);
	add_limit(limits, NM_LIMIT_CGROUP_MAX, "/a/b", one->group, one->group_used);
	add_limit(limits, NM_LIMIT_CGROUP_HIGH, "/a/b", one->high, one->group_used);
	add_limit(limits, NM_LIMIT_CGROUP_MAX, "/a", one->parent, one->parent_used);
	add_limit(limits, NM_LIMIT_MACHINE, "machine", 65536, 1024);
	nm_limits_judge(limits);
	limits->cgroup_version = 2;
	limits->has = NM_LIMITS_HAS_SWAPPED | (one->believes ? NM_LIMITS_HAS_BELIEF : 0);
	limits->node_believes = one->believes * NM_MIB;
	limits->swapped = one->swapped_kib * NM_KIB;
	facts->flags.sets_heap = one->sets_heap;
	facts->has_inspector = one->inspector != NULL;
	facts->inspector_is_local = one->is_local;
	if (one->inspector)
		snprintf(facts->inspector, sizeof(facts->inspector), "%s", one->inspector);
}

/* The isolate is not on the heap. */
static void end_facts(struct nm_facts *facts)
{
	facts->sample.isolates = NULL;
	nm_facts_done(facts);
}

static void print_findings(const struct nm_findings *findings, char *out, size_t room)
{
	out[0] = '\0';
	for (size_t i = 0; i < findings->count; i++)
		snprintf(out + strlen(out), room - strlen(out), "%s %s;",
			 nm_severity_name(findings->items[i].severity), findings->items[i].id);
}

static void each_case_has_its_findings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_findings findings;
		struct nm_isolate isolate;
		struct nm_facts facts;
		char text[512];

		make_facts(&cases[i], &facts, &isolate);
		nm_findings_init(&findings);
		nm_findings_add_process(&findings, &facts);
		print_findings(&findings, text, sizeof(text));
		if (strcmp(text, cases[i].findings) != 0)
			fail_msg("%s: %s", cases[i].name, text);
		if (findings.count > 0 && !strstr(findings.items[0].fix, cases[i].fix))
			fail_msg("%s: %s", cases[i].name, findings.items[0].fix);
		for (size_t k = 0; k < findings.count; k++) {
			assert_int_equal(findings.items[k].pid, 7);
			assert_true(strlen(findings.items[k].text) > 10);
		}
		nm_findings_done(&findings);
		end_facts(&facts);
	}
}

static void a_changed_semi_space_is_told(void **state)
{
	struct nm_findings findings;
	struct nm_isolate isolate;
	struct nm_facts facts;

	(void)state;
	make_facts(&cases[0], &facts, &isolate);
	nm_findings_init(&findings);
	isolate.has |= NM_HAS_MAX_SEMI_SPACE;
	isolate.max_semi_space = facts.limits.default_semi_space = NM_MIB;
	facts.limits.older_major = 18;
	facts.limits.older_semi_space = 16 * NM_MIB;
	nm_findings_add_process(&findings, &facts);
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.items[0].id, "semi-space");
	assert_non_null(strstr(findings.items[0].fix, "--max-semi-space-size=16"));
	/* Who set it himself knows. */
	facts.flags.sets_semi = true;
	nm_findings_add_process(&findings, &facts);
	assert_int_equal(findings.count, 1);
	nm_findings_done(&findings);
	end_facts(&facts);
}

static void processes_that_share_a_group_are_added_up(void **state)
{
	struct nm_findings findings;
	struct nm_isolate isolates[3];
	struct nm_facts facts[3];

	(void)state;
	nm_findings_init(&findings);
	for (int i = 0; i < 3; i++) {
		make_facts(&cases[0], &facts[i], &isolates[i]);
		facts[i].pid = 10 + i;
	}
	nm_findings_add_shared(&findings, facts, 1, 0);
	assert_int_equal(findings.count, 0);
	nm_findings_add_shared(&findings, facts, 3, 0);
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.items[0].id, "shared-container");
	assert_non_null(strstr(findings.items[0].text, "3 Node processes (10, 11, 12)"));
	/* 512 / 3, less a quarter. */
	assert_non_null(strstr(findings.items[0].fix, "--max-old-space-size=127"));
	assert_non_null(strstr(findings.items[0].fix, "each of the 3"));
	nm_findings_add_shared(&findings, facts, 3, 11);
	assert_int_equal(findings.count, 2);
	nm_findings_add_shared(&findings, facts, 3, 99);
	assert_int_equal(findings.count, 2);
	nm_findings_done(&findings);
	for (int i = 0; i < 3; i++)
		end_facts(&facts[i]);
}

static void hidden_processes_are_told(void **state)
{
	struct nm_findings findings;

	(void)state;
	nm_findings_init(&findings);
	nm_findings_add_hidden(&findings, 0, 0, -1);
	assert_int_equal(findings.count, 0);
	nm_findings_add_hidden(&findings, 9, 0, -1);
	nm_findings_add_hidden(&findings, 9, 2, 1);
	assert_int_equal(findings.count, 2);
	assert_int_equal(findings.items[0].severity, NM_SEVERITY_INFO);
	assert_string_equal(findings.items[1].id, "not-permitted");
	assert_int_equal(nm_findings_count(&findings, NM_SEVERITY_WARNING), 1);
	nm_findings_done(&findings);
}

struct plan_case {
	unsigned major, memory, totalmem; /* MiB */
	int version;
	unsigned limit, semi, old;
	bool kernel_first;
	const char *findings;
};

static const struct plan_case plans[] = {
	{24, 512, 65536, 2, 259, 1, 384, false, "info semi-space;"},
	{24, 256, 65536, 2, 259, 1, 192, true, "critical heap-above-container;info semi-space;"},
	{24, 290, 65536, 2, 259, 1, 217, true, "warning kernel-first;info semi-space;"},
	{18, 512, 65536, 2, 4144, 16, 384, true,
	 "critical heap-above-container;warning cgroup-unseen;"},
	{18, 512, 65536, 1, 259, 1, 384, false, ""},
	{26, 1024, 65536, 2, 536, 8, 768, false, "info semi-space;"},
	{22, 0, 65536, 2, 4144, 16, 49152, false, ""},
	{20, 2048, 65536, 2, 1048, 8, 1536, false, "info semi-space;"},
};

static void plans_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		const struct plan_case *one = &plans[i];
		struct nm_plan plan = {.major = one->major,
				       .memory = one->memory * NM_MIB,
				       .totalmem = one->totalmem * NM_MIB,
				       .cgroup_version = one->version};
		struct nm_findings findings;
		char text[512];

		nm_findings_init(&findings);
		nm_plan_make(&plan);
		nm_findings_add_plan(&findings, &plan);
		print_findings(&findings, text, sizeof(text));
		if (strcmp(text, one->findings) != 0 || plan.heap.limit != one->limit * NM_MIB ||
		    plan.heap.semi_space != one->semi * NM_MIB ||
		    plan.kernel_first != one->kernel_first || plan.old_space_mib != one->old)
			fail_msg("Node %u with %u: %s, heap %llu, old %llu", one->major,
				 one->memory, text, (unsigned long long)(plan.heap.limit / NM_MIB),
				 (unsigned long long)plan.old_space_mib);
		nm_findings_done(&findings);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_has_its_findings),
		cmocka_unit_test(a_changed_semi_space_is_told),
		cmocka_unit_test(processes_that_share_a_group_are_added_up),
		cmocka_unit_test(hidden_processes_are_told),
		cmocka_unit_test(plans_are_judged),
	};

	return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
