#include "model/heap_diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* The nodes with a size of their own, by id. */
struct by_id {
	nm_node *nodes;
	uint32_t count;
};

/* ---- order ---------------------------------------------------------------------------------- */

#define DIGIT_BITS  11
#define DIGIT_COUNT 2048

/* Sort by one digit of the ids. Nodes that are alike there stay in order. */
static void sort_by_digit(const uint32_t *id, const nm_node *from, nm_node *to, uint32_t count,
			  unsigned shift)
{
	uint32_t starts[DIGIT_COUNT + 1] = {0};

	for (uint32_t i = 0; i < count; i++)
		starts[(id[from[i]] >> shift & (DIGIT_COUNT - 1)) + 1]++;
	for (unsigned i = 1; i < DIGIT_COUNT; i++)
		starts[i] += starts[i - 1];
	for (uint32_t i = 0; i < count; i++)
		to[starts[id[from[i]] >> shift & (DIGIT_COUNT - 1)]++] = from[i];
}

static bool order(const struct nm_heap *heap, struct by_id *out)
{
	const uint32_t *id = heap->graph->id;
	const uint32_t node_count = heap->graph->node_count;
	nm_node *nodes = malloc(node_count * sizeof(*nodes)), *sorted;
	bool is_sorted = true;
	uint32_t count = 0;

	out->nodes = nodes;
	if (!nodes)
		return false;
	for (nm_node node = 0; node < node_count; node++) {
		if (heap->shallow[node] == 0)
			continue;
		is_sorted &= count == 0 || id[nodes[count - 1]] <= id[node];
		nodes[count++] = node;
	}
	out->count = count;
	/* As V8 writes them, mostly. */
	if (is_sorted)
		return true;
	sorted = malloc(count * sizeof(*sorted));
	if (!sorted)
		return false;
	sort_by_digit(id, nodes, sorted, count, 0);
	sort_by_digit(id, sorted, nodes, count, DIGIT_BITS);
	sort_by_digit(id, nodes, sorted, count, 2 * DIGIT_BITS);
	free(nodes);
	out->nodes = sorted;
	return true;
}

/* ---- two snapshots -------------------------------------------------------------------------- */

static uint64_t hash_key(const struct nm_class_key *key)
{
	uint64_t hash = nm_hash_bytes(key->has_location, key->name, key->length);

	hash = nm_hash_word(hash, (uint64_t)key->script_id << 32 | key->line);
	return nm_hash_word(hash, key->column);
}

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
		size_t at = hash_key(&now->rows[i].key) & (room - 1);

		while (slots[at] != 0)
			at = (at + 1) & (room - 1);
		slots[at] = i + 1;
		out->rows[i] = (struct nm_diff_row){
			.key = now->rows[i].key, .now_class = i, .base_class = NM_NO_CLASS};
	}
	out->count = now->class_count;
	for (uint32_t i = 0; i < base->class_count; i++) {
		const struct nm_class_key *key = &base->rows[i].key;
		size_t at = hash_key(key) & (room - 1);

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
	const uint32_t *base_id = base->heap->graph->id, *now_id = now->heap->graph->id;
	uint32_t i = 0, j = 0;

	while (i < before->count || j < after->count) {
		const nm_node old = i < before->count ? before->nodes[i] : NM_NO_NODE;
		const nm_node new = j < after->count ? after->nodes[j] : NM_NO_NODE;
		const bool is_old =
			new == NM_NO_NODE || (old != NM_NO_NODE && base_id[old] <= now_id[new]);
		const bool is_new =
			old == NM_NO_NODE || (new != NM_NO_NODE && now_id[new] <= base_id[old]);
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

static void keep_changed(struct nm_heap_diff *diff)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < diff->count; i++) {
		struct nm_diff_row row = diff->rows[i];

		if (row.added_count == 0 && row.removed_count == 0)
			continue;
		row.count_delta = (int64_t)(row.added_count - row.removed_count);
		row.size_delta = (int64_t)(row.added_size - row.removed_size);
		diff->rows[kept++] = row;
	}
	diff->count = kept;
	if (kept > 0)
		qsort(diff->rows, kept, sizeof(*diff->rows), grown_first);
}

int nm_heap_diff_make(const struct nm_constructors *base, const struct nm_constructors *now,
		      struct nm_heap_diff *out, struct nm_error *err)
{
	struct by_id before = {0}, after = {0};
	uint32_t *of_base = calloc(base->class_count + (size_t)1, sizeof(*of_base));
	bool is_good;

	memset(out, 0, sizeof(*out));
	out->rows = calloc((size_t)base->class_count + now->class_count + 1, sizeof(*out->rows));
	is_good = of_base && out->rows && join_classes(base, now, out, of_base) &&
		  order(base->heap, &before) && order(now->heap, &after);
	if (is_good) {
		compare(base, &before, now, &after, of_base, out->rows);
		keep_changed(out);
	} else {
		nm_heap_diff_done(out);
	}
	free(of_base);
	free(before.nodes);
	free(after.nodes);
	return is_good ? NM_OK : nm_error_nomem(err);
}

void nm_heap_diff_done(struct nm_heap_diff *diff)
{
	free(diff->rows);
	memset(diff, 0, sizeof(*diff));
}

/* ---- three snapshots ------------------------------------------------------------------------ */

/* Is there a node of the id? `at` is where to look on, and must be asked for ascending ids. */
static bool has_id(const struct nm_heap *heap, const struct by_id *nodes, uint32_t *at, uint32_t id)
{
	while (*at < nodes->count && heap->graph->id[nodes->nodes[*at]] < id)
		++*at;
	return *at < nodes->count && heap->graph->id[nodes->nodes[*at]] == id;
}

static int largest_first(const void *a, const void *b)
{
	const struct nm_survivor_row *left = a, *right = b;

	if (left->size != right->size)
		return left->size > right->size ? -1 : 1;
	return left->class < right->class ? -1 : left->class > right->class;
}

static void sum_up_survivors(const struct nm_constructors *last, struct nm_survivors *out)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < last->class_count; i++)
		out->rows[i].class = i;
	for (uint32_t i = 0; i < out->node_count; i++) {
		struct nm_survivor_row *row = &out->rows[last->class_of[out->nodes[i]]];

		row->count++;
		row->size += last->heap->shallow[out->nodes[i]];
	}
	for (uint32_t i = 0; i < last->class_count; i++)
		if (out->rows[i].count > 0)
			out->rows[kept++] = out->rows[i];
	out->count = kept;
	if (kept > 0)
		qsort(out->rows, kept, sizeof(*out->rows), largest_first);
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
	is_good = order(first, &old) && order(second, &born) && order(last->heap, &now) && out->rows;
	out->nodes = now.nodes;
	if (is_good) {
		for (uint32_t i = 0; i < now.count; i++) {
			const uint32_t id = last->heap->graph->id[now.nodes[i]];

			if (has_id(second, &born, &at_born, id) && !has_id(first, &old, &at_old, id))
				out->nodes[out->node_count++] = now.nodes[i];
		}
		sum_up_survivors(last, out);
	} else {
		nm_survivors_done(out);
	}
	free(old.nodes);
	free(born.nodes);
	return is_good ? NM_OK : nm_error_nomem(err);
}

void nm_survivors_done(struct nm_survivors *survivors)
{
	free(survivors->rows);
	free(survivors->nodes);
	memset(survivors, 0, sizeof(*survivors));
}
