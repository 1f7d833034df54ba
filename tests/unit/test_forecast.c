/*
 * test_forecast.c - forecasts of simulated processes, whose end is known
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/units.h"
#include "simulated.h"

/* Of each kind. */
#define LEAKS  20
#define STEADY 40
/* bench/forecast.c takes others. */
#define SEED 1

static const struct {
	const char *name;
	bool leaks;
} kinds[] = {
#define X(name, text, leaks) {text, leaks},
	SIMULATED_LIST(X)
#undef X
};

static bool holds(const struct nm_forecast *forecast, double death_ms)
{
	return forecast->reason == NM_FORECAST_OK && death_ms >= (double)forecast->eta_low_ms &&
	       (!forecast->has_high || death_ms <= (double)forecast->eta_high_ms);
}

/* How many of the kind's leaks die within the interval. Those that die while they are watched are no case. */
static unsigned count_held(int kind, bool is_rss, unsigned *out_cases)
{
	unsigned held = 0;

	for (uint64_t seed = SEED; seed < SEED + LEAKS; seed++) {
		struct nm_forecast forecast;
		struct simulated it;

		simulated_begin(&it, (enum simulated_kind)kind, seed);
		it.is_rss = is_rss;
		if (!simulated_watch(&it, &forecast))
			continue;
		(*out_cases)++;
		held += holds(&forecast, simulated_death(&it));
	}
	return held;
}

static void check_leaks(bool is_rss)
{
	unsigned cases = 0, held = 0;

	for (int kind = 0; kind < SIMULATED_KINDS; kind++) {
		unsigned before = cases, of_kind;

		if (!kinds[kind].leaks)
			continue;
		of_kind = count_held(kind, is_rss, &cases);
		held += of_kind;
		print_message("# a leak %s: %u of %u in the interval\n", kinds[kind].name, of_kind,
			      cases - before);
	}
	print_message("# all leaks: %u of %u\n", held, cases);
	assert_true(cases >= 50);
	assert_true(held * 10 >= cases * 9);
}

static void the_interval_holds_the_time_of_death(void **state)
{
	(void)state;
	check_leaks(false);
}

static void the_interval_of_a_number_without_collections_holds_it_too(void **state)
{
	(void)state;
	check_leaks(true);
}

static void check_steady(bool is_rss)
{
	unsigned cases = 0, quiet = 0;

	for (int kind = 0; kind < SIMULATED_KINDS; kind++) {
		unsigned before = quiet;

		if (kinds[kind].leaks)
			continue;
		for (uint64_t seed = SEED; seed < SEED + STEADY; seed++, cases++) {
			struct nm_forecast forecast = {.reason = NM_FORECAST_OK};
			struct simulated it;

			simulated_begin(&it, (enum simulated_kind)kind, seed);
			it.is_rss = is_rss;
			assert_true(simulated_watch(&it, &forecast));
			quiet += forecast.reason != NM_FORECAST_OK;
		}
		print_message("# %s: no forecast for %u of %u\n", kinds[kind].name, quiet - before,
			      STEADY);
	}
	print_message("# all without a leak: %u of %u\n", quiet, cases);
	assert_true(cases >= 200);
	assert_true(quiet * 100 >= cases * 95);
}

static void what_does_not_leak_gets_no_forecast(void **state)
{
	(void)state;
	check_steady(false);
	check_steady(true);
}

/* ---- the rest of the answer ---------------------------------------------------------------- */

static struct nm_forecast forecast_line(int points, int64_t step_ms, double first, double step,
					uint64_t limit)
{
	static struct nm_trend trend;
	const struct nm_forecast_of of = {NM_LIMIT_HEAP, "main", limit, NM_BASIS_FLOOR, &trend};
	struct nm_forecast forecast;

	memset(&trend, 0, sizeof(trend));
	for (int i = 0; i < points; i++)
		nm_trend_add(&trend, i * step_ms, (uint64_t)(first + step * i));
	nm_forecast_make(&of, (points - 1) * step_ms, &forecast);
	return forecast;
}

