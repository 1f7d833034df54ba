#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/strbuf.h"

static void text_grows_past_its_first_room(void **state)
{
	struct nm_strbuf buf;

	(void)state;
	nm_strbuf_init(&buf, 10000);
	assert_string_equal(nm_strbuf_get(&buf), "");
	for (int i = 0; i < 1000; i++)
		nm_strbuf_addf(&buf, "%04d", i);
	assert_false(buf.failed);
	assert_int_equal(buf.length, 4000);
	assert_int_equal(strlen(nm_strbuf_get(&buf)), 4000);
	assert_memory_equal(nm_strbuf_get(&buf) + 3996, "0999", 5);
	nm_strbuf_done(&buf);
}

/* The maximum counts the closing zero. */
static void text_past_the_maximum_is_refused_and_remembered(void **state)
{
	static const struct {
		const char *first, *second;
		const char *kept;
		bool failed;
	} cases[] = {
		{"abc", "defg", "abcdefg", false}, {"abc", "defgh", "abc", true},
		{"", "abcdefg", "abcdefg", false}, {"", "abcdefgh", "", true},
		{"abcdefg", "", "abcdefg", false}, {"abcdefgh", "x", "", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_strbuf buf;

		nm_strbuf_init(&buf, 8);
		nm_strbuf_adds(&buf, cases[i].first);
		nm_strbuf_addf(&buf, "%s", cases[i].second);
		assert_string_equal(nm_strbuf_get(&buf), cases[i].kept);
		assert_int_equal(buf.failed, cases[i].failed);
		nm_strbuf_done(&buf);
	}
}

static void a_cleared_buffer_begins_anew(void **state)
{
	struct nm_strbuf buf;

	(void)state;
	nm_strbuf_init(&buf, 8);
	nm_strbuf_adds(&buf, "too long for it");
	assert_true(buf.failed);
	nm_strbuf_clear(&buf);
	assert_false(buf.failed);
	nm_strbuf_add(&buf, "a\0b", 3);
	assert_int_equal(buf.length, 3);
	assert_memory_equal(nm_strbuf_get(&buf), "a\0b", 4);
	nm_strbuf_done(&buf);
	nm_strbuf_done(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_grows_past_its_first_room),
		cmocka_unit_test(text_past_the_maximum_is_refused_and_remembered),
		cmocka_unit_test(a_cleared_buffer_begins_anew),
	};

	return cmocka_run_group_tests_name("strbuf", tests, NULL, NULL);
}
