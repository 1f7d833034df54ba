#include "model/heap/territory.h"

#include <stdlib.h>
#include <string.h>

#include "model/heap/tree.h"

struct member {
	nm_node node;
	uint32_t class;
};

/* What becomes an area if it is among the largest: members of one class, one behind the other. */
struct candidate {
	uint32_t parent, class;
	uint32_t first, count;
	uint64_t retained;
};

/* Small ones of an area. */
struct rest {
	uint32_t parts;
	uint64_t count, retained;
};

struct builder {
	const struct nm_constructors *classes;
	const struct nm_territory_limits *limits;
	struct nm_territory *out;
	struct nm_tree tree;
	struct member *members; /* each node stands here at most once */
	uint32_t member_count;
	nm_node *own;		/* of one area, while it is looked into */
	struct candidate *heap; /* none is larger than the one at half its place */
	size_t heap_count, heap_room;
	struct rest *rests; /* of each area */
	double least;	    /* bytes */
};

/* ---- candidates, the largest first --------------------------------------------------------------- */

static bool is_before(const struct candidate *a, const struct candidate *b)
{
	if (a->retained != b->retained)
		return a->retained > b->retained;
	return a->first < b->first;
}

static void swap(struct candidate *a, struct candidate *b)
{
	const struct candidate kept = *a;

	*a = *b;
	*b = kept;
}

static bool push(struct builder *builder, const struct candidate *candidate)
{
	size_t at = builder->heap_count;

	if (at == builder->heap_room) {
		const size_t room = 2 * at + 64;
		struct candidate *more = realloc(builder->heap, room * sizeof(*more));

		if (!more)
			return false;
		builder->heap = more;
		builder->heap_room = room;
	}
	builder->heap[builder->heap_count++] = *candidate;
	for (; at > 0 && is_before(&builder->heap[at], &builder->heap[(at - 1) / 2]);
	     at = (at - 1) / 2)
		swap(&builder->heap[at], &builder->heap[(at - 1) / 2]);
	return true;
}

static struct candidate pop(struct builder *builder)
{
	struct candidate *heap = builder->heap;
	const struct candidate top = heap[0];
	const size_t count = --builder->heap_count;

	heap[0] = heap[count];
	for (size_t at = 0, child = 1; child < count; child = 2 * at + 1) {
		if (child + 1 < count && is_before(&heap[child + 1], &heap[child]))
			child++;
		if (!is_before(&heap[child], &heap[at]))
			break;
		swap(&heap[child], &heap[at]);
		at = child;
	}
	return top;
}

/* ---- areas --------------------------------------------------------------------------------------- */

