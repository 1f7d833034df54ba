#include "model/heap/leaks.h"

#include <stdlib.h>
#include <string.h>

#include "model/heap/heap_diff.h"
#include "model/heap/script_place.h"
#include "model/heap/shape_growth.h"

/* Whom most vote for: once a candidate, then its votes counted. */
struct vote {
	uint32_t candidate;
	uint64_t balance, hits;
};

static void cast(struct vote *vote, uint32_t candidate)
{
	if (vote->balance == 0)
		vote->candidate = candidate;
	if (vote->candidate == candidate)
		vote->balance++;
	else
		vote->balance--;
}

/* What is known of the new objects of a class. */
struct tally {
	uint64_t born;
	nm_node example;
	struct vote holder; /* a node */
	struct vote within; /* a class */
	struct vote place;  /* a location's number */
};

struct search {
	const struct nm_constructors *last;
	const struct nm_graph *graph;
	nm_node *born;
	uint32_t born_count;
	bool *is_new; /* by node */
	/* Of new nodes, once it is known: the old one that they hang on, and the topmost new object
	   above them or they themselves; NM_NO_NODE where there is none. */
	nm_node *holder, *root;
	struct tally *tallies; /* by class */
};

static void search_done(struct search *search)
{
	free(search->born);
	free(search->is_new);
	free(search->holder);
	free(search->root);
	free(search->tallies);
}

/* Something that a program has made, and not a part of it. */
static bool is_object(const struct nm_graph *graph, nm_node node)
{
	const enum nm_node_kind kind = (enum nm_node_kind)graph->kind[node];

	return kind == NM_NODE_CLOSURE ||
	       (kind == NM_NODE_OBJECT &&
		strncmp(nm_graph_text(graph, graph->name[node]), "system / ", 9) != 0);
}

/*
 * From a new node up to one of which it is known what it hangs on, and down again. `root` holds the way
 * back meanwhile, so that lists may be as long as they like.
 */
static void hang(struct search *search, nm_node node)
{
	const nm_node *dominator = search->last->heap->dominator;
	nm_node at = node, below = NM_NO_NODE;

	while (search->is_new[at] && search->holder[at] == NM_NO_NODE && dominator[at] != at) {
		search->root[at] = below;
		below = at;
		at = dominator[at];
	}
	while (below != NM_NO_NODE) {
		const nm_node next = search->root[below];
		const bool has_known = search->is_new[at] && search->holder[at] != NM_NO_NODE;
		const nm_node root = has_known ? search->root[at] : NM_NO_NODE;

		search->holder[below] = has_known ? search->holder[at] : at;
		if (root != NM_NO_NODE)
			search->root[below] = root;
		else
			search->root[below] = is_object(search->graph, below) ? below : NM_NO_NODE;
		at = below;
		below = next;
	}
}

/* The number of the node's location, or NM_NO_NODE. */
static uint32_t place_of(const struct search *search, nm_node node)
{
	const struct nm_graph_location *location = nm_script_place(search->graph, node);

	return location ? (uint32_t)(location - search->graph->locations) : NM_NO_NODE;
}

static bool is_same_place(const struct search *search, uint32_t a, uint32_t b)
{
	const struct nm_graph_location *left = &search->graph->locations[a],
				       *right = &search->graph->locations[b];

	return left->script_id == right->script_id && left->line == right->line &&
	       left->column == right->column;
}

/* Locations of one place are one candidate. */
static uint32_t candidate_place(const struct search *search, const struct tally *tally,
				nm_node node)
{
	const uint32_t place = place_of(search, node);

	if (place != NM_NO_NODE && tally->place.balance > 0 &&
	    tally->place.candidate != NM_NO_NODE &&
	    is_same_place(search, place, tally->place.candidate))
		return tally->place.candidate;
	return place;
}

static uint32_t class_of_root(const struct search *search, nm_node node)
{
	const nm_node root = search->root[node];

	return root == NM_NO_NODE ? NM_NO_CLASS : search->last->class_of[root];
}

static void choose_candidates(struct search *search)
{
	for (uint32_t i = 0; i < search->born_count; i++) {
		const nm_node node = search->born[i];
		struct tally *tally = &search->tallies[search->last->class_of[node]];

		hang(search, node);
		cast(&tally->holder, search->holder[node]);
		cast(&tally->within, class_of_root(search, node));
		cast(&tally->place, candidate_place(search, tally, node));
	}
}

static void count_votes(struct search *search)
{
	for (uint32_t i = 0; i < search->born_count; i++) {
		const nm_node node = search->born[i];
		struct tally *tally = &search->tallies[search->last->class_of[node]];
		const bool is_held = search->holder[node] == tally->holder.candidate;
		const uint32_t place = place_of(search, node);

		if (tally->born++ == 0 || (is_held && tally->holder.hits == 0))
			tally->example = node;
		tally->holder.hits += is_held;
		tally->within.hits += class_of_root(search, node) == tally->within.candidate;
		tally->place.hits += place != NM_NO_NODE && tally->place.candidate != NM_NO_NODE &&
				     is_same_place(search, place, tally->place.candidate);
	}
}

