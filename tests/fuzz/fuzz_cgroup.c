/*
 * fuzz_cgroup.c - /proc/PID/cgroup and, behind the first zero byte, mountinfo
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "source/proc/cgroup.h"

static void write_file(int root, const char *name, const uint8_t *data, size_t size)
{
	int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	MUST(write(fd, data, size) == (ssize_t)size);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size > 0 ? memchr(data, '\0', size) : NULL;
	size_t first = zero ? (size_t)(zero - data) : size;
	char folder[] = "/tmp/nodemem-fuzz-XXXXXX";
	struct nm_cgroups groups;
	int root = open(mkdtemp(folder), O_RDONLY | O_DIRECTORY);

	mkdirat(root, "7", 0700);
	write_file(root, "7/cgroup", data, first);
	write_file(root, "7/mountinfo", data + first, size - first);
	if (nm_cgroups_read(root, root, 7, &groups, NULL) == NM_OK)
		nm_cgroups_done(&groups);
	unlinkat(root, "7/cgroup", 0);
	unlinkat(root, "7/mountinfo", 0);
	unlinkat(root, "7", AT_REMOVEDIR);
	close(root);
	rmdir(folder);
	return 0;
}
