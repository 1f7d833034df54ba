/*
 * pagemap.h - which pages of a process are in memory
 *
 * Reading a page of another process that was never touched makes the kernel map one there, so
 * nodemem asks here first and leaves such pages alone.
 *
 * Costs    one system call per question, unless nm_pagemap_scan() has asked for a whole range at
 *          once, which Linux can from 6.7 on.
 * Source   Documentation/admin-guide/mm/pagemap.rst: bits 62 (swapped) and 63 (present);
 *          PAGEMAP_SCAN in include/uapi/linux/fs.h.
 */
#ifndef NM_PROC_PAGEMAP_H
#define NM_PROC_PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NM_PAGEMAP_REGIONS 512

/* A run of pages in the same state: struct page_region of the kernel. */
struct nm_pagemap_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct nm_pagemap {
	int fd; /* -1: the kernel does not tell; every page then counts as present */
	uint64_t page_size;
	bool can_scan;
	/* What is known: the regions in [from, to), ascending; between them nothing is mapped. */
	uint64_t from;
	uint64_t to;
	size_t count;
	size_t at; /* the region that the last question ended at */
	struct nm_pagemap_region regions[NM_PAGEMAP_REGIONS];
};

/* A run of pages which are all in memory, or all in swap. */
struct nm_pagemap_run {
	uint64_t start;
	uint64_t end;
	bool is_swapped;
	bool is_zero; /* the kernel's page of zeros, which counts for nobody: known only if scanned */
};

void nm_pagemap_open(struct nm_pagemap *pagemap, int pid_dir, uint64_t page_size);

/* Questions in [from, to) are to follow, in ascending order: learn all of it with one call. */
void nm_pagemap_scan(struct nm_pagemap *pagemap, uint64_t from, uint64_t to);

bool nm_pagemap_is_present(struct nm_pagemap *pagemap, uint64_t addr);
bool nm_pagemap_is_swapped(struct nm_pagemap *pagemap, uint64_t addr);

/* The first run that begins in [from, to), cut to it. False when there is none, or when the kernel
   does not tell. A long stretch of alike pages may come as several runs. */
bool nm_pagemap_next_run(struct nm_pagemap *pagemap, uint64_t from, uint64_t to,
			 struct nm_pagemap_run *out);

/* Bytes in memory and in swap of [from, to). */
void nm_pagemap_count(struct nm_pagemap *pagemap, uint64_t from, uint64_t to,
		      uint64_t *out_resident, uint64_t *out_swapped);

/* Does the kernel tell at all? */
static inline bool nm_pagemap_is_known(const struct nm_pagemap *pagemap)
{
	return pagemap->fd >= 0;
}

/* Forget what was read: the target runs on. */
void nm_pagemap_reset(struct nm_pagemap *pagemap);
void nm_pagemap_close(struct nm_pagemap *pagemap);

#endif
