/*
 * glibc_walk.c - from chunk to chunk
 */
#include <string.h>
#include <time.h>

#include "source/malloc/glibc.h"

/* Of a chunk's size word. */
#define PREVIOUS_IN_USE 1u
#define IS_MMAPPED	2u
#define FLAGS		7u

#define SIZE_MIN     32
#define FENCE_SIZE   16
#define FENCE_WITHIN 64
/* Chunks between two looks at the clock. */
#define CLOCK_EVERY 256

/* After a pause in which the process ran, so much is walked again: the chunk at which the walk
   stopped may be the middle of another one now. */
#define REWIND (64 * 1024)

/* Before the bins in a malloc_state: ten fastbins, top, last_remainder. */
#define FAST_BINS 10
#define BINS_FAST (-0x60)
#define BINS_TOP  (-0x10)
/* In a heap_info. */
#define INFO_SIZE 16
/* No arena is as large. */
#define HEAP_SIZE_MAX (UINT64_C(1) << 40)
#define FAST_MAX      1000000
#define FAST_SIZE     0xb0
#define CHUNK_FD      16
#define MANGLE_BITS   12

/* tcache_perthread_struct is the first thing that a thread allocates: 64 counts and 64 lists. */
#define CACHE_BINS     64
#define CACHE_SIZE     0x290 /* counts of 16 bits: since 2.30 */
#define CACHE_SIZE_OLD 0x250 /* of 8 bits */
#define CACHE_FILL_MAX 127

