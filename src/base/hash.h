/*
 * hash.h - a hash of bytes, for tables in memory; never to be stored
 *
 * Costs    about a cycle for 2 bytes. No defence against keys that were made to collide.
 */
#ifndef NM_BASE_HASH_H
#define NM_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t nm_hash_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static inline uint64_t nm_hash_bytes(uint64_t hash, const char *bytes, size_t length)
{
	uint64_t word = 0;

	hash = nm_hash_word(hash, length);
	for (; length >= sizeof(word); bytes += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = nm_hash_word(hash, word);
	}
	word = 0;
	memcpy(&word, bytes, length);
	return nm_hash_word(hash, word);
}

#endif
