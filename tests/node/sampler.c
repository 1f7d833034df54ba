/*
 * sampler.c - samples a process through the library, for tests
 *
 *   sampler PID COUNT INTERVAL_US
 *
 * One line a sample: begin and end (CLOCK_MONOTONIC, ns), tries, then of the main isolate whether
 * it was in a collection, which numbers are known, heapTotal, heapUsed, external, arrayBuffers;
 * then rss. COUNT 0 samples until it is killed. "ready" comes first, and "error CODE" last when
 * the process could not be opened or sampled.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "nodemem.h"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void pause_us(unsigned long us)
{
	struct timespec pause = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};

	if (us > 0)
		nanosleep(&pause, NULL);
}

static int fail(const struct nm_error *err)
{
	printf("error %s\n", nm_status_name(err->code));
	fprintf(stderr, "sampler: %s\n", err->message);
	return 1;
}

static void print_sample(const struct nm_sample *sample, uint64_t begin, uint64_t end)
{
	const struct nm_isolate *isolate = nm_sample_main(sample);

	if (!isolate)
		return;
	printf("%" PRIu64 " %" PRIu64 " %u %d %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
	       " %" PRIu64 "\n",
	       begin, end, sample->tries, isolate->in_gc, isolate->has, isolate->heap_total,
	       isolate->heap_used, isolate->external, isolate->array_buffers, sample->rss);
}

int main(int argc, char **argv)
{
	unsigned long count, interval_us;
	struct nm_target *target;
	struct nm_sample sample;
	struct nm_error err;
	int status = NM_OK;

	if (argc != 4) {
		fprintf(stderr, "usage: sampler PID COUNT INTERVAL_US\n");
		return 2;
	}
	count = strtoul(argv[2], NULL, 10);
	interval_us = strtoul(argv[3], NULL, 10);
	if (nm_target_open((pid_t)strtol(argv[1], NULL, 10), &target, &err) != NM_OK)
		return fail(&err);
	/* Whoever reads along sees each sample when it is taken. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	fflush(stdout);
	nm_sample_init(&sample);
	for (unsigned long i = 0; (count == 0 || i < count) && status == NM_OK; i++) {
		uint64_t begin = now_ns();

		status = nm_target_sample(target, &sample, &err);
		if (status == NM_OK)
			print_sample(&sample, begin, now_ns());
		pause_us(interval_us);
	}
	nm_sample_done(&sample);
	nm_target_close(target);
	return status == NM_OK ? 0 : fail(&err);
}
