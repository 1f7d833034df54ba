#include "source/proc/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "source/proc/file.h"

#define MOUNTINFO_MAX (UINT64_C(16) << 20)
#define CGROUP_MAX    (UINT64_C(1) << 20)

/* Version 1 says "none" with the largest number of whole pages that it can count: pages are up to
   64 KiB (mm/memcontrol.c, PAGE_COUNTER_MAX). */
#define V1_NO_LIMIT UINT64_C(0x7fffffffffff0000)

/* How well a mount shows the group of a process; the higher the better. */
enum sight {
	SIGHT_NONE,
	SIGHT_OTHER, /* another part of the tree, but the one its container was given */
	SIGHT_ABOVE, /* groups above it only */
	SIGHT_WHOLE, /* the group itself, and all above it up to the mount's root */
};

/* A mount of the hierarchy which has the memory controller. */
struct mount {
	enum sight sight;
	int fd;		      /* the folder it stands in; -1 for none */
	char top[PATH_MAX];   /* the group which that folder is */
	char below[PATH_MAX]; /* the way from there to the process's group: "" or "a/b" */
};

struct own_group {
	int version;
	char path[PATH_MAX];
};

static bool is_dots(const char *component, size_t length)
{
	return length == 2 && component[0] == '.' && component[1] == '.';
}

/* "/", "/a/b", or with ".." in front only: "/../../c", which the kernel writes for a group outside
   of the reader's cgroup namespace. */
static bool is_group_path(const char *path)
{
	bool only_dots = true;
	size_t length;

	if (path[0] != '/' || strlen(path) >= PATH_MAX)
		return false;
	if (path[1] == '\0')
		return true;
	while (*path) {
		path++; /* the slash */
		length = strcspn(path, "/");
		if (length == 0 || (length == 1 && path[0] == '.'))
			return false;
		if (!is_dots(path, length))
			only_dots = false;
		else if (!only_dots)
			return false;
		path += length;
	}
	return true;
}

static bool has_dots_first(const char *path)
{
	return strncmp(path, "/..", 3) == 0 && (path[3] == '/' || path[3] == '\0');
}

/* How many ".." a path begins with; *out_rest is what follows them. */
static unsigned count_dots(const char *path, const char **out_rest)
{
	unsigned count = 0;

	for (; has_dots_first(path); path += 3)
		count++;
	*out_rest = path;
	return count;
}

/* The way from the group `top` down to the group `path`, without a slash in front; NULL when
   `path` is not below `top`. */
static const char *way_down(const char *top, const char *path)
{
	size_t length = strcmp(top, "/") == 0 ? 0 : strlen(top);
	const char *way = path + length;

	if (strncmp(path, top, length) != 0 || (*way != '/' && *way != '\0') || has_dots_first(way))
		return NULL;
	return way + strspn(way, "/");
}

/* Is `top` one of the groups above the reader's namespace and `path` below it, by a way that
   cannot be told, because the kernel names neither group? */
static bool is_unnamed_ancestor(const char *top, const char *path)
{
	const char *top_rest, *path_rest;
	unsigned top_dots = count_dots(top, &top_rest), path_dots = count_dots(path, &path_rest);

	return top_dots > path_dots && *top_rest == '\0';
}

/* ---- /proc/PID/cgroup: lines "4:memory:/path", "0::/path" -------------------------------- */

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",") == length && strncmp(list, word, length) == 0)
			return true;
	return false;
}

/* The group in the hierarchy that has the memory controller: a line of version 1 which names it,
   else the line of version 2. `text` is cut up. Version 0 when there is neither. */
static int find_own_group(char *text, struct own_group *out)
{
	char *line, *names, *path, *rest = text;
	bool any_text = false, any_group = false;

	out->version = 0;
	while ((line = strsep(&rest, "\n")) != NULL) {
		int version;

		any_text = any_text || *line;
		names = strchr(line, ':');
		path = names ? strchr(names + 1, ':') : NULL;
		if (!path)
			continue;
		any_group = true;
		*names++ = *path++ = '\0';
		if (has_word(names, "memory"))
			version = 1;
		else if (strcmp(line, "0") == 0 && !*names && out->version == 0)
			version = 2;
		else
			continue;
		if (!is_group_path(path))
			return NM_E_CORRUPT;
		out->version = version;
		snprintf(out->path, sizeof(out->path), "%s", path);
	}
	return any_group || !any_text ? NM_OK : NM_E_CORRUPT;
}

