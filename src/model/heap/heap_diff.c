#include "model/heap/heap_diff.h"

#include <stdlib.h>
#include <string.h>

/* Nodes by id: the id above, the node below. */
struct by_id {
	uint64_t *items;
	uint32_t count;
};

static uint32_t id_at(const struct by_id *nodes, uint32_t at)
{
	return (uint32_t)(nodes->items[at] >> 32);
}

static nm_node node_at(const struct by_id *nodes, uint32_t at)
{
	return (nm_node)nodes->items[at];
}

/* ---- order ---------------------------------------------------------------------------------- */

#define DIGIT_BITS  11
#define DIGIT_COUNT 2048

/* Sort by one digit. Those that are alike there stay in order. */
static void sort_by_digit(const uint64_t *from, uint64_t *to, uint32_t count, unsigned shift)
{
	uint32_t starts[DIGIT_COUNT + 1] = {0};

	for (uint32_t i = 0; i < count; i++)
		starts[(from[i] >> shift & (DIGIT_COUNT - 1)) + 1]++;
	for (unsigned i = 1; i < DIGIT_COUNT; i++)
		starts[i] += starts[i - 1];
	for (uint32_t i = 0; i < count; i++)
		to[starts[from[i] >> shift & (DIGIT_COUNT - 1)]++] = from[i];
}

/* All nodes, or those with a size of their own. */
static bool order(const struct nm_heap *heap, bool all, struct by_id *out)
{
	const struct nm_graph *graph = heap->graph;
	uint64_t *items = malloc(graph->node_count * sizeof(*items)), *sorted;
	bool is_sorted = true;
	uint32_t count = 0;

	out->items = items;
	if (!items)
		return false;
	for (nm_node node = 0; node < graph->node_count; node++) {
		if (!all && heap->shallow[node] == 0)
			continue;
		items[count] = (uint64_t)graph->id[node] << 32 | node;
		is_sorted &= count == 0 || items[count - 1] < items[count];
		count++;
	}
	out->count = count;
	if (is_sorted)
		return true;
	sorted = malloc(count * sizeof(*sorted));
	if (!sorted)
		return false;
	sort_by_digit(items, sorted, count, 32);
	sort_by_digit(sorted, items, count, 32 + DIGIT_BITS);
	sort_by_digit(items, sorted, count, 32 + 2 * DIGIT_BITS);
	free(items);
	out->items = sorted;
	return true;
}

/* ---- two snapshots -------------------------------------------------------------------------- */

/* A row for each class of either; `of_base` says which one the base's classes have. False: out of
   memory. The rows of `now` come first and have the numbers of its classes. */
static bool join_classes(const struct nm_constructors *base, const struct nm_constructors *now,
			 struct nm_heap_diff *out, uint32_t *of_base)
{
	size_t room = 16;
	uint32_t *slots;

	while (room < 2 * (size_t)now->class_count)
		room *= 2;
	slots = calloc(room, sizeof(*slots));
	if (!slots)
		return false;
	for (uint32_t i = 0; i < now->class_count; i++) {
		size_t at = nm_class_key_hash(&now->rows[i].key) & (room - 1);

		while (slots[at] != 0)
			at = (at + 1) & (room - 1);
		slots[at] = i + 1;
		out->rows[i] = (struct nm_diff_row){
			.key = now->rows[i].key, .now_class = i, .base_class = NM_NO_CLASS};
	}
	out->count = now->class_count;
	for (uint32_t i = 0; i < base->class_count; i++) {
		const struct nm_class_key *key = &base->rows[i].key;
		size_t at = nm_class_key_hash(key) & (room - 1);

		while (slots[at] != 0 &&
		       nm_class_key_compare(&out->rows[slots[at] - 1].key, key) != 0)
			at = (at + 1) & (room - 1);
		of_base[i] = slots[at] != 0 ? slots[at] - 1 : out->count++;
		if (slots[at] == 0)
			out->rows[of_base[i]] =
				(struct nm_diff_row){.key = *key, .now_class = NM_NO_CLASS};
		out->rows[of_base[i]].base_class = i;
	}
	free(slots);
	return true;
}

static void add(struct nm_diff_row *row, uint64_t size)
{
	row->added_count++;
	row->added_size += size;
}

static void take(struct nm_diff_row *row, uint64_t size)
{
	row->removed_count++;
	row->removed_size += size;
}

static void compare(const struct nm_constructors *base, const struct by_id *before,
		    const struct nm_constructors *now, const struct by_id *after,
		    const uint32_t *of_base, struct nm_diff_row *rows)
{
	uint32_t i = 0, j = 0;

	while (i < before->count || j < after->count) {
		const bool both = i < before->count && j < after->count;
		const bool is_old = both ? id_at(before, i) <= id_at(after, j) : i < before->count;
		const bool is_new = both ? id_at(after, j) <= id_at(before, i) : j < after->count;
		const nm_node old = is_old ? node_at(before, i) : 0;
		const nm_node new = is_new ? node_at(after, j) : 0;
		struct nm_diff_row *from = is_old ? &rows[of_base[base->class_of[old]]] : NULL;
		struct nm_diff_row *to = is_new ? &rows[now->class_of[new]] : NULL;

		if (is_old && from != to)
			take(from, base->heap->shallow[old]);
		if (is_new && from != to)
			add(to, now->heap->shallow[new]);
		i += is_old;
		j += is_new;
	}
}

static int grown_first(const void *a, const void *b)
{
	const struct nm_diff_row *left = a, *right = b;

	if (left->size_delta != right->size_delta)
		return left->size_delta > right->size_delta ? -1 : 1;
	if (left->added_size != right->added_size)
		return left->added_size > right->added_size ? -1 : 1;
	return nm_class_key_compare(&left->key, &right->key);
}

