/*
 * system.c - the memory of the machine and what the control groups leave of it
 *
 * libuv's numbers are Node's own: os.totalmem() and os.freemem() call the same two functions.
 * Free is MemAvailable of /proc/meminfo, not MemFree, in Debian's libuv 1.44 as in those inside
 * Node 16.18 (1.43) to 26.10 (1.52): all were compared and are equal.
 */
#include "source/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "source/proc/cgroup.h"
#include "source/proc/meminfo.h"

/* The end of a path tells groups apart, so it is the beginning that is cut. */
static void copy_path(char *out, size_t room, const char *path)
{
	size_t length = strlen(path);

	if (length < room)
		memcpy(out, path, length + 1);
	else
		snprintf(out, room, "...%s", path + length - (room - 4));
}

/* What process.constrainedMemory() and availableMemory() would be if they looked at all groups. */
static void apply_groups(const struct nm_cgroups *groups, struct nm_system *system)
{
	system->has |= NM_HAS_AVAILABLE;
	system->available_memory = system->freemem;
	for (size_t i = 0; i < groups->count; i++) {
		const struct nm_cgroup *group = &groups->items[i];
		uint64_t limit, left;

		if (!nm_cgroup_limit(group, &limit))
			continue;
		if (!(system->has & NM_HAS_CONSTRAINED) || limit < system->constrained_memory) {
			system->has |= NM_HAS_CONSTRAINED;
			system->constrained_memory = limit;
			copy_path(system->constrained_by, sizeof(system->constrained_by),
				  group->path);
		}
		if (!(group->has & NM_CGROUP_HAS_USAGE)) {
			system->has &= ~(unsigned)NM_HAS_AVAILABLE;
			continue;
		}
		left = limit > group->usage ? limit - group->usage : 0;
		if (left < system->available_memory)
			system->available_memory = left;
	}
	if (!(system->has & NM_HAS_AVAILABLE))
		system->available_memory = 0;
}

int nm_system_read_limits(int proc, int root, pid_t pid, struct nm_system *system,
			  struct nm_error *err)
{
	struct nm_meminfo meminfo;
	struct nm_cgroups groups;
	int status = nm_cgroups_read(proc, root, pid, &groups, err);

	if (status != NM_OK)
		return status;
	apply_groups(&groups, system);
	nm_cgroups_done(&groups);
	if (nm_meminfo_read(proc, &meminfo) == 0) {
		system->has |= NM_HAS_SWAP;
		system->swap_total = meminfo.swap_total;
		system->swap_free = meminfo.swap_free;
	}
	return NM_OK;
}

int nm_system_read(pid_t pid, struct nm_system *out, struct nm_error *err)
{
	struct nm_system system = {
		.totalmem = uv_get_total_memory(),
		.freemem = uv_get_free_memory(),
	};
	int proc, root, status;

	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot open /proc");
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		status = nm_error_set_errno(err, NM_E_IO, errno, "cannot open /");
	} else {
		status = nm_system_read_limits(proc, root, pid, &system, err);
		close(root);
	}
	close(proc);
	if (status == NM_OK)
		*out = system;
	return status;
}
