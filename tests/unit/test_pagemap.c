#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/proc/pagemap.h"
#include "tree.h"

#define PRESENT (UINT64_C(1) << 63)
#define SWAPPED (UINT64_C(1) << 62)
#define PAGES	2000

static void pages_are_told_apart(void **state)
{
	static uint64_t entries[PAGES];
	struct nm_pagemap pagemap;
	char dir[64];
	int root = tree_make(dir, NULL);

	(void)state;
	for (size_t i = 0; i < PAGES; i++)
		entries[i] = (i % 3 == 0 ? PRESENT : i % 5 == 0 ? SWAPPED : 0) | i;
	tree_add(dir, "pagemap", (const char *)entries, sizeof(entries));
	nm_pagemap_open(&pagemap, root, 4096);
	for (size_t i = 0; i < PAGES; i++) {
		assert_int_equal(nm_pagemap_is_present(&pagemap, i * 4096 + 17), i % 3 == 0);
		assert_int_equal(nm_pagemap_is_swapped(&pagemap, i * 4096 + 17),
				 i % 3 != 0 && i % 5 == 0);
	}
	assert_true(nm_pagemap_is_present(&pagemap, 0)); /* back again */
	assert_false(nm_pagemap_is_present(&pagemap, PAGES * 4096));
	assert_false(nm_pagemap_is_present(&pagemap, UINT64_MAX));
	nm_pagemap_close(&pagemap);
	close(root);
	tree_remove(dir);
}

/* Of this process: every third page of some memory is touched. */
static void a_scan_tells_the_same_as_page_by_page(void **state)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	unsigned char *memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t start = (uint64_t)(uintptr_t)memory;
	int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct nm_pagemap pagemap;

	(void)state;
	madvise(memory, PAGES * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < PAGES; i += 3)
		memory[i * page] = 1;
	nm_pagemap_open(&pagemap, self, page);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < PAGES; i++) {
			/* 2000 pages have more regions than a scan returns. */
			if (round == 0 && i % 100 == 0)
				nm_pagemap_scan(&pagemap, start + i * page, start + PAGES * page);
			assert_int_equal(nm_pagemap_is_present(&pagemap, start + i * page),
					 i % 3 == 0);
		}
		nm_pagemap_reset(&pagemap);
	}
	nm_pagemap_scan(&pagemap, start, start + PAGES * page);
	assert_true(nm_pagemap_is_present(&pagemap, start + 300 * page));
	assert_true(nm_pagemap_is_present(&pagemap, start)); /* back again */
	assert_false(nm_pagemap_is_present(&pagemap, start + page));
	nm_pagemap_close(&pagemap);
	close(self);
	munmap(memory, PAGES * page);
}

/* The same answer in runs, by either way, and counted. */
static void runs_and_counts_are_those_of_the_pages(void **state)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	unsigned char *memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t start = (uint64_t)(uintptr_t)memory, resident, swapped;
	int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct nm_pagemap pagemap;
	struct nm_pagemap_run run;

	(void)state;
	madvise(memory, PAGES * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < PAGES; i++)
		if (i % 7 < 2)
			memory[i * page] = 1;
	nm_pagemap_open(&pagemap, self, page);
	for (int round = 0; round < 2; round++) {
		uint64_t sum = 0, behind = start;

		pagemap.can_scan = round == 0;
		for (; nm_pagemap_next_run(&pagemap, behind, start + PAGES * page, &run);
		     behind = run.end) {
			for (uint64_t at = run.start; at < run.end; at += page)
				assert_true((at - start) / page % 7 < 2);
			assert_false(run.is_swapped);
			sum += run.end - run.start;
		}
		assert_int_equal(sum, ((PAGES / 7) * 2 + 2) * page);
		nm_pagemap_reset(&pagemap);
		nm_pagemap_count(&pagemap, start + page, start + 70 * page, &resident, &swapped);
		assert_int_equal(resident, 19 * page);
		assert_int_equal(swapped, 0);
		assert_true(nm_pagemap_next_run(&pagemap, start, start + page, &run)); /* back */
		assert_int_equal(run.end, start + page);
	}
	nm_pagemap_close(&pagemap);
	close(self);
	munmap(memory, PAGES * page);
}

static void a_file_which_cannot_be_scanned_is_read(void **state)
{
	uint64_t entry = PRESENT;
	struct nm_pagemap pagemap;
	char dir[64];
	int root = tree_make(dir, NULL);

	(void)state;
	tree_add(dir, "pagemap", (const char *)&entry, sizeof(entry));
	nm_pagemap_open(&pagemap, root, 4096);
	nm_pagemap_scan(&pagemap, 0, 4096);
	assert_true(nm_pagemap_is_present(&pagemap, 0));
	assert_false(nm_pagemap_is_present(&pagemap, 4096));
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
		cmocka_unit_test(pages_are_told_apart),
		cmocka_unit_test(a_scan_tells_the_same_as_page_by_page),
		cmocka_unit_test(runs_and_counts_are_those_of_the_pages),
		cmocka_unit_test(a_file_which_cannot_be_scanned_is_read),
		cmocka_unit_test(without_the_file_every_page_counts_as_present),
	};

	return cmocka_run_group_tests_name("pagemap", tests, NULL, NULL);
}
