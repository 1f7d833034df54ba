/*
 * pagemap.h - which pages of a process are in memory
 *
 * Reading a page of another process that was never touched makes the kernel map one there, so
 * nodemem asks here first and leaves such pages alone.
 * Source: Documentation/admin-guide/mm/pagemap.rst, bits 62 (swapped) and 63 (present).
 */
#ifndef NM_PROC_PAGEMAP_H
#define NM_PROC_PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NM_PAGEMAP_WINDOW 512

struct nm_pagemap {
	int fd; /* -1: the kernel does not tell; every page then counts as present */
	uint64_t page_size;
	uint64_t first; /* page number of window[0] */
	size_t count;
	uint64_t window[NM_PAGEMAP_WINDOW];
};

void nm_pagemap_open(struct nm_pagemap *pagemap, int pid_dir, uint64_t page_size);

/* Asking in ascending order costs one read per 512 pages. */
bool nm_pagemap_is_present(struct nm_pagemap *pagemap, uint64_t addr);
bool nm_pagemap_is_swapped(struct nm_pagemap *pagemap, uint64_t addr);

/* Forget what was read: the target runs on. */
void nm_pagemap_reset(struct nm_pagemap *pagemap);
void nm_pagemap_close(struct nm_pagemap *pagemap);

#endif
