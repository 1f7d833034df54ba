/*
 * test_outlook.c - collections, trends and the forecast of a process with its limits
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/units.h"
#include "model/limits.h"
#include "model/outlook.h"

#define SEMI	   (16 * NM_MIB)
#define HEAP_LIMIT (100 * NM_MIB + 3 * SEMI)

static struct nm_heap_use use_of(uint64_t old_used, uint64_t young_used)
{
	return (struct nm_heap_use){.old_used = old_used, .young_used = young_used};
}

static void a_drop_of_the_old_generation_is_a_major_collection(void **state)
{
	const struct nm_heap_use before = use_of(50 * NM_MIB, 3 * NM_MIB);
	struct nm_heap_use after = use_of(40 * NM_MIB, 1 * NM_MIB);
	struct nm_heap_use noise = use_of(50 * NM_MIB - 1000, 4 * NM_MIB);
	struct nm_collection found[NM_COLLECTIONS_MAX];

	(void)state;
	assert_int_equal(nm_collections_find(&before, &after, found), 1);
	assert_true(found[0].is_major && !found[0].by_counter);
	assert_int_equal(found[0].count, 1);
	assert_int_equal(found[0].before, 53 * NM_MIB);
	assert_int_equal(found[0].after, 41 * NM_MIB);
	assert_int_equal(nm_collections_find(&before, &noise, found), 0);
}

static void a_drop_of_the_young_generation_is_a_minor_collection(void **state)
{
	const struct nm_heap_use before = use_of(50 * NM_MIB, 9 * NM_MIB);
	struct nm_heap_use after = use_of(51 * NM_MIB, 1 * NM_MIB);
	struct nm_collection found[NM_COLLECTIONS_MAX];

	(void)state;
	assert_int_equal(nm_collections_find(&before, &after, found), 1);
	assert_false(found[0].is_major);
}

/* V8 sweeps: 50, 47, 43, then 44 MiB, and another collection. */
static void use_that_goes_on_falling_is_one_collection(void **state)
{
	static const unsigned mib[] = {50, 47, 43, 44, 30};
	static const unsigned expected[] = {0, 1, 0, 0, 1};
	struct nm_heap_use before = use_of(50 * NM_MIB, 0);

	(void)state;
	for (size_t i = 1; i < sizeof(mib) / sizeof(mib[0]); i++) {
		struct nm_heap_use now = use_of(mib[i] * NM_MIB, 0);
		struct nm_collection found[NM_COLLECTIONS_MAX];

		assert_int_equal(nm_collections_find(&before, &now, found), expected[i]);
		before = now;
	}
}

static void counters_are_believed_rather_than_drops(void **state)
{
	struct nm_heap_use before = use_of(50 * NM_MIB, 9 * NM_MIB);
	struct nm_heap_use after = use_of(55 * NM_MIB, 12 * NM_MIB);
	struct nm_collection found[NM_COLLECTIONS_MAX];

	(void)state;
	before.has_counts = after.has_counts = true;
	before.majors = 3;
	after.majors = 4;
	before.minors = 10;
	after.minors = 17;
	assert_int_equal(nm_collections_find(&before, &after, found), 2);
	assert_true(found[0].is_major && found[0].by_counter && found[0].count == 1);
	assert_true(!found[1].is_major && found[1].count == 7);
	after = use_of(20 * NM_MIB, 0);
	after.has_counts = true;
	after.majors = 3;
	assert_int_equal(nm_collections_find(&before, &after, found), 0);
}

/* ---- a process that is watched ----------------------------------------------------------- */

struct watched {
	struct nm_outlook outlook;
	struct nm_isolate isolate;
	struct nm_sample sample;
	struct nm_limits limits;
	unsigned majors;
};

static void begin(struct watched *watched)
{
	memset(watched, 0, sizeof(*watched));
	nm_outlook_init(&watched->outlook);
	nm_limits_init(&watched->limits);
	watched->isolate = (struct nm_isolate){
		.name = "main",
		.has = NM_HAS_HEAP_USED | NM_HAS_HEAP_TOTAL | NM_HAS_HEAP_SIZE_LIMIT |
		       NM_HAS_MAX_SEMI_SPACE,
		.heap_size_limit = HEAP_LIMIT,
		.max_semi_space = SEMI,
		.space_count = 2,
		.spaces = {{.name = "new_space", .size = SEMI}, {.name = "old_space"}},
	};
	watched->sample.has = NM_HAS_RSS;
	watched->sample.isolates = &watched->isolate;
	watched->sample.isolate_count = 1;
}

