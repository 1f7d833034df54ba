#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "source/proc/rlimits.h"
#include "tree.h"

struct parse_case {
	const char *name;
	const char *text;
	int status;
	unsigned has;
	uint64_t first, second;
};

#define AS   NM_RLIMITS_HAS_ADDRESS_SPACE
#define DATA NM_RLIMITS_HAS_DATA

static const struct parse_case limits_cases[] = {
	{"both unlimited",
	 "Max data size             unlimited            unlimited            bytes\n"
	 "Max address space         unlimited            unlimited            bytes\n",
	 NM_OK, 0, 0, 0},
	{"the soft limit counts",
	 "Max data size             4096                 unlimited            bytes\n"
	 "Max address space         8192                 16384                bytes\n",
	 NM_OK, AS | DATA, 8192, 4096},
	{"a cut line", "Max data size             4096", NM_E_CORRUPT, DATA, 0, 4096},
	{"no number", "Max data size  0x12 1 bytes\nMax address space  -5 1 bytes\n", NM_OK, 0, 0,
	 0},
	{"too large a number",
	 "Max data size  99999999999999999999999 1 bytes\n"
	 "Max address space 18446744073709551615 1 bytes\n",
	 NM_OK, AS, UINT64_MAX, 0},
	{"a number without end",
	 "Max data size  1111111111111111111111111111111111111111111111 1 bytes\n"
	 "Max address space 7 7 bytes\n",
	 NM_OK, AS, 7, 0},
	{"nothing", "", NM_E_CORRUPT, 0, 0, 0},
};

static void limits_are_parsed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(limits_cases) / sizeof(limits_cases[0]); i++) {
		const struct parse_case *one = &limits_cases[i];
		struct nm_rlimits out = {0};

		if (nm_rlimits_parse(one->text, &out) != one->status || out.has != one->has ||
		    ((one->has & AS) && out.address_space != one->first) ||
		    ((one->has & DATA) && out.data != one->second))
			fail_msg("%s", one->name);
	}
}

static void status_is_parsed(void **state)
{
	struct nm_rlimits out = {0};

	(void)state;
	assert_int_equal(
		nm_rlimits_parse_status("Name:\tVmSize: 9\nVmSize:\t      12 kB\n"
					"VmSwap:\t 18446744073709551615 kB\nVmData:\t7 kB\n",
					&out),
		NM_OK);
	assert_int_equal(out.has, NM_RLIMITS_HAS_VM_SIZE | NM_RLIMITS_HAS_VM_DATA);
	assert_int_equal(out.vm_size, 12 * 1024);
	assert_int_equal(out.vm_data, 7 * 1024);
	/* As of a thread of the kernel. */
	assert_int_equal(nm_rlimits_parse_status("Name:\tkthreadd\n", &out), NM_E_CORRUPT);
}

static void a_recorded_process_is_read(void **state)
{
	struct nm_rlimits out;
	int dir = open(FIXTURES "/proc/v2/proc/100", O_RDONLY | O_DIRECTORY);

	(void)state;
	nm_rlimits_read(dir, &out);
	close(dir);
	assert_true(out.is_known);
	assert_int_equal(out.data, 1073741824);
	assert_false(out.has & NM_RLIMITS_HAS_ADDRESS_SPACE);
	assert_int_equal(out.vm_swap, 2048 * 1024);
}

static void without_files_nothing_is_known(void **state)
{
	struct nm_rlimits out;
	int dir = open(FIXTURES "/proc/v2/proc/101", O_RDONLY | O_DIRECTORY);

	(void)state;
	nm_rlimits_read(dir, &out);
	close(dir);
	assert_false(out.is_known);
	assert_int_equal(out.has, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_parsed),
		cmocka_unit_test(status_is_parsed),
		cmocka_unit_test(a_recorded_process_is_read),
		cmocka_unit_test(without_files_nothing_is_known),
	};

	return cmocka_run_group_tests_name("rlimits", tests, NULL, NULL);
}
