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

pid_t nm_thread_of_stack(struct nm_reader *reader, const struct nm_maps *maps, int pid_dir,
			 nm_addr addr)
{
	const struct nm_map *map = nm_maps_find(maps, addr);
	unsigned char top[TOP_SIZE];
	uint64_t size = sizeof(top);
	nm_addr start;

	if (!map)
		return 0;
	if (map->end - map->start < size)
		size = map->end - map->start;
	start = map->end - size;
	if (!nm_reader_get(reader, start, top, size))
		return 0;
	for (uint64_t at = 0; at + PTHREAD_TID + 4 <= size; at += PTHREAD_ALIGNMENT) {
		uint64_t self, again;
		int32_t tid;

		memcpy(&self, top + at, sizeof(self));
		memcpy(&again, top + at + PTHREAD_SELF_AGAIN, sizeof(again));
		if (self != start + at || again != self)
			continue;
		memcpy(&tid, top + at + PTHREAD_TID, sizeof(tid));
		if (is_thread(pid_dir, tid))
			return tid;
	}
	return 0;
}
