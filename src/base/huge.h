/*
 * huge.h - large arrays in large pages, where the machine has them to give
 *
 * Half a gigabyte of columns, read in no order, is a hundred thousand page faults, and misses in the
 * processor's table of pages at nearly every step.
 */
#ifndef NM_BASE_HUGE_H
#define NM_BASE_HUGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define NM_HUGE_PAGE (UINT64_C(2) << 20)

/* Say so of fresh memory, which malloc(3) gave, before it is used. Only a wish; NULL and small ones are let
   be. */
static inline void nm_huge_wish(void *items, size_t size)
{
	const uintptr_t begin = ((uintptr_t)items + NM_HUGE_PAGE - 1) & ~(NM_HUGE_PAGE - 1);
	const uintptr_t end = ((uintptr_t)items + size) & ~(NM_HUGE_PAGE - 1);

	if (items && end > begin && end - begin >= 4 * NM_HUGE_PAGE)
		madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

/* malloc(3) of `count` items which will be read in no order. */
static inline void *nm_huge_new(size_t count, size_t size)
{
	void *items = malloc(count * size);

	nm_huge_wish(items, count * size);
	return items;
}

#endif