/* ---- /proc/PID/mountinfo ----------------------------------------------------------------- */

/* Blanks, line breaks and backslashes are written as three octal digits (fs/proc_namespace.c). */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' &&
		    text[2] <= '7' && text[3] >= '0' && text[3] <= '7') {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 ROOT POINT options tags - TYPE source OPTIONS": if it is a mount of the hierarchy
   which is looked for, its root and its point, unescaped in place. */
static bool parse_mount(char *line, int version, char **out_root, char **out_point)
{
	char *fields[5], *type, *options;

	for (int i = 0; i < 5; i++)
		if (!(fields[i] = strsep(&line, " ")))
			return false;
	if (!line || !(line = strstr(line, " - ")))
		return false;
	line += 3;
	type = strsep(&line, " ");
	strsep(&line, " "); /* the source, which may be anything */
	options = line;
	if (!options ||
	    (version == 2 ? strcmp(type, "cgroup2") != 0
			  : strcmp(type, "cgroup") != 0 || !has_word(options, "memory")))
		return false;
	unescape(fields[3]);
	unescape(fields[4]);
	*out_root = fields[3];
	*out_point = fields[4];
	return is_group_path(*out_root) && is_group_path(*out_point) && !has_dots_first(*out_point);
}

static bool is_group(int fd, const char *name)
{
	int group = openat(fd, *name ? name : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (group < 0)
		return false;
	close(group);
	return true;
}

/* Cut the last part off "a/b". */
static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

/* What this mount shows of the group `path`. `is_own`: it is the mount of the process itself. */
static void look_through(struct mount *mount, int root, const char *point, const char *path,
			 bool is_own)
{
	const char *below = way_down(mount->top, path);
	const char *folder = point + strspn(point, "/");

	mount->sight = SIGHT_NONE;
	mount->below[0] = '\0';
	if (!below && !is_own && !is_unnamed_ancestor(mount->top, path))
		return;
	mount->fd = openat(root, *folder ? folder : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mount->fd < 0)
		return;
	if (!below) {
		mount->sight = is_unnamed_ancestor(mount->top, path) ? SIGHT_ABOVE : SIGHT_OTHER;
		return;
	}
	mount->sight = SIGHT_WHOLE;
	snprintf(mount->below, sizeof(mount->below), "%s", below);
	while (mount->below[0] && !is_group(mount->fd, mount->below)) {
		mount->sight = SIGHT_ABOVE;
		cut_last(mount->below);
	}
}

/* Look through the mounts that /proc/PID/mountinfo in `dir` tells of, which stand in the file tree
   `root`, and keep the best: what shows more, and of two alike the one that begins higher. */
static void choose_mount(int dir, const char *mountinfo, int root, const struct own_group *own,
			 bool is_own, struct mount *best)
{
	struct nm_strbuf text;
	struct mount mount;
	char *rest, *line, *top, *point;

	nm_strbuf_init(&text, MOUNTINFO_MAX);
	/* Past the maximum the first mounts are good enough: cgroups are mounted early. */
	nm_proc_read_all(dir, mountinfo, &text);
	rest = text.text;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (!rest || !parse_mount(line, own->version, &top, &point))
			continue;
		mount.fd = -1;
		snprintf(mount.top, sizeof(mount.top), "%s", top);
		look_through(&mount, root, point, own->path, is_own);
		if (mount.sight > best->sight || (mount.sight == best->sight && best->fd >= 0 &&
						  strlen(mount.top) < strlen(best->top))) {
			if (best->fd >= 0)
				close(best->fd);
			*best = mount;
		} else if (mount.fd >= 0) {
			close(mount.fd);
		}
	}
	nm_strbuf_done(&text);
}

/* ---- the groups -------------------------------------------------------------------------- */

static ssize_t read_file(const struct mount *mount, const char *group, const char *file, char *text,
			 size_t room)
{
	char name[PATH_MAX + NAME_MAX];

	snprintf(name, sizeof(name), "%s%s%s", group, *group ? "/" : "", file);
	return nm_proc_read(mount->fd, name, text, room);
}

/* A file of the group that holds one number and nothing else. "max" is none. */
static bool read_number(const struct mount *mount, const char *group, const char *file,
			uint64_t *out)
{
	char text[64];

	if (read_file(mount, group, file, text, sizeof(text)) <= 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return nm_units_parse_whole(text, 0, UINT64_MAX, out);
}

/* The same, where version 1 says "none" with a large number. */
static bool read_v1_limit(const struct mount *mount, const char *group, const char *file,
			  uint64_t *out)
{
	return read_number(mount, group, file, out) && *out < V1_NO_LIMIT;
}

/* The line "name 12345" of a file of such lines. */
static bool find_line(const char *text, const char *name, uint64_t *out)
{
	size_t length = strlen(name), digits;
	char number[32];

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strncmp(text, name, length) != 0 || text[length] != ' ')
			continue;
		digits = strcspn(text + length + 1, "\n");
		if (digits >= sizeof(number))
			return false;
		memcpy(number, text + length + 1, digits);
		number[digits] = '\0';
		return nm_units_parse_whole(number, 0, UINT64_MAX, out);
	}
	return false;
}

