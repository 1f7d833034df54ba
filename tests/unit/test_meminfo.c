#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "source/proc/meminfo.h"
#include "tree.h"

struct parse_case {
	const char *text;
	int status;
	uint64_t total; /* KiB */
	uint64_t free;
};

static void swap_is_read_or_refused(void **state)
{
	static const struct parse_case cases[] = {
		{"SwapTotal: 10 kB\nSwapFree: 4 kB\n", NM_OK, 10, 4},
		{"MemTotal:  99 kB\nSwapTotal:       0 kB\nSwapFree:        0 kB\nZswap: 1 kB\n",
		 NM_OK, 0, 0},
		{"SwapFree: 4 kB\nSwapTotal: 10 kB\n", NM_OK, 10, 4},
		{"XSwapTotal: 1 kB\nSwapTotals: 2 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\n", NM_OK,
		 10, 4},
		{"SwapTotal: 18014398509481983 kB\nSwapFree: 0 kB\n", NM_OK, 18014398509481983, 0},
		{"SwapTotal: 18014398509481984 kB\nSwapFree: 0 kB\n", NM_E_CORRUPT, 0, 0},
		{"SwapTotal: 99999999999999999999 kB\nSwapFree: 0 kB\n", NM_E_CORRUPT, 0, 0},
		{"", NM_E_CORRUPT, 0, 0},
		{"\n\n\n", NM_E_CORRUPT, 0, 0},
		{"SwapTotal: 10 kB\n", NM_E_CORRUPT, 0, 0},
		{"SwapFree: 10 kB\n", NM_E_CORRUPT, 0, 0},
		{"SwapTotal: 4 kB\nSwapFree: 10 kB\n", NM_E_CORRUPT, 0, 0},
		{"SwapTotal: -4 kB\nSwapFree: -10 kB\n", NM_E_CORRUPT, 0, 0},
		{"SwapTotal: 10 MB\nSwapFree: 4 kB\n", NM_E_CORRUPT, 0, 0},
		{"SwapTotal: 10\nSwapFree: 4\n", NM_E_CORRUPT, 0, 0},
		{"SwapTotal:\n10 kB\nSwapFree: 4 kB\n", NM_E_CORRUPT, 0, 0},
		{"SwapTotal: 10 kB\nSwapFree: 4 kB", NM_E_CORRUPT, 0, 0}, /* cut in the middle */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_meminfo meminfo = {0, 0};

		assert_int_equal(nm_meminfo_parse(cases[i].text, &meminfo), cases[i].status);
		assert_int_equal(meminfo.swap_total, cases[i].total * 1024);
		assert_int_equal(meminfo.swap_free, cases[i].free * 1024);
	}
}

static void a_recorded_machine_with_swap_is_read(void **state)
{
	int proc = open(FIXTURES "/proc/v1/proc", O_RDONLY | O_DIRECTORY);
	struct nm_meminfo meminfo;

	(void)state;
	assert_int_equal(nm_meminfo_read(proc, &meminfo), 0);
	assert_int_equal(meminfo.swap_total, UINT64_C(2097148) * 1024);
	assert_int_equal(meminfo.swap_free, UINT64_C(1572860) * 1024);
	close(proc);
}

static void a_missing_or_broken_file_says_which(void **state)
{
	const struct tree_file files[] = {{"meminfo", "what?\n"}, {"empty", NULL}, {NULL, NULL}};
	struct nm_meminfo meminfo;
	char dir[64];
	int root = tree_make(dir, files), empty = openat(root, "empty", O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_int_equal(nm_meminfo_read(root, &meminfo), -EIO);
	assert_int_equal(nm_meminfo_read(empty, &meminfo), -ENOENT);
	close(empty);
	close(root);
	tree_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(swap_is_read_or_refused),
		cmocka_unit_test(a_recorded_machine_with_swap_is_read),
		cmocka_unit_test(a_missing_or_broken_file_says_which),
	};

	return cmocka_run_group_tests_name("meminfo", tests, NULL, NULL);
}