static int by_class(const void *left, const void *right)
{
	const struct member *a = left, *b = right;

	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

/* V8's groups of roots are of one class, and are told apart by name. */
static bool is_of_area(const struct builder *builder, uint32_t class, nm_node node)
{
	return builder->classes->class_of[node] == class &&
	       builder->classes->heap->graph->kind[node] != NM_NODE_SYNTHETIC;
}

/* Sum up the nodes of the area, which begin with the members of its candidate; what they dominate and is of
   other classes goes behind all other members. */
static void gather(struct builder *builder, const struct candidate *of, struct nm_area *area)
{
	const uint64_t *shallow = builder->classes->heap->shallow;
	const uint32_t *first = builder->tree.first;
	uint32_t count = 0;

	for (uint32_t i = of->first; i < of->first + of->count; i++)
		builder->own[count++] = builder->members[i].node;
	for (uint32_t i = 0; i < count; i++) {
		const nm_node node = builder->own[i];

		area->shallow += shallow[node];
		for (uint32_t k = first[node]; k < first[node + 1]; k++) {
			const nm_node child = builder->tree.children[k];

			if (is_of_area(builder, of->class, child))
				builder->own[count++] = child;
			else
				builder->members[builder->member_count++] =
					(struct member){child, builder->classes->class_of[child]};
		}
	}
	area->count = count;
}

static void add_rest(struct builder *builder, const struct candidate *small)
{
	struct rest *rest = &builder->rests[small->parent];

	/* Nodes without a size are no part of anything. */
	if (small->retained == 0)
		return;
	rest->parts++;
	rest->count += small->count;
	rest->retained += small->retained;
}

/* Cut the members from `first` on, which lie in an area, into candidates. */
static bool cut(struct builder *builder, uint32_t first, uint32_t area)
{
	const uint64_t *retained = builder->classes->heap->retained;
	struct member *members = builder->members;
	uint32_t end;

	qsort(members + first, builder->member_count - first, sizeof(*members), by_class);
	for (uint32_t i = first; i < builder->member_count; i = end) {
		struct candidate one = {.parent = area, .class = members[i].class, .first = i};

		for (end = i; end < builder->member_count && members[end].class == one.class; end++)
			one.retained += retained[members[end].node];
		one.count = end - i;
		if ((double)one.retained < builder->least)
			add_rest(builder, &one);
		else if (!push(builder, &one))
			return false;
	}
	return true;
}

static bool add_area(struct builder *builder, const struct candidate *of)
{
	const uint64_t *retained = builder->classes->heap->retained;
	const uint32_t index = builder->out->count++, first = builder->member_count;
	struct nm_area *area = &builder->out->areas[index];

	*area = (struct nm_area){.parent = of->parent,
				 .class = of->class,
				 .parts = 1,
				 .largest = builder->members[of->first].node,
				 .retained = of->retained};
	if (of->parent != NM_TERRITORY_NONE)
		area->depth = builder->out->areas[of->parent].depth + 1;
	for (uint32_t i = of->first; i < of->first + of->count; i++)
		if (retained[builder->members[i].node] > retained[area->largest])
			area->largest = builder->members[i].node;
	gather(builder, of, area);
	if (area->depth < builder->limits->depth)
		return cut(builder, first, index);
	builder->member_count = first;
	return true;
}

static void add_rests(struct builder *builder)
{
	const uint32_t count = builder->out->count;

	while (builder->heap_count > 0)
		add_rest(builder, &builder->heap[--builder->heap_count]);
	for (uint32_t i = 0; i < count; i++) {
		const struct rest *rest = &builder->rests[i];

		if (rest->parts > 0)
			builder->out->areas[builder->out->count++] =
				(struct nm_area){.parent = i,
						 .depth = builder->out->areas[i].depth + 1,
						 .class = NM_TERRITORY_NONE,
						 .parts = rest->parts,
						 .largest = NM_NO_NODE,
						 .count = rest->count,
						 .retained = rest->retained};
	}
}

static bool build(struct builder *builder)
{
	const struct nm_heap *heap = builder->classes->heap;
	const uint32_t most = builder->limits->most;
	const struct candidate root = {.parent = NM_TERRITORY_NONE,
				       .class = builder->classes->class_of[0],
				       .count = 1,
				       .retained = heap->retained[0]};

	builder->out->areas = malloc(2 * (size_t)most * sizeof(struct nm_area));
	builder->rests = calloc(most, sizeof(*builder->rests));
	builder->members = malloc(heap->graph->node_count * sizeof(*builder->members));
	builder->own = malloc(heap->graph->node_count * sizeof(*builder->own));
	if (!builder->out->areas || !builder->rests || !builder->members || !builder->own ||
	    !nm_tree_make(&builder->tree, heap->dominator, heap->graph->node_count))
		return false;
	builder->least = builder->limits->least * (double)heap->retained[0];
	builder->members[builder->member_count++] = (struct member){0, root.class};
	if (!push(builder, &root))
		return false;
	while (builder->heap_count > 0 && builder->out->count < most) {
		const struct candidate next = pop(builder);

		if (!add_area(builder, &next))
			return false;
	}
	add_rests(builder);
	return true;
}

int nm_territory_make(const struct nm_constructors *classes,
		      const struct nm_territory_limits *limits, struct nm_territory *out,
		      struct nm_error *err)
{
	struct builder builder = {.classes = classes, .limits = limits, .out = out};
	bool is_good;

	*out = (struct nm_territory){.classes = classes};
	is_good = build(&builder);
	nm_tree_done(&builder.tree);
	free(builder.members);
	free(builder.own);
	free(builder.heap);
	free(builder.rests);
	if (is_good)
		return NM_OK;
	nm_territory_done(out);
	return nm_error_nomem(err);
}

void nm_territory_done(struct nm_territory *territory)
{
	free(territory->areas);
	memset(territory, 0, sizeof(*territory));
}
