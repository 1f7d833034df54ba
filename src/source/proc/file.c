#include "source/proc/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Never wait: what should be a small file can be a pipe in a container's tree. */
#define FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

ssize_t nm_proc_read(int dir, const char *name, char *text, size_t room)
{
	int fd = openat(dir, name, FLAGS);
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while (length < room - 1) {
		got = read(fd, text + length, room - 1 - length);
		if (got < 0) {
			got = -errno;
			close(fd);
			return got;
		}
		if (got == 0)
			break;
		length += (size_t)got;
	}
	close(fd);
	text[length] = '\0';
	return (ssize_t)length;
}

int nm_proc_read_all(int dir, const char *name, struct nm_strbuf *out)
{
	char block[64 * 1024];
	int fd = openat(dir, name, FLAGS);
	int status = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, block, sizeof(block))) > 0 && !out->failed)
		nm_strbuf_add(out, block, (size_t)got);
	if (got < 0)
		status = -errno;
	else if (out->failed)
		status = -EFBIG;
	close(fd);
	return status;
}

int nm_proc_open_pid(int proc, pid_t pid)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "%d", (int)pid);
	fd = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
