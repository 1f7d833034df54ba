#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "source/proc/pagemap.h"
#include "tree.h"

#define PRESENT (UINT64_C(1) << 63)
#define SWAPPED (UINT64_C(1) << 62)
#define PAGES	2000 /* four windows */

static void pages_are_told_apart_over_all_windows(void **state)
{
	static uint64_t entries[PAGES];
	struct nm_pagemap pagemap;
	char dir[64];
	int root = tree_make(dir, NULL);

	(void)state;
	for (size_t i = 0; i < PAGES; i++)
		entries[i] = (i % 3 == 0 ? PRESENT : 0) | (i % 5 == 0 ? SWAPPED : 0) | i;
	tree_add(dir, "pagemap", (const char *)entries, sizeof(entries));
	nm_pagemap_open(&pagemap, root, 4096);
	for (size_t i = 0; i < PAGES; i++) {
		assert_int_equal(nm_pagemap_is_present(&pagemap, i * 4096 + 17), i % 3 == 0);
		assert_int_equal(nm_pagemap_is_swapped(&pagemap, i * 4096 + 17), i % 5 == 0);
	}
	assert_true(nm_pagemap_is_present(&pagemap, 0)); /* back again */
	assert_false(nm_pagemap_is_present(&pagemap, PAGES * 4096));
	assert_false(nm_pagemap_is_present(&pagemap, UINT64_MAX));
	nm_pagemap_close(&pagemap);
	close(root);
	tree_remove(dir);
}

static void a_reset_reads_anew(void **state)
{
	uint64_t entry = PRESENT;
	struct nm_pagemap pagemap;
	char dir[64];
	int root = tree_make(dir, NULL);

	(void)state;
	tree_add(dir, "pagemap", (const char *)&entry, sizeof(entry));
	nm_pagemap_open(&pagemap, root, 4096);
	assert_true(nm_pagemap_is_present(&pagemap, 0));
	entry = 0;
	tree_add(dir, "pagemap", (const char *)&entry, sizeof(entry));
	assert_true(nm_pagemap_is_present(&pagemap, 0));
	nm_pagemap_reset(&pagemap);
	assert_false(nm_pagemap_is_present(&pagemap, 0));
	nm_pagemap_close(&pagemap);
	close(root);
	tree_remove(dir);
}

static void without_the_file_every_page_counts_as_present(void **state)
{
	struct nm_pagemap pagemap;
	char dir[64];
	int root = tree_make(dir, NULL);

	(void)state;
	nm_pagemap_open(&pagemap, root, 4096);
	assert_true(nm_pagemap_is_present(&pagemap, 123456));
	assert_false(nm_pagemap_is_swapped(&pagemap, 123456));
	nm_pagemap_close(&pagemap);
	close(root);
	tree_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_told_apart_over_all_windows),
		cmocka_unit_test(a_reset_reads_anew),
		cmocka_unit_test(without_the_file_every_page_counts_as_present),
	};

	return cmocka_run_group_tests_name("pagemap", tests, NULL, NULL);
}
