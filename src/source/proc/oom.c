#include "source/proc/oom.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/proc/file.h"

#define TEXT_MAX (1024 * 1024)
/* What v1 shows for "no limit" is the largest whole number of pages, or near it. */
#define NO_LIMIT (UINT64_C(1) << 60)

/* The number behind `key` at the start of a line. */
static bool find_count(const char *text, const char *key, uint64_t *out)
{
	size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == ' ') {
			*out = strtoull(line + length + 1, NULL, 10);
			return true;
		}
		if (!*line)
			break;
	}
	return false;
}

/* Read a file of a cgroup's folder. */
static bool read_file(const struct nm_oom *oom, const char *folder, const char *name, char *text,
		      size_t room)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s%s/%s", oom->mount, folder, name);
	return nm_proc_read(AT_FDCWD, path, text, room) > 0;
}

static void read_machine(int proc, struct nm_oom *oom)
{
	struct nm_strbuf text;

	nm_strbuf_init(&text, TEXT_MAX);
	oom->knows_machine = nm_proc_read_all(proc, "vmstat", &text) == 0 &&
			     find_count(nm_strbuf_get(&text), "oom_kill", &oom->machine_kills);
	nm_strbuf_done(&text);
}

/* One level: its limit, and how often something failed at it. */
static void read_level(struct nm_oom *oom, const char *folder)
{
	uint64_t failures = 0, groups = 0, limit = 0;
	char text[1024];

	if (oom->is_v2) {
		if (read_file(oom, folder, "memory.events", text, sizeof(text))) {
			find_count(text, "oom", &failures);
			find_count(text, "oom_group_kill", &groups); /* since Linux 5.17 */
		}
		/* What happens below a level is counted in it too: the highest is the sum. */
		if (failures > oom->cgroup_failures)
			oom->cgroup_failures = failures;
		if (groups > oom->group_kills)
			oom->group_kills = groups;
		if (read_file(oom, folder, "memory.max", text, sizeof(text)))
			limit = strtoull(text, NULL, 10); /* "max" gives 0 */
	} else {
		if (read_file(oom, folder, "memory.failcnt", text, sizeof(text)))
			oom->cgroup_failures += strtoull(text, NULL, 10);
		if (read_file(oom, folder, "memory.limit_in_bytes", text, sizeof(text)))
			limit = strtoull(text, NULL, 10);
	}
	if (limit == 0 || limit >= NO_LIMIT ||
	    (oom->cgroup_limit != 0 && limit >= oom->cgroup_limit))
		return;
	oom->cgroup_limit = limit;
	snprintf(oom->limited, sizeof(oom->limited), "%s", folder[0] ? folder : "/");
}

static void read_cgroup(struct nm_oom *oom)
{
	char folder[sizeof(oom->folder)], text[1024], *slash;

	oom->knows_cgroup =
		read_file(oom, oom->folder, oom->is_v2 ? "memory.events" : "memory.oom_control",
			  text, sizeof(text)) &&
		find_count(text, "oom_kill", &oom->cgroup_kills);
	memcpy(folder, oom->folder, sizeof(folder));
	read_level(oom, folder);
	while ((slash = strrchr(folder, '/'))) {
		*slash = '\0';
		read_level(oom, folder);
	}
}

/* Does the comma-separated list hold the word? */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += length)
		if ((at == list || at[-1] == ',' || at[-1] == ' ') &&
		    strchr(", \n", at[length]) != NULL)
			return true;
	return false;
}

/* "4:memory:/path" of v1, else "0::/path" of v2: cgroups(7). */
static bool find_path(int proc, pid_t pid, bool *out_is_v2, char *out, size_t room)
{
	char name[32], text[8192], *line, *next, *colon, *path;
	bool found = false;

	snprintf(name, sizeof(name), "%d/cgroup", (int)pid);
	if (nm_proc_read(proc, name, text, sizeof(text)) <= 0)
		return false;
	for (line = text; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		colon = strchr(line, ':');
		path = colon ? strchr(colon + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		if (has_word(colon + 1, "memory")) {
			*out_is_v2 = false;
			snprintf(out, room, "%s", path);
			return true;
		}
		if (strncmp(line, "0:", 2) == 0 && colon[1] == '\0') {
			*out_is_v2 = true;
			snprintf(out, room, "%s", path);
			found = true;
		}
	}
	return found;
}

/* Where the hierarchy is mounted, and which part of it that shows: proc(5), mountinfo. */
static bool find_mount(const char *text, bool is_v2, char *root, size_t room, struct nm_oom *oom)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		char fields[3][512], where[512], type[32], options[512];
		const char *dash;

		line += *line == '\n';
		dash = strstr(line, " - ");
		if (!dash ||
		    sscanf(line, "%511s %511s %511s %511s %127s", fields[0], fields[1], fields[2],
			   where, oom->mount) != 5 ||
		    sscanf(dash, " - %31s %*s %511s", type, options) != 2)
			continue;
		if (strcmp(type, is_v2 ? "cgroup2" : "cgroup") != 0 ||
		    (!is_v2 && !has_word(options, "memory")))
			continue;
		snprintf(root, room, "%s", where);
		return true;
	}
	return false;
}

void nm_oom_read(int proc, pid_t pid, struct nm_oom *out)
{
	struct nm_oom oom = {.knows_machine = false};
	char path[512], root[512];
	struct nm_strbuf text;
	size_t length;

	nm_strbuf_init(&text, TEXT_MAX);
	read_machine(proc, &oom);
	if (find_path(proc, pid, &oom.is_v2, path, sizeof(path)) &&
	    nm_proc_read_all(proc, "self/mountinfo", &text) == 0 &&
	    find_mount(nm_strbuf_get(&text), oom.is_v2, root, sizeof(root), &oom)) {
		/* In a container only the part below `root` is mounted. */
		length = strcmp(root, "/") == 0 ? 0 : strlen(root);
		if (strncmp(path, root, length) == 0 && strcmp(path + length, "/") != 0)
			snprintf(oom.folder, sizeof(oom.folder), "%s", path + length);
		read_cgroup(&oom);
	}
	nm_strbuf_done(&text);
	*out = oom;
}

void nm_oom_read_again(int proc, const struct nm_oom *before, struct nm_oom *out)
{
	struct nm_oom oom = {.is_v2 = before->is_v2};

	read_machine(proc, &oom);
	memcpy(oom.mount, before->mount, sizeof(oom.mount));
	memcpy(oom.folder, before->folder, sizeof(oom.folder));
	if (oom.mount[0])
		read_cgroup(&oom);
	*out = oom;
}

void nm_oom_compare(const struct nm_oom *before, const struct nm_oom *after, struct nm_kills *out)
{
	out->knows_machine = before->knows_machine && after->knows_machine;
	if (out->knows_machine)
		out->on_machine = after->machine_kills - before->machine_kills;
	out->cgroup_limit = before->cgroup_limit;
	snprintf(out->cgroup_name, sizeof(out->cgroup_name), "%.150s", before->limited);
	out->knows_cgroup = before->knows_cgroup && after->knows_cgroup;
	if (!out->knows_cgroup)
		return;
	out->in_cgroup = after->cgroup_kills - before->cgroup_kills;
	out->groups = after->group_kills - before->group_kills;
	out->cgroup_was_full = after->cgroup_failures > before->cgroup_failures;
}
