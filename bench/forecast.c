/*
 * forecast.c - how often forecasts of simulated processes are right, as one line of JSON a kind
 *
 *   bench-forecast SERIES [FIRST-SEED]
 *
 * The same processes as in the unit test, with other seeds and more of them: SERIES of each kind, watched by
 * V8's collections and by drops alike, and once more as numbers without collections. "held" are the leaks whose
 * end was in the interval of the forecast given, of all "cases"; "errorPercent" and "widthPercent" are medians,
 * of how far the time was off and how wide the interval was, as a share of the true time.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../tests/unit/simulated.h"

static const struct {
	const char *name;
	bool leaks;
} kinds[] = {
#define X(name, text, leaks) {text, leaks},
	SIMULATED_LIST(X)
#undef X
};

struct counts {
	size_t cases, given, held, unbounded, widths;
	size_t by_reason[NM_FORECAST_NO_LIMIT + 1];
	double *errors, *wide;
};

static int ascending(const void *a, const void *b)
{
	const double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), ascending);
	return count > 0 ? values[count / 2] : 0;
}

static void add_given(struct counts *counts, const struct nm_forecast *forecast, double death_ms)
{
	const double low = (double)forecast->eta_low_ms, high = (double)forecast->eta_high_ms;

	counts->held += death_ms >= low && (!forecast->has_high || death_ms <= high);
	counts->errors[counts->given++] = fabs((double)forecast->eta_ms - death_ms) / death_ms;
	counts->unbounded += !forecast->has_high;
	if (forecast->has_high)
		counts->wide[counts->widths++] = (high - low) / death_ms;
}

static void run(int kind, bool is_rss, uint64_t first, size_t series, struct counts *counts)
{
	for (uint64_t seed = first; seed < first + series; seed++) {
		struct nm_forecast forecast;
		struct simulated it;

		simulated_begin(&it, (enum simulated_kind)kind, seed);
		it.is_rss = is_rss;
		if (!simulated_watch(&it, &forecast))
			continue;
		counts->cases++;
		counts->by_reason[forecast.reason]++;
		if (forecast.reason != NM_FORECAST_OK)
			continue;
		if (kinds[kind].leaks)
			add_given(counts, &forecast, simulated_death(&it));
		else
			counts->given++;
	}
}

static void print(const char *name, bool is_rss, bool leaks, struct counts *counts)
{
	printf("{\"kind\":\"%s\",\"collections\":%s,\"leaks\":%s,\"cases\":%zu,\"given\":%zu", name,
	       is_rss ? "false" : "true", leaks ? "true" : "false", counts->cases, counts->given);
	if (leaks)
		printf(",\"held\":%zu,\"unbounded\":%zu,\"errorPercent\":%.1f,\"widthPercent\":%.1f",
		       counts->held, counts->unbounded, 100 * median(counts->errors, counts->given),
		       100 * median(counts->wide, counts->widths));
	for (int reason = NM_FORECAST_OK + 1; reason <= NM_FORECAST_NO_LIMIT; reason++)
		printf(",\"%s\":%zu", nm_forecast_reason_name((enum nm_forecast_reason)reason),
		       counts->by_reason[reason]);
	puts("}");
}

int main(int argc, char **argv)
{
	const size_t series = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	const uint64_t first = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
	double *errors = calloc(series + 1, sizeof(*errors)),
	       *wide = calloc(series + 1, sizeof(*wide));

	if (series == 0 || !errors || !wide) {
		fprintf(stderr, "usage: bench-forecast SERIES [FIRST-SEED]\n");
		free(errors);
		free(wide);
		return 2;
	}
	for (int is_rss = 0; is_rss < 2; is_rss++)
		for (int kind = 0; kind < SIMULATED_KINDS; kind++) {
			struct counts counts = {.errors = errors, .wide = wide};

			run(kind, is_rss != 0, first, series, &counts);
			print(kinds[kind].name, is_rss != 0, kinds[kind].leaks, &counts);
		}
	free(errors);
	free(wide);
	return 0;
}
