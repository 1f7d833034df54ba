/*
 * symbols.h - what a binary says about the objects of its V8: the v8dbg_* constants
 *
 * Every Node.js exports some hundred of them for post-mortem debuggers: instance types
 * ("type_Map__MAP_TYPE") and offsets of fields ("class_Map__instance_type__uint16_t").
 *
 * Owns     the names and values, until nm_v8_symbols_free().
 * Source   V8's tools/gen-postmortem-metadata.py.
 */
#ifndef NM_V8_SYMBOLS_H
#define NM_V8_SYMBOLS_H

#include "source/elf/image.h"

struct nm_v8_symbols;

struct nm_v8_symbol {
	const char *name; /* without "v8dbg_" */
	int32_t value;
};

/* NM_E_UNSUPPORTED when the binary has none; NM_E_NOMEM. */
int nm_v8_symbols_new(const struct nm_elf *elf, struct nm_v8_symbols **out, struct nm_error *err);

/* The constant `name`. The name of a field may end before its type, which differs between releases:
   "class_JSFunction__shared__". */
bool nm_v8_symbols_get(const struct nm_v8_symbols *symbols, const char *name, int32_t *out);

/* All, by name. */
size_t nm_v8_symbols_count(const struct nm_v8_symbols *symbols);
struct nm_v8_symbol nm_v8_symbols_at(const struct nm_v8_symbols *symbols, size_t index);

void nm_v8_symbols_free(struct nm_v8_symbols *symbols);

#endif
