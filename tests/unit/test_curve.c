#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/trail.h"
#include "view/tui/curve.h"
#include "view/tui/words.h"

#define MIB (UINT64_C(1) << 20)

static void levels_go_from_the_least_to_the_greatest(void **state)
{
	const uint64_t values[] = {100, 0, 50, NM_TRAIL_UNKNOWN};
	uint8_t levels[4];

	(void)state;
	nm_curve_levels(values, 4, levels);
	assert_int_equal(levels[0], NM_CURVE_LEVELS);
	assert_int_equal(levels[1], 1);
	assert_in_range(levels[2], 4, 5);
	assert_int_equal(levels[3], 0);
}

static void noise_stays_low(void **state)
{
	const uint64_t values[] = {1000, 1001, 1000, 1010};
	uint8_t levels[4];

	(void)state;
	nm_curve_levels(values, 4, levels);
	for (int i = 0; i < 4; i++)
		assert_in_range(levels[i], 1, 3);
}

static void values_that_are_all_0_have_the_lowest_level(void **state)
{
	const uint64_t values[] = {0, 0};
	uint8_t levels[2];

	(void)state;
	nm_curve_levels(values, 2, levels);
	assert_int_equal(levels[0], 1);
	assert_int_equal(levels[1], 1);
}

static void axes_end_at_round_numbers(void **state)
{
	(void)state;
	assert_int_equal(nm_curve_round_up(0), MIB);
	assert_int_equal(nm_curve_round_up(MIB + 1), 2 * MIB);
	assert_int_equal(nm_curve_round_up(41 * MIB), 50 * MIB);
	assert_int_equal(nm_curve_round_up(755 * MIB), 800 * MIB);
	assert_int_equal(nm_curve_round_up(1000 * MIB), 1000 * MIB);
	assert_true(nm_curve_round_up(UINT64_MAX - 1) >= UINT64_MAX - 1);
}

static void sizes_have_five_characters_at_most(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0K"},
		{512 << 10, "512K"},
		{999 << 10, "999K"},
		{1023 << 10, "1.00M"},
		{MIB, "1.00M"},
		{MIB * 98 + MIB / 2, "98.5M"},
		{MIB * 987, "987M"},
		{MIB * 1023, "1.00G"},
		{MIB * 1536, "1.50G"},
		{MIB * 1024 * 1024, "1.00T"},
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(nm_words_size(cases[i].bytes, text, sizeof(text)),
				    cases[i].text);
}

static void times_have_six_characters_at_most(void **state)
{
	static const struct {
		uint64_t s;
		const char *text;
	} cases[] = {
		{0, "0s"},	  {59, "59s"},	     {725, "12m05s"},	     {11220, "3h07m"},
		{86400, "1d00h"}, {8640000, "100d"}, {94608000000, "3000y"},
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(nm_words_time(cases[i].s * 1000, text, sizeof(text)),
				    cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_go_from_the_least_to_the_greatest),
		cmocka_unit_test(noise_stays_low),
		cmocka_unit_test(values_that_are_all_0_have_the_lowest_level),
		cmocka_unit_test(axes_end_at_round_numbers),
		cmocka_unit_test(sizes_have_five_characters_at_most),
		cmocka_unit_test(times_have_six_characters_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
