/*
 * limits.c - every limit above a process, from the kernel's files and from a sample
 */
#include "source/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "model/limits.h"
#include "model/node_rule.h"
#include "source/proc/cgroup.h"
#include "source/proc/file.h"
#include "source/proc/meminfo.h"
#include "source/proc/rlimits.h"
#include "source/proc/sight.h"

static int add(struct nm_limits *limits, enum nm_limit_kind kind, const char *scope, bool has_limit,
	       uint64_t limit, bool has_used, uint64_t used)
{
	struct nm_limit *item = nm_limits_add(limits, kind, scope);

	if (!item)
		return NM_E_NOMEM;
	nm_limit_set_limit(item, has_limit, limit);
	nm_limit_set_used(item, has_used, used);
	return NM_OK;
}

static int add_rlimits(struct nm_limits *limits, const struct nm_rlimits *from)
{
	int status;

	if (from->has & NM_RLIMITS_HAS_VM_SWAP) {
		limits->has |= NM_LIMITS_HAS_SWAPPED;
		limits->swapped = from->vm_swap;
	}
	if (!from->is_known)
		return NM_OK;
	status = add(limits, NM_LIMIT_ADDRESS_SPACE, "process",
		     (from->has & NM_RLIMITS_HAS_ADDRESS_SPACE) != 0, from->address_space,
		     (from->has & NM_RLIMITS_HAS_VM_SIZE) != 0, from->vm_size);
	if (status == NM_OK)
		status = add(limits, NM_LIMIT_DATA, "process",
			     (from->has & NM_RLIMITS_HAS_DATA) != 0, from->data,
			     (from->has & NM_RLIMITS_HAS_VM_DATA) != 0, from->vm_data);
	return status;
}

/* memory.max or memory.high: the same usage, of which the page cache can go. */
static int add_group_limit(struct nm_limits *limits, enum nm_limit_kind kind,
			   const struct nm_cgroup *group, bool has_limit, uint64_t limit)
{
	bool has_usage = (group->has & NM_CGROUP_HAS_USAGE) != 0;
	bool has_cache = (group->has & NM_CGROUP_HAS_CACHE) != 0;
	struct nm_limit *item = nm_limits_add(limits, kind, group->path);
	/* The two files are not read at one instant. */
	uint64_t used = has_cache && group->cache < group->usage ? group->usage - group->cache
			: has_cache				 ? 0
								 : group->usage;

	if (!item)
		return NM_E_NOMEM;
	nm_limit_set_limit(item, has_limit, limit);
	nm_limit_set_used(item, has_usage, used);
	item->has |= has_usage ? NM_LIMIT_HAS_USAGE : 0;
	item->usage = group->usage;
	item->has |= has_cache ? NM_LIMIT_HAS_CACHE : 0;
	item->cache = group->cache;
	item->has |= group->has & NM_CGROUP_HAS_KILLS ? NM_LIMIT_HAS_KILLS : 0;
	item->kills = group->kills;
	return NM_OK;
}

static int add_group(struct nm_limits *limits, const struct nm_cgroup *group, int version)
{
	bool has_swap = (group->has & NM_CGROUP_HAS_SWAP_USAGE) != 0;
	uint64_t swap = group->swap_usage;
	int status = add_group_limit(limits, NM_LIMIT_CGROUP_MAX, group,
				     (group->has & NM_CGROUP_HAS_MAX) != 0, group->max);

	if (status == NM_OK && version == 2)
		status = add_group_limit(limits, NM_LIMIT_CGROUP_HIGH, group,
					 (group->has & NM_CGROUP_HAS_HIGH) != 0, group->high);
	if (status != NM_OK || !has_swap)
		return status;
	/* In version 1 it is memory and swap together, and the page cache can go from there too. */
	if (version == 1 && (group->has & NM_CGROUP_HAS_CACHE))
		swap = swap > group->cache ? swap - group->cache : 0;
	return add(limits, version == 1 ? NM_LIMIT_CGROUP_MEMSW : NM_LIMIT_CGROUP_SWAP, group->path,
		   (group->has & NM_CGROUP_HAS_SWAP_MAX) != 0, group->swap_max, true, swap);
}

static int add_groups(struct nm_limits *limits, const struct nm_cgroups *groups)
{
	int status = NM_OK;

	limits->cgroup_version = groups->version;
	for (size_t i = 0; i < groups->count && status == NM_OK; i++)
		status = add_group(limits, &groups->items[i], groups->version);
	return status;
}

