#include "model/heap/shallow.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "model/heap/user_root.h"

#define NOBODY	UINT32_MAX
#define SEVERAL (UINT32_MAX - 1) /* NM_NODES_MAX keeps it free */

struct owning {
	const struct nm_graph *graph;
	uint64_t *part; /* a bit of each node: is it a part of others? */
	nm_node *owner; /* of parts */
	nm_node *stack; /* parts whose owner has to be passed on */
	size_t depth;
};

static bool leads_to_user_root(const struct nm_graph *graph)
{
	const uint32_t dom_trees = nm_find_name(graph, NM_DOM_TREES);

	for (uint32_t i = graph->first_edge[0]; i < graph->first_edge[1]; i++)
		if (nm_is_user_root(graph, graph->edge_to[i], dom_trees))
			return true;
	return false;
}

/* Returns how many there are. */
static size_t find_parts(const struct nm_graph *graph, uint64_t *part)
{
	const uint32_t external = nm_find_name(graph, "system / ExternalStringData");
	size_t count = 0;

	for (nm_node i = 0; i < graph->node_count; i++) {
		if (graph->kind[i] != NM_NODE_HIDDEN && graph->kind[i] != NM_NODE_ARRAY &&
		    (graph->kind[i] != NM_NODE_NATIVE || graph->name[i] != external))
			continue;
		nm_bits_set(part, i);
		count++;
	}
	return count;
}

/* To the parts that `node` holds. */
static void pass_on(struct owning *owning, nm_node node, nm_node owner)
{
	const struct nm_graph *graph = owning->graph;

	for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++) {
		const nm_node to = graph->edge_to[i];
		nm_node *known = &owning->owner[to];

		if (!nm_bits_get(owning->part, to) || graph->edge_kind[i] == NM_EDGE_WEAK ||
		    *known == owner || *known == SEVERAL)
			continue;
		*known = *known == NOBODY ? owner : SEVERAL;
		owning->stack[owning->depth++] = to;
	}
}

static void find_owners(struct owning *owning)
{
	for (nm_node i = 0; i < owning->graph->node_count; i++) {
		if (nm_bits_get(owning->part, i))
			continue;
		pass_on(owning, i, i);
		while (owning->depth > 0) {
			const nm_node part = owning->stack[--owning->depth];

			pass_on(owning, part, owning->owner[part]);
		}
	}
}

static void move_sizes(const struct owning *owning, uint64_t *out)
{
	const struct nm_graph *graph = owning->graph;

	for (nm_node i = 0; i < graph->node_count; i++) {
		nm_node owner;

		if (!nm_bits_get(owning->part, i))
			continue;
		owner = owning->owner[i];
		if (owner == NOBODY || owner == SEVERAL || owner == 0 ||
		    graph->kind[owner] == NM_NODE_SYNTHETIC)
			continue;
		out[owner] += graph->size[i];
		out[i] = 0;
	}
}

int nm_shallow_find(const struct nm_graph *graph, uint64_t *out, struct nm_error *err)
{
	const size_t nodes = graph->node_count;
	struct owning owning = {.graph = graph};
	int code = NM_OK;

	memcpy(out, graph->size, nodes * sizeof(*out));
	if (!leads_to_user_root(graph))
		return NM_OK;
	owning.part = nm_bits_new(nodes);
	owning.owner = malloc(nodes * sizeof(*owning.owner));
	/* A part is pushed when it gets its first owner and when it gets more, no third time. */
	if (owning.part)
		owning.stack =
			malloc((2 * find_parts(graph, owning.part) + 1) * sizeof(*owning.stack));
	if (owning.owner && owning.stack) {
		memset(owning.owner, 0xff, nodes * sizeof(*owning.owner));
		find_owners(&owning);
		move_sizes(&owning, out);
	} else {
		code = nm_error_nomem(err);
	}
	free(owning.part);
	free(owning.owner);
	free(owning.stack);
	return code;
}
