#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/sample.h"
#include "model/split.h"

static void plant(struct nm_sample *sample, uint64_t rss, uint64_t total, uint64_t used,
		  uint64_t buffers)
{
	nm_sample_init(sample);
	sample->has = NM_HAS_RSS;
	sample->rss = rss;
	assert_int_equal(nm_sample_reserve(sample, 1), NM_OK);
	sample->isolate_count = 1;
	sample->isolates[0] = (struct nm_isolate){
		.has = NM_HAS_HEAP_TOTAL | NM_HAS_HEAP_USED | NM_HAS_ARRAY_BUFFERS,
		.heap_total = total,
		.heap_used = used,
		.array_buffers = buffers,
	};
}

static void parts_add_up_to_rss(void **state)
{
	struct nm_sample sample;
	uint64_t parts[NM_SPLIT_COUNT];

	(void)state;
	plant(&sample, 1000, 400, 300, 50);
	assert_true(nm_split_rss(&sample, parts));
	assert_int_equal(parts[NM_SPLIT_USED], 300);
	assert_int_equal(parts[NM_SPLIT_FREE], 100);
	assert_int_equal(parts[NM_SPLIT_BUFFERS], 50);
	assert_int_equal(parts[NM_SPLIT_OTHER], 550);
	nm_sample_done(&sample);
}

static void what_is_not_in_ram_is_left_out(void **state)
{
	struct nm_sample sample;
	uint64_t parts[NM_SPLIT_COUNT];

	(void)state;
	plant(&sample, 350, 400, 300, 50);
	assert_true(nm_split_rss(&sample, parts));
	assert_int_equal(parts[NM_SPLIT_USED], 300);
	assert_int_equal(parts[NM_SPLIT_FREE], 50);
	assert_int_equal(parts[NM_SPLIT_BUFFERS], 0);
	assert_int_equal(parts[NM_SPLIT_OTHER], 0);
	nm_sample_done(&sample);
}

static void unknown_heaps_are_other(void **state)
{
	struct nm_sample sample;
	uint64_t parts[NM_SPLIT_COUNT];

	(void)state;
	plant(&sample, 350, 0, 0, 0);
	sample.isolates[0].has = 0;
	assert_false(nm_split_rss(&sample, parts));
	assert_int_equal(parts[NM_SPLIT_OTHER], 350);
	sample.has = 0;
	assert_false(nm_split_rss(&sample, parts));
	assert_int_equal(parts[NM_SPLIT_OTHER], 0);
	nm_sample_done(&sample);
}

static void cells_are_in_proportion_and_never_too_many(void **state)
{
	const uint64_t parts[] = {1, 1, 1, 1}, few[] = {0, 1, 0, 0}, none[] = {0, 0, 0, 0};
	unsigned cells[4];

	(void)state;
	nm_split_cells(parts, 4, 4, 10, cells);
	assert_int_equal(cells[0] + cells[1] + cells[2] + cells[3], 10);
	nm_split_cells(parts, 4, 8, 10, cells);
	assert_int_equal(cells[0] + cells[1] + cells[2] + cells[3], 5);
	/* More than the scale. */
	nm_split_cells(parts, 4, 2, 10, cells);
	assert_int_equal(cells[0] + cells[1] + cells[2] + cells[3], 10);
	nm_split_cells(few, 4, 1000, 10, cells);
	assert_int_equal(cells[1], 1);
	nm_split_cells(none, 4, 0, 10, cells);
	assert_int_equal(cells[0] + cells[1] + cells[2] + cells[3], 0);
	nm_split_cells(few, 4, 1, 0, cells);
	assert_int_equal(cells[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_add_up_to_rss),
		cmocka_unit_test(what_is_not_in_ram_is_left_out),
		cmocka_unit_test(unknown_heaps_are_other),
		cmocka_unit_test(cells_are_in_proportion_and_never_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
