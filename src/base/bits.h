/*
 * bits.h - a bit for each of many things
 */
#ifndef NM_BASE_BITS_H
#define NM_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* All clear, to be freed with free(). NULL: out of memory. */
static inline uint64_t *nm_bits_new(size_t count)
{
	return calloc(count / 64 + 1, sizeof(uint64_t));
}

static inline bool nm_bits_get(const uint64_t *bits, size_t at)
{
	return bits[at / 64] >> at % 64 & 1;
}

static inline void nm_bits_set(uint64_t *bits, size_t at)
{
	bits[at / 64] |= UINT64_C(1) << at % 64;
}

static inline void nm_bits_clear(uint64_t *bits, size_t at)
{
	bits[at / 64] &= ~(UINT64_C(1) << at % 64);
}

#endif
