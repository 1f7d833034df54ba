#include "model/heap/tree.h"

#include <stdlib.h>
#include <string.h>

bool nm_tree_make(struct nm_tree *tree, const nm_node *dominator, uint32_t node_count)
{
	uint32_t *first = calloc(node_count + (size_t)2, sizeof(*first));
	nm_node *children = malloc(((size_t)node_count + 1) * sizeof(*children));

	if (!first || !children) {
		free(first);
		free(children);
		return false;
	}
	/* Counted two places further on, so that the starts are right when all are filled in. */
	for (nm_node node = 1; node < node_count; node++)
		first[(size_t)dominator[node] + 2]++;
	for (size_t node = 2; node < (size_t)node_count + 2; node++)
		first[node] += first[node - 1];
	for (nm_node node = 1; node < node_count; node++)
		children[first[(size_t)dominator[node] + 1]++] = node;
	*tree = (struct nm_tree){.first = first, .children = children};
	return true;
}

void nm_tree_done(struct nm_tree *tree)
{
	free(tree->first);
	free(tree->children);
	memset(tree, 0, sizeof(*tree));
}