/* The page cache and the kills, from two files of which version 1 has other names for both. */
static void read_lines(const struct mount *mount, const char *group, int version,
		       struct nm_cgroup *out)
{
	const char *active = version == 1 ? "total_active_file" : "active_file";
	const char *inactive = version == 1 ? "total_inactive_file" : "inactive_file";
	const char *events = version == 1 ? "memory.oom_control" : "memory.events";
	uint64_t first, second;
	char text[16384]; /* memory.stat has some 1.5 KiB in Linux 6 */

	if (read_file(mount, group, "memory.stat", text, sizeof(text)) > 0 &&
	    find_line(text, active, &first) && find_line(text, inactive, &second) &&
	    first <= UINT64_MAX - second) {
		out->has |= NM_CGROUP_HAS_CACHE;
		out->cache = first + second;
	}
	if (read_file(mount, group, events, text, sizeof(text)) > 0 &&
	    find_line(text, "oom_kill", &out->kills))
		out->has |= NM_CGROUP_HAS_KILLS;
}

static void read_v1(const struct mount *mount, const char *group, struct nm_cgroup *out)
{
	if (read_v1_limit(mount, group, "memory.limit_in_bytes", &out->max))
		out->has |= NM_CGROUP_HAS_MAX;
	if (read_number(mount, group, "memory.usage_in_bytes", &out->usage))
		out->has |= NM_CGROUP_HAS_USAGE;
	if (read_v1_limit(mount, group, "memory.memsw.limit_in_bytes", &out->swap_max))
		out->has |= NM_CGROUP_HAS_SWAP_MAX;
	if (read_number(mount, group, "memory.memsw.usage_in_bytes", &out->swap_usage))
		out->has |= NM_CGROUP_HAS_SWAP_USAGE;
	read_lines(mount, group, 1, out);
}

static void read_v2(const struct mount *mount, const char *group, struct nm_cgroup *out)
{
	if (read_number(mount, group, "memory.max", &out->max))
		out->has |= NM_CGROUP_HAS_MAX;
	if (read_number(mount, group, "memory.high", &out->high))
		out->has |= NM_CGROUP_HAS_HIGH;
	if (read_number(mount, group, "memory.current", &out->usage))
		out->has |= NM_CGROUP_HAS_USAGE;
	if (read_number(mount, group, "memory.swap.max", &out->swap_max))
		out->has |= NM_CGROUP_HAS_SWAP_MAX;
	if (read_number(mount, group, "memory.swap.current", &out->swap_usage))
		out->has |= NM_CGROUP_HAS_SWAP_USAGE;
	read_lines(mount, group, 2, out);
}

/* Before Linux 5.11 a group of version 1 could be told not to count what is below it. */
static bool counts_below(const struct mount *mount, const char *group)
{
	uint64_t value;

	return !read_number(mount, group, "memory.use_hierarchy", &value) || value != 0;
}

static char *join(const char *top, const char *below)
{
	char *path;

	if (!*below)
		return strdup(top);
	return asprintf(&path, "%s/%s", strcmp(top, "/") == 0 ? "" : top, below) < 0 ? NULL : path;
}

static int read_groups(struct mount *mount, int version, struct nm_cgroups *out,
		       struct nm_error *err)
{
	char group[PATH_MAX];
	size_t levels = 1;

