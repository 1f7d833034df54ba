/*
 * plan.c - what a release line of Node would do in a container, without a process
 */
#include <inttypes.h>

#include "base/units.h"
#include "model/findings.h"

static struct nm_node_sight make_sight(const struct nm_plan *plan)
{
	struct nm_node_sight sight = {.totalmem = plan->totalmem,
				      .cgroup_version = plan->cgroup_version};

	if (plan->memory != 0) {
		sight.own_max = plan->memory;
		sight.has |= NM_SIGHT_OWN_MAX;
		/* A container's own group is what it sees at the top. */
		if (plan->cgroup_version == 1) {
			sight.top_max = plan->memory;
			sight.has |= NM_SIGHT_TOP_MAX;
		}
	}
	return sight;
}

static uint64_t room_of(const struct nm_plan *plan)
{
	return plan->memory != 0 && plan->memory < plan->totalmem ? plan->memory : plan->totalmem;
}

void nm_plan_make(struct nm_plan *plan)
{
	struct nm_node_sight sight = make_sight(plan);
	const struct nm_node_rule *rule = nm_node_rule_find(plan->major, &plan->is_proven);
	const struct nm_node_rule *older = nm_node_rule_older(rule, &sight, &plan->older);

	plan->believes = nm_node_rule_believes(rule, &sight, &plan->believes_from);
	plan->heap = nm_node_rule_heap(rule, plan->believes);
	plan->kernel_first = plan->heap.limit + NM_NODE_BESIDE_HEAP > room_of(plan);
	plan->old_space_mib = nm_findings_old_space_mib(room_of(plan), 1, NM_NODE_BESIDE_HEAP,
							plan->heap.semi_space);
	plan->older_major = older ? older->major : 0;
}

static void find_kernel_first(struct nm_findings *findings, const struct nm_plan *plan)
{
	uint64_t room = room_of(plan);
	struct nm_finding *finding;
	char heap[32], memory[32];

	if (!plan->kernel_first)
		return;
	nm_units_words(plan->heap.limit, heap, sizeof(heap));
	nm_units_words(room, memory, sizeof(memory));
	if (plan->heap.limit >= room) {
		finding =
			nm_findings_add(findings, "heap-above-container", NM_SEVERITY_CRITICAL, 0);
		NM_FINDING_TEXT(finding,
				"without a flag the heap may grow to %s, and there are %s for "
				"everything: the kernel kills before V8 collects in earnest",
				heap, memory);
	} else {
		finding = nm_findings_add(findings, "kernel-first", NM_SEVERITY_WARNING, 0);
		NM_FINDING_TEXT(
			finding,
			"without a flag the heap may grow to %s, and Node needs some 40 MiB "
			"beside it: of %s the kernel comes first",
			heap, memory);
	}
	nm_finding_fix_heap(finding, plan->old_space_mib);
}

static void find_unseen(struct nm_findings *findings, const struct nm_plan *plan)
{
	struct nm_finding *finding;
	char limit[32], believed[32];

	if (plan->memory == 0 || plan->believes <= plan->memory)
		return;
	finding = nm_findings_add(findings, "cgroup-unseen", NM_SEVERITY_WARNING, 0);
	NM_FINDING_TEXT(
		finding,
		"Node %u does not know cgroup version 2: it does not see the limit of %s and "
		"believes it has the machine's %s",
		plan->major, nm_units_words(plan->memory, limit, sizeof(limit)),
		nm_units_words(plan->believes, believed, sizeof(believed)));
	nm_finding_fix_heap(finding, plan->old_space_mib);
	NM_FINDING_FIX(finding, "; Node 20 and later see it");
}

static void find_change(struct nm_findings *findings, const struct nm_plan *plan)
{
	struct nm_finding *finding;
	char now[32], then[32], heap[32], older[32];

	if (plan->older_major == 0)
		return;
	finding = nm_findings_add(findings, "semi-space", NM_SEVERITY_INFO, 0);
	NM_FINDING_TEXT(
		finding,
		"coming from Node %u: each semi-space may grow to %s instead of %s, and the "
		"heap to %s instead of %s",
		plan->older_major, nm_units_words(plan->heap.semi_space, now, sizeof(now)),
		nm_units_words(plan->older.semi_space, then, sizeof(then)),
		nm_units_words(plan->heap.limit, heap, sizeof(heap)),
		nm_units_words(plan->older.limit, older, sizeof(older)));
	NM_FINDING_FIX(finding, "to keep the semi-space: --max-semi-space-size=%" PRIu64 "%s",
		       plan->older.semi_space / NM_MIB,
		       plan->heap.semi_space < plan->older.semi_space
			       ? ", for fewer collections and three times that much memory"
			       : "");
}

void nm_findings_add_plan(struct nm_findings *findings, const struct nm_plan *plan)
{
	findings->plan = plan;
	find_kernel_first(findings, plan);
	find_unseen(findings, plan);
	find_change(findings, plan);
}
