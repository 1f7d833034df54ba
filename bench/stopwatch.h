/*
 * stopwatch.h - times of many runs of one thing, and their summary as JSON
 */
#ifndef NM_BENCH_STOPWATCH_H
#define NM_BENCH_STOPWATCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static inline int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* "name":{"count":…,"min":…,"median":…,"mean":…,"p99":…}; sorts the values. */
static inline void print_summary(const char *name, double *values, size_t count)
{
	double sum = 0;

	qsort(values, count, sizeof(*values), compare_doubles);
	for (size_t i = 0; i < count; i++)
		sum += values[i];
	printf("\"%s\":{\"count\":%zu,\"min\":%.1f,\"median\":%.1f,\"mean\":%.1f,\"p99\":%.1f}",
	       name, count, values[0], values[count / 2], sum / (double)count,
	       values[(count * 99 + 99) / 100 - 1]);
}

#endif
