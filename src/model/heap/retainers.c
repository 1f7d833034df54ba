#include "model/heap/retainers.h"

#include <stdlib.h>
#include <string.h>

#include "model/heap/tree.h"

#define NO_GROUP UINT32_MAX

struct search {
	const struct nm_graph *graph;
	const struct nm_heap *heap;
	struct nm_retainers *out;
	struct nm_path_shapes shapes;
	uint32_t *group_of; /* of each shape, as far as they go, or NO_GROUP */
	uint32_t shape_room;
};

/* ---- paths ------------------------------------------------------------------------------------ */

void nm_retainers_path(const struct nm_retainers *retainers, const struct nm_retainer_group *group,
		       struct nm_retainer_path *out)
{
	const struct nm_paths *paths = &retainers->paths;
	uint32_t tail[NM_PATH_TAIL], head[NM_PATH_HEAD], edge = group->edge;
	nm_node node = group->holder;
	size_t count = 0, tail_count, head_count;

	*out = (struct nm_retainer_path){.start = node == NM_NO_NODE ? group->example : node};
	/* From the end: of what comes before the last steps the newest are kept. */
	while (node != NM_NO_NODE) {
		out->start = node;
		if (count < NM_PATH_TAIL)
			tail[count] = edge;
		else
			head[count % NM_PATH_HEAD] = edge;
		count++;
		if (node == retainers->self)
			break;
		edge = paths->edge[node];
		node = paths->from[node];
	}
	tail_count = count < NM_PATH_TAIL ? count : NM_PATH_TAIL;
	head_count = count - tail_count < NM_PATH_HEAD ? count - tail_count : NM_PATH_HEAD;
	for (size_t i = 0; i < head_count; i++)
		out->edges[out->count++] = head[(count - 1 - i) % NM_PATH_HEAD];
	for (size_t i = tail_count; i > 0; i--)
		out->edges[out->count++] = tail[i - 1];
	out->left_out = (uint32_t)(count - tail_count - head_count);
}

/* ---- groups ----------------------------------------------------------------------------------- */

/* The group of a shape, a new one if there is none yet. NULL: out of memory. */
static struct nm_retainer_group *find_group(struct search *search, uint32_t shape)
{
	struct nm_retainers *out = search->out;

	if (shape == NM_NO_SHAPE)
		return NULL;
	if (shape >= search->shape_room) {
		const size_t room = 2 * (size_t)shape + 256;
		uint32_t *more = realloc(search->group_of, room * sizeof(*more));

		if (!more)
			return NULL;
		for (size_t i = search->shape_room; i < room; i++)
			more[i] = NO_GROUP;
		search->group_of = more;
		search->shape_room = (uint32_t)room;
	}
	if (search->group_of[shape] != NO_GROUP)
		return &out->groups[search->group_of[shape]];
	if (out->count == out->room) {
		const uint32_t room = 2 * out->room + 64;
		struct nm_retainer_group *more = realloc(out->groups, room * sizeof(*more));

		if (!more)
			return NULL;
		out->groups = more;
		out->room = room;
	}
	search->group_of[shape] = out->count;
	out->groups[out->count] = (struct nm_retainer_group){
		.state = (enum nm_path_state)search->shapes.items[shape].state,
		.example = NM_NO_NODE,
		.holder = NM_NO_NODE,
		.edge = NM_NO_EDGE};
	return &out->groups[out->count++];
}

static bool add(struct search *search, uint32_t shape, nm_node example, nm_node holder,
		uint32_t edge, int32_t distance)
{
	struct nm_retainer_group *group = find_group(search, shape);

	if (!group)
		return false;
	if (group->example == NM_NO_NODE || distance < group->distance) {
		group->example = example;
		group->holder = holder;
		group->edge = edge;
		group->distance = distance;
	}
	if (group->count++ == 0 || distance > group->farthest)
		group->farthest = distance;
	return true;
}

