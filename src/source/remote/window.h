/*
 * window.h - memory of a target read forwards, in few large reads, and only where it is in memory
 *
 * Words are asked for one by one, at rising addresses; behind it stands a piece of memory read at
 * once, large where all of it is asked for and small after a leap. Pages that are not in memory
 * are never read: that would map them into the target, or bring them back from swap.
 *
 * Owns     its buffer, until nm_window_done().
 */
#ifndef NM_REMOTE_WINDOW_H
#define NM_REMOTE_WINDOW_H

#include <string.h>

#include "source/proc/pagemap.h"
#include "source/remote/reader.h"

#define NM_WINDOW_SIZE (256 * 1024)

struct nm_window {
	struct nm_reader *reader;   /* borrowed */
	struct nm_pagemap *pagemap; /* borrowed */
	unsigned char *buffer;	    /* owned */
	nm_addr start;		    /* what the buffer holds */
	uint64_t size;
	uint64_t stride;  /* how much to read next */
	bool met_swapped; /* what was asked for last could not be read because it is in swap */
};

/* NM_E_NOMEM. */
int nm_window_init(struct nm_window *window, struct nm_reader *reader, struct nm_pagemap *pagemap,
		   struct nm_error *err);

/* The target ran meanwhile: forget what was read. */
void nm_window_reset(struct nm_window *window);

/* All of [addr, addr + size), or false when a part of it is not in memory. */
bool nm_window_get(struct nm_window *window, nm_addr addr, void *out, size_t size);

/* One word, as fast as can be where it has been read already. */
static inline bool nm_window_word(struct nm_window *window, nm_addr addr, uint64_t *out)
{
	uint64_t offset = addr - window->start;

	if (addr < window->start || window->size < sizeof(*out) ||
	    offset > window->size - sizeof(*out))
		return nm_window_get(window, addr, out, sizeof(*out));
	memcpy(out, window->buffer + offset, sizeof(*out));
	return true;
}

void nm_window_done(struct nm_window *window);

#endif
