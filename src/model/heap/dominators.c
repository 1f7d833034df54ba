#include "model/heap/dominators.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/huge.h"

/* Nodes are numbered in the order of a depth-first walk; the root is 0, a parent before its children. */
#define NO_NUMBER UINT32_MAX

/* Two numbers of one node that are read together; what they are changes from step to step. */
struct pair {
	uint32_t first, second;
};

struct work {
	const struct nm_graph *graph;
	const uint64_t *essential;
	/* By node. */
	uint64_t *numbered; /* a bit: has it a number? */
	uint32_t *ends;	    /* how many lead to it; then where the next one goes in `holders` */
	uint32_t *holders;  /* of each number its holders' numbers, one number after the other */
	/* By number. */
	nm_node *order;	     /* the node */
	uint32_t *dominator; /* in the tree of the walk its parent, until the last step */
	uint32_t *semi;	     /* semidominator */
	struct pair *pairs;
	uint32_t count;	    /* that have a number */
	uint32_t connected; /* of these, before the cycles that nothing leads to */
};

static void give_number(struct work *work, nm_node node, uint32_t parent)
{
	nm_bits_set(work->numbered, node);
	work->order[work->count] = node;
	work->dominator[work->count++] = parent;
}

/* Number all that can be reached and has no number, and count who holds what. `pairs` is the stack:
   a number, and its next edge. */
static void walk(struct work *work, nm_node node, uint32_t parent)
{
	const struct nm_graph *graph = work->graph;
	uint32_t depth = 0, number = work->count;
	uint32_t edge = graph->first_edge[node], end = graph->first_edge[node + 1];

	give_number(work, node, parent);
	for (;;) {
		if (edge == end) {
			if (depth == 0)
				return;
			number = work->pairs[--depth].first;
			edge = work->pairs[depth].second;
			end = graph->first_edge[work->order[number] + 1];
			continue;
		}
		node = graph->edge_to[edge];
		if (!nm_bits_get(work->essential, edge++))
			continue;
		work->ends[node]++;
		if (nm_bits_get(work->numbered, node))
			continue;
		work->pairs[depth++] = (struct pair){number, edge};
		give_number(work, node, number);
		number = work->count - 1;
		edge = graph->first_edge[node];
		end = graph->first_edge[node + 1];
	}
}

/* What has no number yet is held by others without one, if at all. */
static void find_held(const struct work *work, uint64_t *held)
{
	const struct nm_graph *graph = work->graph;

	for (nm_node node = 0; node < graph->node_count; node++) {
		if (nm_bits_get(work->numbered, node))
			continue;
		for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++)
			if (nm_bits_get(work->essential, i))
				nm_bits_set(held, graph->edge_to[i]);
	}
}

static bool number_all(struct work *work)
{
	const uint32_t nodes = work->graph->node_count;
	uint64_t *held;

	walk(work, 0, 0);
	work->connected = work->count;
	if (work->count == nodes)
		return true;
	held = nm_bits_new(nodes);
	if (!held)
		return false;
	find_held(work, held);
	for (nm_node node = 0; node < nodes; node++)
		if (!nm_bits_get(work->numbered, node) && !nm_bits_get(held, node))
			walk(work, node, 0);
	free(held);
	work->connected = work->count;
	for (nm_node node = 0; node < nodes; node++)
		if (!nm_bits_get(work->numbered, node))
			give_number(work, node, 0);
	return true;
}

/* Afterwards the holders of a number end where `ends` says, and start where those before end. */
static bool find_holders(struct work *work)
{
	const struct nm_graph *graph = work->graph;
	uint32_t end = 0;

	for (uint32_t i = 0; i < work->count; i++) {
		const uint32_t start = end;

		end += work->ends[work->order[i]];
		work->ends[work->order[i]] = start;
	}
	work->holders = nm_huge_new(end + (size_t)1, sizeof(*work->holders));
	if (!work->holders)
		return false;
	for (uint32_t i = 0; i < work->connected; i++) {
		const nm_node node = work->order[i];

		for (uint32_t k = graph->first_edge[node]; k < graph->first_edge[node + 1]; k++)
			if (nm_bits_get(work->essential, k))
				work->holders[work->ends[graph->edge_to[k]]++] = i;
	}
	return true;
}