static void end(struct watched *watched)
{
	nm_outlook_done(&watched->outlook);
	nm_limits_done(&watched->limits);
}

static void count_majors(void *context, const struct nm_isolate *isolate,
			 const struct nm_collection *collection)
{
	assert_string_equal(isolate->name, "main");
	((struct watched *)context)->majors += collection->is_major;
}

/* One sample: `floor` lives, and every third time garbage was just collected. */
static void look(struct watched *watched, int step, uint64_t floor, uint64_t group_used)
{
	const struct nm_outlook_listener listener = {count_majors, watched};
	struct nm_limit *group;

	watched->sample.time_ms = 1000000 + step * 1000;
	watched->sample.rss = floor + 50 * NM_MIB;
	watched->isolate.spaces[1].used = floor + (unsigned)(step % 3) * 2 * NM_MIB;
	watched->isolate.heap_used = watched->isolate.spaces[1].used;
	watched->isolate.heap_total = watched->isolate.heap_used;
	assert_int_equal(nm_outlook_add_sample(&watched->outlook, &watched->sample, &listener),
			 NM_OK);
	nm_limits_done(&watched->limits);
	nm_limits_init(&watched->limits);
	assert_int_equal(nm_limits_add_isolates(&watched->limits, &watched->sample), NM_OK);
	group = nm_limits_add(&watched->limits, NM_LIMIT_CGROUP_MAX, "/web");
	assert_non_null(group);
	nm_limit_set_limit(group, true, 512 * NM_MIB);
	nm_limit_set_used(group, true, group_used);
	nm_limits_judge(&watched->limits);
	assert_int_equal(
		nm_outlook_add_limits(&watched->outlook, &watched->sample, &watched->limits),
		NM_OK);
}

static struct nm_forecast forecast_of(const struct watched *watched)
{
	struct nm_forecast forecast;

	nm_outlook_forecast(&watched->outlook, watched->sample.time_ms, &forecast);
	return forecast;
}

static void a_leak_in_the_heap_is_told_from_its_floors(void **state)
{
	struct nm_forecast forecast;
	struct watched watched;

	(void)state;
	begin(&watched);
	for (int i = 0; i < 60; i++)
		look(&watched, i, 20 * NM_MIB + (unsigned)i * NM_MIB, 200 * NM_MIB);
	forecast = forecast_of(&watched);
	assert_int_equal(forecast.reason, NM_FORECAST_OK);
	assert_int_equal(forecast.kind, NM_LIMIT_HEAP);
	assert_string_equal(forecast.scope, "main");
	assert_int_equal(forecast.limit, 100 * NM_MIB);
	/* The last floor was seen 2 s ago, at 77 MiB. */
	assert_true(forecast.eta_ms > 16000 && forecast.eta_ms < 20000);
	assert_int_equal(watched.majors, 19);
	end(&watched);
}

/* The heap is nearer to its limit and still; the group fills with something else. */
static void another_limit_is_told_when_only_that_is_reached(void **state)
{
	struct nm_forecast forecast;
	struct watched watched;

	(void)state;
	begin(&watched);
	for (int i = 0; i < 60; i++)
		look(&watched, i, 90 * NM_MIB, 200 * NM_MIB + (unsigned)i * NM_MIB);
	assert_int_equal(watched.limits.items[watched.limits.first].kind, NM_LIMIT_HEAP);
	forecast = forecast_of(&watched);
	assert_int_equal(forecast.reason, NM_FORECAST_OK);
	assert_int_equal(forecast.kind, NM_LIMIT_CGROUP_MAX);
	assert_string_equal(forecast.scope, "/web");
	assert_true(forecast.eta_ms > 240000 && forecast.eta_ms < 265000);
	end(&watched);
}

static void when_nothing_grows_the_first_limit_is_told(void **state)
{
	struct nm_forecast forecast;
	struct watched watched;

	(void)state;
	begin(&watched);
	for (int i = 0; i < 60; i++)
		look(&watched, i, 20 * NM_MIB, 500 * NM_MIB);
	forecast = forecast_of(&watched);
	assert_int_equal(forecast.reason, NM_FORECAST_NO_TREND);
	assert_int_equal(forecast.kind, NM_LIMIT_CGROUP_MAX);
	end(&watched);
}

