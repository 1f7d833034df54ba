/*
 * fuzz_glibc.c - the memory of malloc: an arena and its chunks, in this process's own memory
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "source/malloc/glibc.h"

#define HEAP_SIZE    (64 * 1024)
#define STATE_OFFSET 0x30 /* behind heap_info, as in a thread arena */

static unsigned seen;

static void see(void *context, nm_addr user, const uint64_t words[6])
{
	(void)context;
	(void)words;
	MUST(user % NM_GLIBC_UNIT == 0);
	seen++;
}

static void check(const struct nm_glibc_heap *heap)
{
	for (size_t i = 0; i + 1 < heap->chunk_count; i++) {
		MUST(nm_glibc_chunk_start(heap, i) < nm_glibc_chunk_start(heap, i + 1));
		MUST(nm_glibc_chunk_start(heap, i + 1) <= heap->start + NM_GLIBC_HEAP_MAX);
	}
}

/* What every run needs and none changes. */
struct world {
	unsigned char *memory;
	struct nm_pagemap pagemap;
	struct nm_reader *reader;
	struct nm_window window;
};

static struct world *get_world(void)
{
	static struct world world;
	int self;

	if (world.memory)
		return &world;
	world.memory =
		mmap(NULL, HEAP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	nm_pagemap_open(&world.pagemap, self, (uint64_t)sysconf(_SC_PAGESIZE));
	close(self);
	MUST(nm_reader_open_live(getpid(), &world.reader, NULL) == NM_OK);
	MUST(nm_window_init(&world.window, world.reader, &world.pagemap, NULL) == NM_OK);
	return &world;
}

/* The input is what stands in the heap from its beginning: heap_info, malloc_state, chunks. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *world = get_world();
	nm_addr start = (nm_addr)(uintptr_t)world->memory;
	struct nm_glibc_arena arena = {.state = start + STATE_OFFSET, .is_main = size % 2 != 0};
	struct nm_glibc_heap heap = {.start = start,
				     .is_break = size % 4 == 0,
				     .first = start + 0x8d0,
				     .end = start + HEAP_SIZE};
	struct nm_glibc glibc = {.window = &world->window,
				 .bins_offset = 0x70,
				 .arenas = &arena,
				 .arena_count = 1,
				 .heaps = &heap,
				 .heap_count = 1};
	struct nm_glibc_walk walk = {.glibc = &glibc,
				     .look = {.size_min = 0x40, .size_max = 0x70, .see = see}};

	memset(world->memory, 0, HEAP_SIZE);
	memcpy(world->memory, data, size < HEAP_SIZE ? size : HEAP_SIZE);
	MUST(nm_glibc_prepare(&glibc, NULL) == NM_OK);
	while (!nm_glibc_walk_on(&walk, 0))
		check(&heap);
	check(&heap);
	free(heap.chunks);
	free(arena.fast);
	return 0;
}
