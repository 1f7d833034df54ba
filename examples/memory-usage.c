/*
 * memory-usage.c - the five numbers of process.memoryUsage() of another process
 *
 *   cc memory-usage.c $(pkg-config --cflags --libs nodemem) -o memory-usage
 *   ./memory-usage PID
 */
#include <inttypes.h>
#include <nodemem.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	pid_t pid = argc > 1 ? (pid_t)strtol(argv[1], NULL, 10) : 0;
	struct nm_target *target = NULL;
	const struct nm_isolate *heap;
	struct nm_sample sample;
	struct nm_error err;
	int status;

	nm_sample_init(&sample);
	status = nm_target_open(pid, &target, &err);
	if (status == NM_OK)
		status = nm_target_sample(target, &sample, &err);
	heap = nm_sample_main(&sample);
	if (status != NM_OK)
		fprintf(stderr, "memory-usage: %s\n", err.message);
	else if (heap) /* a number whose bit is not set in `has` is unknown */
		printf("rss %" PRIu64 "\nheapTotal %" PRIu64 "\nheapUsed %" PRIu64
		       "\nexternal %" PRIu64 "\narrayBuffers %" PRIu64 "\n",
		       sample.rss, heap->heap_total, heap->heap_used, heap->external,
		       heap->array_buffers);
	nm_sample_done(&sample);
	nm_target_close(target);
	return status == NM_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
