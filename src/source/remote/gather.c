#include "source/remote/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A piece costs the kernel a page look-up, some 0.3 us; copying 256 bytes more costs far less. */
#define GAP_MAX 256

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

/* The words in order of address; neighbours share a piece. */
static void add_words(struct nm_gather *gather, struct wanted **sorted, size_t count,
		      enum place place)
{
	size_t first = 0;

	while (first < count) {
		nm_addr start = sorted[first]->addr, end = start + sizeof(uint64_t);
		size_t last = first;

		while (last + 1 < count && sorted[last + 1]->addr <= end + GAP_MAX) {
			last++;
			end = sorted[last]->addr + sizeof(uint64_t);
		}
		for (size_t i = first; i <= last; i++)
			*(place == PLACE ? &sorted[i]->slot : &sorted[i]->after_slot) =
				(uint32_t)(gather->size + (sorted[i]->addr - start));
		add_piece(gather, start, end - start);
		first = last + 1;
	}
}

/* The guards, or the others, in order of address. */
static size_t sort_words(struct nm_gather *gather, bool guards, struct wanted **out)
{
	size_t count = 0;

	for (size_t i = 0; i < gather->count; i++)
		if (gather->words[i].is_guard == guards)
			out[count++] = &gather->words[i];
	qsort(out, count, sizeof(struct wanted *), by_address);
	return count;
}

int nm_gather_seal(struct nm_gather *gather)
{
	struct wanted **sorted;
	unsigned char *at;
	size_t count;

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
	count = sort_words(gather, true, sorted);
	add_words(gather, sorted, count, PLACE);
	add_words(gather, sorted + count, sort_words(gather, false, sorted + count), PLACE);
	add_words(gather, sorted, count, PLACE_AFTER);
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
