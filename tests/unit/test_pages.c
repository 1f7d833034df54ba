#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/v8/pages.h"

/* The target is this process: a piece of memory in which the tests make headers of pages. */
#define PAGES	   64
#define MEMORY	   (PAGES * NM_V8_PAGE_SIZE)
#define HEAP	   UINT64_C(0x12345678)
#define OWNER	   UINT64_C(0x22345678)
#define HEADER_END 0x1000

static struct nm_reader *reader;
static struct nm_pagemap pagemap;
static unsigned char *memory;
static struct nm_map map;
static struct nm_maps maps = {.items = &map, .count = 1};
static struct nm_v8_pages pages;
static size_t enough = SIZE_MAX;

static int set_up(void **state)
{
	int dir = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned char *all = mmap(NULL, MEMORY + NM_V8_PAGE_SIZE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	memory = (unsigned char *)(((uintptr_t)all + NM_V8_PAGE_SIZE - 1) & ~(NM_V8_PAGE_SIZE - 1));
	map = (struct nm_map){.start = (uintptr_t)memory,
			      .end = (uintptr_t)memory + MEMORY,
			      .access = NM_MAP_READ | NM_MAP_WRITE,
			      .path = ""};
	nm_pagemap_open(&pagemap, dir, (uint64_t)sysconf(_SC_PAGESIZE));
	close(dir);
	return nm_reader_open_live(getpid(), &reader, NULL);
}

/* Every test begins with memory that was never touched. */
static int forget(void **state)
{
	(void)state;
	return madvise(memory, MEMORY, MADV_DONTNEED);
}

static int tear_down(void **state)
{
	(void)state;
	nm_v8_pages_done(&pages);
	nm_pagemap_close(&pagemap);
	nm_reader_close(reader);
	return 0;
}

static nm_addr addr_of(size_t page)
{
	return (uintptr_t)memory + page * NM_V8_PAGE_SIZE;
}

static uint64_t *words_of(size_t page)
{
	return (uint64_t *)(void *)(memory + page * NM_V8_PAGE_SIZE);
}

/* The header of Node 16 to 20. */
static void make_page(size_t page, uint64_t size)
{
	uint64_t *words = words_of(page);

	words[0] = size;
	words[2] = HEAP;
	words[3] = addr_of(page) + HEADER_END;
	words[4] = addr_of(page) + size;
	words[8] = OWNER;
}

static void find(enum nm_v8_page_form form)
{
	assert_int_equal(nm_v8_pages_find(reader, &maps, &pagemap, form, NM_V8_PAGES_COUNTED,
					  enough, &pages, NULL),
			 NM_OK);
}

static void pages_are_found_between_memory_that_is_none(void **state)
{
	(void)state;
	make_page(0, NM_V8_PAGE_SIZE);
	make_page(7, NM_V8_PAGE_SIZE);
	make_page(PAGES - 1, NM_V8_PAGE_SIZE);
	memset(words_of(3), 0x5a, 4096);
	find(NM_V8_PAGE_SIZE_FIRST);
	assert_int_equal(pages.count, 3);
	for (size_t i = 0; i < pages.count; i++) {
		assert_int_equal(pages.items[i].heap, HEAP);
		assert_int_equal(pages.items[i].owner, OWNER);
		assert_int_equal(pages.items[i].size, NM_V8_PAGE_SIZE);
	}
	find(NM_V8_PAGE_SELF);
	assert_int_equal(pages.count, 0);
}

static void the_inside_of_a_large_page_holds_no_pages(void **state)
{
	(void)state;
	make_page(4, 10 * NM_V8_PAGE_SIZE);
	for (size_t i = 5; i < 14; i++)
		make_page(i, NM_V8_PAGE_SIZE); /* an object's content that looks like headers */
	make_page(14, NM_V8_PAGE_SIZE);
	find(NM_V8_PAGE_SIZE_FIRST);
	assert_int_equal(pages.count, 2);
}

static void the_self_form_names_its_own_address(void **state)
{
	uint64_t *words = words_of(9);

	(void)state;
	words[1] = addr_of(9);
	words[2] = NM_V8_PAGE_SIZE;
	words[3] = HEAP;
	words[4] = addr_of(9) + HEADER_END;
	words[5] = addr_of(9) + NM_V8_PAGE_SIZE;
	words[9] = OWNER;
	find(NM_V8_PAGE_SELF);
	assert_int_equal(pages.count, 1);
	words[1] += 8;
	find(NM_V8_PAGE_SELF);
	assert_int_equal(pages.count, 0);
}

static void the_metadata_form_must_point_back(void **state)
{
	static uint64_t metadata[12];
	uint64_t *words = words_of(2);

	(void)state;
	words[0] = 0x20; /* flags */
	words[1] = (uintptr_t)metadata;
	metadata[1] = addr_of(2);
	metadata[2] = NM_V8_PAGE_SIZE;
	metadata[7] = addr_of(2) + NM_V8_PAGE_SIZE;
	metadata[8] = HEAP;
	metadata[9] = addr_of(2) + 16;
	metadata[10] = OWNER;
	words_of(3)[1] = 0x1000; /* points to nothing */
	find(NM_V8_PAGE_METADATA);
	assert_int_equal(pages.count, 1);
	assert_int_equal(pages.items[0].area_start, addr_of(2) + 16);
	assert_false(pages.items[0].is_pooled);
	words[0] |= 1u << 16; /* taken out of its space */
	find(NM_V8_PAGE_METADATA);
	assert_int_equal(pages.count, 1);
	assert_true(pages.items[0].is_pooled);
	metadata[1] = addr_of(3);
	find(NM_V8_PAGE_METADATA);
	assert_int_equal(pages.count, 0);
}

static void nonsense_is_no_page(void **state)
{
	static const struct {
		size_t word;
		uint64_t value;
	} rows[] = {
		{0, 0},
		{0, 1},
		{0, 100},
		{0, UINT64_MAX},
		{0, UINT64_C(1) << 40},
		{2, 0},
		{2, 3},
		{3, 0},
		{3, UINT64_MAX},
		{4, 0},
		{4, UINT64_MAX},
		{8, 0},
		{8, UINT64_C(1) << 60},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make_page(1, NM_V8_PAGE_SIZE);
		words_of(1)[rows[i].word] = rows[i].value;
		find(NM_V8_PAGE_SIZE_FIRST);
		assert_int_equal(pages.count, 0);
	}
}

static size_t count_present(void)
{
	size_t count = 0;

	nm_pagemap_reset(&pagemap);
	for (size_t i = 0; i < MEMORY / 4096; i++)
		count += nm_pagemap_is_present(&pagemap, (uintptr_t)memory + i * 4096);
	return count;
}

static void untouched_memory_stays_untouched(void **state)
{
	(void)state;
	make_page(6, NM_V8_PAGE_SIZE);
	assert_int_equal(count_present(), 1);
	find(NM_V8_PAGE_SIZE_FIRST);
	assert_int_equal(pages.count, 1);
	assert_int_equal(count_present(), 1);
	/* The same on a kernel which has to be asked page by page. */
	pagemap.can_scan = false;
	find(NM_V8_PAGE_SIZE_FIRST);
	pagemap.can_scan = true;
	assert_int_equal(pages.count, 1);
	assert_int_equal(count_present(), 1);
}

static void enough_pages_are_enough(void **state)
{
	struct nm_v8_page page;

	(void)state;
	for (size_t i = 0; i < PAGES; i++)
		make_page(i, NM_V8_PAGE_SIZE);
	find(NM_V8_PAGE_SIZE_FIRST);
	assert_int_equal(pages.count, PAGES);
	assert_false(pages.is_partial);
	enough = 1;
	find(NM_V8_PAGE_SIZE_FIRST);
	enough = SIZE_MAX;
	assert_true(pages.count >= 1 && pages.count <= PAGES);
	assert_true(nm_v8_page_read(reader, NM_V8_PAGE_SIZE_FIRST, addr_of(5), &page));
	assert_int_equal(page.size, NM_V8_PAGE_SIZE);
	assert_false(nm_v8_page_read(reader, NM_V8_PAGE_SELF, addr_of(5), &page));
}

static void other_memory_is_not_searched(void **state)
{
	(void)state;
	make_page(0, NM_V8_PAGE_SIZE);
	map.inode = 5;
	find(NM_V8_PAGE_SIZE_FIRST);
	assert_int_equal(pages.count, 0);
	map.inode = 0;
	map.path = "[stack]";
	find(NM_V8_PAGE_SIZE_FIRST);
	assert_int_equal(pages.count, 0);
	map.path = "";
	map.access |= NM_MAP_EXECUTE;
	find(NM_V8_PAGE_SIZE_FIRST);
	assert_int_equal(pages.count, 0);
	map.access = NM_MAP_READ | NM_MAP_WRITE;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pages_are_found_between_memory_that_is_none, forget),
		cmocka_unit_test_setup(the_inside_of_a_large_page_holds_no_pages, forget),
		cmocka_unit_test_setup(the_self_form_names_its_own_address, forget),
		cmocka_unit_test_setup(the_metadata_form_must_point_back, forget),
		cmocka_unit_test_setup(nonsense_is_no_page, forget),
		cmocka_unit_test_setup(untouched_memory_stays_untouched, forget),
		cmocka_unit_test_setup(enough_pages_are_enough, forget),
		cmocka_unit_test_setup(other_memory_is_not_searched, forget),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
