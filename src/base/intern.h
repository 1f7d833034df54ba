/*
 * intern.h - texts stored once, each with a small number
 *
 * Owns     the texts, until nm_intern_done(); they move when one is added.
 * Costs    the text, 8 bytes for its place and about 8 of a hash.
 */
#ifndef NM_BASE_INTERN_H
#define NM_BASE_INTERN_H

#include <stddef.h>
#include <stdint.h>

#define NM_INTERN_NONE UINT32_MAX

struct nm_intern {
	char *bytes; /* one behind the other, each ended by '\0' */
	size_t used, room;
	size_t *starts;
	uint32_t count, start_room;
	uint32_t *slots; /* hash to number + 1 */
	uint32_t mask;
};

/* The number of the text, the same for the same bytes; NM_INTERN_NONE when out of memory. */
uint32_t nm_intern_add(struct nm_intern *intern, const char *text, size_t length);

/* The number of a text that nm_intern_add() was given; NM_INTERN_NONE when it was not. */
uint32_t nm_intern_find(const struct nm_intern *intern, const char *text, size_t length);

/* Ends in '\0', and can have others inside. `id` was given before. */
const char *nm_intern_get(const struct nm_intern *intern, uint32_t id, size_t *out_length);

/* A zeroed struct is an empty one. */
void nm_intern_done(struct nm_intern *intern);

#endif