/* The chunk whose fate the next one tells. */
struct pending {
	nm_addr user;
	uint64_t words[6];
	bool has_words;
	uint64_t cached;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static bool is_in_heap(const struct nm_glibc *glibc, nm_addr addr)
{
	return addr % NM_GLIBC_UNIT == 0 && nm_glibc_heap_of(glibc, addr) != NULL;
}

/* The chunk behind `chunk` in a fastbin; since 2.32 the pointer is hidden by its own address. */
static bool read_next_fast(const struct nm_glibc *glibc, nm_addr chunk, uint64_t *out_size,
			   nm_addr *out_next)
{
	uint64_t words[4]; /* prev_size, size, fd, bk */
	nm_addr shown;

	if (!nm_glibc_read(glibc, chunk, words, sizeof(words)))
		return false;
	*out_size = words[1] & ~(uint64_t)FLAGS;
	shown = words[2] ^ ((chunk + CHUNK_FD) >> MANGLE_BITS);
	if (shown == 0 || is_in_heap(glibc, shown))
		*out_next = shown;
	else if (words[2] == 0 || is_in_heap(glibc, words[2]))
		*out_next = words[2];
	else
		return false;
	return *out_size >= SIZE_MIN && *out_size <= FAST_SIZE;
}

static const char *sum_fast(const struct nm_glibc *glibc, struct nm_glibc_arena *arena)
{
	nm_addr lists[FAST_BINS];
	unsigned count = 0;

	arena->fast_bytes = 0;
	arena->fast_count = 0;
	if (!nm_glibc_read(glibc, arena->state + glibc->bins_offset + (uint64_t)BINS_FAST, lists,
			   sizeof(lists)))
		return "an arena cannot be read";
	for (unsigned i = 0; i < FAST_BINS; i++) {
		nm_addr at = lists[i];
		uint64_t size;

		while (at != 0) {
			nm_addr chunk = at;

			if (++count > FAST_MAX || !is_in_heap(glibc, at) ||
			    !read_next_fast(glibc, at, &size, &at))
				return "a list of small free chunks is not as known";
			arena->fast_bytes += size;
			if (arena->fast && arena->fast_count < NM_GLIBC_FAST_MAX)
				arena->fast[arena->fast_count++] = chunk;
		}
	}
	arena->has_fast = true;
	return NULL;
}

/* Bytes that a thread keeps for itself, if the chunk is what the thread keeps count in. */
static uint64_t sum_cached(struct nm_window *window, nm_addr user, uint64_t size)
{
	unsigned char raw[CACHE_SIZE - NM_GLIBC_HEADER];
	uint64_t sum = 0;
	size_t width = size == CACHE_SIZE ? 2 : 1;

	if ((size != CACHE_SIZE && size != CACHE_SIZE_OLD) ||
	    !nm_window_get(window, user, raw, size - NM_GLIBC_HEADER))
		return 0;
	for (size_t i = 0; i < CACHE_BINS; i++) {
		uint16_t count = 0;
		nm_addr list;

		memcpy(&count, raw + width * i, width);
		memcpy(&list, raw + width * CACHE_BINS + 8 * i, 8);
		if (count > CACHE_FILL_MAX || (count == 0) != (list == 0) ||
		    list % NM_GLIBC_UNIT != 0)
			return 0;
		sum += count * (uint64_t)(SIZE_MIN + NM_GLIBC_UNIT * i);
	}
	return sum;
}

/* What is at a chunk that may turn out to be in use. */
static void look_inside(struct nm_glibc_walk *walk, const struct nm_glibc_heap *heap, nm_addr chunk,
			uint64_t size, struct pending *out)
{
	out->user = chunk + NM_GLIBC_HEADER;
	out->has_words = false;
	out->cached = 0;
	if (chunk < heap->quiet_to)
		return;
	if (size >= walk->look.size_min && size <= walk->look.size_max)
		out->has_words = nm_window_get(walk->glibc->window, out->user, out->words,
					       sizeof(out->words));
	out->cached = sum_cached(walk->glibc->window, out->user, size);
}

/* The head of the next chunk has told whether the last one is in use. */
static void settle(struct nm_glibc_walk *walk, struct nm_glibc_heap *heap, bool is_used,
		   const struct pending *pending)
{
	if (heap->chunk_count == 0 || !is_used)
		return;
	heap->chunks[heap->chunk_count - 1] |= 1;
	if (pending->has_words)
		walk->look.see(walk->look.context, pending->user, pending->words);
	walk->glibc->arenas[heap->arena].cached_bytes += pending->cached;
}

static bool add_chunk(struct nm_glibc_heap *heap, nm_addr chunk)
{
	uint64_t unit = (chunk - heap->start) / NM_GLIBC_UNIT;

	if (heap->chunk_count >= heap->chunk_room || unit > INT32_MAX)
		return false;
	heap->chunks[heap->chunk_count++] = (uint32_t)unit << 1;
	return true;
}

static bool refresh_main(const struct nm_glibc *glibc, struct nm_glibc_heap *heap, nm_addr top)
{
	const struct nm_glibc_heap *holder = nm_glibc_heap_of(glibc, top);
	uint64_t head[2];

	/* The break may have been moved meanwhile, so that its top is behind what was its end. */
	heap->top = 0;
	if (holder != heap && (holder || !heap->is_break))
		return true;
	if (top < heap->start || top - heap->start > HEAP_SIZE_MAX ||
	    !nm_glibc_read(glibc, top, head, sizeof(head)) || head[1] > HEAP_SIZE_MAX)
		return false;
	heap->top = top;
	heap->end = top + (head[1] & ~(uint64_t)FLAGS);
	return true;
}

static bool refresh_thread(const struct nm_glibc *glibc, struct nm_glibc_heap *heap, nm_addr top)
{
	uint64_t size;

	if (!nm_glibc_read(glibc, heap->start + INFO_SIZE, &size, sizeof(size)) ||
	    size > NM_GLIBC_HEAP_MAX)
		return false;
	heap->end = heap->start + size;
	heap->top = top >= heap->start && top < heap->end ? top : 0;
	return true;
}

/* The process may have run since the heaps were listed: where does this one end now? */
static bool refresh(const struct nm_glibc *glibc, struct nm_glibc_heap *heap)
{
	const struct nm_glibc_arena *arena = &glibc->arenas[heap->arena];
	nm_addr top;

	if (!nm_glibc_read(glibc, arena->state + glibc->bins_offset + (uint64_t)BINS_TOP, &top,
			   sizeof(top)))
		return false;
	return arena->is_main ? refresh_main(glibc, heap, top) : refresh_thread(glibc, heap, top);
}

/* Where to go on, with what is behind that forgotten. */
static nm_addr rewind_heap(struct nm_glibc_heap *heap)
{
	nm_addr last;

	if (heap->chunk_count == 0)
		return heap->first;
	last = nm_glibc_chunk_start(heap, heap->chunk_count - 1);
	if (last > heap->quiet_to)
		heap->quiet_to = last;
	while (heap->chunk_count > 0) {
		nm_addr start = nm_glibc_chunk_start(heap, --heap->chunk_count);

		if (start + REWIND <= last)
			return start;
	}
	return heap->first;
}

static bool is_fence(const struct nm_glibc_heap *heap, nm_addr chunk, uint64_t size)
{
	return size <= FENCE_SIZE && heap->top == 0 && heap->end - chunk <= FENCE_WITHIN;
}

/* Fence posts are in the midst of the break where malloc had to go on elsewhere for a while. */
static bool is_size(const struct nm_glibc_heap *heap, nm_addr chunk, uint64_t size)
{
	return (size >= SIZE_MIN || (size == FENCE_SIZE && heap->is_break)) &&
	       size % NM_GLIBC_UNIT == 0 && size <= heap->end - chunk;
}

/* True when the heap is done; false when the time is over, or it broke. */
static bool walk_heap(struct nm_glibc_walk *walk, struct nm_glibc_heap *heap, uint64_t until_us)
{
	struct pending pending = {.user = 0};
	nm_addr at = rewind_heap(heap);

	for (unsigned further = 0;;) {
		uint64_t word, size;

		if (at + NM_GLIBC_HEADER > heap->end ||
		    !nm_window_word(walk->glibc->window, at + 8, &word)) {
			walk->broken = walk->glibc->window->met_swapped
					       ? "a part of it is in swap"
					       : "a chunk lies outside memory";
			return false;
		}
		size = word & ~(uint64_t)FLAGS;
		settle(walk, heap, word & PREVIOUS_IN_USE, &pending);
		if (!add_chunk(heap, at)) {
			walk->broken = "it has more chunks than fit";
			return false;
		}
		if (at == heap->top || is_fence(heap, at, size))
			return heap->is_walked = true;
		if (!is_size(heap, at, size) || (word & IS_MMAPPED)) {
			walk->broken = "a chunk has no possible size";
			return false;
		}
		look_inside(walk, heap, at, size, &pending);
		at += size;
		/* Each call gets further than the one before. */
		if (at > heap->quiet_to && ++further % CLOCK_EVERY == 0 && now_us() >= until_us)
			return false;
	}
}

/* The next one that is not walked to its end. Heaps may have come between two calls, anywhere. */
static struct nm_glibc_heap *next_heap(struct nm_glibc_walk *walk)
{
	struct nm_glibc *glibc = walk->glibc;

