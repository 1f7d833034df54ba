/*
 * glibc.h - the arenas of glibc's malloc in another process: found, and walked chunk by chunk
 *
 * glibc exports none of this. main_arena is found in the data of libc.so by its shape: 127 bins
 * that point to themselves or into memory, behind them the list of all arenas, which must lead
 * back to it. A walk goes from the first chunk of a heap to the arena's top chunk; only one that
 * arrives there counts. So an unknown version is refused, or proves itself.
 *
 * Owns     arenas, heaps and chunks, until nm_glibc_done().
 * Trusts   nothing: each size, pointer and list is checked and bounded.
 * Source   malloc/malloc.c and malloc/arena.c of glibc 2.26 to 2.41: struct malloc_state,
 *          malloc_chunk, heap_info, tcache_perthread_struct. Measured with 2.36.
 */
#ifndef NM_MALLOC_GLIBC_H
#define NM_MALLOC_GLIBC_H

#include "source/proc/maps.h"
#include "source/remote/window.h"

#define NM_GLIBC_ARENAS_MAX 4096
#define NM_GLIBC_HEAPS_MAX  65536

/* Thread arenas lie in heaps of this size and alignment. */
#define NM_GLIBC_HEAP_MAX (UINT64_C(64) << 20)
/* In front of what malloc() returns. */
#define NM_GLIBC_HEADER 16
#define NM_GLIBC_UNIT	16 /* sizes and addresses of chunks are multiples of it */

/*
 * A run of chunks. The main arena has one in the program's break, and where the break could not be
 * moved, further ones that it got from mmap; a thread arena has its heaps.
 */
struct nm_glibc_heap {
	nm_addr start; /* of the memory, malloc's own head included */
	bool is_break;
	nm_addr first; /* chunk */
	nm_addr end;
	size_t arena;
	nm_addr top; /* the top chunk, if it is in this heap; else 0 */
	/* Found by the walk: where each chunk begins, in units from `start`, shifted left by one, and
	   in bit 0 whether it is in use. Ascending; the last one is where the chunks end. */
	uint32_t *chunks;
	size_t chunk_count;
	size_t chunk_room;
	nm_addr quiet_to; /* chunks below this have been seen before */
	bool is_walked;	  /* to its end */
};

struct nm_glibc_arena {
	nm_addr state; /* its malloc_state */
	bool is_main;
	bool has_fast;
	/* Chunks kept for soon, which look as if in use: fastbins are in malloc's eyes free, the
	   caches of the threads (tcache) in use. */
	uint64_t fast_bytes;
	uint64_t cached_bytes;
	nm_addr *fast; /* the first NM_GLIBC_FAST_MAX of the chunks in fastbins */
	size_t fast_count;
};

#define NM_GLIBC_FAST_MAX 8192

struct nm_glibc {
	struct nm_window *window; /* borrowed; with its reader and pagemap */
	nm_addr main;
	uint64_t bins_offset; /* of the bins in a malloc_state */
	struct nm_glibc_arena *arenas;
	size_t arena_count;
	struct nm_glibc_heap *heaps;
	size_t heap_count;
};

/* Find the arenas, reading through `window`, which must live on; of the main arena, as much as can be
   found while the process runs (nm_glibc_is_whole()). NM_E_UNSUPPORTED: there is none, or
   not as known, or a part of it is in swap; the message says what did not fit. NM_E_NOMEM. */
int nm_glibc_find(struct nm_window *window, const struct nm_maps *maps, struct nm_glibc *out,
		  struct nm_error *err);

/* Is all memory of the main arena among the heaps? The arena grows while it is looked for, and between
   two pieces of a walk. To be asked while the process stands still, with the window reset. */
bool nm_glibc_is_whole(const struct nm_glibc *glibc);

/* List what came since, and make room for its chunks, while the process still stands still. `maps` are
   those of now. False: not all was found, as when it was stopped while malloc moved its top. */
bool nm_glibc_catch_up(struct nm_glibc *glibc, const struct nm_maps *maps);

/* A few bytes, or false when they are not in memory. */
bool nm_glibc_read(const struct nm_glibc *glibc, nm_addr addr, void *out, size_t size);

/* Make room for the chunks of all heaps that have none yet. NM_E_NOMEM. */
int nm_glibc_prepare(struct nm_glibc *glibc, struct nm_error *err);

/* What a walk does besides: it shows chunks in use of a certain size, each once. `words` are the
   first of what the program has there. */
struct nm_glibc_look {
	uint64_t size_min, size_max; /* of the chunk, its header included */
	void (*see)(void *context, nm_addr user, const uint64_t words[6]);
	void *context;
};

/* A walk through all heaps, in pieces. */
struct nm_glibc_walk {
	struct nm_glibc *glibc;
	struct nm_glibc_look look;
	size_t heap;	    /* which one is being walked */
	const char *broken; /* why it cannot go on; NULL while it can */
};

/*
 * Walk on until all is done, or the clock (CLOCK_MONOTONIC) reaches `until_us`, or it breaks. True
 * when nothing is left to do. To be called while the process stands still; it may run between
 * two calls. Does not allocate.
 */
bool nm_glibc_walk_on(struct nm_glibc_walk *walk, uint64_t until_us);

/* After the walk: the chunks in fastbins become free ones, as malloc_trim() makes them first. */
void nm_glibc_consolidate(struct nm_glibc *glibc);

/* Where a row of questions is; all zero before the first. */
struct nm_glibc_cursor {
	size_t heap;
	size_t chunk;
};

/* The usable bytes of the chunk in use with this user address, or 0. Questions come in ascending
   order. Of walked heaps only. */
uint64_t nm_glibc_usable(const struct nm_glibc *glibc, struct nm_glibc_cursor *cursor,
			 nm_addr user);

/* The heap that holds `addr`, or NULL. */
const struct nm_glibc_heap *nm_glibc_heap_of(const struct nm_glibc *glibc, nm_addr addr);

/* A chunk of a walked heap, by its number below chunk_count - 1. */
static inline nm_addr nm_glibc_chunk_start(const struct nm_glibc_heap *heap, size_t index)
{
	return heap->start + (uint64_t)(heap->chunks[index] >> 1) * NM_GLIBC_UNIT;
}

static inline bool nm_glibc_chunk_is_used(const struct nm_glibc_heap *heap, size_t index)
{
	return heap->chunks[index] & 1;
}

/* A chunk that malloc got from mmap: its head stands at the beginning of a page. The size of its
   mapping, at most `room`, or 0 when the two words there are no such head. */
uint64_t nm_glibc_mmapped_size(const uint64_t head[2], uint64_t room);

void nm_glibc_done(struct nm_glibc *glibc);

#endif