static void a_straight_line_is_followed_to_the_limit(void **state)
{
	const double mib = (double)NM_MIB;
	/* 1 MiB a second from 20 MiB on; 40 MiB are left, of which V8 cannot use the last 3. */
	const struct nm_forecast forecast = forecast_line(41, 1000, 20 * mib, mib, 100 * NM_MIB);

	(void)state;
	assert_int_equal(forecast.reason, NM_FORECAST_OK);
	assert_true(forecast.eta_ms > 36500 && forecast.eta_ms < 37500);
	assert_true(forecast.eta_low_ms > 30000 && forecast.eta_low_ms < forecast.eta_ms);
	assert_true(forecast.has_high && forecast.eta_high_ms < 45000);
	assert_true(fabs(forecast.growth_per_hour / (3600 * mib) - 1) < 0.001);
	assert_int_equal(forecast.level, 60 * NM_MIB);
	assert_int_equal(forecast.points, 41);
	assert_int_equal(forecast.span_ms, 40000);
}

static void few_points_or_a_short_time_are_too_early(void **state)
{
	(void)state;
	assert_int_equal(forecast_line(0, 1000, 0, 0, NM_GIB).reason, NM_FORECAST_TOO_EARLY);
	assert_int_equal(forecast_line(1, 1000, 1e6, 0, NM_GIB).reason, NM_FORECAST_TOO_EARLY);
	assert_int_equal(forecast_line(5, 60000, 1e6, 1e6, NM_GIB).reason, NM_FORECAST_TOO_EARLY);
	assert_int_equal(forecast_line(100, 10, 1e6, 1e6, NM_GIB).reason, NM_FORECAST_TOO_EARLY);
	assert_int_equal(forecast_line(100, 0, 1e6, 1e6, NM_GIB).reason, NM_FORECAST_TOO_EARLY);
}

static void what_does_not_grow_has_no_time(void **state)
{
	const struct nm_forecast shrinking = forecast_line(50, 1000, 9e8, -1e6, NM_GIB);
	const struct nm_forecast far = forecast_line(50, 1000, 1e6, 1e4, NM_GIB);

	(void)state;
	assert_int_equal(forecast_line(50, 1000, 1e6, 0, NM_GIB).reason, NM_FORECAST_NO_TREND);
	assert_int_equal(shrinking.reason, NM_FORECAST_SHRINKING);
	assert_true(shrinking.growth_per_hour < 0);
	assert_int_equal(far.reason, NM_FORECAST_TOO_FAR);
	assert_true(far.growth_per_hour > 0);
}

static void a_limit_that_is_passed_is_reached_now(void **state)
{
	const struct nm_forecast forecast = forecast_line(50, 1000, 1e9, 1e6, 500 * NM_MIB);

	(void)state;
	assert_int_equal(forecast.reason, NM_FORECAST_OK);
	assert_int_equal(forecast.eta_ms, 0);
	assert_int_equal(forecast.eta_low_ms, 0);
}

/* A day of 10 points a second takes the same room, and begins and ends where it did. */
static void a_trend_stays_small_and_keeps_its_low_points(void **state)
{
	static struct nm_trend trend;
	const int64_t count = 864000;

	(void)state;
	for (int64_t i = 0; i < count; i++)
		nm_trend_add(&trend, i * 100, (uint64_t)(i % 100 == 0 ? i : i + 5000000));
	assert_true(trend.count > NM_TREND_POINTS / 3 && trend.count <= NM_TREND_POINTS);
	assert_int_equal(trend.points[0].time_ms, 0);
	assert_true(trend.points[trend.count - 1].time_ms + trend.slot_ms >= (count - 1) * 100);
	for (size_t i = 1; i + 1 < trend.count; i++) {
		assert_true(trend.points[i].time_ms > trend.points[i - 1].time_ms);
		assert_true(trend.points[i].bytes < 1000000);
	}
}

