#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define NO	      UINT64_MAX /* the text is refused */

struct text_case {
	uint64_t value;
	const char *text;
};

struct value_case {
	const char *text;
	uint64_t value;
};

static void bytes_are_printed_as_mib(void **state)
{
	static const struct text_case cases[] = {
		{0, "0.00"}, {5242, "0.00"}, {5243, "0.01"}, {NM_MIB, "1.00"}, {NM_GIB, "1024.00"}};
	char text[32];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_string_equal(nm_units_mib(cases[i].value, text, sizeof(text)),
				    cases[i].text);
}

static void bytes_are_printed_in_words(void **state)
{
	static const struct text_case cases[] = {
		{0, "0 B"},	      {1023, "1023 B"},
		{1024, "1.0 KiB"},    {1536, "1.5 KiB"},
		{NM_MIB, "1.0 MiB"},  {NM_MIB * 512, "512.0 MiB"},
		{NM_GIB, "1.00 GiB"}, {NM_GIB * 5 / 2, "2.50 GiB"}};
	char text[32];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_string_equal(nm_units_words(cases[i].value, text, sizeof(text)),
				    cases[i].text);
}

static void durations_are_printed_in_words(void **state)
{
	static const struct text_case cases[] = {{0, "0 ms"},
						 {999, "999 ms"},
						 {1000, "1.0 s"},
						 {12300, "12.3 s"},
						 {60000, "1 min 0 s"},
						 {303000, "5 min 3 s"},
						 {3600000, "1 h 0 min"},
						 {7620000, "2 h 7 min"},
						 {86400000, "1 d 0 h"},
						 {273600000, "3 d 4 h"}};
	char text[32];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_string_equal(nm_units_duration(cases[i].value, text, sizeof(text)),
				    cases[i].text);
}

static void durations_are_read_or_refused(void **state)
{
	static const struct value_case cases[] = {
		{"1", 1000},	{"0.5", 500},	  {"10ms", 10},	   {"1.5s", 1500},
		{"2m", 120000}, {"2min", 120000}, {"1h", 3600000}, {"7d", 604800000},
		{"0", 0},	{"1S", 1000},	  {".5s", 500},	   {"", NO},
		{"s", NO},	{"-1s", NO},	  {"+1s", NO},	   {" 1s", NO},
		{"1 s", NO},	{"1s ", NO},	  {"1x", NO},	   {"0x10", NO},
		{"inf", NO},	{"nan", NO},	  {"1e99", NO},	   {"3660d", 316224000000},
		{"3661d", NO},	{"1s2", NO}};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint64_t value = NO;

		assert_int_equal(nm_units_parse_duration(cases[i].text, &value),
				 cases[i].value != NO);
		assert_int_equal(value, cases[i].value);
	}
}

static void bytes_are_read_or_refused(void **state)
{
	static const struct value_case cases[] = {{"0", 0},
						  {"512", 512},
						  {"1k", 1024},
						  {"1KiB", 1024},
						  {"1.5M", 1572864},
						  {"512MB", 512 * NM_MIB},
						  {"2g", 2 * NM_GIB},
						  {"1T", 1024 * NM_GIB},
						  {"7b", 7},
						  {"", NO},
						  {"M", NO},
						  {"-1", NO},
						  {"1x", NO},
						  {"1mm", NO},
						  {"9007199254740993", 9007199254740992},
						  {"1e16", NO},
						  {"0x10", NO}};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint64_t value = NO;

		assert_int_equal(nm_units_parse_bytes(cases[i].text, &value), cases[i].value != NO);
		assert_int_equal(value, cases[i].value);
	}
}

static void whole_numbers_are_read_or_refused(void **state)
{
	static const struct value_case cases[] = {{"3", 3},
						  {"7", 7},
						  {"007", 7},
						  {"2", NO},
						  {"8", NO},
						  {"", NO},
						  {"5 ", NO},
						  {" 5", NO},
						  {"+5", NO},
						  {"-5", NO},
						  {"5.0", NO},
						  {"0x5", NO},
						  {"99999999999999999999", NO},
						  {"18446744073709551621", NO}};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint64_t value = NO;

		assert_int_equal(nm_units_parse_whole(cases[i].text, 3, 7, &value),
				 cases[i].value != NO);
		assert_int_equal(value, cases[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_printed_as_mib),
		cmocka_unit_test(bytes_are_printed_in_words),
		cmocka_unit_test(durations_are_printed_in_words),
		cmocka_unit_test(durations_are_read_or_refused),
		cmocka_unit_test(bytes_are_read_or_refused),
		cmocka_unit_test(whole_numbers_are_read_or_refused),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
