/*
 * findings.c - the list of findings, and those that are not of one process
 */
#include "model/findings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "model/limits.h"

/* A heap is one part of a process: the rest of it has the last quarter. */
#define HEAP_SHARE_QUARTERS 3
/* Node does not start with much less. */
#define OLD_SPACE_MIN_MIB 16

const char *nm_severity_name(enum nm_severity severity)
{
	static const char *const names[] = {"info", "warning", "critical"};

	return names[severity];
}

void nm_findings_init(struct nm_findings *findings)
{
	memset(findings, 0, sizeof(*findings));
}

void nm_findings_done(struct nm_findings *findings)
{
	if (!findings)
		return;
	free(findings->items);
	memset(findings, 0, sizeof(*findings));
}

void nm_facts_init(struct nm_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->ptrace_scope = -1;
	nm_sample_init(&facts->sample);
	nm_node_flags_init(&facts->flags);
}

void nm_facts_done(struct nm_facts *facts)
{
	if (!facts)
		return;
	nm_sample_done(&facts->sample);
	nm_limits_done(&facts->limits);
}

size_t nm_findings_count(const struct nm_findings *findings, enum nm_severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->items[i].severity >= severity;
	return count;
}

struct nm_finding *nm_findings_add(struct nm_findings *findings, const char *id,
				   enum nm_severity severity, pid_t pid)
{
	struct nm_finding *items, *item;

	items = realloc(findings->items, (findings->count + 1) * sizeof(*items));
	if (!items) {
		findings->failed = true;
		return NULL;
	}
	findings->items = items;
	item = &items[findings->count++];
	memset(item, 0, sizeof(*item));
	item->id = id;
	item->severity = severity;
	item->pid = pid;
	return item;
}

void nm_finding_say(struct nm_finding *finding, bool fix, const char *format, ...)
{
	char *text;
	size_t used;
	va_list args;

	if (!finding)
		return;
	text = fix ? finding->fix : finding->text;
	used = strlen(text);
	va_start(args, format);
	vsnprintf(text + used, sizeof(finding->text) - used, format, args);
	va_end(args);
}

uint64_t nm_findings_old_space_mib(uint64_t memory, size_t sharers, uint64_t beside,
				   uint64_t semi_space)
{
	uint64_t share = memory / (sharers ? sharers : 1);
	uint64_t old = share / 4 * HEAP_SHARE_QUARTERS, rest = beside + 3 * semi_space;

	if (rest >= share)
		return 0;
	if (old > share - rest)
		old = share - rest;
	return old / NM_MIB < OLD_SPACE_MIN_MIB ? 0 : old / NM_MIB;
}

void nm_finding_fix_heap(struct nm_finding *finding, uint64_t mib)
{
	if (mib == 0)
		NM_FINDING_FIX(finding, "give it more memory: there is no room for a heap beside "
					"what the process needs anyway");
	else
		NM_FINDING_FIX(finding,
			       "start it with --max-old-space-size=%" PRIu64
			       " (or NODE_OPTIONS=--max-old-space-size=%" PRIu64
			       "), or give it more memory",
			       mib, mib);
}

/* ---- several processes ------------------------------------------------------------------- */

static const struct nm_limit *group_of(const struct nm_facts *facts)
{
	return facts->has_limits ? nm_limits_lowest_group(&facts->limits) : NULL;
}

static bool get_heap(const struct nm_facts *facts, uint64_t *out)
{
	const struct nm_isolate *isolate = nm_sample_main(&facts->sample);

	if (!isolate || !(isolate->has & NM_HAS_HEAP_SIZE_LIMIT))
		return false;
	*out = isolate->heap_size_limit;
	return true;
}

/* The processes whose lowest limit is that of the group `scope`, summed up. */
struct sharers {
	size_t count;
	uint64_t heaps;
	uint64_t beside; /* the most that one of them has beside its heap */
	uint64_t semi_space;
	char pids[160];
};

