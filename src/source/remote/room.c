#include "source/remote/room.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <uv.h>

#include "base/units.h"
#include "source/proc/cgroup.h"

#ifndef MADV_POPULATE_WRITE /* Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif

/* Stays free for what follows: reading the copy takes memory too. */
#define SPARE (UINT64_C(16) << 20)

static uint64_t least_left(const struct nm_cgroups *groups, uint64_t left)
{
	for (size_t i = 0; i < groups->count; i++) {
		const struct nm_cgroup *group = &groups->items[i];
		uint64_t limit, used = group->usage;

		if (!(group->has & NM_CGROUP_HAS_USAGE) || !nm_cgroup_limit(group, &limit))
			continue;
		if (group->has & NM_CGROUP_HAS_CACHE)
			used -= group->cache < used ? group->cache : used;
		if (limit < used + left)
			left = limit > used ? limit - used : 0;
	}
	return left;
}

uint64_t nm_room_left(pid_t pid)
{
	uint64_t left = uv_get_free_memory();
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct nm_cgroups groups;

	if (proc >= 0 && root >= 0 && nm_cgroups_read(proc, root, pid, &groups, NULL) == NM_OK) {
		left = least_left(&groups, left);
		nm_cgroups_done(&groups);
	}
	if (proc >= 0)
		close(proc);
	if (root >= 0)
		close(root);
	return left;
}

int nm_room_make(uint64_t size, const char *what, struct nm_room *out, struct nm_error *err)
{
	uint64_t left = nm_room_left(0);
	int status;

	if (left < SPARE || size > left - SPARE)
		return nm_error_set(err, NM_E_LIMIT,
				    "cannot hold %s: that takes %.2f MiB, and %.2f MiB are left "
				    "for this program (give it more, or run it elsewhere)",
				    what, (double)size / NM_MIB, (double)left / NM_MIB);
	status = nm_room_reserve(size, out, err);
	if (status == NM_OK) /* without it is slower, and that is all */
		madvise(out->bytes, size, MADV_POPULATE_WRITE);
	return status;
}

int nm_room_reserve(uint64_t size, struct nm_room *out, struct nm_error *err)
{
	void *bytes;

	if (size > SIZE_MAX / 2)
		return nm_error_nomem(err);
	bytes = mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bytes == MAP_FAILED)
		return nm_error_nomem(err);
	madvise(bytes, size, MADV_HUGEPAGE);
	/* Like a core of ours, a child of ours has no use for it. */
	madvise(bytes, size, MADV_DONTDUMP);
	*out = (struct nm_room){.bytes = bytes, .size = size};
	return NM_OK;
}

void nm_room_cut(struct nm_room *room, uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t kept = (size + page - 1) / page * page;

	if (kept == 0)
		kept = page;
	if (!room->bytes || kept >= room->size)
		return;
	munmap(room->bytes + kept, room->size - kept);
	room->size = kept;
}

void nm_room_done(struct nm_room *room)
{
	if (room->bytes)
		munmap(room->bytes, room->size ? room->size : 1);
	*room = (struct nm_room){NULL, 0};
}
