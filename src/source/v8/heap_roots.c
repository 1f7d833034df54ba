/*
 * Where V8 and node hold objects from outside the heap: the Isolate with its roots and builtins, the
 * stacks of all threads, blocks of global handles and of handle scopes. Words are taken for pointers
 * when an object begins where they point.
 *
 * Source  V8's src/handles/global-handles.cc (NodeBlock, EternalHandles), src/handles/handles.h (HandleScopeData),
 *         src/api/api.h (HandleScopeImplementer); what their layout is was measured.
 */
#include "source/v8/heap.h"

/* The part of an Isolate that can hold objects, around its Heap. */
#define ISOLATE_BEFORE (UINT64_C(80) << 10)
#define ISOLATE_BEHIND (UINT64_C(32) << 10)

#define STACK_MAX (UINT64_C(64) << 20)

/* A NodeBlock begins with 256 nodes {object, class id, index in the block, flags, ...}. */
#define NODE_SIZE   32
#define NODE_INDEX  10
#define NODE_FLAGS  11
#define NODES	    256
#define NODE_STATE  3 /* these bits of the flags: */
#define NODE_STRONG 1

/* A block of a handle scope: kHandleBlockSize is 1022 words. */
#define SCOPE_BLOCK	     UINT64_C(8176)
#define SCOPE_LEVELS	     5000
#define SCOPES_MAX	     4096
#define SCOPES_LOOKALIKE_MAX 8
#define SCOPE_OBJECTS	     24 /* words of a HandleScopeImplementer to look at */

/* A block of eternal handles: EternalHandles::kSize. */
#define ETERNALS     UINT64_C(256)
#define ETERNALS_MAX (UINT64_C(1) << 20)

struct roots {
	struct nm_v8_heap *heap;
	nm_v8_add_root *add;
	void *context;
	enum nm_v8_root kind; /* of those being added */
};

static bool is_object(const struct nm_v8_heap *heap, uint64_t word)
{
	return nm_v8_is_pointer(word) &&
	       nm_v8_heap_index(heap, nm_v8_pointee(word)) != NM_V8_NO_OBJECT;
}

static void add_word(struct roots *roots, uint64_t word)
{
	if (!is_object(roots->heap, word))
		return;
	roots->heap->check.roots++;
	roots->add(roots->context, roots->kind, word);
}

static void add_words(struct roots *roots, nm_addr from, nm_addr to)
{
	uint64_t word;

	for (nm_addr at = from & ~UINT64_C(7); at < to; at += 8)
		if (nm_image_word(roots->heap->image, at, &word))
			add_word(roots, word);
}

/* From its stack pointer up to where the stack's memory ends. */
static void add_stack(struct roots *roots, nm_addr sp)
{
	const struct nm_map *map = nm_maps_find(nm_image_maps(roots->heap->image), sp);
	nm_addr end;

	if (!map)
		return;
	end = map->end - sp > STACK_MAX ? sp + STACK_MAX : map->end;
	add_words(roots, sp, end);
}

/* Does a block of handles, used up to `next`, stand at `start`? */
static bool is_scope_block(const struct nm_v8_heap *heap, nm_addr start, nm_addr next)
{
	unsigned objects = 0;
	uint64_t word;

	for (nm_addr at = start; at < next; at += 8) {
		if (!nm_image_word(heap->image, at, &word))
			return false;
		/* A Smi or an object. */
		if ((word & 1) != 0 && !is_object(heap, word))
			return false;
		objects += (word & 1) != 0;
	}
	return objects > 0;
}

/* The vector of an isolate's blocks of handles, {data, capacity, size}, whose last is `block`: all
   before it are full. */
static bool add_full_blocks(struct roots *roots, nm_addr implementer, nm_addr block)
{
	const struct nm_image *image = roots->heap->image;
	uint64_t vector[3] = {0, 0, 0}, last;

	for (unsigned i = 0; i < SCOPE_OBJECTS; i++) {
		vector[0] = vector[1];
		vector[1] = vector[2];
		if (!nm_image_word(image, implementer + UINT64_C(8) * i, &vector[2]))
			return false;
		if (!nm_addr_is_plausible(vector[0]) || vector[2] == 0 || vector[2] > SCOPES_MAX ||
		    vector[1] < vector[2] || vector[1] > SCOPES_MAX ||
		    !nm_image_word(image, vector[0] + 8 * (vector[2] - 1), &last) || last != block)
			continue;
		for (uint64_t k = 0; k + 1 < vector[2]; k++)
			if (nm_image_word(image, vector[0] + 8 * k, &last) &&
			    nm_addr_is_plausible(last)) {
				roots->heap->check.handle_blocks++;
				add_words(roots, last, last + SCOPE_BLOCK);
			}
		return true;
	}
	return false;
}

/* HandleScopeData {next, limit, level, sealed level} is in the Isolate, and so is the pointer to
   the HandleScopeImplementer. */
static void add_handle_scopes(struct roots *roots, nm_addr from, nm_addr to)
{
	const struct nm_v8_heap *heap = roots->heap;
	uint64_t next, limit, level, word;
	unsigned found = 0;

	for (nm_addr at = from; at < to && found < SCOPES_LOOKALIKE_MAX; at += 8) {
		if (!nm_image_word(heap->image, at, &next) ||
		    !nm_image_word(heap->image, at + 8, &limit) ||
		    !nm_image_word(heap->image, at + 16, &level))
			continue;
		if (!nm_addr_is_plausible(next) || limit % 8 != 0 || next > limit ||
		    limit - next > SCOPE_BLOCK || (level & 0xffffffff) > SCOPE_LEVELS ||
		    level >> 32 > SCOPE_LEVELS || !is_scope_block(heap, limit - SCOPE_BLOCK, next))
			continue;
		found++;
		roots->heap->check.handle_blocks++;
		add_words(roots, limit - SCOPE_BLOCK, next);
		for (nm_addr k = from; k < to; k += 8)
			if (nm_image_word(heap->image, k, &word) && nm_addr_is_plausible(word) &&
			    add_full_blocks(roots, word, limit - SCOPE_BLOCK))
				break;
	}
}

