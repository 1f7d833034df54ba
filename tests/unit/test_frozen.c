/*
 * test_frozen.c - still images of a child, each way
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "still.h"

#include "source/proc/children.h"
#include "source/proc/smaps.h"
#include "source/remote/frozen.h"

/* Made before the child is, so that it has them at the same addresses. */
#define SIZE	(UINT64_C(4) << 20)
#define HOLE_AT (UINT64_C(1) << 20)
#define HOLE	(UINT64_C(64) << 10)

static unsigned char *kept;	 /* from children, as V8's pages are; with a hole in it */
static unsigned char *plain;	 /* that may only be read, in the end */
static unsigned char *untouched; /* but for its first page */
static uint64_t a_global = 0x1234567812345678;

static void answer(struct still_words *words, int from, int to)
{
	char byte;

	/* Now there is a page of these that is the child's own. */
	a_global++;
	for (uint64_t at = 0; at < SIZE; at += STILL_PAGE) {
		kept[at] = plain[at] = (unsigned char)(at / STILL_PAGE + 1);
		kept[at + 8] = 1;
	}
	madvise(kept + HOLE_AT, HOLE, MADV_DONTNEED);
	madvise(kept, SIZE, MADV_DONTFORK);
	mprotect(plain, SIZE, PROT_READ);
	untouched[0] = 1;
	while (read(from, &byte, 1) == 1) {
		words->answers++;
		if (write(to, &byte, 1) != 1)
			return;
	}
}

static int make_memory(void **state)
{
	(void)state;
	kept = still_map(SIZE, MAP_PRIVATE);
	plain = still_map(SIZE, MAP_PRIVATE);
	untouched = still_map(SIZE, MAP_PRIVATE);
	return kept && plain && untouched ? 0 : 1;
}

struct taken {
	struct nm_image *image;
	struct nm_frozen_info info;
	struct nm_error err;
	int status;
};

static struct taken take(const struct still *still, struct nm_frozen_options options)
{
	struct taken taken = {.image = NULL};
	struct nm_pagemap pagemap;

	nm_pagemap_open(&pagemap, still->dir, STILL_PAGE);
	if (!options.max_stop_us)
		options.max_stop_us = 5000000;
	taken.status = nm_frozen_take(still->pid, still->dir, &pagemap, &options, &taken.image,
				      &taken.info, &taken.err);
	nm_pagemap_close(&pagemap);
	return taken;
}

static nm_addr addr_of(const void *pointer)
{
	return (nm_addr)(uintptr_t)pointer;
}

static void check_image(const struct nm_image *image)
{
	nm_addr start = addr_of(kept);
	const unsigned char *bytes = nm_image_at(image, start, SIZE), *others;
	uint64_t word;

	/* The hole is short enough to be kept as the zeros that it is. */
	assert_non_null(bytes);
	others = nm_image_at(image, addr_of(plain), SIZE);
	assert_non_null(others);
	for (uint64_t at = 0; at < SIZE; at += STILL_PAGE) {
		bool is_hole = at >= HOLE_AT && at < HOLE_AT + HOLE;

		assert_int_equal(bytes[at], is_hole ? 0 : (unsigned char)(at / STILL_PAGE + 1));
		assert_int_equal(others[at], (unsigned char)(at / STILL_PAGE + 1));
	}
	assert_non_null(nm_image_at(image, addr_of(untouched), STILL_PAGE));
	assert_null(nm_image_at(image, addr_of(untouched), 2 * STILL_PAGE));
	assert_true(nm_image_word(image, addr_of(&a_global), &word));
	assert_int_equal(word, 0x1234567812345679);
	assert_int_equal(nm_image_thread_count(image), 1);
	assert_non_null(nm_image_at(image, nm_image_thread(image, 0).sp, 64));
	assert_non_null(nm_maps_find(nm_image_maps(image), start));
}

