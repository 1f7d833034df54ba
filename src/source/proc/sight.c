#include "source/proc/sight.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "source/proc/file.h"

#define V1_TOP "sys/fs/cgroup/memory"
#define V2_TOP "sys/fs/cgroup"

/* More than any machine has: version 1 says "none" with such a number. */
#define NO_LIMIT (UINT64_C(1) << 62)

enum answer { ABSENT, NONE, SOME };

static enum answer read_number(int root, const char *folder, const char *below, const char *file,
			       uint64_t *out)
{
	char name[PATH_MAX + 128], text[64];

	snprintf(name, sizeof(name), "%s/%s%s%s", folder, below, *below ? "/" : "", file);
	if (nm_proc_read(root, name, text, sizeof(text)) <= 0)
		return ABSENT;
	text[strcspn(text, "\n")] = '\0';
	return nm_units_parse_whole(text, 0, UINT64_MAX, out) && *out < NO_LIMIT ? SOME : NONE;
}

/* The way to the group of the process in its own cgroup namespace is an end of the path that we
   see, if the namespaces differ: which end, tells what is there. */
static bool read_group(int root, const char *path, bool is_our_view, struct nm_node_sight *out)
{
	bool is_v1 = out->cgroup_version == 1;
	const char *folder = is_v1 ? V1_TOP : V2_TOP;
	enum answer max, high;

	for (path += strspn(path, "/");; path += strspn(path, "/")) {
		max = read_number(root, folder, path,
				  is_v1 ? "memory.limit_in_bytes" : "memory.max", &out->own_max);
		high = read_number(root, folder, path,
				   is_v1 ? "memory.soft_limit_in_bytes" : "memory.high",
				   &out->own_high);
		if ((max != ABSENT && high != ABSENT) || is_our_view || !*path)
			break;
		path += strcspn(path, "/");
	}
	/* libuv wants both. */
	if (max == ABSENT || high == ABSENT)
		return false;
	out->has |= max == SOME ? NM_SIGHT_OWN_MAX : 0;
	out->has |= high == SOME ? NM_SIGHT_OWN_HIGH : 0;
	return true;
}

/* libuv goes by the first line: "0::/..." is version 2. Otherwise the line of the controller. */
static char *find_path(char *text, int *out_version)
{
	char *line = text;

	*out_version = strncmp(text, "0::/", 4) == 0 ? 2 : 1;
	if (*out_version == 2) {
		text += 3;
		text[strcspn(text, "\n")] = '\0';
		return text;
	}
	while (line && *line) {
		char *names = strchr(line, ':');
		char *next = strchr(line, '\n');

		if (next)
			*next++ = '\0';
		if (names && strncmp(names, ":memory:/", 9) == 0)
			return names + 8;
		line = next;
	}
	return NULL;
}

static bool is_same_namespace(int proc, int pid_dir)
{
	char own[64], its[64];
	ssize_t own_length = readlinkat(proc, "self/ns/cgroup", own, sizeof(own));
	ssize_t length = readlinkat(pid_dir, "ns/cgroup", its, sizeof(its));

	return own_length <= 0 || length <= 0 ||
	       (own_length == length && memcmp(own, its, (size_t)length) == 0);
}

static int open_root(int pid_dir, int root)
{
	int fd = openat(pid_dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		fd = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd;
}

bool nm_sight_read(int proc, int root, pid_t pid, struct nm_node_sight *out)
{
	char text[8192], *path = NULL;
	int pid_dir = nm_proc_open_pid(proc, pid), pid_root;
	int version = 0;

	if (pid_dir < 0)
		return false;
	pid_root = open_root(pid_dir, root);
	if (pid_root < 0) {
		close(pid_dir);
		return false;
	}
	if (nm_proc_read(pid_dir, "cgroup", text, sizeof(text)) > 0)
		path = find_path(text, &version);
	out->cgroup_version = version;
	if (!path || !read_group(pid_root, path, is_same_namespace(proc, pid_dir), out))
		out->cgroup_version = version == 2 ? 2 : 0;
	if (read_number(pid_root, V1_TOP, "", "memory.limit_in_bytes", &out->top_max) == SOME)
		out->has |= NM_SIGHT_TOP_MAX;
	close(pid_root);
	close(pid_dir);
	return true;
}
