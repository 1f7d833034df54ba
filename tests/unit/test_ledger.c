/*
 * test_ledger.c - parts that add up, and a ledger that was written earlier
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "model/ledger.h"
#include "source/ledger/files.h"
#include "source/ledger/saved.h"
#include "source/v8/backing_store.h"

static void a_part_stands_once_and_all_add_up(void **state)
{
	struct nm_ledger ledger = {.pid = 1};
	nm_part_index first, other;

	(void)state;
	first = nm_ledger_part(&ledger, NM_GROUP_V8_HEAP, "main", "old_space");
	other = nm_ledger_part(&ledger, NM_GROUP_V8_HEAP, "worker-1", "old_space");
	assert_int_not_equal(first, other);
	assert_int_equal(nm_ledger_part(&ledger, NM_GROUP_V8_HEAP, "main", "old_space"), first);
	ledger.parts[first].rss = 4096;
	ledger.parts[other].rss = 8192;
	nm_ledger_part(&ledger, NM_GROUP_OTHER, "", "nothing");
	other = nm_ledger_part(&ledger, NM_GROUP_OTHER, "", "anonymous");
	nm_ledger_mark_unnamed(&ledger, other);
	ledger.parts[other].rss = 100;
	ledger.rss = 4096 + 8192 + 100;
	assert_int_equal(nm_ledger_finish(&ledger, NULL), NM_OK);
	assert_int_equal(ledger.part_count, 3); /* the empty one has gone */
	assert_string_equal(ledger.parts[0].isolate, "worker-1");
	assert_int_equal(ledger.unnamed, 100);
	assert_int_equal(nm_ledger_group(&ledger, NM_GROUP_V8_HEAP).rss, 4096 + 8192);
	nm_ledger_done(&ledger);
}

static void parts_that_do_not_add_up_are_an_error(void **state)
{
	struct nm_ledger ledger = {.pid = 7, .rss = 5000};
	struct nm_error err;

	(void)state;
	nm_ledger_part(&ledger, NM_GROUP_MALLOC, "", "main arena");
	ledger.parts[0].rss = 4096;
	assert_int_equal(nm_ledger_finish(&ledger, &err), NM_E_CORRUPT);
	assert_non_null(strstr(err.message, "4096"));
	nm_ledger_done(&ledger);
}

static void too_many_parts_become_one(void **state)
{
	struct nm_ledger ledger = {.pid = 1};
	char name[32];

	(void)state;
	for (unsigned i = 0; i < NM_LEDGER_PARTS_MAX + 100; i++) {
		nm_part_index part;

		snprintf(name, sizeof(name), "lib%u.so", i);
		part = nm_ledger_part(&ledger, NM_GROUP_LIBRARIES, "", name);
		ledger.parts[part].rss += 4096;
		ledger.rss += 4096;
	}
	assert_int_equal(nm_ledger_finish(&ledger, NULL), NM_OK);
	assert_int_equal(ledger.part_count, NM_LEDGER_PARTS_MAX);
	assert_int_equal(nm_ledger_group(&ledger, NM_GROUP_OTHER).rss, 101 * 4096);
	nm_ledger_done(&ledger);
}

static void what_is_missing_is_said_once(void **state)
{
	struct nm_ledger ledger = {.pid = 1};

	(void)state;
	for (int i = 0; i < 10; i++)
		nm_ledger_miss(&ledger, "part %d", i / 2);
	assert_int_equal(ledger.missing_count, NM_LEDGER_MISSING_MAX);
	assert_string_equal(ledger.missing[1], "part 1");
}

static void a_saved_ledger_is_read(void **state)
{
	static const char text[] =
		"{\"schema\":\"nodemem/rss/1\",\"pid\":7,\"rss\":12288,\"pss\":null,\"parts\":["
		"{\"name\":\"old_space\",\"group\":\"v8 heap\",\"isolate\":\"main\",\"rss\":8192,"
		"\"pss\":null},{\"name\":\"x\",\"group\":\"of a later release\",\"rss\":4096}]}";
	struct nm_ledger ledger;

	(void)state;
	assert_int_equal(nm_ledger_parse(text, strlen(text), "file", &ledger, NULL), NM_OK);
	assert_int_equal(ledger.rss, 12288);
	assert_int_equal(nm_ledger_group(&ledger, NM_GROUP_V8_HEAP).rss, 8192);
	assert_int_equal(nm_ledger_group(&ledger, NM_GROUP_OTHER).rss, 4096);
	nm_ledger_done(&ledger);
}

