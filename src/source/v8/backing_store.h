/*
 * backing_store.h - the object with which V8 keeps the memory of an ArrayBuffer
 *
 * A v8::internal::BackingStore is allocated with malloc. It begins, in Node 16 to 26, with
 * { buffer_start, byte_length, max_byte_length, byte_capacity, id, type_specific_data }:
 * src/objects/backing-store.h. The last begins with an allocator or, where native code gave the
 * memory, with the function that ends it.
 * Other objects can look alike: it counts only when memory begins at buffer_start which has that
 * size, and that is for the caller to find out.
 */
#ifndef NM_V8_BACKING_STORE_H
#define NM_V8_BACKING_STORE_H

#include "source/remote/reader.h"

/* Of the malloc chunk that holds one, its header included. */
#define NM_V8_BACKING_STORE_CHUNK_MIN 0x40
#define NM_V8_BACKING_STORE_CHUNK_MAX 0x70

/* Where that is. */
#define NM_V8_BACKING_STORE_DELETER 0x28

struct nm_v8_backing_store {
	nm_addr start;
	uint64_t length;
};

/* `words` are the first of an object that may be one. */
bool nm_v8_backing_store_parse(const uint64_t words[4], struct nm_v8_backing_store *out);

#endif