static void times_that_make_no_sense_are_left_out(void **state)
{
	static struct nm_trend trend;

	(void)state;
	nm_trend_add(&trend, INT64_MIN, 1);
	nm_trend_add(&trend, INT64_MAX, 1);
	assert_int_equal(trend.count, 0);
	nm_trend_add(&trend, 1000, 1);
	nm_trend_add(&trend, 999, 1);
	assert_int_equal(trend.count, 1);
	for (int i = 0; i < 2 * NM_TREND_POINTS; i++)
		nm_trend_add(&trend, NM_TREND_TIME_MAX, 1);
	assert_true(trend.count <= NM_TREND_POINTS);
}

static void assert_said(const struct nm_forecast *forecast, const char *expected)
{
	struct nm_strbuf text;

	nm_strbuf_init(&text, 1000);
	nm_forecast_say(forecast, &text);
	assert_string_equal(nm_strbuf_get(&text), expected);
	nm_strbuf_done(&text);
}

static void it_is_said_in_words(void **state)
{
	struct nm_forecast forecast = {
		.reason = NM_FORECAST_OK,
		.kind = NM_LIMIT_HEAP,
		.scope = "main",
		.basis = NM_BASIS_FLOOR,
		.limit = 80 * NM_MIB,
		.level = 45 * NM_MIB,
		.points = 24,
		.span_ms = 58300,
		.has_growth = true,
		.growth_per_hour = 90 * (double)NM_MIB,
		.has_high = true,
		.eta_ms = 1400000,
		.eta_low_ms = 1200000,
		.eta_high_ms = 1800000,
	};

	(void)state;
	assert_said(
		&forecast,
		"What stays in the heap of main after major collections, now 45.0 MiB, grows by "
		"1.5 MiB a minute. At that pace it reaches the 80.0 MiB that V8 lets it have in "
		"23 min 20 s: between 20 min 0 s and 30 min 0 s from now (24 major collections "
		"over 58.3 s).");
	forecast.reason = NM_FORECAST_TOO_EARLY;
	assert_said(&forecast,
		    "It is too early for a forecast: 24 major collections over 58.3 s are "
		    "too little to tell a trend.");
	forecast.points = 0;
	assert_said(&forecast,
		    "It is too early for a forecast: no major collection was seen in the "
		    "heap of main, so what stays in it is not known.");
	forecast.points = 24;
	forecast.reason = NM_FORECAST_SLOWING;
	assert_said(
		&forecast,
		"What stays in the heap of main after major collections, now 45.0 MiB, grows by "
		"1.5 MiB a minute (24 major collections over 58.3 s), but ever more slowly, as a "
		"program does that warms up: too early for a forecast.");
	forecast.reason = NM_FORECAST_OK;
	forecast.kind = NM_LIMIT_CGROUP_MAX;
	forecast.basis = NM_BASIS_USED;
	snprintf(forecast.scope, sizeof(forecast.scope), "/web");
	forecast.has_high = false;
	assert_said(
		&forecast,
		"What is used under memory.max of /web, now 45.0 MiB, grows by 1.5 MiB a minute. "
		"At that pace it reaches the limit of 80.0 MiB in 23 min 20 s: 20 min 0 s from "
		"now at the earliest, and no time is sure to be the latest (24 low points over "
		"58.3 s).");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_interval_holds_the_time_of_death),
		cmocka_unit_test(the_interval_of_a_number_without_collections_holds_it_too),
		cmocka_unit_test(what_does_not_leak_gets_no_forecast),
		cmocka_unit_test(a_straight_line_is_followed_to_the_limit),
		cmocka_unit_test(few_points_or_a_short_time_are_too_early),
		cmocka_unit_test(what_does_not_grow_has_no_time),
		cmocka_unit_test(a_limit_that_is_passed_is_reached_now),
		cmocka_unit_test(a_trend_stays_small_and_keeps_its_low_points),
		cmocka_unit_test(times_that_make_no_sense_are_left_out),
		cmocka_unit_test(it_is_said_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
