/*
 * test_classes.c - sums of objects by class, compared with earlier ones
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "model/heap/classes.h"
#include "source/classes_saved.h"

static struct nm_classes make(void)
{
	struct nm_classes classes;

	memset(&classes, 0, sizeof(classes));
	nm_classes_add(&classes, "Small", &(struct nm_class){.count = 1, .bytes = 24});
	nm_classes_add(&classes, "Large", &(struct nm_class){.count = 2, .bytes = 4800});
	nm_classes_add(&classes, "Dead",
		       &(struct nm_class){.garbage_count = 3, .garbage_bytes = 72});
	nm_classes_finish(&classes);
	return classes;
}

static void the_largest_comes_first_and_all_add_up(void **state)
{
	struct nm_classes classes = make();

	(void)state;
	assert_int_equal(classes.count, 3);
	assert_string_equal(classes.items[0].name, "Large");
	assert_string_equal(classes.items[2].name, "Dead");
	assert_int_equal(classes.live_count, 3);
	assert_int_equal(classes.live_bytes, 4824);
	assert_int_equal(classes.garbage_bytes, 72);
	nm_classes_done(&classes);
}

static void what_grew_most_comes_first_and_what_went_is_there(void **state)
{
	static const char before[] = "{\"schema\":\"nodemem/histo/1\",\"pid\":7,\"classes\":["
				     "{\"name\":\"Gone\",\"count\":5,\"bytes\":120},"
				     "{\"name\":\"Large\",\"count\":3,\"bytes\":7200}]}";
	struct nm_classes now = make(), since;
	struct nm_class_row *rows;
	size_t count;

	(void)state;
	assert_int_equal(nm_classes_parse(before, strlen(before), "x", &since, NULL), NM_OK);
	assert_int_equal(since.pid, 7);
	assert_int_equal(nm_classes_compare(&now, &since, &rows, &count), NM_OK);
	assert_int_equal(count, 4);
	assert_string_equal(rows[0].one.name, "Small");
	assert_int_equal(rows[0].bytes_delta, 24);
	assert_string_equal(rows[2].one.name, "Gone");
	assert_int_equal(rows[2].one.count, 0);
	assert_int_equal(rows[2].count_delta, -5);
	assert_string_equal(rows[3].one.name, "Large");
	assert_int_equal(rows[3].bytes_delta, -2400);
	free(rows);
	nm_classes_done(&now);
	nm_classes_done(&since);
}

static void a_document_that_is_no_histogram_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"[]",
		"{\"schema\":\"nodemem/rss/1\",\"classes\":[]}",
		"{\"schema\":\"nodemem/histo/1\"}",
		"{\"schema\":\"nodemem/histo/1\",\"classes\":{}}",
		"{\"schema\":\"nodemem/histo/1\",\"classes\":[1]}",
		"{\"schema\":\"nodemem/histo/1\",\"classes\":[{\"name\":\"x\",\"count\":1}]}",
		"{\"schema\":\"nodemem/histo/1\",\"classes\":[{\"count\":-1,\"bytes\":2}]}",
	};
	struct nm_classes classes;
	struct nm_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(nm_classes_parse(wrong[i], strlen(wrong[i]), "x", &classes, &err),
				 NM_E_CORRUPT);
}

static void the_same_text_has_the_same_number(void **state)
{
	struct nm_intern intern;
	char text[16];
	size_t length;

	(void)state;
	memset(&intern, 0, sizeof(intern));
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < 5000; i++) {
			int size = snprintf(text, sizeof(text), "name %u", i);

			assert_int_equal(nm_intern_add(&intern, text, (size_t)size), i);
		}
	assert_string_equal(nm_intern_get(&intern, 4321, &length), "name 4321");
	assert_int_equal(length, 9);
	/* Bytes decide, not where a text ends in C. */
	assert_int_equal(nm_intern_add(&intern, "a\0b", 3), 5000);
	assert_int_equal(nm_intern_add(&intern, "a\0c", 3), 5001);
	assert_int_equal(nm_intern_add(&intern, "", 0), 5002);
	assert_int_equal(nm_intern_add(&intern, "a\0b", 3), 5000);
	nm_intern_done(&intern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_comes_first_and_all_add_up),
		cmocka_unit_test(what_grew_most_comes_first_and_what_went_is_there),
		cmocka_unit_test(a_document_that_is_no_histogram_is_refused),
		cmocka_unit_test(the_same_text_has_the_same_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