static void add_sharer(struct sharers *sharers, const struct nm_facts *facts, uint64_t heap)
{
	const struct nm_isolate *isolate = nm_sample_main(&facts->sample);
	size_t used = strlen(sharers->pids);
	uint64_t beside = 0;

	sharers->count++;
	sharers->heaps += heap;
	if ((facts->sample.has & NM_HAS_RSS) && facts->sample.rss > isolate->heap_total)
		beside = facts->sample.rss - isolate->heap_total;
	if (beside > sharers->beside)
		sharers->beside = beside;
	if (isolate->max_semi_space > sharers->semi_space)
		sharers->semi_space = isolate->max_semi_space;
	if (used + 24 < sizeof(sharers->pids))
		snprintf(sharers->pids + used, sizeof(sharers->pids) - used, "%s%d",
			 used ? ", " : "", (int)facts->pid);
	else if (used + 5 < sizeof(sharers->pids) && sharers->pids[used - 1] != '.')
		snprintf(sharers->pids + used, sizeof(sharers->pids) - used, " ...");
}

static void judge_group(struct nm_findings *findings, const struct nm_facts *facts, size_t count,
			const struct nm_limit *group)
{
	struct sharers sharers = {.count = 0};
	char heaps[32], limit[32];
	struct nm_finding *finding;

	for (size_t i = 0; i < count; i++) {
		const struct nm_limit *its = group_of(&facts[i]);
		uint64_t heap;

		if (its && strcmp(its->scope, group->scope) == 0 && get_heap(&facts[i], &heap))
			add_sharer(&sharers, &facts[i], heap);
	}
	if (sharers.count < 2 || sharers.heaps <= group->limit)
		return;
	finding = nm_findings_add(findings, "shared-container", NM_SEVERITY_WARNING, 0);
	NM_FINDING_TEXT(finding,
			"%zu Node processes (%s) share control group %s: their heaps may grow to "
			"%s together, and the group has %s for everything",
			sharers.count, sharers.pids, group->scope,
			nm_units_words(sharers.heaps, heaps, sizeof(heaps)),
			nm_units_words(group->limit, limit, sizeof(limit)));
	nm_finding_fix_heap(finding, nm_findings_old_space_mib(group->limit, sharers.count,
							       sharers.beside, sharers.semi_space));
	if (finding && finding->fix[0] == 's')
		NM_FINDING_FIX(finding, "; that is for each of the %zu", sharers.count);
}

void nm_findings_add_shared(struct nm_findings *findings, const struct nm_facts *facts,
			    size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++) {
		const struct nm_limit *group = group_of(&facts[i]);
		bool is_new = group && (pid == 0 || facts[i].pid == pid);

		/* Each group once, at its first process. */
		for (size_t k = 0; k < i && pid == 0 && is_new; k++)
			is_new = !group_of(&facts[k]) ||
				 strcmp(group_of(&facts[k])->scope, group->scope) != 0;
		if (is_new)
			judge_group(findings, facts, count, group);
	}
}

void nm_findings_add_hidden(struct nm_findings *findings, size_t hidden, size_t node,
			    int ptrace_scope)
{
	struct nm_finding *finding;

	if (hidden == 0)
		return;
	finding = nm_findings_add(findings, node ? "not-permitted" : "hidden-processes",
				  node ? NM_SEVERITY_WARNING : NM_SEVERITY_INFO, 0);
	NM_FINDING_TEXT(finding,
			"%zu process%s could not be looked at: another user's, or protected",
			hidden, hidden == 1 ? "" : "es");
	if (node)
		NM_FINDING_TEXT(finding, "; %zu of them %s started as node", node,
				node == 1 ? "was" : "were");
	NM_FINDING_FIX(finding, "run nodemem as root, or grant it CAP_SYS_PTRACE");
	if (ptrace_scope > 0)
		NM_FINDING_FIX(finding, " (/proc/sys/kernel/yama/ptrace_scope is %d)",
			       ptrace_scope);
}