/* Nothing was brought into memory, children still do not get what they did not, and none is left. */
static void check_child(struct still *still)
{
	struct nm_pagemap pagemap;
	struct nm_smaps smaps;
	uint64_t resident, swapped;
	bool is_kept = false;
	pid_t zombies[4];
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(still_ask(still));
	nm_pagemap_open(&pagemap, still->dir, STILL_PAGE);
	nm_pagemap_count(&pagemap, addr_of(untouched), addr_of(untouched) + SIZE, &resident,
			 &swapped);
	assert_int_equal(resident, STILL_PAGE);
	nm_pagemap_count(&pagemap, addr_of(kept), addr_of(kept) + SIZE, &resident, &swapped);
	assert_int_equal(resident, SIZE - HOLE);
	nm_pagemap_close(&pagemap);
	nm_smaps_init(&smaps);
	assert_int_equal(nm_smaps_read(still->dir, &smaps), 0);
	for (size_t i = 0; i < smaps.maps.count; i++) {
		bool is_it = smaps.maps.items[i].start <= addr_of(kept) &&
			     addr_of(kept) < smaps.maps.items[i].end;

		is_kept |= is_it;
		if (smaps.items[i].is_kept_from_children)
			assert_true(is_it);
	}
	assert_true(is_kept);
	nm_smaps_done(&smaps);
	assert_int_equal(nm_proc_silent_zombies(proc, still->pid, zombies, 4), 0);
	close(proc);
}

static void each_way_finds_the_same(void **state)
{
	struct still still;

	(void)state;
	still_start(&still, answer);
	assert_true(still_ask(&still));
	for (int i = 0; i < 6; i++) {
		enum nm_via via = i % 2 ? NM_VIA_FORK : NM_VIA_COPY;
		struct taken taken = take(&still, (struct nm_frozen_options){.via = via});

		if (taken.status != NM_OK)
			fail_msg("%s", taken.err.message);
		assert_int_equal(taken.info.via, via);
		assert_int_equal(taken.info.stops, via == NM_VIA_FORK ? 2 : 1);
		assert_true(taken.info.copied_bytes > 2 * SIZE - HOLE);
		assert_int_equal(taken.info.unread_bytes, 0);
		assert_int_equal(taken.info.children_left, 0);
		check_image(taken.image);
		nm_image_free(taken.image);
		check_child(&still);
	}
	still_end(&still);
}

static void a_small_process_is_copied(void **state)
{
	struct still still;
	struct taken taken;

	(void)state;
	still_start(&still, answer);
	assert_true(still_ask(&still));
	taken = take(&still, (struct nm_frozen_options){.via = NM_VIA_AUTO});
	assert_int_equal(taken.status, NM_OK);
	assert_true(taken.info.via == NM_VIA_COPY || taken.info.copied_bytes > 50 << 20);
	assert_string_equal(taken.info.why_not_fork, "");
	nm_image_free(taken.image);
	still_end(&still);
}

static bool is_quiet_at_last(void *context)
{
	return ++*(int *)context >= 4;
}

static bool is_never_quiet(void *context)
{
	++*(int *)context;
	return false;
}

static void a_collection_is_waited_for(void **state)
{
	struct still still;
	struct taken taken;
	int asked;

	(void)state;
	still_start(&still, answer);
	assert_true(still_ask(&still));
	for (enum nm_via via = NM_VIA_COPY; via <= NM_VIA_FORK; via++) {
		asked = 0;
		taken = take(&still, (struct nm_frozen_options){.via = via,
								.is_quiet = is_quiet_at_last,
								.context = &asked});
		assert_int_equal(taken.status, NM_OK);
		assert_int_equal(asked, 4);
		assert_int_equal(taken.info.stops, via == NM_VIA_FORK ? 5 : 4);
		nm_image_free(taken.image);
	}
	asked = 0;
	taken = take(&still,
		     (struct nm_frozen_options){.is_quiet = is_never_quiet, .context = &asked});
	assert_int_equal(taken.status, NM_E_BUSY);
	assert_non_null(strstr(taken.err.message, "collecting garbage"));
	assert_true(asked > 10);
	check_child(&still);
	still_end(&still);
}

static void a_stop_that_would_be_too_long_is_refused(void **state)
{
	struct still still;
	struct taken taken;

	(void)state;
	still_start(&still, answer);
	assert_true(still_ask(&still));
	for (enum nm_via via = NM_VIA_AUTO; via <= NM_VIA_FORK; via++) {
		taken = take(&still, (struct nm_frozen_options){.via = via, .max_stop_us = 1000});
		assert_int_equal(taken.status, NM_E_LIMIT);
		assert_non_null(strstr(taken.err.message, "1 ms are allowed"));
		assert_int_equal(taken.info.stops, 0);
	}
	check_child(&still);
	still_end(&still);
}

