/*
 * hashed.h - uthash as this project uses it
 *
 * Its own hash function falls through the labels of a switch, which clang takes for a mistake; this one of its
 * others does not.
 */
#ifndef NM_BASE_HASHED_H
#define NM_BASE_HASHED_H

#define HASH_FUNCTION(key, length, hash) HASH_OAT(key, length, hash)

#include <uthash.h>

#endif
