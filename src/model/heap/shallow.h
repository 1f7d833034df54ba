/*
 * shallow.h - the size of each node, with those of its hidden parts
 *
 * What V8 needs to hold an object (hidden nodes, arrays, the bytes of an external string) belongs to
 * an owner: the node of another kind from which it can be reached by way of such parts only. The
 * bytes of a part with one owner are moved there. The root and synthetic nodes get none, and nothing
 * is moved where the root leads to no object of the program.
 *
 * Costs    4 bytes a node and 8 a hidden part while it is found.
 */
#ifndef NM_MODEL_SHALLOW_H
#define NM_MODEL_SHALLOW_H

#include "model/heap/graph.h"

/* `out` has room for all nodes. NM_E_NOMEM. */
int nm_shallow_find(const struct nm_graph *graph, uint64_t *out, struct nm_error *err);

#endif