	for (size_t i = 0; i < glibc->heap_count; i++) {
		size_t index = (walk->heap + i) % glibc->heap_count;

		if (!glibc->heaps[index].is_walked) {
			walk->heap = index;
			return &glibc->heaps[index];
		}
	}
	return NULL;
}

bool nm_glibc_walk_on(struct nm_glibc_walk *walk, uint64_t until_us)
{
	struct nm_glibc *glibc = walk->glibc;
	struct nm_glibc_heap *heap;

	nm_window_reset(glibc->window);
	while ((heap = next_heap(walk)) != NULL) {
		struct nm_glibc_arena *arena = &glibc->arenas[heap->arena];

		if (!arena->has_fast && (walk->broken = sum_fast(glibc, arena)) != NULL)
			return true;
		if (!refresh(glibc, heap)) {
			walk->broken = "an arena cannot be read";
			return true;
		}
		if (!walk_heap(walk, heap, until_us))
			return walk->broken != NULL;
		if (now_us() >= until_us)
			return next_heap(walk) == NULL;
	}
	return true;
}

/* The number of the chunk that begins at `chunk`; the heap's count when none does. */
static size_t find_chunk(const struct nm_glibc_heap *heap, nm_addr chunk)
{
	size_t low = 0, high = heap->chunk_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (nm_glibc_chunk_start(heap, middle) < chunk)
			low = middle + 1;
		else
			high = middle;
	}
	return low < heap->chunk_count && nm_glibc_chunk_start(heap, low) == chunk
		       ? low
		       : heap->chunk_count;
}

static void free_fast(struct nm_glibc *glibc, struct nm_glibc_arena *arena, nm_addr chunk)
{
	for (size_t i = 0; i < glibc->heap_count; i++) {
		struct nm_glibc_heap *heap = &glibc->heaps[i];
		size_t index;
		uint64_t size;

		if (chunk < heap->start || chunk >= heap->end || !heap->is_walked)
			continue;
		index = find_chunk(heap, chunk);
		if (index + 1 >= heap->chunk_count || !nm_glibc_chunk_is_used(heap, index))
			return;
		size = nm_glibc_chunk_start(heap, index + 1) - chunk;
		if (size > arena->fast_bytes)
			return;
		heap->chunks[index] &= ~1u;
		arena->fast_bytes -= size;
		return;
	}
}

void nm_glibc_consolidate(struct nm_glibc *glibc)
{
	for (size_t i = 0; i < glibc->arena_count; i++) {
		struct nm_glibc_arena *arena = &glibc->arenas[i];

		for (size_t k = 0; k < arena->fast_count; k++)
			free_fast(glibc, arena, arena->fast[k]);
		arena->fast_count = 0;
	}
}

uint64_t nm_glibc_usable(const struct nm_glibc *glibc, struct nm_glibc_cursor *cursor, nm_addr user)
{
	const nm_addr chunk = user - NM_GLIBC_HEADER;
	const struct nm_glibc_heap *heap;

	while (cursor->heap < glibc->heap_count && glibc->heaps[cursor->heap].end <= chunk) {
		cursor->heap++;
		cursor->chunk = 0;
	}
	if (cursor->heap == glibc->heap_count)
		return 0;
	heap = &glibc->heaps[cursor->heap];
	if (!heap->is_walked || chunk < heap->first)
		return 0;
	/* The last is the end. */
	while (cursor->chunk + 1 < heap->chunk_count &&
	       nm_glibc_chunk_start(heap, cursor->chunk) < chunk)
		cursor->chunk++;
	if (cursor->chunk + 1 >= heap->chunk_count ||
	    nm_glibc_chunk_start(heap, cursor->chunk) != chunk ||
	    !nm_glibc_chunk_is_used(heap, cursor->chunk))
		return 0;
	/* The next chunk's first word belongs to this one while it is in use. */
	return nm_glibc_chunk_start(heap, cursor->chunk + 1) - chunk - 8;
}
