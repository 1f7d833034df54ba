/*
 * bytes.h - bounds-checked reads from untrusted bytes, little-endian
 */
#ifndef NM_BASE_BYTES_H
#define NM_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct nm_bytes {
	const unsigned char *data; /* borrowed */
	size_t size;
};

static inline bool nm_bytes_get(struct nm_bytes bytes, uint64_t offset, void *out, size_t size)
{
	if (offset > bytes.size || bytes.size - offset < size)
		return false;
	memcpy(out, bytes.data + offset, size);
	return true;
}

static inline bool nm_bytes_u32(struct nm_bytes bytes, uint64_t offset, uint32_t *out)
{
	return nm_bytes_get(bytes, offset, out, sizeof(*out));
}

static inline bool nm_bytes_u64(struct nm_bytes bytes, uint64_t offset, uint64_t *out)
{
	return nm_bytes_get(bytes, offset, out, sizeof(*out));
}

/* Is the text that ends in '\0' at `offset` equal to `text`? */
static inline bool nm_bytes_is_text(struct nm_bytes bytes, uint64_t offset, const char *text)
{
	size_t length = strlen(text) + 1;

	return offset <= bytes.size && bytes.size - offset >= length &&
	       memcmp(bytes.data + offset, text, length) == 0;
}

#endif
