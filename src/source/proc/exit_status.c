#include "source/proc/exit_status.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "source/proc/file.h"

/* Debian 12's headers do not have these. */
struct pidfd_info {
	uint64_t mask;
	uint64_t cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};

#define GET_INFO  _IOWR(0xFF, 11, struct pidfd_info)
#define INFO_EXIT (UINT64_C(1) << 3)

/* The exit code is the last of the 52 fields; the second is the name in brackets. */
#define FIELDS_AFTER_NAME 50

/* Between a process's end and its being collected, the one source ends before the other begins. */
#define TRIES	 20
#define PAUSE_NS 2000000

static bool read_zombie(int proc, pid_t pid, int *out)
{
	char name[32], text[1024], *at;

	snprintf(name, sizeof(name), "%d/stat", (int)pid);
	if (nm_proc_read(proc, name, text, sizeof(text)) <= 0)
		return false;
	at = strrchr(text, ')');
	if (!at || strncmp(at, ") Z", 3) != 0)
		return false;
	at++;
	for (int i = 0; i < FIELDS_AFTER_NAME; i++) {
		at += strspn(at, " ");
		if (i == FIELDS_AFTER_NAME - 1)
			break;
		at += strcspn(at, " ");
		if (!*at)
			return false;
	}
	*out = (int)strtol(at, NULL, 10);
	return true;
}

static bool ask_pidfd(int pidfd, int *out)
{
	struct pidfd_info info = {.mask = INFO_EXIT};

	if (pidfd < 0 || ioctl(pidfd, GET_INFO, &info) != 0 || !(info.mask & INFO_EXIT))
		return false;
	*out = info.exit_code;
	return true;
}

bool nm_exit_status_read(int proc, pid_t pid, int pidfd, int *out)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	for (int i = 0; i < TRIES; i++) {
		if (read_zombie(proc, pid, out) || ask_pidfd(pidfd, out))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}