/*
 * The least semidominator on the way up from `number`, through those above `last`, which have one
 * already. A pair is how far up the way was gone and the least on it. The way is shortened: going up
 * turns it round, so that going back needs no stack.
 */
static uint32_t find_least(struct pair *pairs, uint32_t number, uint32_t last)
{
	uint32_t below = NO_NUMBER, top, least;

	while (pairs[number].first > last) {
		const uint32_t above = pairs[number].first;

		pairs[number].first = below;
		below = number;
		number = above;
	}
	top = pairs[number].first;
	least = pairs[number].second;
	while (below != NO_NUMBER) {
		struct pair *pair = &pairs[below];

		below = pair->first;
		pair->first = top;
		if (pair->second > least)
			pair->second = least;
		least = pair->second;
	}
	return least;
}

static void find_semidominators(struct work *work)
{
	uint32_t end = work->ends[work->order[work->count - 1]];

	for (uint32_t i = work->count - 1; i > 0; i--) {
		const uint32_t start = work->ends[work->order[i - 1]];
		uint32_t semi = work->dominator[i];

		for (; end > start; end--) {
			const uint32_t holder = work->holders[end - 1];
			const uint32_t least =
				holder < i ? holder : find_least(work->pairs, holder, i);

			if (least < semi)
				semi = least;
		}
		work->semi[i] = semi;
		work->pairs[i] = (struct pair){work->dominator[i], semi};
	}
}

/*
 * The nearest dominator of the parent that is not below the semidominator. A pair is the depth of a
 * node in the tree of dominators and a node some way up from it; the ways are such that a few of them
 * lead to any ancestor (E. W. Myers, "An applicative random-access stack", 1983).
 */
static void find_dominators(struct work *work)
{
	struct pair *pairs = work->pairs;

	pairs[0] = (struct pair){0, 0};
	for (uint32_t i = 1; i < work->count; i++) {
		uint32_t up = work->dominator[i], far, farther;

		while (up > work->semi[i])
			up = pairs[up].second >= work->semi[i] ? pairs[up].second
							       : work->dominator[up];
		work->dominator[i] = up;
		far = pairs[up].second;
		farther = pairs[far].second;
		pairs[i].first = pairs[up].first + 1;
		pairs[i].second = pairs[up].first - pairs[far].first ==
						  pairs[far].first - pairs[farther].first
					  ? farther
					  : up;
	}
}

static bool find(struct work *work, nm_node *out)
{
	if (!number_all(work) || !find_holders(work))
		return false;
	find_semidominators(work);
	find_dominators(work);
	for (uint32_t i = 0; i < work->count; i++)
		out[work->order[i]] = work->order[work->dominator[i]];
	return true;
}

int nm_dominators_find(const struct nm_graph *graph, const uint64_t *essential,
		       nm_node *out_dominator, nm_node *out_order, struct nm_error *err)
{
	const size_t nodes = graph->node_count;
	struct work work = {
		.graph = graph,
		.essential = essential,
		.numbered = nm_bits_new(nodes),
		.ends = calloc(nodes, sizeof(*work.ends)),
		.order = out_order,
		.dominator = nm_huge_new(nodes, sizeof(*work.dominator)),
		.semi = out_dominator, /* the last step needs none and writes here */
		.pairs = nm_huge_new(nodes, sizeof(*work.pairs)),
	};
	const bool found = work.numbered && work.ends && work.dominator && work.pairs &&
			   find(&work, out_dominator);

	free(work.numbered);
	free(work.ends);
	free(work.holders);
	free(work.dominator);
	free(work.pairs);
	return found ? NM_OK : nm_error_nomem(err);
}
