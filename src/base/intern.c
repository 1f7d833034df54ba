#include "base/intern.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a, folded to spread over the low bits. */
static uint32_t hash_text(const char *text, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)(hash ^ hash >> 32);
}

static bool grow_slots(struct nm_intern *intern)
{
	uint32_t room = intern->slots ? 2 * (intern->mask + 1) : 1024;
	uint32_t *slots;

	while (room / 4 <= intern->count)
		room *= 2;
	slots = calloc(room, sizeof(*slots));
	if (!slots)
		return false;
	for (uint32_t id = 0; id < intern->count; id++) {
		size_t length;
		const char *text = nm_intern_get(intern, id, &length);
		uint32_t at = hash_text(text, length) & (room - 1);

		while (slots[at] != 0)
			at = (at + 1) & (room - 1);
		slots[at] = id + 1;
	}
	free(intern->slots);
	intern->slots = slots;
	intern->mask = room - 1;
	return true;
}

static bool reserve(struct nm_intern *intern, size_t length)
{
	if (intern->count >= UINT32_MAX / 8)
		return false;
	if (intern->room - intern->used <= length) {
		size_t room = 2 * intern->room + length + 4096;
		char *bytes = realloc(intern->bytes, room);

		if (!bytes)
			return false;
		intern->bytes = bytes;
		intern->room = room;
	}
	if (intern->count >= intern->start_room) {
		uint32_t room = intern->start_room ? 2 * intern->start_room : 256;
		size_t *starts = realloc(intern->starts, room * sizeof(*starts));

		if (!starts)
			return false;
		intern->starts = starts;
		intern->start_room = room;
	}
	return true;
}

/* The slot of the text, or the free one where it would go. */
static uint32_t find_slot(const struct nm_intern *intern, const char *text, size_t length)
{
	uint32_t at = hash_text(text, length) & intern->mask;

	for (; intern->slots[at] != 0; at = (at + 1) & intern->mask) {
		size_t known_length;
		const char *known = nm_intern_get(intern, intern->slots[at] - 1, &known_length);

		if (known_length == length && memcmp(known, text, length) == 0)
			break;
	}
	return at;
}

uint32_t nm_intern_find(const struct nm_intern *intern, const char *text, size_t length)
{
	/* A free slot holds 0, and NM_INTERN_NONE is the number before it. */
	if (intern->slots)
		return intern->slots[find_slot(intern, text, length)] - 1;
	for (uint32_t id = 0; id < intern->count; id++) {
		size_t known_length;
		const char *known = nm_intern_get(intern, id, &known_length);

		if (known_length == length && memcmp(known, text, length) == 0)
			return id;
	}
	return NM_INTERN_NONE;
}

uint32_t nm_intern_append(struct nm_intern *intern, const char *text, size_t length)
{
	if (!reserve(intern, length))
		return NM_INTERN_NONE;
	intern->starts[intern->count] = intern->used;
	memcpy(intern->bytes + intern->used, text, length);
	intern->bytes[intern->used + length] = '\0';
	intern->used += length + 1;
	return intern->count++;
}

uint32_t nm_intern_add(struct nm_intern *intern, const char *text, size_t length)
{
	uint32_t at, id;

	if ((!intern->slots || intern->count >= intern->mask / 2) && !grow_slots(intern))
		return NM_INTERN_NONE;
	at = find_slot(intern, text, length);
	if (intern->slots[at] != 0)
		return intern->slots[at] - 1;
	id = nm_intern_append(intern, text, length);
	if (id != NM_INTERN_NONE)
		intern->slots[at] = id + 1;
	return id;
}

const char *nm_intern_get(const struct nm_intern *intern, uint32_t id, size_t *out_length)
{
	const size_t start = intern->starts[id];
	const size_t end = id + 1 < intern->count ? intern->starts[id + 1] : intern->used;

	if (out_length)
		*out_length = end - start - 1;
	return intern->bytes + start;
}

void nm_intern_done(struct nm_intern *intern)
{
	free(intern->bytes);
	free(intern->starts);
	free(intern->slots);
	memset(intern, 0, sizeof(*intern));
}