	memcpy(group, mount->below, sizeof(group));
	for (const char *at = group; *at; at += strcspn(at, "/"), at += *at == '/')
		levels++;
	if (levels > NM_CGROUPS_MAX)
		return nm_error_set(err, NM_E_LIMIT,
				    "cannot read the control groups: more than %d levels",
				    NM_CGROUPS_MAX);
	out->items = calloc(levels, sizeof(*out->items));
	if (!out->items)
		return nm_error_nomem(err);
	for (;;) {
		struct nm_cgroup *item = &out->items[out->count];

		item->path = join(mount->top, group);
		if (!item->path)
			return nm_error_nomem(err);
		out->count++;
		if (version == 1)
			read_v1(mount, group, item);
		else
			read_v2(mount, group, item);
		if (!*group)
			return NM_OK;
		cut_last(group);
		if (version == 1 && !counts_below(mount, group))
			return NM_OK;
	}
}

static int fail_process(pid_t pid, int os_errno, struct nm_error *err)
{
	if (os_errno == ENOENT || os_errno == ESRCH)
		return nm_error_set(err, NM_E_GONE,
				    "there is no process %d (nodemem ps lists the Node processes)",
				    (int)pid);
	if (os_errno == EACCES || os_errno == EPERM)
		return nm_error_set(err, NM_E_PERM,
				    "cannot look at process %d: it belongs to another user "
				    "(run nodemem as that user or as root)",
				    (int)pid);
	return nm_error_set_errno(err, NM_E_IO, os_errno,
				  "cannot read the control groups of process %d", (int)pid);
}

static int read_own_group(int pid_dir, pid_t pid, struct own_group *out, struct nm_error *err)
{
	struct nm_strbuf text;
	int status;

	nm_strbuf_init(&text, CGROUP_MAX);
	status = nm_proc_read_all(pid_dir, "cgroup", &text);
	out->version = 0;
	if (status == -ENOENT) /* a kernel without cgroups */
		status = NM_OK;
	else if (status != 0)
		status = fail_process(pid, -status, err);
	else if (text.text && find_own_group(text.text, out) != NM_OK)
		status = nm_error_set(err, NM_E_CORRUPT,
				      "cannot read the control groups of process %d: "
				      "its cgroup file makes no sense",
				      (int)pid);
	nm_strbuf_done(&text);
	return status;
}

/*
 * First through the caller's own mounts, which on a host show all of the tree. If they do not show
 * the group (nodemem in one container, the process in another) then through those of the process.
 */
static void find_mount(int proc, int root, int pid_dir, bool is_caller, const struct own_group *own,
		       struct mount *best)
{
	int pid_root;

	choose_mount(proc, "self/mountinfo", root, own, is_caller, best);
	if (is_caller || best->sight == SIGHT_WHOLE)
		return;
	pid_root = openat(pid_dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (pid_root < 0)
		return;
	choose_mount(pid_dir, "mountinfo", pid_root, own, true, best);
	close(pid_root);
}

int nm_cgroups_read(int proc, int root, pid_t pid, struct nm_cgroups *out, struct nm_error *err)
{
	struct nm_cgroups groups = {NULL, 0, 0};
	struct mount best = {.sight = SIGHT_NONE, .fd = -1};
	struct own_group own;
	int pid_dir, status;

	pid_dir = pid == 0 ? openat(proc, "self", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			   : nm_proc_open_pid(proc, pid);
	if (pid_dir < 0)
		return fail_process(pid, pid == 0 ? errno : -pid_dir, err);
	status = read_own_group(pid_dir, pid, &own, err);
	if (status != NM_OK || own.version == 0)
		goto out;
	find_mount(proc, root, pid_dir, pid == 0, &own, &best);
	if (best.fd >= 0)
		status = read_groups(&best, own.version, &groups, err);
	groups.version = own.version;
out:
	if (best.fd >= 0)
		close(best.fd);
	close(pid_dir);
	if (status == NM_OK)
		*out = groups;
	else
		nm_cgroups_done(&groups);
	return status;
}

bool nm_cgroup_limit(const struct nm_cgroup *group, uint64_t *out)
{
	bool has_max = (group->has & NM_CGROUP_HAS_MAX) != 0;
	bool has_high = (group->has & NM_CGROUP_HAS_HIGH) != 0;

	if (!has_max && !has_high)
		return false;
	*out = !has_high || (has_max && group->max < group->high) ? group->max : group->high;
	return true;
}

void nm_cgroups_done(struct nm_cgroups *groups)
{
	if (!groups)
		return;
	for (size_t i = 0; i < groups->count; i++)
		free(groups->items[i].path);
	free(groups->items);
	memset(groups, 0, sizeof(*groups));
}
