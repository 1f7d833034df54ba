#include "source/remote/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A piece costs the kernel some 0.4 us to look up its page; copying what lies between two words of
   a page, or of two pages in a row, costs far less. */
#define PAGE_BYTES 4096
#define GAP_MAX	   4096

struct wanted {
	nm_addr addr;
	uint32_t slot;	     /* offset of the value in the buffer */
	uint32_t after_slot; /* of a guard */
	bool is_guard;
};

struct nm_gather {
	struct wanted *words;
	size_t count;
	size_t room;
	bool failed;
	struct iovec *local;
	struct iovec *remote;
	size_t pieces;
	unsigned char *buffer;
	size_t size;
};

struct nm_gather *nm_gather_new(void)
{
	return calloc(1, sizeof(struct nm_gather));
}

static nm_word add(struct nm_gather *gather, nm_addr addr, bool is_guard)
{
	if (gather->count >= gather->room) {
		size_t room = gather->room ? 2 * gather->room : 64;
		struct wanted *words = realloc(gather->words, room * sizeof(*words));

		if (!words) {
			gather->failed = true;
			return 0;
		}
		gather->words = words;
		gather->room = room;
	}
	gather->words[gather->count] = (struct wanted){.addr = addr, .is_guard = is_guard};
	return (nm_word)gather->count++;
}

nm_word nm_gather_add(struct nm_gather *gather, nm_addr addr)
{
	return add(gather, addr, false);
}

nm_word nm_gather_add_guard(struct nm_gather *gather, nm_addr addr)
{
	return add(gather, addr, true);
}

static int by_address(const void *a, const void *b)
{
	const struct wanted *left = *(struct wanted *const *)a;
	const struct wanted *right = *(struct wanted *const *)b;

	return left->addr < right->addr ? -1 : left->addr > right->addr;
}

/* Append a piece of the target; its bytes go behind those of the pieces before it. */
static void add_piece(struct nm_gather *gather, nm_addr addr, size_t size)
{
	gather->remote[gather->pieces] =
		(struct iovec){.iov_base = (void *)(uintptr_t)addr, .iov_len = size};
	gather->local[gather->pieces] = (struct iovec){.iov_base = NULL, .iov_len = size};
	gather->pieces++;
	gather->size += size;
}

/* Where the value of a word goes: guards have a second place. */
enum place { PLACE, PLACE_AFTER };

/* Do two words that follow one another belong into one piece? */
static bool is_near(const struct wanted *a, const struct wanted *b)
{
	return a->addr / PAGE_BYTES == b->addr / PAGE_BYTES || b->addr - a->addr <= GAP_MAX;
}

/* How many of the words, which are in order of address, go into one piece. */
static size_t count_piece(struct wanted **sorted, size_t count)
{
	size_t together = 1;

	while (together < count && is_near(sorted[together - 1], sorted[together]))
		together++;
	return together;
}

static void add_together(struct nm_gather *gather, struct wanted **sorted, size_t count,
			 enum place place)
{
	nm_addr start = sorted[0]->addr;

	for (size_t i = 0; i < count; i++)
		*(place == PLACE ? &sorted[i]->slot : &sorted[i]->after_slot) =
			(uint32_t)(gather->size + (sorted[i]->addr - start));
	add_piece(gather, start, sorted[count - 1]->addr + sizeof(uint64_t) - start);
}

static bool has_guard(struct wanted **sorted, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (sorted[i]->is_guard)
			return true;
	return false;
}

/* All pieces with guards in them, or all without. */
static void add_once(struct nm_gather *gather, struct wanted **sorted, size_t count, bool guarded)
{
	for (size_t i = 0, together; i < count; i += together) {
		together = count_piece(sorted + i, count - i);
		if (has_guard(sorted + i, together) == guarded)
			add_together(gather, sorted + i, together, PLACE);
	}
}

/* The guards once more. */
static void add_after(struct nm_gather *gather, struct wanted **sorted, size_t count)
{
	size_t guards = 0;

	for (size_t i = 0; i < count; i++)
		if (sorted[i]->is_guard)
			sorted[guards++] = sorted[i];
	for (size_t i = 0, together; i < guards; i += together) {
		together = count_piece(sorted + i, guards - i);
		add_together(gather, sorted + i, together, PLACE_AFTER);
	}
}

int nm_gather_seal(struct nm_gather *gather)
{
	struct wanted **sorted;
	unsigned char *at;

	if (gather->failed)
		return NM_E_NOMEM;
	sorted = calloc(gather->count + 1, sizeof(struct wanted *));
	/* Guards are read twice. */
	gather->local = calloc(2 * gather->count + 1, sizeof(*gather->local));
	gather->remote = calloc(2 * gather->count + 1, sizeof(*gather->remote));
	if (!sorted || !gather->local || !gather->remote) {
		free(sorted);
		return NM_E_NOMEM;
	}
	for (size_t i = 0; i < gather->count; i++)
		sorted[i] = &gather->words[i];
	qsort(sorted, gather->count, sizeof(struct wanted *), by_address);
	add_once(gather, sorted, gather->count, true);
	add_once(gather, sorted, gather->count, false);
	add_after(gather, sorted, gather->count);
	free(sorted);
	gather->buffer = calloc(1, gather->size + 1);
	if (!gather->buffer)
		return NM_E_NOMEM;
	at = gather->buffer;
	for (size_t i = 0; i < gather->pieces; i++) {
		gather->local[i].iov_base = at;
		at += gather->local[i].iov_len;
	}
	return NM_OK;
}

int nm_gather_read(struct nm_gather *gather, struct nm_reader *reader)
{
	ssize_t got = nm_reader_gather(reader, gather->local, gather->remote, gather->pieces);

	if (got < 0)
		return (int)got;
	return (size_t)got == gather->size ? 0 : -EFAULT;
}

static uint64_t word_at(const struct nm_gather *gather, uint32_t slot)
{
	uint64_t value;

	memcpy(&value, gather->buffer + slot, sizeof(value));
	return value;
}

uint64_t nm_gather_get(const struct nm_gather *gather, nm_word word)
{
	return word_at(gather, gather->words[word].slot);
}

uint64_t nm_gather_get_after(const struct nm_gather *gather, nm_word word)
{
	return word_at(gather, gather->words[word].after_slot);
}

bool nm_gather_has_changed(const struct nm_gather *gather, nm_word first, nm_word end)
{
	for (nm_word i = first; i < end; i++)
		if (gather->words[i].is_guard &&
		    word_at(gather, gather->words[i].slot) !=
			    word_at(gather, gather->words[i].after_slot))
			return true;
	return false;
}

nm_word nm_gather_count(const struct nm_gather *gather)
{
	return (nm_word)gather->count;
}

void nm_gather_free(struct nm_gather *gather)
{
	if (!gather)
		return;
	free(gather->words);
	free(gather->local);
	free(gather->remote);
	free(gather->buffer);
	free(gather);
}
