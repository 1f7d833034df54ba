/*
 * Which objects can be reached from the roots. No collection is needed for that, and none is
 * caused. As V8's collector does, weak pointers are not followed, and a value in a weak table lives
 * only if its key does.
 */
#include <stdlib.h>

#include "source/v8/heap.h"

/* Pairs of an ephemeron table, behind its four numbers. */
#define PAIRS_FIRST 5

/* A value that waits for its key to be found alive. */
struct pair {
	uint32_t key;
	uint32_t value;
	uint32_t next; /* of the same slot of the hash, + 1 */
};

struct marking {
	struct nm_v8_heap *heap;
	uint32_t *stack;
	size_t depth, room;
	uint64_t *awaited; /* a bit for each object that is the key of a pair */
	struct pair *pairs;
	size_t pair_count, pair_room;
	uint32_t *heads;
	uint32_t mask;
	bool failed; /* out of memory */
};

static void push(struct marking *marking, uint32_t index)
{
	uint64_t *live = &marking->heap->live[index / 64], bit = UINT64_C(1) << (index % 64);

	if (*live & bit)
		return;
	*live |= bit;
	if (marking->depth >= marking->room) {
		size_t room = marking->room ? 2 * marking->room : 1u << 10;
		uint32_t *stack = realloc(marking->stack, room * sizeof(*stack));

		if (!stack) {
			marking->failed = true;
			return;
		}
		marking->stack = stack;
		marking->room = room;
	}
	marking->stack[marking->depth++] = index;
}

static void add_root(void *context, enum nm_v8_root kind, uint64_t word)
{
	struct marking *marking = context;
	uint32_t index = nm_v8_heap_index(marking->heap, nm_v8_pointee(word));

	(void)kind;
	if (index != NM_V8_NO_OBJECT)
		push(marking, index);
}

static bool grow_pairs(struct marking *marking)
{
	size_t room = marking->pair_room ? 2 * marking->pair_room : 1u << 12;
	struct pair *pairs = realloc(marking->pairs, room * sizeof(*pairs));
	uint32_t *heads;

	if (!pairs)
		return false;
	marking->pairs = pairs;
	heads = calloc(room, sizeof(*heads));
	if (!heads || room > UINT32_MAX) {
		free(heads);
		return false;
	}
	free(marking->heads);
	marking->heads = heads;
	marking->mask = (uint32_t)room - 1;
	marking->pair_room = room;
	for (size_t i = 0; i < marking->pair_count; i++) {
		uint32_t *head = &heads[nm_v8_hash(pairs[i].key) & marking->mask];

		pairs[i].next = *head;
		*head = (uint32_t)i + 1;
	}
	return true;
}

static void await(struct marking *marking, uint32_t key, uint32_t value)
{
	uint32_t *head;

	if (marking->pair_count >= marking->pair_room && !grow_pairs(marking)) {
		marking->failed = true;
		return;
	}
	head = &marking->heads[nm_v8_hash(key) & marking->mask];
	marking->pairs[marking->pair_count] = (struct pair){key, value, *head};
	*head = (uint32_t)++marking->pair_count;
	marking->awaited[key / 64] |= UINT64_C(1) << (key % 64);
}

/* The key lives: so do the values that waited for it. */
static void release(struct marking *marking, uint32_t key)
{
	uint32_t at = marking->heads[nm_v8_hash(key) & marking->mask];

	for (; at != 0; at = marking->pairs[at - 1].next)
		if (marking->pairs[at - 1].key == key)
			push(marking, marking->pairs[at - 1].value);
}

/* Numbers can look like pointers. Those to anonymous memory are meant, and should lead to objects. */
static bool is_missed(const struct nm_v8_heap *heap, nm_addr addr)
{
	const struct nm_map *map = nm_maps_find(nm_image_maps(heap->image), addr);

	return map && nm_map_is_anonymous(map);
}

/* The object that the word points to; one more of the tagged words that hit or miss. */
static uint32_t follow(struct marking *marking, uint64_t word)
{
	uint32_t index;

	if (!nm_v8_is_pointer(word))
		return NM_V8_NO_OBJECT;
	index = nm_v8_heap_index(marking->heap, nm_v8_pointee(word));
	if (index == NM_V8_NO_OBJECT) {
		if (!is_missed(marking->heap, nm_v8_pointee(word)))
			return index;
		marking->heap->check.missed_pointers++;
	}
	marking->heap->check.pointers++;
	return index;
}

static void visit_pairs(struct marking *marking, const struct nm_v8_object *table)
{
	for (uint64_t i = PAIRS_FIRST; i + 1 < table->words; i += 2) {
		uint32_t key = follow(marking, nm_v8_object_word(table, i));
		uint32_t value = follow(marking, nm_v8_object_word(table, i + 1));

		if (key == NM_V8_NO_OBJECT || value == NM_V8_NO_OBJECT)
			continue;
		if (nm_v8_heap_is_live(marking->heap, key))
			push(marking, value);
		else
			await(marking, key, value);
	}
}

static void visit(struct marking *marking, uint32_t index)
{
	const struct nm_v8_heap *heap = marking->heap;
	const struct nm_v8_object object = nm_v8_heap_object(heap, index);
	const bool has_weak = object.type == heap->layout->type.js_weak_ref ||
			      object.type == heap->layout->type.weak_cell;
	uint64_t first, end;
	uint32_t to = follow(marking, nm_v8_load(object.bytes));

	if (to != NM_V8_NO_OBJECT)
		push(marking, to);
	if (marking->awaited[index / 64] >> (index % 64) & 1)
		release(marking, index);
	if (object.type == heap->layout->type.ephemeron_table) {
		visit_pairs(marking, &object);
		return;
	}
	nm_v8_object_slots(heap, &object, &first, &end);
	for (uint64_t i = first; i < end; i++) {
		if (has_weak && nm_v8_object_is_weak_slot(heap, &object, i))
			continue;
		to = follow(marking, nm_v8_load(object.bytes + 8 * i));
		if (to != NM_V8_NO_OBJECT)
			push(marking, to);
	}
}

int nm_v8_heap_mark(struct nm_v8_heap *heap, struct nm_error *err)
{
	struct marking marking = {.heap = heap};
	const size_t words = (size_t)heap->count / 64 + 1;

	heap->live = calloc(words, sizeof(*heap->live));
	marking.awaited = calloc(words, sizeof(*marking.awaited));
	marking.failed = !heap->live || !marking.awaited;
	if (!marking.failed) {
		nm_v8_heap_each_root(heap, add_root, &marking);
		while (marking.depth > 0 && !marking.failed)
			visit(&marking, marking.stack[--marking.depth]);
	}
	free(marking.stack);
	free(marking.awaited);
	free(marking.pairs);
	free(marking.heads);
	return marking.failed ? nm_error_nomem(err) : NM_OK;
}
