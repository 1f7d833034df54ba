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
	const uint32_t room = intern->slots ? 2 * (intern->mask + 1) : 1024;
	uint32_t *slots = calloc(room, sizeof(*slots));

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
	if (!intern->slots || intern->count >= intern->mask / 2)
		if (intern->count >= UINT32_MAX / 4 || !grow_slots(intern))
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

uint32_t nm_intern_add(struct nm_intern *intern, const char *text, size_t length)
{
	uint32_t at;

	if (!reserve(intern, length))
		return NM_INTERN_NONE;
	at = hash_text(text, length) & intern->mask;
	for (; intern->slots[at] != 0; at = (at + 1) & intern->mask) {
		size_t known_length;
		const char *known = nm_intern_get(intern, intern->slots[at] - 1, &known_length);

		if (known_length == length && memcmp(known, text, length) == 0)
			return intern->slots[at] - 1;
	}
	intern->starts[intern->count] = intern->used;
	memcpy(intern->bytes + intern->used, text, length);
	intern->bytes[intern->used + length] = '\0';
	intern->used += length + 1;
	intern->slots[at] = ++intern->count;
	return intern->count - 1;
}

uint32_t nm_intern_find(const struct nm_intern *intern, const char *text, size_t length)
{
	uint32_t at;

	if (!intern->slots)
		return NM_INTERN_NONE;
	at = hash_text(text, length) & intern->mask;
	for (; intern->slots[at] != 0; at = (at + 1) & intern->mask) {
		size_t known_length;
		const char *known = nm_intern_get(intern, intern->slots[at] - 1, &known_length);

		if (known_length == length && memcmp(known, text, length) == 0)
			return intern->slots[at] - 1;
	}
	return NM_INTERN_NONE;
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
