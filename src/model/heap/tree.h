/*
 * tree.h - the dominator tree the other way round: what each node dominates
 *
 * The children of node n are children[first[n]] up to before children[first[n + 1]], ascending. The
 * root is nobody's child.
 *
 * Owns     both columns, until nm_tree_done().
 * Trusts   that each dominator is a node.
 * Costs    8 bytes a node.
 */
#ifndef NM_MODEL_TREE_H
#define NM_MODEL_TREE_H

#include "model/heap/graph.h"

struct nm_tree {
	uint32_t *first; /* one more than there are nodes */
	nm_node *children;
};

/* False: out of memory; nothing is kept. */
bool nm_tree_make(struct nm_tree *tree, const nm_node *dominator, uint32_t node_count);

void nm_tree_done(struct nm_tree *tree);

#endif
