/*
 * findings_process.c - what the facts of one process mean
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "model/sample.h"
#include "model/findings.h"
#include "model/limits.h"

#define NEARLY_PERCENT 90
#define FULL_PERCENT   97
/* The machine's own cache comes and goes: nearly full is nothing unusual. */
#define MACHINE_NEARLY_PERCENT 95

struct subject {
	struct nm_findings *findings;
	const struct nm_facts *facts;
	const struct nm_isolate *isolate; /* NULL when not known */
	const struct nm_limit *group;	  /* of the lowest limit; NULL when there is none */
	const struct nm_limit *own_group; /* of the process itself; NULL when there is none */
	uint64_t old_space_mib;		  /* that would fit, for a fix */
};

static struct nm_finding *add(const struct subject *subject, const char *id,
			      enum nm_severity severity)
{
	return nm_findings_add(subject->findings, id, severity, subject->facts->pid);
}

static bool knows_heap(const struct subject *subject)
{
	return subject->isolate && (subject->isolate->has & NM_HAS_HEAP_SIZE_LIMIT);
}

static unsigned percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (unsigned)(100.0 * (double)part / (double)whole);
}

/* The least that the kernel still gives, under whichever of its limits. */
static const struct nm_limit *first_of_kernel(const struct nm_limits *limits)
{
	const struct nm_limit *first = NULL;

	for (size_t i = 0; i < limits->count; i++) {
		const struct nm_limit *item = &limits->items[i];

		if (item->kind != NM_LIMIT_HEAP && item->ends_process &&
		    (item->has & NM_LIMIT_HAS_DISTANCE) &&
		    (!first || item->distance < first->distance))
			first = item;
	}
	return first;
}

static void name_limit(const struct nm_limit *limit, char *out, size_t room)
{
	if (limit->scope[0] == '/')
		snprintf(out, room, "control group %s", limit->scope);
	else if (limit->kind == NM_LIMIT_MACHINE)
		snprintf(out, room, "the machine");
	else
		snprintf(out, room, "%s", nm_limit_name(limit->kind));
}

/* The heap limit against the lowest limit of the kernel: can V8's be reached at all? */
static void find_heap_above(const struct subject *subject)
{
	const struct nm_limits *limits = &subject->facts->limits;
	const struct nm_limit *kernel = first_of_kernel(limits), *lowest = subject->group;
	const struct nm_limit *heap = nm_limits_of(limits, NM_LIMIT_HEAP, "main");
	char name[300], heap_text[32], limit_text[32], left[32];
	uint64_t mib = subject->old_space_mib, fitting;
	struct nm_finding *finding;

	if (!heap || !(heap->has & NM_LIMIT_HAS_LIMIT))
		return;
	if (!lowest)
		lowest = nm_limits_find(limits, NM_LIMIT_MACHINE);
	nm_units_words(heap->limit, heap_text, sizeof(heap_text));
	if (lowest && heap->limit >= lowest->limit) {
		name_limit(lowest, name, sizeof(name));
		finding = add(subject, "heap-above-container", NM_SEVERITY_CRITICAL);
		NM_FINDING_TEXT(finding,
				"its heap may grow to %s, but %s has %s for everything: the kernel "
				"kills it before V8 collects in earnest",
				heap_text, name,
				nm_units_words(lowest->limit, limit_text, sizeof(limit_text)));
	} else if (kernel && (heap->has & NM_LIMIT_HAS_DISTANCE) &&
		   kernel->distance < heap->distance) {
		name_limit(kernel, name, sizeof(name));
		/* What the machine has left is others' doing as much as its own. */
		finding = add(subject, "kernel-first",
			      kernel->kind == NM_LIMIT_MACHINE ? NM_SEVERITY_INFO
							       : NM_SEVERITY_WARNING);
		NM_FINDING_TEXT(finding,
				"its heap may grow by %s more, to %s, but %s has only %s left: the "
				"kernel comes first",
				nm_units_words(heap->distance, limit_text, sizeof(limit_text)),
				heap_text, name,
				nm_units_words(kernel->distance, left, sizeof(left)));
		/* Others may have taken the room: what it has, and three quarters of what is left. */
		fitting = (heap->limit - heap->distance + kernel->distance / 4 * 3) / NM_MIB;
		if (fitting < mib)
			mib = fitting;
	} else {
		return;
	}
	nm_finding_fix_heap(finding, mib);
}

