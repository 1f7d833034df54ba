/*
 * glibc_find.h - what the two halves of the search share: arenas and the heaps of threads, and the
 * memory of the main arena
 */
#ifndef NM_MALLOC_GLIBC_FIND_H
#define NM_MALLOC_GLIBC_FIND_H

#include "source/malloc/glibc.h"

/* False: out of memory, or there are too many. */
bool nm_glibc_add_heap(struct nm_glibc *glibc, const struct nm_glibc_heap *heap);

/* Heaps in the order of their addresses, which nm_glibc_heap_of() needs. */
void nm_glibc_sort_heaps(struct nm_glibc *glibc);

/* The one that holds `addr` among the first `count`, which are in order; or NULL. */
const struct nm_glibc_heap *nm_glibc_heap_among(const struct nm_glibc *glibc, size_t count,
						nm_addr addr);

/* Of the malloc_state there: its top chunk, and the bytes which it got from the system. */
bool nm_glibc_read_top(const struct nm_glibc *glibc, nm_addr state, nm_addr *out);
bool nm_glibc_read_system(const struct nm_glibc *glibc, nm_addr state, uint64_t *out);

/* Add the memory of the main arena, as much of it as can be found while the process runs. All other
   heaps are there already, in order. False: out of memory, or it is not as known. */
bool nm_glibc_find_main(struct nm_glibc *glibc, const struct nm_maps *maps);

#endif
