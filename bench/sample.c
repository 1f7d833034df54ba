/*
 * sample.c - what opening a process and sampling it costs, as one line of JSON
 *
 *   bench-sample PID OPENS SAMPLES
 *
 * Opens it OPENS times, then samples the last one SAMPLES times without a pause.
 */
#include <inttypes.h>

#include "nodemem.h"
#include "stopwatch.h"

static int fail(const struct nm_error *err)
{
	fprintf(stderr, "bench-sample: %s\n", err->message);
	return 1;
}

/* The last one opened is left open in `out`. */
static int time_opens(pid_t pid, double *times, size_t count, struct nm_target **out,
		      struct nm_error *err)
{
	for (size_t i = 0; i < count; i++) {
		double begin;
		int status;

		nm_target_close(*out);
		*out = NULL;
		begin = now_us();
		status = nm_target_open(pid, out, err);
		times[i] = now_us() - begin;
		if (status != NM_OK)
			return status;
	}
	return NM_OK;
}

static int time_samples(struct nm_target *target, struct nm_sample *sample, double *times,
			size_t count, struct nm_error *err)
{
	for (size_t i = 0; i < count; i++) {
		double begin = now_us();
		int status = nm_target_sample(target, sample, err);

		times[i] = now_us() - begin;
		if (status != NM_OK)
			return status;
	}
	return NM_OK;
}

static void print_cost(const struct nm_target *target, const struct nm_sample *sample)
{
	const struct nm_target_cost *cost = nm_target_cost(target);

	printf(",\"isolates\":%u,\"openReads\":%" PRIu64 ",\"readsPerSample\":%.2f"
	       ",\"bytesPerSample\":%" PRIu64 "}\n",
	       sample->isolate_count, cost->open_reads,
	       (double)cost->sample_reads / (double)cost->samples,
	       cost->sample_bytes / cost->samples);
}

int main(int argc, char **argv)
{
	size_t opens, samples;
	struct nm_target *target = NULL;
	struct nm_sample sample;
	struct nm_error err;
	double *times;
	int status;

	opens = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	samples = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	if (opens == 0 || samples == 0) {
		fprintf(stderr, "usage: bench-sample PID OPENS SAMPLES\n");
		return 2;
	}
	times = calloc(opens + samples, sizeof(*times));
	if (!times)
		return 1;
	nm_sample_init(&sample);
	status = time_opens((pid_t)strtol(argv[1], NULL, 10), times, opens, &target, &err);
	if (status == NM_OK)
		status = time_samples(target, &sample, times + opens, samples, &err);
	if (status == NM_OK) {
		putchar('{');
		print_summary("openUs", times, opens);
		putchar(',');
		print_summary("sampleUs", times + opens, samples);
		print_cost(target, &sample);
	}
	nm_sample_done(&sample);
	nm_target_close(target);
	free(times);
	return status == NM_OK ? 0 : fail(&err);
}
