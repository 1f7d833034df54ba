#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "source/proc/smaps.h"

#define HEAP_LINE "0063e000-0089f000 rw-p 00000000 00:00 0          [heap]\n"

static int parse(const char *text, struct nm_smaps *out)
{
	nm_smaps_init(out);
	nm_strbuf_adds(&out->maps.text, text);
	return nm_smaps_parse(out);
}

static void counts_stand_beside_their_mappings(void **state)
{
	struct nm_smaps smaps;

	(void)state;
	assert_int_equal(parse(HEAP_LINE
			       "Size:   2436 kB\nRss:  2000 kB\nPss: 1999 kB\nSwap: 8 kB\n"
			       "SwapPss: 8 kB\nVmFlags: rd wr mr mw me ac \n"
			       "7f0000000000-7f0000001000 r--s 00000000 fe:00 99 /lib/a b\n"
			       "Rss: 4 kB\nTHPeligible:    0\n",
			       &smaps),
			 NM_OK);
	assert_int_equal(smaps.maps.count, 2);
	assert_string_equal(smaps.maps.items[1].path, "/lib/a b");
	assert_true(smaps.maps.items[1].access & NM_MAP_SHARED);
	assert_int_equal(smaps.items[0].rss, 2000 * 1024);
	assert_int_equal(smaps.items[0].pss, 1999 * 1024);
	assert_int_equal(smaps.items[0].swap, 8 * 1024);
	assert_int_equal(smaps.items[1].swap, 0);
	assert_int_equal(smaps.rss, 2004 * 1024);
	assert_int_equal(smaps.swap, 8 * 1024);
	nm_smaps_done(&smaps);
}

static void what_is_kept_from_children_is_told(void **state)
{
	struct nm_smaps smaps;

	(void)state;
	assert_int_equal(parse(HEAP_LINE "Rss: 0 kB\nVmFlags: rd wr mr mw me dc ac sd \n"
					 "7f0000000000-7f0000001000 r--s 00000000 fe:00 99 /lib/a\n"
					 "Rss: 4 kB\nVmFlags: rd ex mr mw me ac sd\n"
					 "7f0000002000-7f0000003000 r--s 00000000 fe:00 99 /lib/a\n"
					 "Rss: 4 kB\n",
			       &smaps),
			 NM_OK);
	assert_true(smaps.items[0].is_kept_from_children);
	assert_false(smaps.items[1].is_kept_from_children);
	assert_false(smaps.items[2].is_kept_from_children);
	nm_smaps_done(&smaps);
}

static void nonsense_is_refused(void **state)
{
	const char *const cases[] = {
		"Rss: 4 kB\n",			      /* of no mapping */
		HEAP_LINE "Size: 2436 kB\n",	      /* nothing resident is said */
		HEAP_LINE "Rss: 4 kB",		      /* cut off */
		HEAP_LINE "Rss: 4 MB\n",	      /* another unit */
		HEAP_LINE "Rss: kB\n",		      /* no number */
		HEAP_LINE "Rss: -4 kB\n",	      /* nor this */
		HEAP_LINE "Rss: 99999999 kB\n",	      /* more than there is */
		HEAP_LINE "Rss: 4 kB\n\nRss: 4 kB\n", /* an empty line */
		HEAP_LINE "Rss: 18446744073709551615 kB\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_smaps smaps;

		assert_int_equal(parse(cases[i], &smaps), NM_E_CORRUPT);
		nm_smaps_done(&smaps);
	}
}

static void a_real_file_is_understood(void **state)
{
	int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct nm_smaps smaps;

	(void)state;
	nm_smaps_init(&smaps);
	assert_int_equal(nm_smaps_read(self, &smaps), 0);
	assert_true(smaps.maps.count > 10);
	assert_true(smaps.rss > 100 * 1024 && smaps.pss > 0 && smaps.pss <= smaps.rss);
	assert_non_null(nm_maps_find(&smaps.maps, (uint64_t)(uintptr_t)&smaps));
	nm_smaps_done(&smaps);
	close(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_stand_beside_their_mappings),
		cmocka_unit_test(what_is_kept_from_children_is_told),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(a_real_file_is_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
