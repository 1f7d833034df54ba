/*
 * names.h - the texts of a heap: its strings, and the classes of its objects as V8 names them
 *
 * The class of a JavaScript object is the name of the constructor it was made by, as in
 * v8::Object::GetConstructorName() and in DevTools; of all else the kind in brackets: "(string)".
 *
 * Owns     the names, each once; borrows the heap.
 */
#ifndef NM_V8_NAMES_H
#define NM_V8_NAMES_H

#include "base/intern.h"
#include "source/v8/heap.h"

/* Longer names are cut. */
#define NM_V8_CLASS_NAME_MAX 256

struct nm_v8_names {
	struct nm_v8_heap *heap;
	struct nm_intern texts;
	/* Keys of properties, as tagged words; 0: not in this heap. */
	uint64_t key_constructor, key_tag, key_name;
	uint32_t of_kind[NM_NODE_KIND_COUNT];
	uint32_t context, global, global_proxy;
};

/* The string as UTF-8, cut to fit; false when it cannot be read. */
bool nm_v8_heap_text(const struct nm_v8_heap *heap, const struct nm_v8_object *string, char *out,
		     size_t room, size_t *out_length);

/* Bytes of text that an external string has outside the heap; 0 for all else. */
uint64_t nm_v8_heap_outside_text(const struct nm_v8_object *object);

/* NM_E_NOMEM. */
int nm_v8_names_init(struct nm_v8_names *names, struct nm_v8_heap *heap, struct nm_error *err);

/* The number of the class's name in `texts`; NM_INTERN_NONE when out of memory. */
uint32_t nm_v8_names_class(struct nm_v8_names *names, const struct nm_v8_object *object);

/* The name of a function or of a template for functions; false when it has none. */
bool nm_v8_names_function(const struct nm_v8_names *names, const struct nm_v8_object *function,
			  char *out, size_t room);

/* The name in a SharedFunctionInfo. */
bool nm_v8_names_shared(const struct nm_v8_names *names, const struct nm_v8_object *shared,
			char *out, size_t room);

/* The value of an own data property with that key, as a tagged word; false when it has none. */
bool nm_v8_heap_own_property(const struct nm_v8_heap *heap, const struct nm_v8_object *object,
			     uint64_t key, uint64_t *out);

void nm_v8_names_done(struct nm_v8_names *names);

#endif