/* Why Node took a heap that is too large: it did not see the limit. */
static void find_unseen(const struct subject *subject)
{
	const struct nm_limits *limits = &subject->facts->limits;
	const struct nm_limit *group = subject->group;
	char limit[32], believed[32];
	const struct nm_node_rule *rule;
	struct nm_finding *finding;
	bool proven;

	rule = nm_node_rule_of(subject->facts->info.node, &proven);
	if (!group || !rule || !(limits->has & NM_LIMITS_HAS_BELIEF) ||
	    limits->node_believes <= group->limit || subject->facts->flags.sets_heap)
		return;
	nm_units_words(group->limit, limit, sizeof(limit));
	nm_units_words(limits->node_believes, believed, sizeof(believed));
	if (!rule->sees_own_group) {
		finding = add(subject, "cgroup-unseen", NM_SEVERITY_WARNING);
		NM_FINDING_TEXT(finding,
				"Node %s does not see the limit of %s of control group %s%s: it "
				"believes it has %s",
				subject->facts->info.node, limit, group->scope,
				limits->cgroup_version == 2
					? " (it does not know cgroup version 2)"
					: " (it looks at the top of /sys/fs/cgroup/memory only)",
				believed);
		nm_finding_fix_heap(finding, subject->old_space_mib);
		NM_FINDING_FIX(finding, "; Node 20 and later see it");
	} else {
		finding = add(subject, "parent-limit-unseen", NM_SEVERITY_WARNING);
		NM_FINDING_TEXT(finding,
				"control group %s has %s for all below it, and Node does not see "
				"that: it looks at its own group only and believes it has %s",
				group->scope, limit, believed);
		nm_finding_fix_heap(finding, subject->old_space_mib);
	}
}

static void find_semi_space(const struct subject *subject)
{
	const struct nm_limits *limits = &subject->facts->limits;
	const struct nm_isolate *isolate = subject->isolate;
	struct nm_finding *finding;
	char now[32], then[32];

	if (!isolate || !(isolate->has & NM_HAS_MAX_SEMI_SPACE) ||
	    subject->facts->flags.sets_semi || limits->older_major == 0 ||
	    isolate->max_semi_space == limits->older_semi_space ||
	    isolate->max_semi_space != limits->default_semi_space)
		return;
	finding = add(subject, "semi-space", NM_SEVERITY_INFO);
	NM_FINDING_TEXT(finding, "its semi-spaces may grow to %s each, under Node %u here to %s: ",
			nm_units_words(isolate->max_semi_space, now, sizeof(now)),
			limits->older_major,
			nm_units_words(limits->older_semi_space, then, sizeof(then)));
	NM_FINDING_TEXT(finding, isolate->max_semi_space < limits->older_semi_space
					 ? "young objects are collected more often, and more of "
					   "them get old"
					 : "fewer collections, for up to three times the "
					   "difference more memory");
	NM_FINDING_FIX(finding, "to have it as before: --max-semi-space-size=%" PRIu64,
		       limits->older_semi_space / NM_MIB);
}

static void find_swap(const struct subject *subject)
{
	const struct nm_limits *limits = &subject->facts->limits;
	struct nm_finding *finding;
	char swapped[32];

	if (!(limits->has & NM_LIMITS_HAS_SWAPPED) || limits->swapped == 0)
		return;
	finding = add(subject, "swap-in-use",
		      limits->swapped >= NM_MIB ? NM_SEVERITY_WARNING : NM_SEVERITY_INFO);
	NM_FINDING_TEXT(finding, "%s of it are in swap: a garbage collection has to read them back",
			nm_units_words(limits->swapped, swapped, sizeof(swapped)));
	NM_FINDING_FIX(finding, "give it more memory, or keep it out of swap: "
				"memory.swap.max=0 (systemd: MemorySwapMax=0)");
}

