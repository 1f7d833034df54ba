/*
 * user_root.h - what of the root's own edges leads to the program's objects
 *
 * V8 hangs its own roots below synthetic nodes, and the global objects beside them. Of the synthetic
 * ones only the trees of a document are the program's.
 */
#ifndef NM_MODEL_USER_ROOT_H
#define NM_MODEL_USER_ROOT_H

#include "model/heap/graph.h"

#include <string.h>

#define NM_DOM_TREES "(Document DOM trees)"

/* The number of a name, NM_INTERN_NONE when nothing has it. */
static inline uint32_t nm_find_name(const struct nm_graph *graph, const char *text)
{
	return nm_intern_find(&graph->names, text, strlen(text));
}

/* `dom_trees` is the number of NM_DOM_TREES. */
static inline bool nm_is_dom_trees(const struct nm_graph *graph, nm_node node, uint32_t dom_trees)
{
	return graph->kind[node] == NM_NODE_SYNTHETIC && graph->name[node] == dom_trees;
}

static inline bool nm_is_user_root(const struct nm_graph *graph, nm_node node, uint32_t dom_trees)
{
	return graph->kind[node] != NM_NODE_SYNTHETIC || graph->name[node] == dom_trees;
}

#endif
