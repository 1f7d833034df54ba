#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/v8/layout_file.h"

static char folder[] = "/tmp/nodemem-layouts-XXXXXX";
static char path[256];
static struct nm_v8_layout row;

static int set_up(void **state)
{
	struct nm_v8_version version = {13, 6, 233, 17};

	(void)state;
	row = *nm_v8_layout_find(&version);
	row.isolate_heap = 0xeff8;
	row.isolate_allocator = 0x11070;
	row.allocator_total = 8;
	if (!mkdtemp(folder))
		return -1;
	return setenv("XDG_CACHE_HOME", folder, 1);
}

static int tear_down(void **state)
{
	char part[256];

	(void)state;
	unlink(path);
	snprintf(part, sizeof(part), "%s/nodemem/layouts", folder);
	rmdir(part);
	snprintf(part, sizeof(part), "%s/nodemem", folder);
	rmdir(part);
	return rmdir(folder);
}

static void what_is_saved_is_loaded(void **state)
{
	struct nm_v8_layout loaded;

	(void)state;
	assert_int_equal(nm_v8_layout_save("0123abcd", &row, path, sizeof(path), NULL), NM_OK);
	assert_true(nm_v8_layout_load("0123abcd", &loaded));
	/* The versions are of the table alone. */
	loaded.first = row.first;
	loaded.last = row.last;
	assert_string_equal(loaded.name, row.name);
	memcpy(loaded.name, row.name, sizeof(row.name));
	assert_memory_equal(&loaded, &row, sizeof(row));
	assert_false(nm_v8_layout_load("0123abce", &loaded));
	assert_false(nm_v8_layout_load("", &loaded));
}

/* Replace the first `what` in the saved file. */
static void spoil(const char *what, const char *with)
{
	char text[8192], *at;
	FILE *file = fopen(path, "r");
	size_t length = fread(text, 1, sizeof(text) - 1, file);

	fclose(file);
	text[length] = '\0';
	at = strstr(text, what);
	assert_non_null(at);
	file = fopen(path, "w");
	fprintf(file, "%.*s%s%s", (int)(at - text), text, with, at + strlen(what));
	fclose(file);
}

static void a_spoiled_file_is_not_used(void **state)
{
	static const struct {
		const char *what, *with;
	} rows[] = {
		{"nodemem/layout/1", "nodemem/layout/2"},
		{"\"heap_isolate\"", "\"heap_isolat\""},
		{"\"old_space\"", "\"odd_space\""},
		{"\"page_form\": 2", "\"page_form\": 9"},
		{"\"page_form\": 2", "\"page_form\": -1"},
		{"24\n", "99999999999\n"},
		{"24\n", "-2\n"},
		{"24\n", "25\n"},
		{"24\n", "\"24\"\n"},
		{"{", ""},
	};
	struct nm_v8_layout loaded;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(nm_v8_layout_save("0123abcd", &row, path, sizeof(path), NULL),
				 NM_OK);
		assert_true(nm_v8_layout_load("0123abcd", &loaded));
		spoil(rows[i].what, rows[i].with);
		assert_false(nm_v8_layout_load("0123abcd", &loaded));
	}
}

static void a_file_from_before_collections_were_counted_is_used(void **state)
{
	struct nm_v8_layout loaded;

	(void)state;
	assert_int_equal(nm_v8_layout_save("0123abcd", &row, path, sizeof(path), NULL), NM_OK);
	spoil("\"heap_gc_counts\"", "\"something_else\"");
	assert_true(nm_v8_layout_load("0123abcd", &loaded));
	assert_int_equal(loaded.heap_gc_counts, NM_V8_NONE);
	assert_int_equal(loaded.heap_gc_state, row.heap_gc_state);
}

static void a_file_that_others_can_write_is_not_used(void **state)
{
	struct nm_v8_layout loaded;

	(void)state;
	assert_int_equal(nm_v8_layout_save("0123abcd", &row, path, sizeof(path), NULL), NM_OK);
	assert_int_equal(chmod(path, 0666), 0);
	assert_false(nm_v8_layout_load("0123abcd", &loaded));
}

static void a_row_leaves_to_the_binary_what_it_tells(void **state)
{
	char text[2048];

	(void)state;
	nm_v8_layout_row(&row, "v24.21.0", text, sizeof(text));
	assert_non_null(strstr(text, ".isolate_heap = NM_V8_BINARY"));
	assert_non_null(strstr(text, ".heap_isolate = 0x18"));
	assert_non_null(strstr(text, ".external_more = {NM_V8_NONE, NM_V8_NONE}"));
	assert_non_null(strstr(text, "{S(OLD), 0x218}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_saved_is_loaded),
		cmocka_unit_test(a_spoiled_file_is_not_used),
		cmocka_unit_test(a_file_from_before_collections_were_counted_is_used),
		cmocka_unit_test(a_file_that_others_can_write_is_not_used),
		cmocka_unit_test(a_row_leaves_to_the_binary_what_it_tells),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
