/*
 * test_core.c - core files: whole ones, cut ones, wrong ones
 *
 * The files are the seeds of the fuzz target: tests/fuzz/make-core.py says what is in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/remote/core.h"

#define PAGE	4096
#define PROGRAM 0x400000
#define MEMORY	UINT64_C(0x7f0000000000)

static struct nm_error err;

static int open_seed(const char *name, struct nm_image **image, struct nm_core_info *info)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", CORES, name);
	return nm_core_open(path, image, info, &err);
}

static void a_whole_one_has_memory_threads_and_files(void **state)
{
	struct nm_core_info info;
	struct nm_image *image;
	const struct nm_map *map;
	uint64_t word;

	(void)state;
	assert_int_equal(open_seed("good", &image, &info), NM_OK);
	assert_int_equal(info.pid, 100);
	assert_int_equal(info.signal, 6);
	assert_string_equal(info.command, "node app.js");
	assert_string_equal(info.executable, "/usr/bin/node");
	assert_int_equal(info.entry, PROGRAM + 64);
	assert_true(info.has_notes);
	assert_false(info.is_truncated);
	assert_int_equal(info.copied_bytes, 2 * PAGE);
	assert_int_equal(nm_image_thread_count(image), 2);
	assert_int_equal(nm_image_thread(image, 0).id, 100);
	assert_int_equal(nm_image_thread(image, 1).sp, MEMORY + 64);
	/* The page of zeros in between is there: a short one. */
	assert_int_equal(nm_image_range_count(image), 1);
	assert_non_null(nm_image_at(image, MEMORY, 3 * PAGE));
	assert_true(nm_image_word(image, MEMORY + PAGE, &word));
	assert_int_equal(word, 0);
	assert_true(nm_image_word(image, MEMORY + 2 * PAGE + 16, &word));
	assert_int_equal(word, 2);
	assert_int_equal(nm_image_maps(image)->count, 2);
	map = nm_maps_find(nm_image_maps(image), PROGRAM);
	assert_string_equal(map->path, "/usr/bin/node");
	assert_int_equal(map->access, NM_MAP_READ | NM_MAP_EXECUTE);
	map = nm_maps_find(nm_image_maps(image), MEMORY);
	assert_string_equal(map->path, "");
	assert_int_equal(map->inode, 0);
	nm_image_free(image);
}

static void a_cut_one_gives_what_is_there(void **state)
{
	struct nm_core_info info;
	struct nm_image *image;

	(void)state;
	assert_int_equal(open_seed("cut-in-memory", &image, &info), NM_OK);
	assert_true(info.is_truncated);
	assert_int_equal(info.missing_bytes, PAGE + 100);
	assert_int_equal(info.pid, 100);
	assert_non_null(nm_image_at(image, MEMORY, PAGE));
	assert_null(nm_image_at(image, MEMORY + 2 * PAGE, 8));
	nm_image_free(image);
	assert_int_equal(open_seed("cut-in-notes", &image, &info), NM_OK);
	assert_true(info.is_truncated);
	assert_int_equal(nm_image_range_count(image), 0);
	assert_int_equal(info.pid, 100);
	nm_image_free(image);
	assert_int_equal(open_seed("no-notes", &image, &info), NM_OK);
	assert_false(info.has_notes);
	assert_int_equal(info.pid, 0);
	assert_string_equal(info.executable, "");
	nm_image_free(image);
}

static void check_refused(const char *name, int status, const char *why)
{
	struct nm_core_info info;
	struct nm_image *image;

	assert_int_equal(open_seed(name, &image, &info), status);
	if (!strstr(err.message, why))
		fail_msg("%s: %s", name, err.message);
}

static void wrong_ones_are_refused_with_the_reason(void **state)
{
	(void)state;
	check_refused("cut-in-table", NM_E_CORRUPT, "table of segments is cut");
	check_refused("other-machine", NM_E_UNSUPPORTED, "not of a 64-bit x86 process");
	check_refused("program", NM_E_UNSUPPORTED, "no core file");
	check_refused("segment-wraps", NM_E_CORRUPT, "larger than memory");
	check_refused("segment-larger-in-file", NM_E_CORRUPT, "larger than memory");
	check_refused("segments-overlap", NM_E_CORRUPT, "two segments of it overlap");
	check_refused("segments-share-bytes", NM_E_CORRUPT, "share bytes of the file");
	check_refused("too-many-segments", NM_E_CORRUPT, "table of segments is cut");
	check_refused("absent", NM_E_IO, "No such file");
	check_refused(".", NM_E_UNSUPPORTED, "no file");
}

static void a_packed_one_is_told(void **state)
{
	static const unsigned char zstd[16] = {0x28, 0xb5, 0x2f, 0xfd};
	int fd = memfd_create("packed", MFD_CLOEXEC);
	struct nm_core_info info;
	struct nm_image *image;

	(void)state;
	assert_int_equal(write(fd, zstd, sizeof(zstd)), sizeof(zstd));
	assert_false(nm_core_is(fd));
	assert_int_equal(nm_core_open_fd(fd, "core.zst", &image, &info, &err), NM_E_UNSUPPORTED);
	assert_string_equal(err.message,
			    "cannot read core.zst: it is packed by zstd (unpack it first)");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_one_has_memory_threads_and_files),
		cmocka_unit_test(a_cut_one_gives_what_is_there),
		cmocka_unit_test(wrong_ones_are_refused_with_the_reason),
		cmocka_unit_test(a_packed_one_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
