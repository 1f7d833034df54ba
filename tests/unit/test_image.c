/*
 * test_image.c - memory of another process, held in ours
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>

#include "source/remote/image.h"

static void a_range_is_found_and_only_whole(void **state)
{
	static const unsigned char bytes[64] = {1, 2, 3, 4, 5, 6, 7, 8, [63] = 9};
	struct nm_image *image = nm_image_new();
	uint64_t word;

	(void)state;
	assert_int_equal(nm_image_lend(image, 0x9000, 16, bytes + 48), NM_OK);
	assert_int_equal(nm_image_lend(image, 0x1000, 48, bytes), NM_OK);
	assert_int_equal(nm_image_seal(image), NM_OK);
	assert_int_equal(nm_image_range_count(image), 2);
	assert_ptr_equal(nm_image_at(image, 0x1000, 48), bytes);
	assert_ptr_equal(nm_image_at(image, 0x1008, 40), bytes + 8);
	assert_null(nm_image_at(image, 0x1008, 41));
	assert_null(nm_image_at(image, 0xfff, 1));
	assert_null(nm_image_at(image, 0x1030, 1));
	assert_ptr_equal(nm_image_at(image, 0x900f, 1), bytes + 63);
	assert_null(nm_image_at(image, UINT64_MAX, 1));
	assert_true(nm_image_word(image, 0x1000, &word));
	assert_int_equal(word, 0x0807060504030201);
	assert_false(nm_image_word(image, 0x1029, &word));
	nm_image_free(image);
}

static void what_follows_each_other_becomes_one(void **state)
{
	static const unsigned char bytes[64];
	struct nm_image *image = nm_image_new();

	(void)state;
	nm_image_lend(image, 0x1010, 16, bytes + 16);
	nm_image_lend(image, 0x1000, 16, bytes);
	nm_image_lend(image, 0x1020, 16, bytes + 48); /* not in our memory */
	assert_int_equal(nm_image_seal(image), NM_OK);
	assert_int_equal(nm_image_range_count(image), 2);
	assert_int_equal(nm_image_range(image, 0).size, 32);
	nm_image_free(image);
}

static void what_overlaps_is_refused(void **state)
{
	static const unsigned char bytes[64];
	struct nm_image *image = nm_image_new();

	(void)state;
	nm_image_lend(image, 0x1000, 17, bytes);
	nm_image_lend(image, 0x1010, 16, bytes);
	assert_int_equal(nm_image_seal(image), NM_E_CORRUPT);
	nm_image_free(image);
	image = nm_image_new();
	nm_image_lend(image, UINT64_MAX - 7, 16, bytes);
	assert_int_equal(nm_image_seal(image), NM_E_CORRUPT);
	nm_image_free(image);
}

static void given_memory_and_threads_are_the_images(void **state)
{
	struct nm_image *image = nm_image_new();
	void *bytes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_int_equal(nm_image_give(image, 0x1000, 4096, bytes), NM_OK);
	for (int i = 0; i < 100; i++)
		assert_int_equal(nm_image_add_thread(image, i + 1, 0x1000 + (nm_addr)i), NM_OK);
	assert_int_equal(nm_image_seal(image), NM_OK);
	assert_int_equal(nm_image_thread_count(image), 100);
	assert_int_equal(nm_image_thread(image, 99).sp, 0x1000 + 99);
	nm_image_free(image);
	nm_image_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_is_found_and_only_whole),
		cmocka_unit_test(what_follows_each_other_becomes_one),
		cmocka_unit_test(what_overlaps_is_refused),
		cmocka_unit_test(given_memory_and_threads_are_the_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