/* Edges from what the root leads to; the root itself is no distance away. */
static int32_t distance_by(const struct search *search, nm_node holder)
{
	const int32_t distance = holder == 0 ? 0 : search->heap->distance[holder];

	return distance < 0 ? NM_DISTANCE_NONE : distance + (distance < INT32_MAX);
}

static bool add_edges_to(struct search *search, nm_node node)
{
	const struct nm_graph *graph = search->graph;

	for (nm_node from = 0; from < graph->node_count; from++)
		for (uint32_t i = graph->first_edge[from]; i < graph->first_edge[from + 1]; i++)
			if (graph->edge_to[i] == node &&
			    !add(search, nm_path_shapes_by(&search->shapes, from, i), from, from, i,
				 distance_by(search, from)))
				return false;
	return true;
}

static bool is_named(const struct nm_constructor *row, const char *name)
{
	return row->key.length == strlen(name) && memcmp(row->key.name, name, row->key.length) == 0;
}

static bool is_member(const struct search *search, const char *name, nm_node node)
{
	const struct nm_constructors *classes = search->out->classes;

	return is_named(&classes->rows[classes->class_of[node]], name) &&
	       nm_constructors_counts(classes, node);
}

static bool add_members(struct search *search, const char *name)
{
	const struct nm_paths *paths = &search->out->paths;
	const struct nm_heap *heap = search->heap;

	for (nm_node node = 0; node < search->graph->node_count; node++) {
		uint32_t shape;

		if (!is_member(search, name, node))
			continue;
		shape = nm_path_shapes_of(&search->shapes, node);
		if (!add(search, shape, node, paths->from[node], paths->edge[node],
			 heap->distance[node]))
			return false;
		search->out->groups[search->group_of[shape]].shallow += heap->shallow[node];
		search->out->objects++;
		search->out->shallow += heap->shallow[node];
	}
	return true;
}

/* The node is a member, seen on the way down. */
static void enter(struct search *search, nm_node *entered, nm_node *entered_any, nm_node node)
{
	const uint32_t group = search->group_of[search->shapes.of[node]];
	const uint64_t retained = search->heap->retained[node];

	if (entered[group] == NM_NO_NODE) {
		search->out->groups[group].retained += retained;
		entered[group] = node;
	}
	if (*entered_any == NM_NO_NODE) {
		search->out->retained += retained;
		*entered_any = node;
	}
}

/* Walk the dominator tree, remembering by which node each group was entered: what is below it and of
   that group is in its retained size already. */
static bool sum_up_retained(struct search *search, const char *name)
{
	const nm_node *dominator = search->heap->dominator;
	const size_t nodes = search->graph->node_count;
	nm_node *entered = malloc((search->out->count + (size_t)1) * sizeof(*entered));
	nm_node entered_any = NM_NO_NODE, at = 0;
	struct nm_tree tree = {0};
	uint32_t *next = malloc(nodes * sizeof(*next));
	bool is_good = entered && next && nm_tree_make(&tree, dominator, search->graph->node_count);

	if (is_good) {
		memset(entered, 0xff, search->out->count * sizeof(*entered));
		memcpy(next, tree.first, nodes * sizeof(*next));
	}
	/* Down to the next child, or up when there is none. Each node is come down to once. */
	for (bool is_new = true; is_good;) {
		const bool counts = is_member(search, name, at);

		if (is_new && counts)
			enter(search, entered, &entered_any, at);
		is_new = next[at] < tree.first[at + 1];
		if (is_new) {
			at = tree.children[next[at]++];
			continue;
		}
		if (counts && entered[search->group_of[search->shapes.of[at]]] == at)
			entered[search->group_of[search->shapes.of[at]]] = NM_NO_NODE;
		if (entered_any == at)
			entered_any = NM_NO_NODE;
		if (at == 0)
			break;
		at = dominator[at];
	}
	nm_tree_done(&tree);
	free(entered);
	free(next);
	return is_good;
}

/* ---- order ------------------------------------------------------------------------------------ */

