/*
 * freeze.c - takes still images of a process, for tests
 *
 *   freeze PID auto|copy|fork COUNT [MAX_STOP_MS [TEXT]]
 *   freeze FILE core [TEXT]
 *
 * One line an image: way, how often and long the process stood still (us), the longest of these,
 * how long all of it took, bytes copied, ranges, threads, children left, how often TEXT is in it, and
 * bytes in swap. Of a core file: pid, signal, bytes copied and missing, ranges, threads, how often TEXT is in
 * it, and the path of the program. "error CODE" and the message on stderr when one could not be taken.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "source/remote/core.h"
#include "source/remote/frozen.h"

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t count_text(const struct nm_image *image, const char *text)
{
	uint64_t count = 0;

	for (size_t i = 0; i < nm_image_range_count(image); i++) {
		struct nm_image_range range = nm_image_range(image, i);
		const unsigned char *end = range.bytes + range.size;
		const unsigned char *at = range.bytes;

		while ((at = memmem(at, (size_t)(end - at), text, strlen(text))) != NULL) {
			count++;
			at++;
		}
	}
	return count;
}

static enum nm_via parse_via(const char *word)
{
	if (strcmp(word, "copy") == 0)
		return NM_VIA_COPY;
	return strcmp(word, "fork") == 0 ? NM_VIA_FORK : NM_VIA_AUTO;
}

static int fail(const struct nm_error *err)
{
	printf("error %s\n", nm_status_name(err->code));
	fprintf(stderr, "freeze: %s\n", err->message);
	return 1;
}

static int take(pid_t pid, int pid_dir, struct nm_pagemap *pagemap,
		const struct nm_frozen_options *options, const char *text)
{
	struct nm_frozen_info info;
	struct nm_image *image;
	struct nm_error err;
	uint64_t began = now_us();
	int status = nm_frozen_take(pid, pid_dir, pagemap, options, &image, &info, &err);

	if (status != NM_OK)
		return fail(&err);
	printf("%s %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %zu %zu %zu %" PRIu64
	       " %" PRIu64 "%s%s\n",
	       nm_via_name(info.via), info.stops, info.stopped_us, info.longest_us,
	       now_us() - began, info.copied_bytes, nm_image_range_count(image),
	       nm_image_thread_count(image), info.children_left, text ? count_text(image, text) : 0,
	       info.swapped_bytes, info.why_not_fork[0] ? " # no fork: " : "", info.why_not_fork);
	nm_image_free(image);
	return 0;
}

static int read_core(const char *path, const char *text)
{
	struct nm_core_info info;
	struct nm_image *image;
	struct nm_error err;

	if (nm_core_open(path, &image, &info, &err) != NM_OK)
		return fail(&err);
	printf("core %d %d %" PRIu64 " %" PRIu64 " %zu %zu %" PRIu64 " %s\n", (int)info.pid,
	       info.signal, info.copied_bytes, info.missing_bytes, nm_image_range_count(image),
	       nm_image_thread_count(image), text ? count_text(image, text) : 0,
	       info.executable[0] ? info.executable : "-");
	nm_image_free(image);
	return 0;
}

int main(int argc, char **argv)
{
	struct nm_frozen_options options = {.via = NM_VIA_AUTO};
	struct nm_pagemap pagemap;
	char path[32];
	int pid_dir, failed = 0;

	if (argc > 2 && strcmp(argv[2], "core") == 0)
		return read_core(argv[1], argc > 3 ? argv[3] : NULL);
	if (argc < 4) {
		fprintf(stderr, "usage: freeze PID auto|copy|fork COUNT [MAX_STOP_MS [TEXT]]\n"
				"       freeze FILE core [TEXT]\n");
		return 2;
	}
	options.via = parse_via(argv[2]);
	if (argc > 4)
		options.max_stop_us = strtoull(argv[4], NULL, 10) * 1000;
	snprintf(path, sizeof(path), "/proc/%ld", strtol(argv[1], NULL, 10));
	pid_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (pid_dir < 0) {
		puts("error gone");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	nm_pagemap_open(&pagemap, pid_dir, (uint64_t)sysconf(_SC_PAGESIZE));
	for (unsigned long i = 0; i < strtoul(argv[3], NULL, 10) && !failed; i++)
		failed = take((pid_t)strtol(argv[1], NULL, 10), pid_dir, &pagemap, &options,
			      argc > 5 ? argv[5] : NULL);
	nm_pagemap_close(&pagemap);
	close(pid_dir);
	return failed;
}
