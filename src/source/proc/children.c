#include "source/proc/children.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/proc/file.h"
#include "source/proc/stat.h"

#define TEXT_MAX	(1024 * 1024)
#define DESCENDANTS_MAX 4096

static bool has_pid(const pid_t *pids, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static void add_pid(pid_t *pids, size_t room, size_t *count, pid_t pid)
{
	if (pid > 0 && *count < room && !has_pid(pids, *count, pid))
		pids[(*count)++] = pid;
}

static DIR *open_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !folder)
		close(fd);
	return folder;
}

/* From /proc/PID/task/TID/children: proc(5). False where the kernel was built without it. */
static bool add_children(int proc, pid_t parent, struct nm_strbuf *text, pid_t *pids, size_t room,
			 size_t *count)
{
	struct dirent *entry;
	char name[300];
	bool known = true;
	DIR *tasks;

	snprintf(name, sizeof(name), "%d/task", (int)parent);
	tasks = open_folder(proc, name);
	if (!tasks)
		return true; /* it has ended */
	while ((entry = readdir(tasks))) {
		char *at, *end;
		int status;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/children", entry->d_name);
		nm_strbuf_clear(text);
		status = nm_proc_read_all(dirfd(tasks), name, text);
		if (status != 0) {
			/* The thread is gone, or the file was never there. */
			known = known && faccessat(dirfd(tasks), entry->d_name, F_OK, 0) != 0;
			continue;
		}
		for (at = text->text; at && *at; at = end) {
			long pid = strtol(at, &end, 10);

			if (end == at)
				break;
			add_pid(pids, room, count, (pid_t)pid);
		}
	}
	closedir(tasks);
	return known;
}

/* The same from the parent that each process names. Returns true when there were new ones. */
static bool scan_parents(int proc, pid_t *pids, size_t room, size_t *count)
{
	DIR *folder = open_folder(proc, ".");
	struct nm_proc_stat stat;
	size_t before = *count;
	struct dirent *entry;
	char text[1024], name[300];

	while (folder && (entry = readdir(folder))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0)
			continue;
		snprintf(name, sizeof(name), "%s/stat", entry->d_name);
		if (nm_proc_read(proc, name, text, sizeof(text)) > 0 &&
		    nm_proc_stat_parse(text, &stat) == NM_OK && has_pid(pids, *count, stat.parent))
			add_pid(pids, room, count, pid);
	}
	if (folder)
		closedir(folder);
	return *count > before;
}

void nm_proc_descendants(int proc, pid_t *pids, size_t room, size_t *count)
{
	struct nm_strbuf text;
	bool known = true;

	nm_strbuf_init(&text, TEXT_MAX);
	for (size_t i = 0; i < *count && known; i++)
		known = add_children(proc, pids[i], &text, pids, room, count);
	nm_strbuf_done(&text);
	while (!known && scan_parents(proc, pids, room, count))
		;
}

/* Field 38 of a stat file; -1 when it is not there. */
static long read_exit_signal(const char *text)
{
	const char *at = strrchr(text, ')');

	for (int field = 2; at && field < 38; field++)
		at = strchr(at + 1, ' ');
	return at ? strtol(at + 1, NULL, 10) : -1;
}

/* The last number of the line NSpid, or 0. */
static pid_t read_own_pid(int proc, pid_t pid)
{
	char name[40], text[8192], *line, *end;

	snprintf(name, sizeof(name), "%d/status", (int)pid);
	if (nm_proc_read(proc, name, text, sizeof(text)) <= 0)
		return 0;
	line = strstr(text, "\nNSpid:");
	if (!line)
		return pid;
	end = strchr(line + 1, '\n');
	if (end)
		*end = '\0';
	line = strrchr(line, '\t');
	return line ? (pid_t)strtol(line + 1, NULL, 10) : 0;
}

static bool is_silent_zombie(int proc, pid_t pid, pid_t parent)
{
	struct nm_proc_stat stat;
	char name[40], text[1024];

	snprintf(name, sizeof(name), "%d/stat", (int)pid);
	return nm_proc_read(proc, name, text, sizeof(text)) > 0 &&
	       nm_proc_stat_parse(text, &stat) == NM_OK && stat.parent == parent &&
	       stat.state == 'Z' && read_exit_signal(text) == 0;
}

size_t nm_proc_silent_zombies(int proc, pid_t pid, pid_t *out, size_t room)
{
	pid_t pids[DESCENDANTS_MAX] = {pid};
	size_t count = 1, found = 0;

	nm_proc_descendants(proc, pids, DESCENDANTS_MAX, &count);
	for (size_t i = 1; i < count && found < room; i++) {
		pid_t own = is_silent_zombie(proc, pids[i], pid) ? read_own_pid(proc, pids[i]) : 0;

		if (own > 0)
			out[found++] = own;
	}
	return found;
}