static void find_inspector(const struct subject *subject)
{
	const struct nm_facts *facts = subject->facts;
	struct nm_finding *finding;

	if (!facts->has_inspector)
		return;
	if (facts->inspector_is_local) {
		finding = add(subject, "inspector-listening", NM_SEVERITY_INFO);
		NM_FINDING_TEXT(finding,
				"it listens on %s, the inspector's port: who reaches that from the "
				"same machine can run code in it",
				facts->inspector);
		NM_FINDING_FIX(finding, "start it without --inspect when nobody debugs it");
		return;
	}
	finding = add(subject, "inspector-open", NM_SEVERITY_CRITICAL);
	NM_FINDING_TEXT(finding,
			"it listens on %s, the inspector's port, which others can reach: whoever "
			"connects runs code in it",
			facts->inspector);
	NM_FINDING_FIX(finding, "start it with --inspect=127.0.0.1:%u, or without --inspect",
		       facts->flags.inspector_port);
}

static void find_full_heap(const struct subject *subject)
{
	const struct nm_isolate *isolate = subject->isolate;
	char used[32], limit[32];
	struct nm_finding *finding;
	uint64_t room, mib;
	unsigned full;

	if (!knows_heap(subject) || !(isolate->has & NM_HAS_HEAP_USED))
		return;
	if (!nm_isolate_fullness(isolate, &full) || full < NEARLY_PERCENT)
		return;
	finding = add(subject, "heap-nearly-full",
		      full < FULL_PERCENT ? NM_SEVERITY_WARNING : NM_SEVERITY_CRITICAL);
	NM_FINDING_TEXT(finding, "its heap is %u %% full, without new_space: %s of %s in all", full,
			nm_units_words(isolate->heap_used, used, sizeof(used)),
			nm_units_words(isolate->heap_size_limit, limit, sizeof(limit)));
	mib = 2 * (isolate->heap_size_limit / NM_MIB);
	room = subject->old_space_mib;
	if (mib > room)
		mib = room;
	/* Less than a quarter more only puts the end off. */
	if (mib >= isolate->heap_size_limit / NM_MIB / 4 * 5)
		NM_FINDING_FIX(finding, "if it needs that much: --max-old-space-size=%" PRIu64,
			       mib);
	else
		NM_FINDING_FIX(finding, "if it needs that much, give it more memory: a larger heap "
					"does not fit into what it has");
}

static void find_full_memory(const struct subject *subject)
{
	const struct nm_limits *limits = &subject->facts->limits;
	char name[300], used[32], limit[32];

	for (size_t i = 0; i < limits->count; i++) {
		const struct nm_limit *item = &limits->items[i];
		unsigned full = percent(item->used, item->limit);
		bool is_machine = item->kind == NM_LIMIT_MACHINE;
		bool is_high = item->kind == NM_LIMIT_CGROUP_HIGH;
		struct nm_finding *finding;

		if ((!is_machine && !is_high && item->kind != NM_LIMIT_CGROUP_MAX) ||
		    !(item->has & NM_LIMIT_HAS_HEADROOM) ||
		    full < (is_machine ? MACHINE_NEARLY_PERCENT : NEARLY_PERCENT))
			continue;
		name_limit(item, name, sizeof(name));
		finding = add(subject, is_high ? "memory-high-near" : "memory-nearly-full",
			      full < FULL_PERCENT || is_high ? NM_SEVERITY_WARNING
							     : NM_SEVERITY_CRITICAL);
		NM_FINDING_TEXT(finding, "%s of %s is %u %% used, without its page cache: %s of %s",
				is_machine ? "the memory" : nm_limit_name(item->kind), name, full,
				nm_units_words(item->used, used, sizeof(used)),
				nm_units_words(item->limit, limit, sizeof(limit)));
		if (is_high)
			NM_FINDING_FIX(finding, "raise memory.high (systemd: MemoryHigh=): past it "
						"the kernel slows every allocation down");
		else
			NM_FINDING_FIX(finding,
				       "give it more memory, or see what takes it: "
				       "nodemem usage --isolates %d",
				       (int)subject->facts->pid);
	}
}

