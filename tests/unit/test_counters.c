#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "source/v8/counters.h"

/* Of a Heap no more than what is read of it here; this process itself is the target. */
static struct {
	uint64_t isolate;
	uint64_t gc_state;
	uint64_t gc_counts;
	uint64_t size;
} heap;

static struct nm_v8_process process;
static struct nm_v8_isolate isolate;
static const struct nm_v8_isolates isolates = {&isolate, 1};

static int set_up(void **state)
{
	struct nm_v8_layout *layout = &process.layout;

	(void)state;
	*layout = nm_v8_layouts[0];
	layout->heap_isolate = 0;
	layout->heap_gc_state = 8;
	layout->heap_gc_counts = 16;
	layout->external.at = layout->max_semi_space.at = layout->max_old_generation.at = 24;
	layout->read_only.at = NM_V8_NONE;
	layout->space_count = 0;
	isolate.is_main = true;
	isolate.heap = (nm_addr)(uintptr_t)&heap;
	isolate.isolate = heap.isolate = 0x1000;
	return nm_reader_open_live(getpid(), &process.reader, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	nm_reader_close(process.reader);
	return 0;
}

/* One reading, of the layout as it is. */
static struct nm_isolate read_heap(enum nm_v8_reading expected)
{
	struct nm_v8_counters *counters;
	struct nm_isolate out;

	assert_int_equal(nm_v8_counters_new(&process, &isolates, &counters, NULL), NM_OK);
	assert_int_equal(nm_v8_counters_read(counters, &out), expected);
	nm_v8_counters_free(counters);
	return out;
}

static void major_and_minor_collections_add_up_to_all(void **state)
{
	static const struct {
		uint64_t word;
		bool is_known;
		uint64_t majors, minors;
	} rows[] = {
		{0, true, 0, 0},
		{0x0000000700000002, true, 2, 5},
		{0x0000000700000007, true, 7, 0},
		{0xffffffff00000001, true, 1, 0xfffffffe},
		{0x0000000700000008, false, 0, 0},
		{0x0000000012345678, false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nm_isolate out;

		heap.gc_counts = rows[i].word;
		out = read_heap(NM_V8_READING_GOOD);
		assert_int_equal((out.has & NM_HAS_GC_COUNTS) != 0, rows[i].is_known);
		assert_int_equal(out.major_gcs, rows[i].majors);
		assert_int_equal(out.minor_gcs, rows[i].minors);
	}
}

static void collections_are_not_known_in_one(void **state)
{
	struct nm_isolate out;

	(void)state;
	heap.gc_counts = 0x0000000700000002;
	heap.gc_state = 1;
	out = read_heap(NM_V8_READING_IN_GC);
	heap.gc_state = 0;
	assert_true(out.in_gc);
	assert_int_equal(out.has & NM_HAS_GC_COUNTS, 0);
}

static void collections_are_not_known_without_a_place_for_them(void **state)
{
	const int32_t place = process.layout.heap_gc_counts;
	struct nm_isolate out;

	(void)state;
	heap.gc_counts = 0x0000000700000002;
	process.layout.heap_gc_counts = NM_V8_NONE;
	out = read_heap(NM_V8_READING_GOOD);
	process.layout.heap_gc_counts = place;
	assert_int_equal(out.has & NM_HAS_GC_COUNTS, 0);
	assert_int_equal(out.has & NM_HAS_EXTERNAL, NM_HAS_EXTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(major_and_minor_collections_add_up_to_all),
		cmocka_unit_test(collections_are_not_known_in_one),
		cmocka_unit_test(collections_are_not_known_without_a_place_for_them),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
