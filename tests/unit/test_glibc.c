/*
 * test_glibc.c - the arenas of this very process, against what glibc itself says of them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/malloc/allocator.h"
#include "source/malloc/glibc.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_OWN_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_OWN_MALLOC 1
#endif
#endif

#ifndef HAS_OWN_MALLOC

#define CHUNKS 3000

static void *kept[CHUNKS];

static size_t size_of(size_t i)
{
	return 24 + i * 37 % 3000;
}

/* Chunks of many sizes, two of three freed again: free ones, some of them in lists and caches. */
static void *allocate(void *unused)
{
	(void)unused;
	for (size_t i = 0; i < CHUNKS; i++)
		kept[i] = malloc(size_of(i));
	for (size_t i = 0; i < CHUNKS; i++)
		if (i % 3 != 0) {
			free(kept[i]);
			kept[i] = NULL;
		}
	return NULL;
}

struct world {
	struct nm_reader *reader;
	struct nm_pagemap pagemap;
	struct nm_maps maps;
	struct nm_window window;
	struct nm_glibc glibc;
	unsigned seen;
};

static void see(void *context, nm_addr user, const uint64_t words[6])
{
	struct world *world = context;

	assert_memory_equal((const void *)(uintptr_t)user, words, 6 * sizeof(words[0]));
	world->seen++;
}

static void open_world(struct world *world)
{
	int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	memset(world, 0, sizeof(*world));
	nm_pagemap_open(&world->pagemap, self, (uint64_t)sysconf(_SC_PAGESIZE));
	assert_int_equal(nm_reader_open_live(getpid(), &world->reader, NULL), NM_OK);
	assert_int_equal(nm_window_init(&world->window, world->reader, &world->pagemap, NULL),
			 NM_OK);
	nm_maps_init(&world->maps);
	assert_int_equal(nm_maps_read(self, &world->maps), 0);
	close(self);
}

static void close_world(struct world *world)
{
	nm_glibc_done(&world->glibc);
	nm_window_done(&world->window);
	nm_maps_done(&world->maps);
	nm_pagemap_close(&world->pagemap);
	nm_reader_close(world->reader);
}

static uint64_t sum_free(const struct nm_glibc *glibc, uint64_t *out_all)
{
	uint64_t sum = 0;

	*out_all = 0;
	for (size_t i = 0; i < glibc->arena_count; i++)
		sum += glibc->arenas[i].fast_bytes;
	for (size_t i = 0; i < glibc->heap_count; i++) {
		const struct nm_glibc_heap *heap = &glibc->heaps[i];

		assert_true(heap->is_walked);
		*out_all += heap->end - heap->start;
		sum += heap->top ? heap->end - heap->top : 0;
		for (size_t k = 0; k + 1 < heap->chunk_count; k++)
			if (!nm_glibc_chunk_is_used(heap, k))
				sum += nm_glibc_chunk_start(heap, k + 1) -
				       nm_glibc_chunk_start(heap, k);
	}
	return sum;
}

/* In as many steps as the clock asks for. */
static void walk_and_compare(bool in_steps)
{
	struct world world;
	struct nm_glibc_walk walk;
	struct nm_glibc_cursor cursor = {0, 0};
	struct mallinfo2 own;
	uint64_t unused, all;
	unsigned steps = 0;

	open_world(&world);
	assert_int_equal(nm_glibc_find(&world.window, &world.maps, &world.glibc, NULL), NM_OK);
	assert_int_equal(nm_glibc_prepare(&world.glibc, NULL), NM_OK);
	walk = (struct nm_glibc_walk){
		.glibc = &world.glibc,
		.look = {.size_min = 0x40, .size_max = 0x70, .see = see, .context = &world}};
	own = mallinfo2();
	while (!nm_glibc_walk_on(&walk, in_steps ? 0 : UINT64_MAX))
		steps++;
	assert_null(walk.broken);
	assert_true(in_steps ? steps >= 3 : steps == 0);
	nm_glibc_consolidate(&world.glibc);
	unused = sum_free(&world.glibc, &all);
	assert_int_equal(unused, own.fordblks);
	assert_int_equal(all, own.arena);
	assert_int_equal(all - unused, own.uordblks);
	assert_true(world.seen > 10);
	/* Ascending, as the main arena's chunks were allocated. */
	for (size_t i = 0; i < CHUNKS; i += 3) {
		nm_addr user = (nm_addr)(uintptr_t)kept[i];

		if (nm_glibc_heap_of(&world.glibc, user) && cursor.heap == 0)
			cursor = (struct nm_glibc_cursor){0, 0};
		assert_int_equal(nm_glibc_usable(&world.glibc, &cursor, user),
				 malloc_usable_size(kept[i]));
		cursor = (struct nm_glibc_cursor){0, 0};
	}
	close_world(&world);
}

