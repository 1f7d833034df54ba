/*
 * places.h - where in their source files functions are written
 *
 * Owns     the lines of each script that was asked for; borrows the heap.
 * Trusts   nothing: a position is told only where it lies in the script's text.
 */
#ifndef NM_V8_PLACES_H
#define NM_V8_PLACES_H

#include "source/v8/names.h"

/* Lines and columns count from 0, as in V8's snapshots. */
struct nm_v8_place {
	uint32_t script_id;
	uint32_t line;
	uint32_t column; /* in UTF-16 units */
};

/* SharedFunctionInfo: its script stands two words behind its name. */
#define NM_V8_SCRIPT_AFTER_NAME 16

struct nm_v8_script;

struct nm_v8_places {
	const struct nm_v8_heap *heap;
	struct nm_v8_script *scripts; /* by index of the object */
	size_t count;
	uint64_t text_left; /* how much is still gone through, of all scripts together */
};

/* NM_E_NOMEM. */
int nm_v8_places_init(struct nm_v8_places *places, const struct nm_v8_heap *heap,
		      struct nm_error *err);

/* False for all that is no function, for functions of V8 and Node in C++, and where the text of the
   script is not in the image. */
bool nm_v8_places_find(struct nm_v8_places *places, const struct nm_v8_object *function,
		       struct nm_v8_place *out);

/* A zeroed one is done already. */
void nm_v8_places_done(struct nm_v8_places *places);

#endif
