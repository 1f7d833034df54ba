/*
 * thread.h - which thread a stack belongs to
 */
#ifndef NM_V8_THREAD_H
#define NM_V8_THREAD_H

#include "source/proc/maps.h"
#include "source/remote/reader.h"

/* Is `addr` in the stack of the main thread, or where that may grow to? */
bool nm_thread_is_main_stack(const struct nm_maps *maps, nm_addr addr);

/* The thread whose stack holds `addr`, from glibc's struct pthread at the top of that stack; 0
   when it cannot be told (another libc). */
pid_t nm_thread_of_stack(struct nm_reader *reader, const struct nm_maps *maps, int pid_dir,
			 nm_addr addr);

#endif
