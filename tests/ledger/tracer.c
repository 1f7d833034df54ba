/*
 * tracer.c - traces a process, as a debugger would, until its stdin is closed
 *
 *   tracer PID
 *
 * Seizes the main thread and lets it run on. Says "tracing" once that is so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char byte;

	if (argc != 2) {
		fprintf(stderr, "usage: tracer PID\n");
		return 2;
	}
	if (ptrace(PTRACE_SEIZE, (pid_t)strtol(argv[1], NULL, 10), NULL, NULL) != 0) {
		perror("tracer: PTRACE_SEIZE");
		return 1;
	}
	puts("tracing");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	/* The kernel lets go of whatever its tracer still held when that ends. */
	return 0;
}
