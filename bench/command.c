/*
 * command.c - what a command costs as a whole process, as one line of JSON
 *
 *   bench-command COUNT COMMAND...
 *
 * A program of its own because the kernel counts a child's largest rss from before its exec on:
 * started by something large, everything would seem large.
 */
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "stopwatch.h"

extern char **environ;

/* The exit code, or 127 when it could not be started or was killed. */
static int run(char **command, double *out_us, long *out_rss_kib)
{
	posix_spawn_file_actions_t quiet;
	struct rusage usage;
	double begin;
	pid_t pid;
	int status;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	begin = now_us();
	status = posix_spawn(&pid, command[0], &quiet, NULL, command, environ);
	posix_spawn_file_actions_destroy(&quiet);
	if (status != 0 || wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status))
		return 127;
	*out_us = now_us() - begin;
	*out_rss_kib = usage.ru_maxrss;
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	size_t count = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	double *times;
	long rss_kib = 0, one_kib;
	int code = 0;

	if (count == 0) {
		fprintf(stderr, "usage: bench-command COUNT COMMAND...\n");
		return 2;
	}
	times = calloc(count, sizeof(*times));
	if (!times)
		return 1;
	for (size_t i = 0; i < count && code == 0; i++) {
		code = run(argv + 2, &times[i], &one_kib);
		if (code == 0 && one_kib > rss_kib)
			rss_kib = one_kib;
	}
	if (code == 0) {
		putchar('{');
		print_summary("wallUs", times, count);
		printf(",\"maxRssKib\":%ld}\n", rss_kib);
	} else {
		fprintf(stderr, "bench-command: %s ended with %d\n", argv[2], code);
	}
	free(times);
	return code;
}
