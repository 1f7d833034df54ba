#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/sample.h"

static void collections_that_were_lost_are_noticed(void **state)
{
	static const struct {
		uint64_t majors, minors, majors_before, minors_before;
		bool is_lost;
	} rows[] = {
		{3, 10, 3, 10, false},
		{4, 10, 3, 10, false},
		{3, 11, 3, 10, false},
		{2, 20, 3, 10, true},
		{3, 9, 3, 10, true},
		{0, 0, 3, 10, true},
		/* All of them are counted first, then which kind it was. */
		{4, 9, 3, 10, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nm_isolate now = {
			.has = NM_HAS_GC_COUNTS,
			.major_gcs = rows[i].majors,
			.minor_gcs = rows[i].minors,
		};
		struct nm_isolate before = {
			.has = NM_HAS_GC_COUNTS,
			.major_gcs = rows[i].majors_before,
			.minor_gcs = rows[i].minors_before,
		};

		assert_int_equal(nm_isolate_lost_gcs(&now, &before), rows[i].is_lost);
		before.has = 0;
		assert_false(nm_isolate_lost_gcs(&now, &before));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(collections_that_were_lost_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
