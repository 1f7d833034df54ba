/*
 * coarse.c - the ledger of a process whose memory cannot be read: what /proc tells of it
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "model/ledger.h"
#include "source/ledger/files.h"
#include "source/malloc/allocator.h"
#include "source/proc/file.h"
#include "source/proc/smaps.h"
#include "source/proc/stat.h"

/* Without the binary nobody knows which file has V8 in it: it is the program, or libnode. */
static void read_program(int pid_dir, const struct nm_maps *maps, char *out, size_t room)
{
	ssize_t length = readlinkat(pid_dir, "exe", out, room - 1);

	out[length > 0 ? length : 0] = '\0';
	for (size_t i = 0; i < maps->count; i++)
		if (strstr(maps->items[i].path, "/libnode.so"))
			snprintf(out, room, "%s", maps->items[i].path);
}

static nm_part_index part_of(struct nm_ledger *ledger, const struct nm_maps *maps, size_t mapping,
			     const char *program)
{
	const struct nm_map *map = &maps->items[mapping];
	struct nm_ledger_file file;
	nm_part_index part;

	if (nm_ledger_file_find(maps, mapping, program, &file))
		return nm_ledger_part(ledger, file.group, "", file.name);
	if (strcmp(map->path, "[heap]") == 0)
		return nm_ledger_part(ledger, NM_GROUP_MALLOC, "", "main arena");
	if (map->access & NM_MAP_EXECUTE)
		return nm_ledger_part(ledger, NM_GROUP_V8_CODE, "", "code range");
	part = nm_ledger_part(ledger, NM_GROUP_OTHER, "",
			      "anonymous memory: V8's heap, malloc, stacks");
	nm_ledger_mark_unnamed(ledger, part);
	return part;
}

static int from_smaps(const struct nm_smaps *smaps, int pid_dir, struct nm_ledger *ledger,
		      struct nm_error *err)
{
	const struct nm_map *library;
	char program[512];

	read_program(pid_dir, &smaps->maps, program, sizeof(program));
	snprintf(ledger->malloc.allocator, sizeof(ledger->malloc.allocator), "%s",
		 nm_allocator_name(nm_allocator_find(&smaps->maps, &library)));
	ledger->rss = smaps->rss;
	ledger->pss = smaps->pss;
	ledger->swap = smaps->swap;
	ledger->has |= NM_HAS_LEDGER_PSS | NM_HAS_LEDGER_SWAP;
	for (size_t i = 0; i < smaps->maps.count; i++) {
		nm_part_index part = part_of(ledger, &smaps->maps, i, program);

		if (!ledger->parts)
			return nm_error_nomem(err);
		ledger->parts[part].rss += smaps->items[i].rss;
		ledger->parts[part].pss += smaps->items[i].pss;
		ledger->parts[part].swap += smaps->items[i].swap;
	}
	return nm_ledger_finish(ledger, err);
}

static int from_status(int pid_dir, struct nm_ledger *ledger, struct nm_error *err)
{
	static const struct {
		const char *key;
		enum nm_group group;
		const char *name;
		bool is_named;
	} rows[] = {
		{"RssAnon:", NM_GROUP_OTHER, "anonymous memory: V8's heap, malloc, stacks", false},
		{"RssFile:", NM_GROUP_MAPPED_FILES, "program, libraries and other files", true},
		{"RssShmem:", NM_GROUP_SHARED, "shared memory", true},
	};
	char text[8192];
	ssize_t length = nm_proc_read(pid_dir, "status", text, sizeof(text));

	if (length <= 0)
		return nm_error_set(err, NM_E_GONE, "process %d has ended", (int)ledger->pid);
	snprintf(ledger->malloc.allocator, sizeof(ledger->malloc.allocator), "unknown");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		nm_part_index part = nm_ledger_part(ledger, rows[i].group, "", rows[i].name);
		uint64_t bytes;

		if (!ledger->parts)
			return nm_error_nomem(err);
		/* A process that has ended has no memory and no such lines. */
		if (!nm_proc_status_find(text, rows[i].key, &bytes))
			return nm_error_set(err, NM_E_GONE, "process %d has ended",
					    (int)ledger->pid);
		if (!rows[i].is_named)
			nm_ledger_mark_unnamed(ledger, part);
		ledger->parts[part].rss = bytes;
		ledger->rss += bytes;
	}
	if (nm_proc_status_find(text, "VmSwap:", &ledger->swap))
		ledger->has |= NM_HAS_LEDGER_SWAP;
	return nm_ledger_finish(ledger, err);
}

static int read_coarse(int pid_dir, const char *why, struct nm_ledger *ledger, struct nm_error *err)
{
	struct nm_smaps smaps;
	int status;

	nm_ledger_miss(ledger,
		       "what anonymous memory is (V8's spaces, ArrayBuffers, malloc, stacks): %s",
		       why);
	nm_smaps_init(&smaps);
	status = nm_smaps_read(pid_dir, &smaps);
	if (status == 0) {
		status = from_smaps(&smaps, pid_dir, ledger, err);
	} else if (status == -ESRCH) {
		status = nm_error_set(err, NM_E_GONE, "process %d has ended", (int)ledger->pid);
	} else {
		nm_ledger_miss(ledger,
			       "which files, and the share of each page: cannot read "
			       "/proc/%d/smaps: %s",
			       (int)ledger->pid, strerror(-status));
		status = from_status(pid_dir, ledger, err);
	}
	nm_smaps_done(&smaps);
	return status;
}

int nm_ledger_read_coarse(pid_t pid, const char *why, struct nm_ledger *out, struct nm_error *err)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int pid_dir = proc < 0 ? -1 : nm_proc_open_pid(proc, pid), status;

	memset(out, 0, sizeof(*out));
	out->pid = pid;
	if (proc >= 0)
		close(proc);
	if (pid_dir < 0)
		return nm_error_set(err, NM_E_GONE,
				    "there is no process %d (nodemem ps lists the Node processes)",
				    (int)pid);
	status = read_coarse(pid_dir, why, out, err);
	close(pid_dir);
	if (status != NM_OK)
		nm_ledger_done(out);
	return status;
}
