#include "model/heap/dominated.h"

#include <stdlib.h>
#include <string.h>

#include "model/heap/tree.h"

/* A child that retains this part of what its parents do has a row of its own. */
#define ALONE 0.1
/* So few of one class do so too. */
#define FEW 2

struct child {
	nm_node node;
	uint32_t class;
	uint64_t retained;
};

/* Children that are one row: so many, one behind the other. */
struct item {
	struct child *children;
	size_t count;
	uint64_t shallow, retained;
};

struct builder {
	const struct nm_heap *heap;
	const struct nm_constructors *classes;
	const struct nm_dominated_limits *limits;
	struct nm_dominated *out;
	struct nm_tree tree;
	double least; /* bytes */
};

static int by_class_then_size(const void *left, const void *right)
{
	const struct child *a = left, *b = right;

	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	if (a->retained != b->retained)
		return a->retained > b->retained ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

static int largest_first(const void *left, const void *right)
{
	const struct item *a = left, *b = right;

	if (a->retained != b->retained)
		return a->retained > b->retained ? -1 : 1;
	return by_class_then_size(a->children, b->children);
}

static struct nm_dominated_row *add_row(struct builder *builder, uint32_t depth)
{
	struct nm_dominated *out = builder->out;

	if (out->count == out->room) {
		const size_t room = 2 * out->room + 64;
		struct nm_dominated_row *more = realloc(out->rows, room * sizeof(*more));

		if (!more)
			return NULL;
		out->rows = more;
		out->room = room;
	}
	out->rows[out->count] = (struct nm_dominated_row){.depth = depth, .node = NM_NO_NODE};
	return &out->rows[out->count++];
}

static size_t count_children(const struct builder *builder, const struct item *item)
{
	const uint32_t *first = builder->tree.first;
	size_t count = 0;

	for (size_t i = 0; i < item->count; i++)
		count += first[item->children[i].node + 1] - first[item->children[i].node];
	return count;
}

/* The children of all that are one row, those of one class together. */
static void take_children(const struct builder *builder, const struct item *item, struct child *out)
{
	const uint32_t *first = builder->tree.first;
	size_t count = 0;

	for (size_t i = 0; i < item->count; i++)
		for (uint32_t k = first[item->children[i].node];
		     k < first[item->children[i].node + 1]; k++) {
			const nm_node node = builder->tree.children[k];

			out[count++] = (struct child){.node = node,
						      .class = builder->classes->class_of[node],
						      .retained = builder->heap->retained[node]};
		}
	qsort(out, count, sizeof(*out), by_class_then_size);
}

/* V8's groups of roots differ by name, and not by class. */
static bool is_alone(const struct builder *builder, const struct child *child, double least)
{
	return (double)child->retained >= least ||
	       builder->heap->graph->kind[child->node] == NM_NODE_SYNTHETIC;
}

/* Cut the children, which are in order, into rows. Returns how many. */
static size_t make_items(const struct builder *builder, struct child *children, size_t count,
			 double alone, struct item *out)
{
	size_t items = 0, end;

	for (size_t i = 0; i < count; i = end) {
		size_t of_class = 1;

		for (end = i + 1; end < count && children[end].class == children[i].class; end++)
			of_class++;
		for (size_t k = i; k < end; k++) {
			/* The first of the class that is not alone begins the row of the others. */
			if (of_class <= FEW || is_alone(builder, &children[k], alone) || k == i ||
			    is_alone(builder, &children[k - 1], alone))
				out[items++] = (struct item){.children = &children[k]};
			out[items - 1].count++;
			out[items - 1].shallow += builder->heap->shallow[children[k].node];
			out[items - 1].retained += children[k].retained;
		}
	}
	qsort(out, items, sizeof(*out), largest_first);
	return items;
}

static bool add_item(struct builder *builder, const struct item *item, uint32_t depth);

static bool add_items(struct builder *builder, const struct item *items, size_t count,
		      uint32_t depth)
{
	struct nm_dominated_row *rest;
	size_t shown = 0;

	while (shown < count && shown < builder->limits->top &&
	       (double)items[shown].retained >= builder->least) {
		if (!add_item(builder, &items[shown++], depth))
			return false;
	}
	if (shown == count)
		return true;
	rest = add_row(builder, depth);
	for (size_t i = shown; rest && i < count; i++) {
		rest->count += items[i].count;
		rest->shallow += items[i].shallow;
		rest->retained += items[i].retained;
	}
	return rest != NULL;
}

/* Calls itself no deeper than limits->depth. */
static bool add_item(struct builder *builder, const struct item *item, uint32_t depth)
{
	struct nm_dominated_row *row = add_row(builder, depth);
	const size_t count = count_children(builder, item);
	struct child *children;
	struct item *items;
	bool is_good;

	if (!row)
		return false;
	row->node = item->children[0].node;
	row->class = item->children[0].class;
	row->count = item->count;
	row->shallow = item->shallow;
	row->retained = item->retained;
	row->has_more = count > 0 && depth == builder->limits->depth;
	if (count == 0 || row->has_more)
		return true;
	children = malloc(count * sizeof(*children));
	items = malloc(count * sizeof(*items));
	is_good = children && items;
	if (is_good) {
		take_children(builder, item, children);
		is_good = add_items(
			builder, items,
			make_items(builder, children, count, ALONE * (double)item->retained, items),
			depth + 1);
	}
	free(children);
	free(items);
	return is_good;
}

int nm_dominated_make(const struct nm_constructors *classes, nm_node node,
		      const struct nm_dominated_limits *limits, struct nm_dominated *out,
		      struct nm_error *err)
{
	const struct nm_heap *heap = classes->heap;
	struct builder builder = {.heap = heap,
				  .classes = classes,
				  .limits = limits,
				  .out = out,
				  .least = limits->least * (double)heap->retained[node]};
	struct child first = {node, classes->class_of[node], heap->retained[node]};
	const struct item item = {&first, 1, heap->shallow[node], heap->retained[node]};
	bool is_good;

	*out = (struct nm_dominated){.classes = classes};
	if (!nm_tree_make(&builder.tree, heap->dominator, heap->graph->node_count))
		return nm_error_nomem(err);
	is_good = add_item(&builder, &item, 0);
	nm_tree_done(&builder.tree);
	if (is_good)
		return NM_OK;
	nm_dominated_done(out);
	return nm_error_nomem(err);
}

void nm_dominated_done(struct nm_dominated *dominated)
{
	free(dominated->rows);
	memset(dominated, 0, sizeof(*dominated));
}
