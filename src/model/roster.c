#include "model/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model/sample.h"

#define DEPTH_MAX 31

static const char *const key_names[] = {
#define X(name, text) text,
	NM_ROSTER_LIST(X)
#undef X
};

const char *nm_roster_key_name(enum nm_roster_key key)
{
	return key_names[key];
}

bool nm_roster_find_key(const char *name, enum nm_roster_key *out)
{
	for (int i = 0; i < NM_ROSTER_COUNT; i++)
		if (strcasecmp(key_names[i], name) == 0) {
			*out = (enum nm_roster_key)i;
			return true;
		}
	return false;
}

const struct nm_isolate *nm_roster_fullest(const struct nm_roster_row *row)
{
	const struct nm_isolate *fullest = NULL;
	unsigned most = 0, percent;

	for (unsigned i = 0; i < row->sample->isolate_count; i++)
		if (nm_isolate_fullness(&row->sample->isolates[i], &percent) &&
		    (!fullest || percent > most)) {
			fullest = &row->sample->isolates[i];
			most = percent;
		}
	return fullest;
}

bool nm_roster_fullness(const struct nm_roster_row *row, unsigned *out_percent)
{
	const struct nm_isolate *fullest = nm_roster_fullest(row);

	return fullest && nm_isolate_fullness(fullest, out_percent);
}

bool nm_roster_matches(const struct nm_roster_row *row, const char *text)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)row->info->pid);
	return strcasestr(row->name, text) || strcasestr(row->info->command, text) ||
	       strcasestr(row->info->node, text) || strstr(pid, text);
}

/* ---- the order ----------------------------------------------------------------------------- */

struct sorting {
	const struct nm_roster_row *rows;
	const struct nm_roster_order *order;
};

/* What a row is sorted by, the largest first. False when it is not known. */
static bool get_value(const struct nm_roster_row *row, enum nm_roster_key key, uint64_t *out)
{
	unsigned percent;

	switch (key) {
	case NM_ROSTER_RSS:
		return nm_trail_sum(row->sample, NM_TRAIL_RSS, out);
	case NM_ROSTER_HEAP:
		return nm_trail_sum(row->sample, NM_TRAIL_HEAP_USED, out);
	case NM_ROSTER_BUFFERS:
		return nm_trail_sum(row->sample, NM_TRAIL_ARRAY_BUFFERS, out);
	case NM_ROSTER_FULL:
		if (!nm_roster_fullness(row, &percent))
			return false;
		*out = percent;
		return true;
	case NM_ROSTER_TIME:
		if (!row->forecast || row->forecast->reason != NM_FORECAST_OK)
			return false;
		*out = UINT64_MAX - row->forecast->eta_ms;
		return true;
	case NM_ROSTER_AGE:
		*out = row->sample->uptime_ms;
		return (row->sample->has & NM_HAS_UPTIME) != 0;
	default:
		return false;
	}
}

static int compare_values(const struct nm_roster_row *a, const struct nm_roster_row *b,
			  const struct nm_roster_order *order)
{
	const int sign = order->is_inverted ? -1 : 1;
	uint64_t left = 0, right = 0;
	const bool has_left = get_value(a, order->key, &left);
	const bool has_right = get_value(b, order->key, &right);

	if (has_left != has_right)
		return has_left ? -1 : 1;
	return left == right ? 0 : left > right ? -sign : sign;
}

static int compare_pids(const struct nm_roster_row *a, const struct nm_roster_row *b)
{
	return (a->info->pid > b->info->pid) - (a->info->pid < b->info->pid);
}

static int compare(const void *left, const void *right, void *context)
{
	const struct sorting *sorting = context;
	const struct nm_roster_order *order = sorting->order;
	const struct nm_roster_row *a = &sorting->rows[((const struct nm_roster_line *)left)->row];
	const struct nm_roster_row *b = &sorting->rows[((const struct nm_roster_line *)right)->row];
	int result;

	if (order->key == NM_ROSTER_PID)
		return order->is_inverted ? compare_pids(b, a) : compare_pids(a, b);
	if (order->key == NM_ROSTER_NAME) {
		result = strcasecmp(a->name, b->name);
		result = order->is_inverted ? -result : result;
	} else {
		result = compare_values(a, b, order);
	}
	return result != 0 ? result : compare_pids(a, b);
}

/* ---- the tree ------------------------------------------------------------------------------ */

struct tree {
	const struct nm_roster_row *rows;
	const struct nm_roster_line *sorted;
	size_t count;
	bool is_placed[NM_ROSTER_MAX]; /* of `sorted` */
	struct nm_roster_line *out;
	size_t placed;
};

static pid_t pid_at(const struct tree *tree, size_t index)
{
	return tree->rows[tree->sorted[index].row].info->pid;
}

static bool is_root(const struct tree *tree, size_t index)
{
	const pid_t parent = tree->rows[tree->sorted[index].row].parent;

	for (size_t i = 0; parent != 0 && i < tree->count; i++)
		if (i != index && pid_at(tree, i) == parent)
			return false;
	return true;
}

/* The next child from `from` on that has no place yet; `count` when there is none. */
static size_t next_child(const struct tree *tree, pid_t parent, size_t from)
{
	for (size_t i = from; i < tree->count; i++)
		if (!tree->is_placed[i] && tree->rows[tree->sorted[i].row].parent == parent)
			return i;
	return tree->count;
}

static void place(struct tree *tree, size_t index, unsigned depth, uint32_t rails)
{
	const pid_t pid = pid_at(tree, index);
	size_t child;

	tree->is_placed[index] = true;
	tree->out[tree->placed++] = (struct nm_roster_line){tree->sorted[index].row, depth, rails};
	if (depth == DEPTH_MAX)
		return;
	for (child = next_child(tree, pid, 0); child < tree->count;
	     child = next_child(tree, pid, child + 1)) {
		const bool is_last = next_child(tree, pid, child + 1) == tree->count;

		place(tree, child, depth + 1, is_last ? rails : rails | UINT32_C(1) << (depth + 1));
	}
}

static void make_tree(const struct nm_roster_row *rows, const struct nm_roster_line *sorted,
		      size_t count, struct nm_roster_line *out)
{
	struct tree tree = {.rows = rows, .sorted = sorted, .count = count, .out = out};

	for (size_t i = 0; i < count; i++)
		if (!tree.is_placed[i] && is_root(&tree, i))
			place(&tree, i, 0, 0);
	/* Parents were read one after the other, so that they may contradict each other. */
	for (size_t i = 0; i < count; i++)
		if (!tree.is_placed[i])
			place(&tree, i, 0, 0);
}

size_t nm_roster_arrange(const struct nm_roster_row *rows, size_t count,
			 const struct nm_roster_order *order, struct nm_roster_line *out)
{
	struct sorting sorting = {rows, order};
	struct nm_roster_line sorted[NM_ROSTER_MAX];
	size_t kept = 0;

	for (size_t i = 0; i < count && i < NM_ROSTER_MAX; i++)
		if (!order->filter[0] || nm_roster_matches(&rows[i], order->filter))
			out[kept++] = (struct nm_roster_line){.row = i};
	if (kept == 0)
		return 0;
	qsort_r(out, kept, sizeof(*out), compare, &sorting);
	if (order->is_tree) {
		memcpy(sorted, out, kept * sizeof(*out));
		make_tree(rows, sorted, kept, out);
	}
	return kept;
}