static int add_machine(int proc, struct nm_limits *limits, const struct nm_limits_subject *subject)
{
	struct nm_meminfo swap;
	uint64_t used =
		subject->totalmem > subject->freemem ? subject->totalmem - subject->freemem : 0;
	int status = add(limits, NM_LIMIT_MACHINE, "machine", true, subject->totalmem, true, used);

	if (status != NM_OK || nm_meminfo_read(proc, &swap) != 0)
		return status;
	return add(limits, NM_LIMIT_MACHINE_SWAP, "machine", true, swap.swap_total, true,
		   swap.swap_total - swap.swap_free);
}

/* What this Node takes its memory for. Not known when its version is not, or when its files cannot
   be looked at. */
static void add_belief(int proc, int root, struct nm_limits *limits,
		       const struct nm_limits_subject *subject, const struct nm_rlimits *rlimits)
{
	const struct nm_node_rule *rule = nm_node_rule_of(subject->node, &limits->is_proven);
	struct nm_node_sight sight = {.totalmem = subject->totalmem};
	const struct nm_node_rule *older;
	struct nm_node_heap heap;

	if (!rule || !nm_sight_read(proc, root, subject->pid, &sight))
		return;
	sight.has |= rlimits->has & NM_RLIMITS_HAS_ADDRESS_SPACE ? NM_SIGHT_ADDRESS_SPACE : 0;
	sight.has |= rlimits->has & NM_RLIMITS_HAS_DATA ? NM_SIGHT_DATA : 0;
	sight.address_space = rlimits->address_space;
	sight.data = rlimits->data;
	limits->node_believes = nm_node_rule_believes(rule, &sight, &limits->believes_from);
	heap = nm_node_rule_heap(rule, limits->node_believes);
	limits->default_heap_limit = heap.limit;
	limits->default_semi_space = heap.semi_space;
	limits->has |= NM_LIMITS_HAS_BELIEF;
	older = nm_node_rule_older(rule, &sight, &heap);
	limits->older_major = older ? older->major : 0;
	limits->older_semi_space = older ? heap.semi_space : 0;
}

static int fill(int proc, int root, const struct nm_limits_subject *subject,
		const struct nm_cgroups *groups, struct nm_limits *limits)
{
	struct nm_rlimits rlimits;
	int pid_dir = nm_proc_open_pid(proc, subject->pid), status = NM_OK;

	if (pid_dir < 0)
		return NM_E_GONE;
	nm_rlimits_read(pid_dir, &rlimits);
	close(pid_dir);
	if (subject->sample)
		status = nm_limits_add_isolates(limits, subject->sample);
	if (status == NM_OK)
		status = add_rlimits(limits, &rlimits);
	if (status == NM_OK)
		status = add_groups(limits, groups);
	if (status == NM_OK)
		status = add_machine(proc, limits, subject);
	if (status == NM_OK)
		add_belief(proc, root, limits, subject, &rlimits);
	return status;
}

int nm_limits_read_from(int proc, int root, const struct nm_limits_subject *subject,
			struct nm_limits *out, struct nm_error *err)
{
	struct nm_limits limits;
	struct nm_cgroups groups;
	int status = nm_cgroups_read(proc, root, subject->pid, &groups, err);

	if (status != NM_OK)
		return status;
	nm_limits_init(&limits);
	status = fill(proc, root, subject, &groups, &limits);
	nm_cgroups_done(&groups);
	if (status == NM_OK) {
		nm_limits_judge(&limits);
		*out = limits;
		return NM_OK;
	}
	nm_limits_done(&limits);
	if (status == NM_E_NOMEM)
		return nm_error_nomem(err);
	return nm_error_set(err, status, "process %d has ended", (int)subject->pid);
}

int nm_limits_read_pid(const struct nm_limits_subject *subject, struct nm_limits *out,
		       struct nm_error *err)
{
	struct nm_limits_subject here = *subject;
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), root, status;

	if (proc < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot open /proc");
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	here.totalmem = uv_get_total_memory();
	here.freemem = uv_get_free_memory();
	if (root < 0) {
		status = nm_error_set_errno(err, NM_E_IO, errno, "cannot open /");
	} else {
		status = nm_limits_read_from(proc, root, &here, out, err);
		close(root);
	}
	close(proc);
	return status;
}

int nm_limits_read(struct nm_target *target, const struct nm_sample *sample, struct nm_limits *out,
		   struct nm_error *err)
{
	const struct nm_target_info *info = nm_target_info(target);
	const struct nm_limits_subject subject = {
		.pid = info->pid, .node = info->node, .sample = sample};

	return nm_limits_read_pid(&subject, out, err);
}
