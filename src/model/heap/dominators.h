/*
 * dominators.h - the nearest node without which a node would not be reachable
 *
 * What the root does not lead to is hung below it, as in Chrome DevTools: first what no essential
 * edge leads to, with all behind it; then, one by one, what is left, which holds each other in
 * cycles and shares nothing with the rest.
 *
 * How      semidominators and nearest common ancestors (L. Georgiadis, "Linear-Time Algorithms for
 *          Dominators and Related Problems", 2005, SEMI-NCA), in numbers of a depth-first walk. The
 *          ancestors are found by skip pointers, as a long list with many shared nodes at its end
 *          would take its length for each of them.
 * Costs    16 bytes a node and 4 an edge while they are found.
 */
#ifndef NM_MODEL_DOMINATORS_H
#define NM_MODEL_DOMINATORS_H

#include "model/heap/graph.h"

/*
 * `essential` has a bit of each edge. `out_order` gets the nodes such that each comes after its
 * dominator; both have room for all nodes. NM_E_NOMEM.
 */
int nm_dominators_find(const struct nm_graph *graph, const uint64_t *essential,
		       nm_node *out_dominator, nm_node *out_order, struct nm_error *err);

#endif
