#include "source/proc/find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/units.h"
#include "source/proc/file.h"
#include "source/proc/stat.h"

/* False for what can't be a program: threads of the kernel, the dead, images of a process. A process of which even this
   is not told (hidepid) counts as one. */
static bool is_program(int proc, pid_t pid)
{
	struct nm_proc_stat stat;
	int pid_dir = nm_proc_open_pid(proc, pid);
	int status = pid_dir;

	if (pid_dir >= 0) {
		status = nm_proc_stat_read(pid_dir, &stat);
		close(pid_dir);
	}
	if (status < 0)
		return status == -EACCES || status == -EPERM;
	return !nm_proc_stat_is_kernel_thread(&stat) && !nm_proc_stat_is_still_image(&stat) &&
	       stat.state != 'Z' && stat.state != 'X';
}

static int compare(const void *left, const void *right)
{
	pid_t a = *(const pid_t *)left, b = *(const pid_t *)right;

	return (a > b) - (a < b);
}

static int add(pid_t **pids, size_t *count, size_t *room, pid_t pid)
{
	size_t wanted = *room ? 2 * *room : 256;
	pid_t *more;

	if (*count == *room) {
		more = realloc(*pids, wanted * sizeof(*more));
		if (!more)
			return NM_E_NOMEM;
		*pids = more;
		*room = wanted;
	}
	(*pids)[(*count)++] = pid;
	return NM_OK;
}

int nm_proc_find(int proc, pid_t **out, size_t *out_count, struct nm_error *err)
{
	int fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t count = 0, room = 0;
	struct dirent *entry;
	pid_t *pids = NULL;
	uint64_t pid;

	if (!dir) {
		nm_error_set_errno(err, NM_E_IO, errno, "cannot list /proc");
		if (fd >= 0)
			close(fd);
		return NM_E_IO;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (!nm_units_parse_whole(entry->d_name, 1, NM_PROC_FIND_MAX, &pid) ||
		    !is_program(proc, (pid_t)pid))
			continue;
		if (add(&pids, &count, &room, (pid_t)pid) != NM_OK) {
			closedir(dir);
			free(pids);
			return nm_error_nomem(err);
		}
	}
	closedir(dir);
	if (count > 0)
		qsort(pids, count, sizeof(*pids), compare);
	*out = pids;
	*out_count = count;
	return NM_OK;
}