static void what_is_no_ledger_is_refused(void **state)
{
	static const struct {
		const char *text, *in_message;
	} cases[] = {
		{"", "no JSON"},
		{"{\"schema\":\"nodemem/rss/1\"", "no JSON"},
		{"[]", "its schema is not there"},
		{"{\"schema\":\"nodemem/ps/1\"}", "its schema is \"nodemem/ps/1\""},
		{"{\"schema\":\"nodemem/rss/1\",\"rss\":\"1\",\"parts\":[]}", "no rss or no parts"},
		{"{\"schema\":\"nodemem/rss/1\",\"rss\":1}", "no rss or no parts"},
		{"{\"schema\":\"nodemem/rss/1\",\"rss\":1,\"parts\":[{\"name\":\"x\"}]}", "part 0"},
		{"{\"schema\":\"nodemem/rss/1\",\"rss\":1,\"parts\":[{\"name\":\"x\",\"group\":"
		 "\"malloc\",\"rss\":-1}]}",
		 "part 0"},
		{"{\"schema\":\"nodemem/rss/1\",\"rss\":1,\"parts\":[{\"name\":\"x\",\"group\":"
		 "\"malloc\",\"rss\":2}]}",
		 "add up to 2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_ledger ledger;
		struct nm_error err;

		assert_int_equal(nm_ledger_parse(cases[i].text, strlen(cases[i].text), "file",
						 &ledger, &err),
				 NM_E_CORRUPT);
		if (!strstr(err.message, cases[i].in_message))
			fail_msg("%s: %s", cases[i].text, err.message);
	}
}

#define DATA (NM_MAP_READ | NM_MAP_WRITE)
#define CODE (NM_MAP_READ | NM_MAP_EXECUTE)

static void files_are_known_by_their_names(void **state)
{
	static const struct {
		const char *path;
		unsigned access;
		enum nm_group group;
		const char *name;
	} cases[] = {
		{"/usr/bin/node", CODE, NM_GROUP_PROGRAM, "code"},
		{"/usr/bin/node", NM_MAP_READ, NM_GROUP_PROGRAM, "constants"},
		{"/usr/bin/node", DATA, NM_GROUP_PROGRAM, "data"},
		{"/lib/x86_64-linux-gnu/libc.so.6", CODE, NM_GROUP_LIBRARIES, "libc.so.6"},
		{"/app/node_modules/a/build/a.node", CODE, NM_GROUP_ADDONS, "a.node"},
		{"/app/node_modules/@img/lib/libvips-cpp.so.42", NM_MAP_READ, NM_GROUP_ADDONS,
		 "libvips-cpp.so.42"},
		{"/usr/share/icu/icudt72l.dat", NM_MAP_READ, NM_GROUP_MAPPED_FILES,
		 "/usr/share/icu/icudt72l.dat"},
		{"/dev/shm/cache", DATA | NM_MAP_SHARED, NM_GROUP_SHARED, "/dev/shm"},
		{"/memfd:x (deleted)", DATA | NM_MAP_SHARED, NM_GROUP_SHARED, "memfd"},
		{"anon_inode:[io_uring]", DATA | NM_MAP_SHARED, NM_GROUP_SHARED, "io_uring rings"},
		{"[stack]", DATA, NM_GROUP_STACKS, "main thread"},
		{"[vdso]", CODE, NM_GROUP_OTHER, "kernel's own pages (vdso)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_map map = {.start = 0x1000,
				     .end = 0x2000,
				     .access = cases[i].access,
				     .inode = cases[i].path[0] == '[' ? 0 : 1,
				     .path = cases[i].path};
		struct nm_maps maps = {.items = &map, .count = 1};
		struct nm_ledger_file file;

		assert_true(nm_ledger_file_find(&maps, 0, "/usr/bin/node", &file));
		assert_int_equal(file.group, cases[i].group);
		assert_string_equal(file.name, cases[i].name);
	}
}

static void memory_without_a_name_is_the_files_only_behind_its_data(void **state)
{
	struct nm_map items[] = {
		{0x1000, 0x2000, 0, 1, DATA, "/usr/bin/node"},
		{0x2000, 0x3000, 0, 0, DATA, ""},
		{0x3000, 0x4000, 0, 0, DATA, ""},
		{0x5000, 0x6000, 0, 0, DATA | NM_MAP_SHARED, ""},
		{0x6000, 0x7000, 0, 0, DATA, "[heap]"},
	};
	struct nm_maps maps = {.items = items, .count = 5};
	struct nm_ledger_file file;

	(void)state;
	assert_true(nm_ledger_file_find(&maps, 1, "/usr/bin/node", &file));
	assert_int_equal(file.group, NM_GROUP_PROGRAM);
	assert_false(nm_ledger_file_find(&maps, 2, "/usr/bin/node", &file));
	assert_true(nm_ledger_file_find(&maps, 3, "/usr/bin/node", &file));
	assert_int_equal(file.group, NM_GROUP_SHARED);
	assert_false(nm_ledger_file_find(&maps, 4, "/usr/bin/node", &file));
}

static void only_what_can_be_a_backing_store_is_one(void **state)
{
	static const struct {
		uint64_t words[4];
		bool is_one;
	} cases[] = {
		{{0x10000, 100, 100, 100}, true},    {{0x10000, 100, 200, 300}, true},
		{{0, 100, 100, 100}, false},	     {{0x10000, 0, 0, 0}, false},
		{{0x10008, 100, 100, 100}, false},   {{0x10000, 200, 100, 300}, false},
		{{0x10000, 100, 300, 200}, false},   {{0x10000, 1, 1, UINT64_MAX}, false},
		{{UINT64_MAX - 15, 1, 1, 1}, false},
	};
	struct nm_v8_backing_store store;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(nm_v8_backing_store_parse(cases[i].words, &store),
				 cases[i].is_one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_stands_once_and_all_add_up),
		cmocka_unit_test(parts_that_do_not_add_up_are_an_error),
		cmocka_unit_test(too_many_parts_become_one),
		cmocka_unit_test(what_is_missing_is_said_once),
		cmocka_unit_test(a_saved_ledger_is_read),
		cmocka_unit_test(what_is_no_ledger_is_refused),
		cmocka_unit_test(files_are_known_by_their_names),
		cmocka_unit_test(memory_without_a_name_is_the_files_only_behind_its_data),
		cmocka_unit_test(only_what_can_be_a_backing_store_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
