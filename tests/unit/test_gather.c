#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/remote/gather.h"

/* The target is this process itself. */
static struct nm_reader *reader;

static int open_reader(void **state)
{
	(void)state;
	return nm_reader_open_live(getpid(), &reader, NULL);
}

static int close_reader(void **state)
{
	(void)state;
	nm_reader_close(reader);
	return 0;
}

static nm_addr addr_of(const void *pointer)
{
	return (nm_addr)(uintptr_t)pointer;
}

static void words_far_and_near_are_read_in_one_call(void **state)
{
	static uint64_t near[100], far[100000];
	struct nm_gather *gather = nm_gather_new();
	nm_word words[4];
	uint64_t calls;

	(void)state;
	near[0] = 1, near[7] = 2, near[99] = 3, far[99999] = 4;
	/* Out of order, and one of them twice. */
	words[0] = nm_gather_add(gather, addr_of(&far[99999]));
	words[1] = nm_gather_add(gather, addr_of(&near[99]));
	words[2] = nm_gather_add(gather, addr_of(&near[7]));
	words[3] = nm_gather_add(gather, addr_of(&near[7]));
	assert_int_equal(nm_gather_seal(gather), NM_OK);
	calls = nm_reader_calls(reader);
	assert_int_equal(nm_gather_read(gather, reader), 0);
	assert_int_equal(nm_reader_calls(reader), calls + 1);
	assert_int_equal(nm_gather_get(gather, words[0]), 4);
	assert_int_equal(nm_gather_get(gather, words[1]), 3);
	assert_int_equal(nm_gather_get(gather, words[2]), 2);
	assert_int_equal(nm_gather_get(gather, words[3]), 2);
	near[7] = 20;
	assert_int_equal(nm_gather_read(gather, reader), 0);
	assert_int_equal(nm_gather_get(gather, words[2]), 20);
	nm_gather_free(gather);
}

static void a_guard_is_read_before_and_after(void **state)
{
	static uint64_t guard = 7, word = 8;
	struct nm_gather *gather = nm_gather_new();
	nm_word first = nm_gather_add_guard(gather, addr_of(&guard));
	nm_word second = nm_gather_add(gather, addr_of(&word));

	(void)state;
	assert_int_equal(nm_gather_seal(gather), NM_OK);
	assert_int_equal(nm_gather_read(gather, reader), 0);
	assert_int_equal(nm_gather_get(gather, first), 7);
	assert_int_equal(nm_gather_get_after(gather, first), 7);
	assert_int_equal(nm_gather_get(gather, second), 8);
	assert_int_equal(nm_reader_bytes(reader) % 8, 0);
	nm_gather_free(gather);
}

static void more_pieces_than_one_call_takes_are_read(void **state)
{
	static uint64_t words[3000 * 64];
	struct nm_gather *gather = nm_gather_new();

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		words[i * 64] = i;
		assert_int_equal(nm_gather_add(gather, addr_of(&words[i * 64])), i);
	}
	assert_int_equal(nm_gather_seal(gather), NM_OK);
	assert_int_equal(nm_gather_read(gather, reader), 0);
	for (nm_word i = 0; i < 3000; i++)
		assert_int_equal(nm_gather_get(gather, i), i);
	nm_gather_free(gather);
}

static void memory_that_went_away_is_an_error(void **state)
{
	static uint64_t word = 5;
	const size_t size = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t *page =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct nm_gather *gather = nm_gather_new();

	(void)state;
	nm_gather_add(gather, addr_of(&word));
	nm_gather_add(gather, addr_of(page));
	assert_int_equal(nm_gather_seal(gather), NM_OK);
	assert_int_equal(nm_gather_read(gather, reader), 0);
	munmap(page, size);
	assert_int_equal(nm_gather_read(gather, reader), -EFAULT);
	nm_gather_free(gather);
}

static void text_has_an_end(void **state)
{
	static const char good[16] = "v20.20.2", bad[16] = "0123456789abcdef";
	char out[16];

	(void)state;
	assert_true(nm_reader_text(reader, addr_of(good), out, sizeof(out)));
	assert_string_equal(out, "v20.20.2");
	assert_false(nm_reader_text(reader, addr_of(bad), out, sizeof(out)));
	assert_false(nm_reader_text(reader, 0, out, sizeof(out)));
}

static void addresses_are_plausible_or_not(void **state)
{
	(void)state;
	assert_true(nm_addr_is_plausible(0x7f0000001000));
	assert_false(nm_addr_is_plausible(0));
	assert_false(nm_addr_is_plausible(0xff8));
	assert_false(nm_addr_is_plausible(0x7f0000001004));
	assert_false(nm_addr_is_plausible(UINT64_C(0xffff888000000000)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_far_and_near_are_read_in_one_call),
		cmocka_unit_test(a_guard_is_read_before_and_after),
		cmocka_unit_test(more_pieces_than_one_call_takes_are_read),
		cmocka_unit_test(memory_that_went_away_is_an_error),
		cmocka_unit_test(text_has_an_end),
		cmocka_unit_test(addresses_are_plausible_or_not),
	};

	return cmocka_run_group_tests(tests, open_reader, close_reader);
}