/* A block of eternal handles: 256 objects, those not used yet being the hole. */
static bool is_eternal_block(const struct nm_v8_heap *heap, nm_addr block)
{
	const unsigned char *bytes = nm_image_at(heap->image, block, 8 * ETERNALS);

	for (unsigned i = 0; bytes && i < ETERNALS; i++)
		if (!is_object(heap, nm_v8_load(bytes + 8 * i)))
			return false;
	return bytes != NULL;
}

/* EternalHandles {size, vector of blocks {begin, end, capacity}, ...}: node keeps the names of the
   properties it uses there. The pointer to it is in the Isolate. */
static void add_eternal_handles(struct roots *roots, nm_addr from, nm_addr to)
{
	const struct nm_v8_heap *heap = roots->heap;
	nm_addr at, block;

	for (nm_addr k = from; k < to; k += 8) {
		const unsigned char *bytes;
		uint64_t size, begin, end;

		if (!nm_image_word(heap->image, k, &at) || !nm_addr_is_plausible(at))
			continue;
		bytes = nm_image_at(heap->image, at, 32);
		if (!bytes)
			continue;
		size = nm_v8_load(bytes) & UINT32_MAX;
		begin = nm_v8_load(bytes + 8);
		end = nm_v8_load(bytes + 16);
		if (size == 0 || size > ETERNALS_MAX || !nm_addr_is_plausible(begin) ||
		    end - begin != (size + ETERNALS - 1) / ETERNALS * 8 ||
		    end > nm_v8_load(bytes + 24))
			continue;
		for (nm_addr i = begin; i < end; i += 8)
			if (nm_image_word(heap->image, i, &block) &&
			    is_eternal_block(heap, block)) {
				roots->heap->check.eternal_blocks++;
				add_words(roots, block, block + 8 * ETERNALS);
			}
	}
}

static void add_isolate(struct roots *roots, const struct nm_v8_isolate *isolate)
{
	const nm_addr from = isolate->heap - ISOLATE_BEFORE, to = isolate->heap + ISOLATE_BEHIND;

	roots->kind = NM_V8_ROOT_ISOLATE;
	add_words(roots, from, to);
	roots->kind = NM_V8_ROOT_HANDLES;
	add_handle_scopes(roots, from, to);
	roots->kind = NM_V8_ROOT_ETERNAL;
	add_eternal_handles(roots, from, to);
}

/* Every node knows its number in the block. */
static bool is_node_block(const unsigned char *at)
{
	for (unsigned i = 0; i < NODES; i++)
		if (at[i * NODE_SIZE + NODE_INDEX] != i)
			return false;
	return true;
}

/* In [from, to) of a range. */
static void add_global_handles(struct roots *roots, const struct nm_image_range *range,
			       nm_addr from, nm_addr to)
{
	const uint64_t size = UINT64_C(1) * NODES * NODE_SIZE;

	for (nm_addr at = from; to > at && to - at >= size;) {
		const unsigned char *block = range->bytes + (at - range->start);

		/* The second node first: most memory is zero, as is the first's number. */
		if (block[NODE_SIZE + NODE_INDEX] != 1 || !is_node_block(block)) {
			at += 8;
			continue;
		}
		roots->heap->check.global_blocks++;
		for (unsigned i = 0; i < NODES; i++)
			if ((block[i * NODE_SIZE + NODE_FLAGS] & NODE_STATE) == NODE_STRONG)
				add_word(roots, nm_v8_load(block + i * NODE_SIZE));
		at += size;
	}
}

/* They are in memory of malloc: everywhere but in V8's own pages. */
static void add_all_global_handles(struct roots *roots)
{
	const struct nm_v8_heap *heap = roots->heap;
	size_t page = 0;

	for (size_t i = 0; i < nm_image_range_count(heap->image); i++) {
		struct nm_image_range range = nm_image_range(heap->image, i);
		const nm_addr end = range.start + range.size;
		nm_addr at = (range.start + 7) & ~UINT64_C(7);

		while (page < heap->page_count && heap->pages[page].end <= at)
			page++;
		for (size_t k = page; k < heap->page_count && heap->pages[k].addr < end; k++) {
			add_global_handles(roots, &range, at, heap->pages[k].addr);
			at = (heap->pages[k].end + 7) & ~UINT64_C(7);
		}
		add_global_handles(roots, &range, at, end);
	}
}

void nm_v8_heap_each_root(struct nm_v8_heap *heap, nm_v8_add_root *add, void *context)
{
	struct roots roots = {heap, add, context, NM_V8_ROOT_READ_ONLY};

	for (size_t i = 0; i < heap->page_count; i++) {
		uint32_t end = i + 1 < heap->page_count ? heap->pages[i + 1].first : heap->count;

		for (uint32_t k = heap->pages[i].first; heap->pages[i].heap == 0 && k < end; k++)
			add(context, NM_V8_ROOT_READ_ONLY, nm_v8_heap_object(heap, k).addr | 1);
	}
	for (size_t i = 0; i < heap->isolates.count; i++)
		add_isolate(&roots, &heap->isolates.items[i]);
	roots.kind = NM_V8_ROOT_STACK;
	for (size_t i = 0; i < nm_image_thread_count(heap->image); i++)
		add_stack(&roots, nm_image_thread(heap->image, i).sp);
	roots.kind = NM_V8_ROOT_GLOBAL;
	add_all_global_handles(&roots);
}
