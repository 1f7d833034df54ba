#include "model/heap/shape_growth.h"

#include <stdlib.h>
#include <string.h>

#include "model/heap/path_shapes.h"

/* The shapes of one heap. */
struct side {
	const struct nm_constructors *classes;
	struct nm_paths paths;
	struct nm_path_shapes shapes;
	uint64_t *
		hashes; /* of each shape, the same in every heap of a process; in order once sorted */
	uint64_t *counts; /* how many nodes have it */
};

static void side_done(struct side *side)
{
	nm_path_shapes_done(&side->shapes);
	nm_paths_done(&side->paths);
	free(side->hashes);
	free(side->counts);
	memset(side, 0, sizeof(*side));
}

static int find_shapes(struct side *side, struct nm_error *err)
{
	const struct nm_graph *graph = side->classes->heap->graph;
	int status = nm_paths_by_distance(side->classes->heap, &side->paths, err);

	if (status == NM_OK)
		status = nm_path_shapes_init(&side->shapes, side->classes, &side->paths, NM_NO_NODE,
					     err);
	for (nm_node node = 0; node < graph->node_count && status == NM_OK; node++)
		if (nm_constructors_counts(side->classes, node) &&
		    nm_path_shapes_of(&side->shapes, node) == NM_NO_SHAPE)
			status = nm_error_nomem(err);
	return status;
}

/* A shape comes after the one that it goes on from. */
static void hash_shapes(struct side *side)
{
	for (uint32_t i = 0; i < side->shapes.count; i++) {
		const uint32_t parent = side->shapes.items[i].parent;

		side->hashes[i] = nm_path_shapes_hash(
			&side->shapes, i, parent == NM_NO_SHAPE ? 0 : side->hashes[parent]);
	}
}

static int make_side(const struct nm_constructors *classes, struct side *out, struct nm_error *err)
{
	const uint32_t nodes = classes->heap->graph->node_count;
	int status;

	*out = (struct side){.classes = classes};
	status = find_shapes(out, err);
	if (status != NM_OK)
		return status;
	out->hashes = calloc((size_t)out->shapes.count + 1, sizeof(*out->hashes));
	out->counts = calloc((size_t)out->shapes.count + 1, sizeof(*out->counts));
	if (!out->hashes || !out->counts)
		return nm_error_nomem(err);
	hash_shapes(out);
	for (nm_node node = 0; node < nodes; node++)
		if (nm_constructors_counts(classes, node))
			out->counts[out->shapes.of[node]]++;
	return NM_OK;
}

/* ---- an earlier heap -------------------------------------------------------------------------- */

struct counted {
	uint64_t hash, count;
};

struct earlier {
	struct counted *items; /* by hash; two shapes of one hash are one */
	uint32_t count;
};

static int by_hash(const void *a, const void *b)
{
	const struct counted *left = a, *right = b;

	return left->hash < right->hash ? -1 : left->hash > right->hash;
}

/* False: out of memory. */
static bool sum_up(const struct side *side, struct earlier *out)
{
	const uint32_t count = side->shapes.count;
	struct counted *items = calloc((size_t)count + 1, sizeof(*items));
	uint32_t kept = 0;

	if (!items)
		return false;
	for (uint32_t i = 0; i < count; i++)
		items[i] = (struct counted){side->hashes[i], side->counts[i]};
	qsort(items, count, sizeof(*items), by_hash);
	for (uint32_t i = 0; i < count; i++) {
		if (kept > 0 && items[kept - 1].hash == items[i].hash)
			items[kept - 1].count += items[i].count;
		else
			items[kept++] = items[i];
	}
	out->items = items;
	out->count = kept;
	return true;
}

static int count_earlier(const struct nm_constructors *classes, struct earlier *out,
			 struct nm_error *err)
{
	struct side side;
	int status = make_side(classes, &side, err);

	if (status == NM_OK && !sum_up(&side, out))
		status = nm_error_nomem(err);
	side_done(&side);
	return status;
}

static uint64_t count_then(const struct earlier *earlier, uint64_t hash)
{
	const struct counted wanted = {hash, 0};
	const struct counted *found =
		bsearch(&wanted, earlier->items, earlier->count, sizeof(*earlier->items), by_hash);

	return found ? found->count : 0;
}

/* ---- the last one ----------------------------------------------------------------------------- */

/* From each to the next. */
static bool has_grown(const struct side *last, uint32_t shape, const struct earlier *earlier,
		      unsigned earlier_count)
{
	uint64_t before = 0;

	if (last->shapes.items[shape].state != NM_PATH_ALIVE)
		return false;
	for (unsigned i = 0; i < earlier_count; i++) {
		const uint64_t count = count_then(&earlier[i], last->hashes[shape]);

		if (i > 0 && count <= before)
			return false;
		before = count;
	}
	return last->counts[shape] > before;
}

static bool collect(struct side *last, const struct earlier *earlier, unsigned earlier_count,
		    struct nm_shape_growth *out)
{
	const uint32_t nodes = last->classes->heap->graph->node_count;
	uint64_t found = 0;

	/* From here on: how many of a shape that has grown. */
	for (uint32_t i = 0; i < last->shapes.count; i++) {
		if (!has_grown(last, i, earlier, earlier_count))
			last->counts[i] = 0;
		found += last->counts[i];
	}
	out->nodes = malloc(((size_t)found + 1) * sizeof(*out->nodes));
	if (!out->nodes)
		return false;
	for (nm_node node = 0; node < nodes; node++)
		if (nm_constructors_counts(last->classes, node) &&
		    last->counts[last->shapes.of[node]] > 0)
			out->nodes[out->count++] = node;
	return true;
}

int nm_shape_growth_find(const struct nm_constructors *const sides[], unsigned side_count,
			 struct nm_shape_growth *out, struct nm_error *err)
{
	const unsigned before = side_count - 1;
	struct earlier *earlier = calloc(before + 1, sizeof(*earlier));
	struct side last = {.classes = NULL};
	int status = NM_OK;

	memset(out, 0, sizeof(*out));
	if (!earlier)
		return nm_error_nomem(err);
	for (unsigned i = 0; i < before && status == NM_OK; i++)
		status = count_earlier(sides[i], &earlier[i], err);
	if (status == NM_OK)
		status = make_side(sides[before], &last, err);
	if (status == NM_OK && !collect(&last, earlier, before, out))
		status = nm_error_nomem(err);
	side_done(&last);
	for (unsigned i = 0; i < before; i++)
		free(earlier[i].items);
	free(earlier);
	return status;
}

void nm_shape_growth_done(struct nm_shape_growth *growth)
{
	free(growth->nodes);
	memset(growth, 0, sizeof(*growth));
}