/* Without ids it is not known which came and which went. */
static void subtract(const struct nm_constructors *base, const struct nm_constructors *now,
		     struct nm_heap_diff *diff)
{
	for (uint32_t i = 0; i < diff->count; i++) {
		struct nm_diff_row *row = &diff->rows[i];

		if (row->now_class != NM_NO_CLASS) {
			row->count_delta += (int64_t)now->rows[row->now_class].count;
			row->size_delta += (int64_t)now->rows[row->now_class].shallow;
		}
		if (row->base_class != NM_NO_CLASS) {
			row->count_delta -= (int64_t)base->rows[row->base_class].count;
			row->size_delta -= (int64_t)base->rows[row->base_class].shallow;
		}
	}
}

static void keep_changed(struct nm_heap_diff *diff)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < diff->count; i++) {
		struct nm_diff_row row = diff->rows[i];

		if (row.added_count == 0 && row.removed_count == 0 && row.count_delta == 0 &&
		    row.size_delta == 0)
			continue;
		if (diff->knows_both) {
			row.count_delta = (int64_t)(row.added_count - row.removed_count);
			row.size_delta = (int64_t)(row.added_size - row.removed_size);
		}
		diff->rows[kept++] = row;
	}
	diff->count = kept;
	if (kept > 0)
		qsort(diff->rows, kept, sizeof(*diff->rows), grown_first);
}

/* False: out of memory. */
static bool compare_by_id(const struct nm_constructors *base, const struct nm_constructors *now,
			  const uint32_t *of_base, struct nm_heap_diff *out)
{
	struct by_id before = {0}, after = {0};
	const bool is_good = order(base->heap, false, &before) && order(now->heap, false, &after);

	if (is_good)
		compare(base, &before, now, &after, of_base, out->rows);
	free(before.items);
	free(after.items);
	return is_good;
}

int nm_heap_diff_make(const struct nm_constructors *base, const struct nm_constructors *now,
		      struct nm_heap_diff *out, struct nm_error *err)
{
	uint32_t *of_base = calloc(base->class_count + (size_t)1, sizeof(*of_base));
	bool is_good;

	memset(out, 0, sizeof(*out));
	out->knows_both = base->heap->graph->has_stable_ids && now->heap->graph->has_stable_ids;
	out->rows = calloc((size_t)base->class_count + now->class_count + 1, sizeof(*out->rows));
	is_good = of_base && out->rows && join_classes(base, now, out, of_base) &&
		  (!out->knows_both || compare_by_id(base, now, of_base, out));
	if (is_good) {
		if (!out->knows_both)
			subtract(base, now, out);
		keep_changed(out);
	} else {
		nm_heap_diff_done(out);
	}
	free(of_base);
	return is_good ? NM_OK : nm_error_nomem(err);
}

void nm_heap_diff_done(struct nm_heap_diff *diff)
{
	free(diff->rows);
	memset(diff, 0, sizeof(*diff));
}

/* ---- three snapshots ------------------------------------------------------------------------ */

/* Is there a node of the id? `at` is where to look on, and must be asked for ascending ids. */
static bool has_id(const struct by_id *nodes, uint32_t *at, uint32_t id)
{
	while (*at < nodes->count && id_at(nodes, *at) < id)
		++*at;
	return *at < nodes->count && id_at(nodes, *at) == id;
}

static int largest_first(const void *a, const void *b)
{
	const struct nm_survivor_row *left = a, *right = b;

	if (left->size != right->size)
		return left->size > right->size ? -1 : 1;
	return left->class < right->class ? -1 : left->class > right->class;
}

static void add_survivor(const struct nm_constructors *last, nm_node node, struct nm_survivors *out)
{
	struct nm_survivor_row *row = &out->rows[last->class_of[node]];

	row->count++;
	row->size += last->heap->shallow[node];
	out->nodes[out->node_count++] = node;
}

/* Only the rows that have any. */
static void keep_rows(uint32_t class_count, struct nm_survivors *out)
{
	for (uint32_t i = 0; i < class_count; i++) {
		if (out->rows[i].count == 0)
			continue;
		out->rows[out->count] = out->rows[i];
		out->rows[out->count++].class = i;
	}
	if (out->count > 0)
		qsort(out->rows, out->count, sizeof(*out->rows), largest_first);
}

int nm_survivors_make(const struct nm_heap *first, const struct nm_heap *second,
		      const struct nm_constructors *last, struct nm_survivors *out,
		      struct nm_error *err)
{
	struct by_id old = {0}, born = {0}, now = {0};
	uint32_t at_old = 0, at_born = 0;
	bool is_good;

	memset(out, 0, sizeof(*out));
	out->rows = calloc(last->class_count + (size_t)1, sizeof(*out->rows));
	out->nodes = malloc(last->heap->graph->node_count * sizeof(*out->nodes));
	is_good = out->rows && out->nodes && order(first, true, &old) &&
		  order(second, true, &born) && order(last->heap, false, &now);
	if (is_good) {
		for (uint32_t i = 0; i < now.count; i++) {
			const uint32_t id = id_at(&now, i);

			if (has_id(&born, &at_born, id) && !has_id(&old, &at_old, id))
				add_survivor(last, node_at(&now, i), out);
		}
		keep_rows(last->class_count, out);
	} else {
		nm_survivors_done(out);
	}
	free(old.items);
	free(born.items);
	free(now.items);
	return is_good ? NM_OK : nm_error_nomem(err);
}

void nm_survivors_done(struct nm_survivors *survivors)
{
	free(survivors->rows);
	free(survivors->nodes);
	memset(survivors, 0, sizeof(*survivors));
}