static void old_numbers_and_unknown_ones_are_no_looks(void **state)
{
	struct watched watched;

	(void)state;
	begin(&watched);
	watched.isolate.in_gc = true;
	look(&watched, 0, 20 * NM_MIB, 100 * NM_MIB);
	watched.isolate.in_gc = false;
	watched.isolate.has &= ~(unsigned)NM_HAS_HEAP_USED;
	look(&watched, 1, 20 * NM_MIB, 100 * NM_MIB);
	assert_int_equal(watched.outlook.count, 1);
	assert_int_equal(watched.outlook.items[0].kind, NM_LIMIT_CGROUP_MAX);
	end(&watched);
}

static void nothing_known_is_no_limit(void **state)
{
	struct nm_outlook outlook;
	struct nm_forecast forecast;

	(void)state;
	nm_outlook_init(&outlook);
	nm_outlook_forecast(&outlook, 0, &forecast);
	assert_int_equal(forecast.reason, NM_FORECAST_NO_LIMIT);
	nm_outlook_done(&outlook);
}

/* ---- a recording ------------------------------------------------------------------------- */

#define SAMPLES 90

static struct nm_forecast forecast_recorded(bool with_gcs)
{
	static int64_t times[SAMPLES];
	static uint64_t old_used[SAMPLES], heap_used[SAMPLES];
	static struct nm_history_gc gcs[SAMPLES];
	struct nm_history_isolate isolate = {
		.name = "main",
		.max_semi_space = SEMI,
		.count = SAMPLES,
		.time_ms = times,
		.columns = {[NM_COLUMN_OLD_USED] = old_used, [NM_COLUMN_HEAP_USED] = heap_used},
	};
	struct nm_history_limit limit = {
		.kind = NM_LIMIT_HEAP, .scope = "main", .limit = HEAP_LIMIT, .is_first = true};
	struct nm_history_process process = {
		.isolates = &isolate,
		.isolate_count = 1,
		.limits = &limit,
		.limit_count = 1,
		.gcs = gcs,
	};
	struct nm_forecast forecast;

	memset(gcs, 0, sizeof(gcs));
	for (int i = 0; i < SAMPLES; i++) {
		times[i] = 5000000 + i * 1000;
		old_used[i] = 10 * NM_MIB + (unsigned)i * NM_MIB / 2 + (unsigned)(i % 3) * NM_MIB;
		heap_used[i] = old_used[i] + 3 * NM_MIB;
		if (!with_gcs || i % 3 != 0)
			continue;
		gcs[process.gc_count++] = (struct nm_history_gc){
			.time_ms = times[i], .is_major = true, .after = heap_used[i]};
	}
	old_used[20] = NM_UNKNOWN;
	process.last_ms = times[SAMPLES - 1];
	assert_int_equal(nm_forecast_history(&process, &forecast), NM_OK);
	return forecast;
}

static void a_recording_is_forecast_with_its_collections_or_without(void **state)
{
	(void)state;
	for (int with_gcs = 0; with_gcs < 2; with_gcs++) {
		const struct nm_forecast forecast = forecast_recorded(with_gcs != 0);

		assert_int_equal(forecast.reason, NM_FORECAST_OK);
		assert_int_equal(forecast.limit, 100 * NM_MIB);
		/* 54.5 MiB at the end, half a MiB a second; the last 3 MiB are of no use. */
		assert_true(forecast.eta_ms > 82000 && forecast.eta_ms < 88000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drop_of_the_old_generation_is_a_major_collection),
		cmocka_unit_test(a_drop_of_the_young_generation_is_a_minor_collection),
		cmocka_unit_test(use_that_goes_on_falling_is_one_collection),
		cmocka_unit_test(counters_are_believed_rather_than_drops),
		cmocka_unit_test(a_leak_in_the_heap_is_told_from_its_floors),
		cmocka_unit_test(another_limit_is_told_when_only_that_is_reached),
		cmocka_unit_test(when_nothing_grows_the_first_limit_is_told),
		cmocka_unit_test(old_numbers_and_unknown_ones_are_no_looks),
		cmocka_unit_test(nothing_known_is_no_limit),
		cmocka_unit_test(a_recording_is_forecast_with_its_collections_or_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
