#include "source/v8/thread.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <fcntl.h>

/* V8's limit lies some 1 MiB below the stack's beginning, or as far as --stack-size said, mostly
   below the part that is mapped. The kernel keeps at least 128 MiB below it free of other
   mappings: mmap_base() in arch/x86/mm/mmap.c. */
#define MAIN_STACK_MAX (UINT64_C(128) << 20)

/* Of glibc's struct pthread on x86-64, unchanged since 2.4: nptl/descr.h, sysdeps/x86_64/nptl/
   tls.h. It begins with tcbhead_t { self, dtv, self, ... }. */
#define PTHREAD_SELF_AGAIN 0x10
#define PTHREAD_TID	   0x2d0
#define PTHREAD_ALIGNMENT  0x40
/* Thread-local variables lie between it and the stack's top; those of Node take under 8 KiB. */
#define TOP_SIZE 0x3000

bool nm_thread_is_main_stack(const struct nm_maps *maps, nm_addr addr)
{
	for (size_t i = maps->count; i-- > 0;)
		if (strcmp(maps->items[i].path, "[stack]") == 0)
			return addr < maps->items[i].end &&
			       maps->items[i].end - addr <= MAIN_STACK_MAX;
	return false;
}

static bool is_thread(int pid_dir, int32_t tid)
{
	char name[32];
	struct stat unused;

	snprintf(name, sizeof(name), "task/%d", tid);
	return tid > 0 && fstatat(pid_dir, name, &unused, 0) == 0;
}

/* How much of the mapping's top is in memory, TOP_SIZE at most. */
static uint64_t present_top(struct nm_pagemap *pagemap, const struct nm_map *map)
{
	uint64_t size = 0, page = pagemap->page_size;

	while (size < TOP_SIZE && size < map->end - map->start &&
	       nm_pagemap_is_present(pagemap, map->end - size - page))
		size += page;
	return size;
}

bool nm_thread_find(struct nm_reader *reader, struct nm_pagemap *pagemap, int pid_dir,
		    const struct nm_map *stack, pid_t *out_thread)
{
	unsigned char top[TOP_SIZE];
	uint64_t size = present_top(pagemap, stack);
	nm_addr start = stack->end - size;

	if (size == 0 || !nm_reader_get(reader, start, top, size))
		return false;
	for (uint64_t at = 0; at + PTHREAD_TID + 4 <= size; at += PTHREAD_ALIGNMENT) {
		uint64_t self, again;
		int32_t tid;

		memcpy(&self, top + at, sizeof(self));
		memcpy(&again, top + at + PTHREAD_SELF_AGAIN, sizeof(again));
		if (self != start + at || again != self)
			continue;
		memcpy(&tid, top + at + PTHREAD_TID, sizeof(tid));
		*out_thread = is_thread(pid_dir, tid) ? tid : 0;
		return true;
	}
	return false;
}

pid_t nm_thread_of_stack(struct nm_reader *reader, const struct nm_maps *maps,
			 struct nm_pagemap *pagemap, int pid_dir, nm_addr addr)
{
	const struct nm_map *map = nm_maps_find(maps, addr);
	pid_t thread;

	return map && nm_thread_find(reader, pagemap, pid_dir, map, &thread) ? thread : 0;
}