/* By state, and then at the end what is the same in all else. */
static int compare_states(const struct nm_retainer_group *a, const struct nm_retainer_group *b)
{
	return (a->state > b->state) - (a->state < b->state);
}

static int compare_rest(const struct nm_retainer_group *a, const struct nm_retainer_group *b)
{
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->example != b->example)
		return a->example < b->example ? -1 : 1;
	return (a->edge > b->edge) - (a->edge < b->edge);
}

static int nearest_first(const void *left, const void *right)
{
	const struct nm_retainer_group *a = left, *b = right;
	const int by_state = compare_states(a, b);

	if (by_state != 0)
		return by_state;
	if (a->distance != b->distance)
		return a->distance < b->distance ? -1 : 1;
	return compare_rest(a, b);
}

static int largest_first(const void *left, const void *right)
{
	const struct nm_retainer_group *a = left, *b = right;
	const int by_state = compare_states(a, b);

	if (by_state != 0)
		return by_state;
	if (a->retained != b->retained)
		return a->retained > b->retained ? -1 : 1;
	return compare_rest(a, b);
}

/* That an object is a global one says little when something else holds it too. */
static void drop_root(struct nm_retainers *out)
{
	uint32_t kept = 0;
	bool has_other = false;

	for (uint32_t i = 0; i < out->count; i++)
		has_other |= out->groups[i].state == NM_PATH_ALIVE && out->groups[i].holder != 0;
	for (uint32_t i = 0; i < out->count; i++)
		if (out->groups[i].holder != 0 || !has_other)
			out->groups[kept++] = out->groups[i];
	out->count = kept;
}

/* ---- the way in ------------------------------------------------------------------------------- */

static int prepare(struct search *search, const struct nm_constructors *classes, nm_node self,
		   struct nm_retainers *out, struct nm_error *err)
{
	int code;

	*out = (struct nm_retainers){.classes = classes, .self = self};
	*search = (struct search){.graph = classes->heap->graph, .heap = classes->heap, .out = out};
	code = nm_paths_by_distance(classes->heap, &out->paths, err);
	if (code == NM_OK)
		code = nm_path_shapes_init(&search->shapes, classes, &out->paths, self, err);
	return code;
}

static int finish(struct search *search, int code, int (*order)(const void *, const void *))
{
	struct nm_retainers *out = search->out;

	if (code == NM_OK && out->count > 0)
		qsort(out->groups, out->count, sizeof(*out->groups), order);
	nm_path_shapes_done(&search->shapes);
	free(search->group_of);
	if (code != NM_OK)
		nm_retainers_done(out);
	return code;
}

int nm_retainers_of_node(const struct nm_constructors *classes, nm_node node,
			 struct nm_retainers *out, struct nm_error *err)
{
	struct search search;
	int code = prepare(&search, classes, node, out, err);

	out->objects = 1;
	out->shallow = classes->heap->shallow[node];
	out->retained = classes->heap->retained[node];
	if (code == NM_OK && !add_edges_to(&search, node))
		code = nm_error_nomem(err);
	for (uint32_t i = 0; code == NM_OK && i < out->count; i++) {
		out->groups[i].shallow = out->shallow;
		out->groups[i].retained = out->retained;
	}
	if (code == NM_OK)
		drop_root(out);
	return finish(&search, code, nearest_first);
}

int nm_retainers_of_class(const struct nm_constructors *classes, const char *name,
			  struct nm_retainers *out, struct nm_error *err)
{
	struct search search;
	int code = prepare(&search, classes, NM_NO_NODE, out, err);

	if (code == NM_OK &&
	    (!add_members(&search, name) || (out->count > 0 && !sum_up_retained(&search, name))))
		code = nm_error_nomem(err);
	return finish(&search, code, largest_first);
}

void nm_retainers_done(struct nm_retainers *retainers)
{
	nm_paths_done(&retainers->paths);
	free(retainers->groups);
	memset(retainers, 0, sizeof(*retainers));
}
