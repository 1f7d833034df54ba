/*
 * image.h - memory of a process as it was at one moment, held in ours
 *
 * Whoever takes it - from a process that stood still, from a copy-on-write child of it, or from a
 * core file - adds ranges and threads, then seals it; after that it is read-only, and one look-up
 * away from a pointer. What is not in it was not in memory, or was not asked for.
 *
 * Owns     the ranges' bytes, unless they were lent; the threads; the mappings.
 * Trusts   nothing of what the bytes say: they are the target's.
 */
#ifndef NM_REMOTE_IMAGE_H
#define NM_REMOTE_IMAGE_H

#include "source/proc/maps.h"
#include "source/remote/reader.h"

struct nm_image;

/* Bytes that follow each other in the target. */
struct nm_image_range {
	nm_addr start;
	uint64_t size;
	const unsigned char *bytes;
};

/* A thread of the process at that moment. */
struct nm_image_thread {
	pid_t id;
	nm_addr sp; /* stack pointer */
};

struct nm_image *nm_image_new(void); /* NULL: out of memory */

/* Add memory that lives as long as the image: `bytes` is borrowed. Ranges come in any order and do
   not overlap. NM_E_NOMEM. */
int nm_image_lend(struct nm_image *image, nm_addr start, uint64_t size, const void *bytes);

/* The same; the image unmaps [bytes, bytes + size) in the end. */
int nm_image_give(struct nm_image *image, nm_addr start, uint64_t size, void *bytes);

/* The image unmaps [bytes, bytes + size) in the end, which it may have been lent in parts. */
int nm_image_keep(struct nm_image *image, uint64_t size, void *bytes);

int nm_image_add_thread(struct nm_image *image, pid_t id, nm_addr sp);

/* The mappings of the process, as of that moment; taken over. */
void nm_image_set_maps(struct nm_image *image, struct nm_maps *maps);

/* Nothing is added after this. Ranges that follow each other in the target and in our memory become
   one. NM_E_CORRUPT when two overlap. */
int nm_image_seal(struct nm_image *image);

/* A pointer to [addr, addr + size), or NULL when not all of it is in one range. */
const unsigned char *nm_image_at(const struct nm_image *image, nm_addr addr, uint64_t size);

/* A 64-bit word; false when it is not there. */
bool nm_image_word(const struct nm_image *image, nm_addr addr, uint64_t *out);

/* By address. */
size_t nm_image_range_count(const struct nm_image *image);
struct nm_image_range nm_image_range(const struct nm_image *image, size_t index);

size_t nm_image_thread_count(const struct nm_image *image);
struct nm_image_thread nm_image_thread(const struct nm_image *image, size_t index);

const struct nm_maps *nm_image_maps(const struct nm_image *image);

void nm_image_free(struct nm_image *image);

#endif
