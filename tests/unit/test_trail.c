#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/sample.h"
#include "model/trail.h"

#define KIB UINT64_C(1024)

static void add(struct nm_trail *trail, int64_t time_ms, uint64_t rss)
{
	const struct nm_sample sample = {.time_ms = time_ms, .has = NM_HAS_RSS, .rss = rss};

	nm_trail_add(trail, &sample);
}

static void all_samples_are_kept_while_there_is_room(void **state)
{
	struct nm_trail trail = {0};

	(void)state;
	for (int i = 0; i < NM_TRAIL_POINTS; i++)
		add(&trail, i * 1000, (uint64_t)i * KIB);
	assert_int_equal(trail.count, NM_TRAIL_POINTS);
	assert_int_equal(nm_trail_last(&trail, NM_TRAIL_RSS), (NM_TRAIL_POINTS - 1) * KIB);
	assert_true(nm_trail_last(&trail, NM_TRAIL_HEAP_USED) == NM_TRAIL_UNKNOWN);
}

static void peaks_survive_a_long_time(void **state)
{
	struct nm_trail trail = {0};
	uint64_t values[100], most = 0;

	(void)state;
	for (int i = 0; i < 100000; i++)
		add(&trail, i * 1000, i == 31337 ? 5000 * KIB : 100 * KIB);
	assert_in_range(trail.count, NM_TRAIL_POINTS / 4, NM_TRAIL_POINTS);
	assert_int_equal(trail.points[0].time_ms, 0);
	nm_trail_columns(&trail, NM_TRAIL_RSS, 0, 100, values);
	for (int i = 0; i < 100; i++)
		most = values[i] > most ? values[i] : most;
	assert_int_equal(most, 5000 * KIB);
	assert_int_equal(values[31], 5000 * KIB);
}

static void a_clock_that_is_set_back_does_no_harm(void **state)
{
	struct nm_trail trail = {0};

	(void)state;
	for (int i = 0; i < 5000; i++)
		add(&trail, i < 2500 ? i * 1000 : 7, (uint64_t)i * KIB);
	for (size_t i = 1; i < trail.count; i++)
		assert_true(trail.points[i].time_ms >= trail.points[i - 1].time_ms);
	assert_int_equal(nm_trail_last(&trail, NM_TRAIL_RSS), 4999 * KIB);
}

static void columns_before_the_first_point_are_unknown(void **state)
{
	struct nm_trail trail = {0};
	uint64_t values[5];

	(void)state;
	nm_trail_columns(&trail, NM_TRAIL_RSS, 0, 5, values);
	assert_true(values[0] == NM_TRAIL_UNKNOWN && values[4] == NM_TRAIL_UNKNOWN);
	add(&trail, 2000, 10 * KIB);
	add(&trail, 4000, 30 * KIB);
	nm_trail_columns(&trail, NM_TRAIL_RSS, 0, 5, values);
	assert_true(values[1] == NM_TRAIL_UNKNOWN);
	assert_int_equal(values[2], 10 * KIB);
	assert_int_equal(values[3], 10 * KIB);
	assert_int_equal(values[4], 30 * KIB);
}

static void sums_are_of_all_isolates_or_unknown(void **state)
{
	struct nm_sample sample;
	uint64_t sum = 0;

	(void)state;
	nm_sample_init(&sample);
	assert_false(nm_trail_sum(&sample, NM_TRAIL_HEAP_USED, &sum));
	assert_int_equal(nm_sample_reserve(&sample, 2), NM_OK);
	sample.isolate_count = 2;
	sample.isolates[0] = (struct nm_isolate){.has = NM_HAS_HEAP_USED, .heap_used = 5};
	sample.isolates[1] = (struct nm_isolate){.has = NM_HAS_HEAP_USED, .heap_used = 7};
	assert_true(nm_trail_sum(&sample, NM_TRAIL_HEAP_USED, &sum));
	assert_int_equal(sum, 12);
	sample.isolates[1].has = 0;
	assert_false(nm_trail_sum(&sample, NM_TRAIL_HEAP_USED, &sum));
	nm_sample_done(&sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_samples_are_kept_while_there_is_room),
		cmocka_unit_test(peaks_survive_a_long_time),
		cmocka_unit_test(a_clock_that_is_set_back_does_no_harm),
		cmocka_unit_test(columns_before_the_first_point_are_unknown),
		cmocka_unit_test(sums_are_of_all_isolates_or_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
