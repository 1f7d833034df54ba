/*
 * weakmap.h - the two edges that stand for one entry of a WeakMap
 *
 * An entry lives while its key and its table live. V8 writes one edge from each to the value:
 *
 *   <n> / part of key (<name> @<id>) -> value (<name> @<id>) pair in WeakMap (table @<id>)
 *
 * Both have this name, but for the number in front; it is matched once for each name of a graph.
 *
 * Owns     the columns, until nm_weakmap_done().
 * Costs    4 bytes a name, and what matches.
 */
#ifndef NM_MODEL_WEAKMAP_H
#define NM_MODEL_WEAKMAP_H

#include "model/heap/graph.h"

#define NM_NO_ENTRY UINT32_MAX

struct nm_weakmap {
	uint32_t *entry;    /* of each name of the graph, or NM_NO_ENTRY */
	uint64_t *table_id; /* of each entry; one that no node can have, if it is too large */
	uint32_t entry_count, entry_room;
};

/* NM_E_NOMEM. */
int nm_weakmap_find(const struct nm_graph *graph, struct nm_weakmap *out, struct nm_error *err);

/* The entry that an edge stands for, or NM_NO_ENTRY. */
static inline uint32_t nm_weakmap_entry(const struct nm_weakmap *weakmap,
					const struct nm_graph *graph, uint32_t edge)
{
	return graph->edge_kind[edge] == NM_EDGE_INTERNAL ? weakmap->entry[graph->edge_name[edge]]
							  : NM_NO_ENTRY;
}

void nm_weakmap_done(struct nm_weakmap *weakmap);

#endif