static bool is_quiet_slowly(void *context)
{
	(void)context;
	usleep(120000);
	return true;
}

static void a_stop_that_becomes_too_long_is_ended(void **state)
{
	struct still still;
	struct taken taken;

	(void)state;
	still_start(&still, answer);
	assert_true(still_ask(&still));
	for (enum nm_via via = NM_VIA_COPY; via <= NM_VIA_FORK; via++) {
		taken = take(&still, (struct nm_frozen_options){.via = via,
								.max_stop_us = 100000,
								.is_quiet = is_quiet_slowly});
		assert_int_equal(taken.status, NM_E_LIMIT);
		assert_non_null(strstr(taken.err.message, "100 ms are allowed"));
		assert_int_equal(taken.info.stops, 1);
		assert_true(taken.info.longest_us < 1000000);
		check_child(&still);
	}
	still_end(&still);
}

static void check_refused(void (*run)(struct still_words *words, int from, int to), const char *why)
{
	struct still still;
	struct taken taken;

	still_start(&still, run);
	assert_true(still_ask(&still));
	taken = take(&still, (struct nm_frozen_options){.via = NM_VIA_FORK});
	assert_int_equal(taken.status, NM_E_UNSUPPORTED);
	assert_non_null(strstr(taken.err.message, why));
	taken = take(&still, (struct nm_frozen_options){.via = NM_VIA_COPY});
	assert_int_equal(taken.status, NM_OK);
	nm_image_free(taken.image);
	assert_true(still_ask(&still));
	still_end(&still);
}

static void answer_filtered(struct still_words *words, int from, int to)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {1, &allow};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	answer(words, from, to);
}

static void answer_locked(struct still_words *words, int from, int to)
{
	syscall(SYS_mlock, plain, STILL_PAGE); /* with sanitizers mlock() does nothing */
	answer(words, from, to);
}

static void fork_is_refused_where_it_would_harm(void **state)
{
	(void)state;
	check_refused(answer_filtered, "seccomp");
	check_refused(answer_locked, "locked");
}

static void a_stopped_process_is_copied_and_stays_stopped(void **state)
{
	struct still still;
	struct taken taken;
	int status;

	(void)state;
	still_start(&still, answer);
	assert_true(still_ask(&still));
	kill(still.pid, SIGSTOP);
	waitpid(still.pid, &status, WUNTRACED);
	taken = take(&still, (struct nm_frozen_options){.via = NM_VIA_FORK});
	assert_int_equal(taken.status, NM_E_UNSUPPORTED);
	taken = take(&still, (struct nm_frozen_options){.via = NM_VIA_COPY});
	assert_int_equal(taken.status, NM_OK);
	check_image(taken.image);
	nm_image_free(taken.image);
	kill(still.pid, SIGCONT);
	check_child(&still);
	still_end(&still);
}

static void one_that_has_ended_is_gone(void **state)
{
	struct still still;
	struct taken taken;

	(void)state;
	still_start(&still, answer);
	assert_true(still_ask(&still));
	kill(still.pid, SIGKILL);
	waitpid(still.pid, NULL, 0);
	for (enum nm_via via = NM_VIA_AUTO; via <= NM_VIA_FORK; via++) {
		taken = take(&still, (struct nm_frozen_options){.via = via});
		assert_int_equal(taken.status, NM_E_GONE);
	}
	close(still.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way_finds_the_same),
		cmocka_unit_test(a_small_process_is_copied),
		cmocka_unit_test(a_collection_is_waited_for),
		cmocka_unit_test(a_stop_that_would_be_too_long_is_refused),
		cmocka_unit_test(a_stop_that_becomes_too_long_is_ended),
		cmocka_unit_test(fork_is_refused_where_it_would_harm),
		cmocka_unit_test(a_stopped_process_is_copied_and_stays_stopped),
		cmocka_unit_test(one_that_has_ended_is_gone),
	};

	return cmocka_run_group_tests(tests, make_memory, NULL);
}