static bool have_stable_ids(const struct nm_constructors *const sides[], unsigned side_count)
{
	for (unsigned i = 0; i < side_count; i++)
		if (!sides[i]->heap->graph->has_stable_ids)
			return false;
	return true;
}

static int find_born(struct search *search, const struct nm_constructors *const sides[],
		     unsigned side_count, struct nm_error *err)
{
	struct nm_survivors survivors;
	struct nm_shape_growth growth;
	int status;

	if (!have_stable_ids(sides, side_count)) {
		status = nm_shape_growth_find(sides, side_count, &growth, err);
		search->born = growth.nodes;
		search->born_count = growth.count;
		return status;
	}
	status = nm_survivors_make(sides[0]->heap, sides[1]->heap, search->last, &survivors, err);
	search->born = survivors.nodes;
	search->born_count = survivors.node_count;
	survivors.nodes = NULL;
	nm_survivors_done(&survivors);
	return status;
}

static int begin(struct search *search, const struct nm_constructors *const sides[],
		 unsigned side_count, struct nm_error *err)
{
	const uint32_t nodes = search->graph->node_count;
	int status = find_born(search, sides, side_count, err);

	if (status != NM_OK)
		return status;
	search->is_new = calloc(nodes, sizeof(*search->is_new));
	search->holder = calloc(nodes, sizeof(*search->holder));
	search->root = calloc(nodes, sizeof(*search->root));
	search->tallies = calloc((size_t)search->last->class_count + 1, sizeof(*search->tallies));
	if (!search->is_new || !search->holder || !search->root || !search->tallies)
		return nm_error_nomem(err);
	/* NM_NO_NODE. */
	memset(search->holder, 0xff, nodes * sizeof(*search->holder));
	memset(search->root, 0xff, nodes * sizeof(*search->root));
	for (uint32_t i = 0; i < search->born_count; i++)
		search->is_new[search->born[i]] = true;
	/* By ids an array that has grown is a new one; without them it goes with what it is a part of. */
	if (!have_stable_ids(sides, side_count))
		for (nm_node node = 0; node < nodes; node++)
			search->is_new[node] |= search->graph->kind[node] == NM_NODE_ARRAY;
	return NM_OK;
}

/* ---- which classes grow --------------------------------------------------------------------- */

/* Rows of a snapshot in the order of their keys. */
struct index {
	const struct nm_constructor **rows;
	uint32_t count;
};

static int by_key(const void *a, const void *b)
{
	const struct nm_constructor *const *left = a, *const *right = b;

	return nm_class_key_compare(&(*left)->key, &(*right)->key);
}

static bool make_index(const struct nm_constructors *classes, struct index *out)
{
	out->rows = malloc(((size_t)classes->count + 1) * sizeof(const struct nm_constructor *));
	out->count = classes->count;
	if (!out->rows)
		return false;
	for (uint32_t i = 0; i < classes->count; i++)
		out->rows[i] = &classes->rows[i];
	qsort(out->rows, out->count, sizeof(const struct nm_constructor *), by_key);
	return true;
}

/* NULL: it has no such class. */
static const struct nm_constructor *find_row(const struct index *index,
					     const struct nm_constructor *like)
{
	const struct nm_constructor *const *found =
		index->count ? bsearch(&like, index->rows, index->count,
				       sizeof(const struct nm_constructor *), by_key)
			     : NULL;

	return found ? *found : NULL;
}

/* Fill in what the row has been before; false when it does not grow from each to the next. */
static bool grows(const struct index *before, unsigned before_count,
		  const struct nm_constructor *now, struct nm_leak *out)
{
	const struct nm_constructor *first = NULL;

	for (unsigned i = 0; i < before_count; i++) {
		const struct nm_constructor *row = find_row(&before[i], now);

		out->counts[i] = row ? row->count : 0;
		if (i == 0)
			first = row;
		if (i > 0 && out->counts[i] <= out->counts[i - 1])
			return false;
	}
	out->counts[before_count] = now->count;
	out->shallow_delta = (int64_t)(now->shallow - (first ? first->shallow : 0));
	out->retained_delta = (int64_t)(now->retained - (first ? first->retained : 0));
	return now->count > out->counts[before_count - 1];
}

static void fill_in(const struct search *search, uint32_t class, struct nm_leak *out)
{
	const struct tally *tally = &search->tallies[class];
	const struct nm_class_key *key = &search->last->rows[class].key;
	const struct nm_graph_location *place;

	out->class = class;
	out->born = tally->born;
	out->example = tally->example;
	out->holder = tally->holder.candidate;
	out->held = tally->holder.hits;
	/* The class, until the items are in order. */
	out->within = 2 * tally->within.hits > tally->born ? tally->within.candidate : NM_NO_CLASS;
	out->has_place = key->has_location;
	out->script_id = key->script_id;
	out->line = key->line;
	out->column = key->column;
	place = 2 * tally->place.hits > tally->born
			? &search->graph->locations[tally->place.candidate]
			: nm_script_place_of_class(search->graph, tally->example);
	if (!key->has_location && place) {
		out->has_place = true;
		out->script_id = place->script_id;
		out->line = place->line;
		out->column = place->column;
	}
}

