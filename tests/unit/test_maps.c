#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "source/proc/maps.h"
#include "tree.h"

#define NODE "00400000-00e37000 r--p 00000000 fe:00 2883 /usr/bin/node\n"
#define HEAP "02000000-02100000 rw-p 00000000 00:00 0 [heap]\n"

struct parse_case {
	const char *text;
	int status;
	size_t count;
};

static void a_list_of_mappings_is_read_or_refused(void **state)
{
	static const struct parse_case cases[] = {
		{"", NM_OK, 0},
		{NODE, NM_OK, 1},
		{NODE HEAP, NM_OK, 2},
		{"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n", NM_OK, 1},
		{"00400000-00e37000 r--p 00000000 fe:00 2883 /with blanks (deleted)\n", NM_OK, 1},
		{"00400000-00e37000 r--p 00000000 fe:00 2883", NM_E_CORRUPT, 0},
		{NODE "what?\n", NM_E_CORRUPT, 0},
		{"00400000 00e37000 r--p 00000000 fe:00 2883 /x\n", NM_E_CORRUPT, 0},
		{"00e37000-00400000 r--p 00000000 fe:00 2883 /x\n", NM_E_CORRUPT, 0},
		{"-00e37000 r--p 00000000 fe:00 2883 /x\n", NM_E_CORRUPT, 0},
		{"10000000000000000-1 r--p 00000000 fe:00 2883 /x\n", NM_E_CORRUPT, 0},
		{"00400000-00e37000 r--p\n", NM_E_CORRUPT, 0},
		{"00400000-00e37000 r\n", NM_E_CORRUPT, 0},
		{"00400000-00e37000 r--p 00000000\n", NM_E_CORRUPT, 0},
		{"00400000-00e37000 r--p 00000000 fe:00\n", NM_E_CORRUPT, 0},
		{"\n", NM_E_CORRUPT, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_maps maps;

		nm_maps_init(&maps);
		nm_strbuf_adds(&maps.text, cases[i].text);
		assert_int_equal(nm_maps_parse(&maps), cases[i].status);
		if (cases[i].status == NM_OK)
			assert_int_equal(maps.count, cases[i].count);
		nm_maps_done(&maps);
	}
}

static void a_mapping_has_all_its_fields(void **state)
{
	struct nm_maps maps;

	(void)state;
	nm_maps_init(&maps);
	nm_strbuf_adds(&maps.text, "00e37000-032e7000 r-xs 00a37000 fe:00 2883    /a b\n"
				   "032e7000-032e8000 -w-p 00000000 00:00 0\n");
	assert_int_equal(nm_maps_parse(&maps), NM_OK);
	assert_int_equal(maps.items[0].start, 0xe37000);
	assert_int_equal(maps.items[0].end, 0x32e7000);
	assert_int_equal(maps.items[0].offset, 0xa37000);
	assert_int_equal(maps.items[0].inode, 2883);
	assert_int_equal(maps.items[0].access, NM_MAP_READ | NM_MAP_EXECUTE | NM_MAP_SHARED);
	assert_string_equal(maps.items[0].path, "/a b");
	assert_int_equal(maps.items[1].access, NM_MAP_WRITE);
	assert_int_equal(maps.items[1].inode, 0);
	assert_string_equal(maps.items[1].path, "");
	nm_maps_done(&maps);
}

static void the_mapping_of_an_address_is_found(void **state)
{
	static const struct {
		uint64_t addr;
		int index; /* -1: none */
	} cases[] = {{0, -1},	     {0x3fffff, -1},  {0x400000, 0},
		     {0xe36fff, 0},  {0xe37000, -1},  {0x2000000, 1},
		     {0x20fffff, 1}, {0x2100000, -1}, {UINT64_MAX, -1}};
	struct nm_maps maps;

	(void)state;
	nm_maps_init(&maps);
	assert_null(nm_maps_find(&maps, 0x400000));
	nm_strbuf_adds(&maps.text, NODE HEAP);
	assert_int_equal(nm_maps_parse(&maps), NM_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_ptr_equal(nm_maps_find(&maps, cases[i].addr),
				 cases[i].index < 0 ? NULL : &maps.items[cases[i].index]);
	nm_maps_done(&maps);
}

static void a_second_reading_replaces_the_first(void **state)
{
	int self = open("/proc/self", O_RDONLY | O_DIRECTORY);
	struct nm_maps maps;
	size_t count;

	(void)state;
	nm_maps_init(&maps);
	assert_int_equal(nm_maps_read(self, &maps), 0);
	count = maps.count;
	assert_true(count > 5);
	assert_int_equal(nm_maps_read(self, &maps), 0);
	assert_in_range(maps.count, count, count + 100);
	assert_non_null(nm_maps_find(&maps, (uintptr_t)&maps));
	nm_maps_done(&maps);
	close(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_mappings_is_read_or_refused),
		cmocka_unit_test(a_mapping_has_all_its_fields),
		cmocka_unit_test(the_mapping_of_an_address_is_found),
		cmocka_unit_test(a_second_reading_replaces_the_first),
	};

	return cmocka_run_group_tests_name("maps", tests, NULL, NULL);
}