static void find_kills(const struct subject *subject)
{
	const struct nm_limit *group = subject->own_group;
	struct nm_finding *finding;

	/* The group at the very top is the machine's. */
	if (!group || !(group->has & NM_LIMIT_HAS_KILLS) || group->kills == 0 ||
	    !(group->has & NM_LIMIT_HAS_LIMIT))
		return;
	finding = add(subject, "killed-before", NM_SEVERITY_INFO);
	NM_FINDING_TEXT(finding,
			"the kernel has killed %" PRIu64 " process%s of control group %s for want "
			"of memory",
			group->kills, group->kills == 1 ? "" : "es", group->scope);
}

static void find_not_permitted(const struct subject *subject)
{
	const struct nm_facts *facts = subject->facts;
	struct nm_finding *finding;

	if (facts->problem.code == NM_OK)
		return;
	if (facts->problem.code != NM_E_PERM) {
		finding = add(subject, "not-readable", NM_SEVERITY_WARNING);
		NM_FINDING_TEXT(finding, "its numbers are not known: %s", facts->problem.message);
		return;
	}
	finding = add(subject, "not-permitted", NM_SEVERITY_WARNING);
	NM_FINDING_TEXT(finding, "its memory may not be read, so its heap is not known");
	if (facts->ptrace_scope > 0)
		NM_FINDING_TEXT(finding, " (/proc/sys/kernel/yama/ptrace_scope is %d)",
				facts->ptrace_scope);
	NM_FINDING_FIX(finding,
		       "run nodemem as root%s, or grant CAP_SYS_PTRACE (docker: --cap-add "
		       "SYS_PTRACE --pid=container:NAME; Kubernetes: "
		       "shareProcessNamespace: true and securityContext.capabilities.add: "
		       "[SYS_PTRACE], or kubectl debug --profile=general)",
		       facts->ptrace_scope > 0 ? "" : " or as the user of the process");
	if (facts->ptrace_scope == 1)
		NM_FINDING_FIX(finding, "; sysctl kernel.yama.ptrace_scope=0 lets users read their "
					"own processes");
}

/* What fits beside what the process has in memory besides its heap. */
static uint64_t choose_old_space(const struct subject *subject)
{
	const struct nm_sample *sample = &subject->facts->sample;
	const struct nm_isolate *isolate = subject->isolate;
	const struct nm_limit *lowest =
		subject->group ? subject->group
			       : nm_limits_find(&subject->facts->limits, NM_LIMIT_MACHINE);
	uint64_t beside = NM_NODE_BESIDE_HEAP;

	if (!lowest)
		return 0;
	if (isolate && (sample->has & NM_HAS_RSS) && sample->rss > isolate->heap_total)
		beside = sample->rss - isolate->heap_total;
	return nm_findings_old_space_mib(lowest->limit, 1, beside,
					 isolate ? isolate->max_semi_space : 0);
}

void nm_findings_add_process(struct nm_findings *findings, const struct nm_facts *facts)
{
	struct subject subject = {
		.findings = findings,
		.facts = facts,
		.isolate = nm_sample_main(&facts->sample),
	};

	findings->looked_at++;
	find_not_permitted(&subject);
	find_inspector(&subject);
	if (!facts->has_limits)
		return;
	subject.group = nm_limits_lowest_group(&facts->limits);
	subject.own_group = nm_limits_find(&facts->limits, NM_LIMIT_CGROUP_MAX);
	subject.old_space_mib = choose_old_space(&subject);
	find_heap_above(&subject);
	find_unseen(&subject);
	find_full_heap(&subject);
	find_full_memory(&subject);
	find_swap(&subject);
	find_semi_space(&subject);
	find_kills(&subject);
}