static int largest_first(const void *a, const void *b)
{
	const struct nm_leak *left = a, *right = b;

	if (left->retained_delta != right->retained_delta)
		return left->retained_delta > right->retained_delta ? -1 : 1;
	return left->class < right->class ? -1 : left->class > right->class;
}

/* Strings and other parts pile up with what hangs on the same object: with the first such item. */
static uint32_t find_companion(const struct search *search, const struct nm_leaks *leaks,
			       const struct nm_leak *part)
{
	if (search->last->rows[part->class].key.name[0] != '(')
		return NM_NO_LEAK;
	for (uint32_t i = 0; i < leaks->count; i++)
		if (leaks->items[i].holder == part->holder &&
		    search->last->rows[leaks->items[i].class].key.name[0] != '(')
			return i;
	return NM_NO_LEAK;
}

/* What V8 makes as it goes on: code, and what it has learnt of objects. */
static bool is_of_v8(const struct search *search, const struct nm_leak *leak)
{
	static const char *const names[] = {"(compiled code)", "(object shape)", "(system)"};
	const char *name = search->last->rows[leak->class].key.name;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* New objects here and there are what any program has; many in one place are a leak. */
static void judge(const struct search *search, struct nm_leaks *leaks)
{
	for (uint32_t i = 0; i < leaks->count; i++) {
		struct nm_leak *leak = &leaks->items[i];

		leak->is_suspect = leak->within == NM_NO_LEAK && 2 * leak->held > leak->born &&
				   !is_of_v8(search, leak);
	}
}

/* From classes to items. What holds itself is not within anything. */
static bool link_items(const struct search *search, struct nm_leaks *leaks)
{
	const uint32_t class_count = search->last->class_count;
	uint32_t *item_of = malloc(((size_t)class_count + 1) * sizeof(*item_of));

	if (!item_of)
		return false;
	for (uint32_t i = 0; i < class_count; i++)
		item_of[i] = NM_NO_LEAK;
	for (uint32_t i = 0; i < leaks->count; i++)
		item_of[leaks->items[i].class] = i;
	for (uint32_t i = 0; i < leaks->count; i++) {
		const uint32_t class = leaks->items[i].within;
		const uint32_t item = class < class_count ? item_of[class] : NM_NO_LEAK;

		leaks->items[i].within = item == i ? NM_NO_LEAK : item;
		if (item == NM_NO_LEAK)
			leaks->items[i].within = find_companion(search, leaks, &leaks->items[i]);
	}
	free(item_of);
	return true;
}

static bool collect(const struct search *search, const struct index *before, unsigned before_count,
		    struct nm_leaks *out)
{
	out->items = calloc((size_t)search->last->count + 1, sizeof(*out->items));
	if (!out->items)
		return false;
	for (uint32_t i = 0; i < search->last->count; i++) {
		struct nm_leak *item = &out->items[out->count];

		memset(item, 0, sizeof(*item));
		if (search->tallies[i].born == 0 ||
		    !grows(before, before_count, &search->last->rows[i], item) ||
		    item->retained_delta <= 0)
			continue;
		fill_in(search, i, item);
		out->count++;
	}
	if (out->count > 0)
		qsort(out->items, out->count, sizeof(*out->items), largest_first);
	if (!link_items(search, out))
		return false;
	judge(search, out);
	return true;
}

int nm_leaks_find(const struct nm_constructors *const sides[], unsigned side_count,
		  struct nm_leaks *out, struct nm_error *err)
{
	struct search search = {.last = sides[side_count - 1]};
	struct index before[NM_LEAK_SIDES_MAX] = {{.rows = NULL}};
	int status;

	memset(out, 0, sizeof(*out));
	search.graph = search.last->heap->graph;
	out->knows_born = have_stable_ids(sides, side_count);
	status = begin(&search, sides, side_count, err);
	for (unsigned i = 0; i + 1 < side_count && status == NM_OK; i++)
		if (!make_index(sides[i], &before[i]))
			status = nm_error_nomem(err);
	if (status == NM_OK) {
		choose_candidates(&search);
		count_votes(&search);
		if (!collect(&search, before, side_count - 1, out))
			status = nm_error_nomem(err);
	}
	for (unsigned i = 0; i < NM_LEAK_SIDES_MAX; i++)
		free(before[i].rows);
	search_done(&search);
	if (status != NM_OK)
		nm_leaks_done(out);
	return status;
}

void nm_leaks_done(struct nm_leaks *leaks)
{
	free(leaks->items);
	memset(leaks, 0, sizeof(*leaks));
}