static void free_all(void)
{
	for (size_t i = 0; i < CHUNKS; i++)
		free(kept[i]);
}

static void the_main_arena_is_as_mallinfo_says(void **state)
{
	(void)state;
	allocate(NULL);
	walk_and_compare(false);
	free_all();
}

static void a_thread_arena_is_too(void **state)
{
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, allocate, NULL);
	pthread_join(thread, NULL);
	walk_and_compare(false);
	free_all();
}

static void a_walk_in_many_steps_ends_the_same(void **state)
{
	(void)state;
	allocate(NULL);
	walk_and_compare(true);
	free_all();
}

/* The chunk behind `victim` gets a size that cannot be. */
static void a_broken_chunk_ends_the_walk(void **state)
{
	struct world world;
	struct nm_glibc_walk walk;
	volatile uint64_t *size;
	uint64_t *victim = malloc(5000), was;

	(void)state;
	open_world(&world);
	nm_glibc_find(&world.window, &world.maps, &world.glibc, NULL);
	nm_glibc_prepare(&world.glibc, NULL);
	walk = (struct nm_glibc_walk){.glibc = &world.glibc};
	walk.look.size_min = 1;
	size = (volatile uint64_t *)((uintptr_t)victim - 8);
	was = *size;
	*size = (was & 7) | 24;
	assert_true(nm_glibc_walk_on(&walk, UINT64_MAX));
	*size = was;
	assert_non_null(walk.broken);
	close_world(&world);
	free(victim);
}

#endif

static void a_head_of_a_mapped_chunk_is_known(void **state)
{
	static const struct {
		uint64_t previous, size, room, expected;
	} cases[] = {
		{0, 0x3000 | 2, 0x3000, 0x3000},
		{0, 0x3000 | 2, 0x2000, 0}, /* larger than the mapping */
		{0, 0x3000, 0x3000, 0},	    /* not from mmap */
		{0, 0x3000 | 3, 0x3000, 0}, /* nothing is in front of it */
		{0, 0x3010 | 2, 0x9000, 0}, /* no whole pages */
		{8, 0x3000 | 2, 0x3000, 0},
		{0, 0x1000 | 2, 0x3000, 0}, /* too small for malloc to map */
		{0, 2, 0x3000, 0},
		{0, UINT64_MAX - 5, UINT64_MAX, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t head[2] = {cases[i].previous, cases[i].size};

		assert_int_equal(nm_glibc_mmapped_size(head, cases[i].room), cases[i].expected);
	}
}

static void allocators_are_known_by_their_libraries(void **state)
{
	struct nm_map items[] = {
		{.path = "/usr/lib/x86_64-linux-gnu/libc.so.6"},
		{.path = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"},
	};
	struct nm_maps maps = {.items = items, .count = 2};
	const struct nm_map *library;

	(void)state;
	assert_int_equal(nm_allocator_find(&maps, &library), NM_ALLOCATOR_JEMALLOC);
	assert_ptr_equal(library, &items[1]);
	items[1].path = "/srv/libjemalloc.so.2/data";
	assert_int_equal(nm_allocator_find(&maps, &library), NM_ALLOCATOR_GLIBC);
	items[0].path = "/lib/ld-musl-x86_64.so.1";
	assert_int_equal(nm_allocator_find(&maps, &library), NM_ALLOCATOR_MUSL);
	maps.count = 0;
	assert_int_equal(nm_allocator_find(&maps, &library), NM_ALLOCATOR_UNKNOWN);
	assert_null(library);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifndef HAS_OWN_MALLOC
		cmocka_unit_test(the_main_arena_is_as_mallinfo_says),
		cmocka_unit_test(a_thread_arena_is_too),
		cmocka_unit_test(a_walk_in_many_steps_ends_the_same),
		cmocka_unit_test(a_broken_chunk_ends_the_walk),
#endif
		cmocka_unit_test(a_head_of_a_mapped_chunk_is_known),
		cmocka_unit_test(allocators_are_known_by_their_libraries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
