#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "source/v8/layout.h"

static void versions_are_four_numbers(void **state)
{
	static const struct {
		const char *text;
		bool good;
		struct nm_v8_version version;
	} rows[] = {
		{"11.3.244.8-node.38", true, {11, 3, 244, 8}},
		{"9.4.146.26", true, {9, 4, 146, 26}},
		{"14.6.202.34-node.34", true, {14, 6, 202, 34}},
		{"11.3.244", false, {0, 0, 0, 0}},
		{"", false, {0, 0, 0, 0}},
		{"node", false, {0, 0, 0, 0}},
		{"a.b.c.d", false, {0, 0, 0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nm_v8_version version = {0, 0, 0, 0};

		assert_int_equal(nm_v8_version_parse(rows[i].text, &version), rows[i].good);
		assert_memory_equal(&version, &rows[i].version, sizeof(version));
	}
}

static void a_version_finds_the_row_whose_range_holds_it(void **state)
{
	static const struct {
		const char *version;
		const char *row; /* NULL: none */
	} rows[] = {
		{"9.4.146.26", "V8 9.4 (Node 16)"},
		{"9.6.180.15", "V8 9.4 (Node 16)"},
		{"10.1.124.8", "V8 10.1 (Node 18.0)"},
		{"10.2.154.26", "V8 10.2 (Node 18)"},
		{"11.3.244.8", "V8 11.3 (Node 20)"},
		{"12.4.254.21", "V8 12.4 (Node 22)"},
		{"13.6.233.17", "V8 13.6 (Node 24)"},
		{"14.6.202.34", "V8 14.6 (Node 26)"},
		{"8.4.371.23", NULL},
		{"11.8.172.17", NULL},
		{"13.7.0.0", NULL},
		{"15.0.245.1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nm_v8_version version;
		const struct nm_v8_layout *layout;

		assert_true(nm_v8_version_parse(rows[i].version, &version));
		layout = nm_v8_layout_find(&version);
		if (rows[i].row)
			assert_string_equal(layout->name, rows[i].row);
		else
			assert_null(layout);
	}
}

static void rows_are_in_order_and_do_not_overlap(void **state)
{
	(void)state;
	for (size_t i = 0; i < nm_v8_layout_count; i++) {
		const struct nm_v8_layout *row = &nm_v8_layouts[i];

		assert_true(nm_v8_version_compare(&row->first, &row->last) <= 0);
		if (i > 0)
			assert_true(nm_v8_version_compare(&nm_v8_layouts[i - 1].last, &row->first) <
				    0);
	}
}

/* What would make the reader look at nonsense, whatever the target. */
static void every_row_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < nm_v8_layout_count; i++) {
		const struct nm_v8_layout *row = &nm_v8_layouts[i];
		bool has_new = false, has_old = false;

		assert_true(row->space_count >= 8 && row->space_count <= NM_V8_SPACE_COUNT);
		for (uint32_t k = 0; k < row->space_count; k++) {
			has_new = has_new || row->spaces[k] == NM_V8_SPACE_NEW;
			has_old = has_old || row->spaces[k] == NM_V8_SPACE_OLD;
			for (uint32_t m = 0; m < k; m++)
				assert_int_not_equal(row->spaces[k], row->spaces[m]);
		}
		assert_true(has_new && has_old);
		assert_true(row->heap_isolate > 0 && row->heap_spaces > 0 &&
			    row->heap_gc_state > 0);
		assert_true(row->heap_gc_counts > 0 || row->heap_gc_counts == NM_V8_NONE);
		assert_true(row->external.at >= 0 && row->max_semi_space.at >= 0 &&
			    row->max_old_generation.at >= 0 && row->new_top.at >= 0);
		assert_true(row->paged_used > 0 && row->large_used > 0 && row->new_capacity > 0);
		assert_true(row->new_committed[0] > 0 && row->new_committed[1] > 0);
		assert_true(row->area_count == 0 || row->heap_allocator > 0);
		assert_true(row->free_list > 0 && row->free_list_bytes > 0 && row->new_target > 0 &&
			    row->new_large_capacity > 0);
	}
}

static void spaces_are_named_as_node_names_them(void **state)
{
	(void)state;
	assert_string_equal(nm_v8_space_name(NM_V8_SPACE_READ_ONLY), "read_only_space");
	assert_string_equal(nm_v8_space_name(NM_V8_SPACE_LARGE), "large_object_space");
	assert_string_equal(nm_v8_space_name(NM_V8_SPACE_TRUSTED_LARGE),
			    "trusted_large_object_space");
	assert_true(nm_v8_space_is_large(NM_V8_SPACE_NEW_LARGE));
	assert_false(nm_v8_space_is_large(NM_V8_SPACE_SHARED_TRUSTED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_four_numbers),
		cmocka_unit_test(a_version_finds_the_row_whose_range_holds_it),
		cmocka_unit_test(rows_are_in_order_and_do_not_overlap),
		cmocka_unit_test(every_row_is_complete),
		cmocka_unit_test(spaces_are_named_as_node_names_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
