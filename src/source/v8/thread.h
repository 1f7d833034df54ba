/*
 * thread.h - which thread a stack belongs to
 */
#ifndef NM_V8_THREAD_H
#define NM_V8_THREAD_H

#include "source/proc/maps.h"
#include "source/proc/pagemap.h"
#include "source/remote/reader.h"

/* Is `addr` in the stack of the main thread, or where that may grow to? */
bool nm_thread_is_main_stack(const struct nm_maps *maps, nm_addr addr);

/*
 * Does glibc's struct pthread stand at the top of the mapping, so that it is a thread's stack?
 * `*out_thread` is then whose; 0 when that thread has ended and the stack waits for the next one.
 * Of pages not in memory none is touched.
 */
bool nm_thread_find(struct nm_reader *reader, struct nm_pagemap *pagemap, int pid_dir,
		    const struct nm_map *stack, pid_t *out_thread);

/* The thread whose stack holds `addr`; 0 when it cannot be told (another libc). */
pid_t nm_thread_of_stack(struct nm_reader *reader, const struct nm_maps *maps,
			 struct nm_pagemap *pagemap, int pid_dir, nm_addr addr);

#endif
