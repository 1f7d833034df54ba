/*
 * duplicates.h - texts that a heap has more than once
 *
 * As DevTools' filter of the name: strings and strings put together of others are the same when they are
 * shown the same (node_text.h); of those that V8 cut short when it wrote them their lengths and hashes must
 * be the same too. Left out are strings put together that V8 has put into one string since, for they have
 * only what the other one has.
 *
 * Owns     the rows, until nm_duplicates_done().
 * Costs    while they are looked for, some 70 bytes a text, and 9 a node.
 */
#ifndef NM_MODEL_DUPLICATES_H
#define NM_MODEL_DUPLICATES_H

#include "model/heap/heap.h"

struct nm_duplicate {
	nm_node node; /* the first that has the text: nm_text_add_node() shows it */
	uint32_t count;
	uint64_t size;	   /* shallow, of all */
	uint64_t retained; /* by all; what two of them share counts twice */
	uint64_t wasted;   /* shallow, of all but the largest */
	bool is_cut;	   /* the text goes on */
	bool has_length;
	int64_t length; /* of the whole text, where it is known */
};

struct nm_duplicates {
	struct nm_duplicate *rows; /* those that retain most first */
	uint32_t count;
	uint64_t node_count; /* of all rows */
};

/* NM_E_NOMEM. */
int nm_duplicates_make(const struct nm_heap *heap, struct nm_duplicates *out, struct nm_error *err);

void nm_duplicates_done(struct nm_duplicates *duplicates);

#endif
