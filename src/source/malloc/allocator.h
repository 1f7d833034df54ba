/*
 * allocator.h - which malloc a process uses, by the libraries it has loaded
 */
#ifndef NM_MALLOC_ALLOCATOR_H
#define NM_MALLOC_ALLOCATOR_H

#include "source/proc/maps.h"

enum nm_allocator {
	NM_ALLOCATOR_UNKNOWN,
	NM_ALLOCATOR_GLIBC,
	NM_ALLOCATOR_MUSL,
	NM_ALLOCATOR_JEMALLOC,
	NM_ALLOCATOR_TCMALLOC,
	NM_ALLOCATOR_MIMALLOC,
};

/* One that was loaded besides takes the place of the C library's. `*out_library` is the mapping
   of its file, NULL when unknown. */
enum nm_allocator nm_allocator_find(const struct nm_maps *maps, const struct nm_map **out_library);

/* "jemalloc" */
const char *nm_allocator_name(enum nm_allocator allocator);

/* The version of the glibc in the file open at `fd`, like "2.36"; false when it does not say. */
bool nm_allocator_glibc_version(int fd, char *out, size_t room);

#endif
