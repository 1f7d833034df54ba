#include "model/heap/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "model/heap/node_text.h"

#define NO_GROUP UINT32_MAX

/* A string without one in itself has no more parts before it is long enough: each has a unit or is empty,
   and V8 keeps no more than one empty one beside another. */
#define STEPS_MAX (UINT64_C(8) * NM_TEXT_UNITS)

/* What tells strings apart that were cut; of others, all zero. */
struct cut {
	bool is_cut, has_length, has_hash;
	int64_t length, hash;
};

/* Most texts are there once: what is kept of each is little. */
struct group {
	uint64_t hash;
	uint64_t size, retained, largest;
	nm_node node;
	uint32_t count;
	uint32_t cut; /* in `cuts`; the first is of all strings that were not */
};

struct finder {
	const struct nm_heap *heap;
	const struct nm_graph *graph;
	struct group *groups;
	uint32_t count, room;
	uint32_t *slots; /* hash to group + 1 */
	uint32_t mask;
	struct cut *cuts;
	uint32_t cut_count, cut_room;
	uint32_t *of_name; /* group + 1 of strings that are not cut, by name */
	/* Of strings of parts, by node; NULL when there are none. */
	nm_node *same;	   /* one that is shown alike and has fewer parts, once `settled` */
	uint8_t *settled;  /* 0, 1: its parts are under way, 2 */
	uint32_t *of_cons; /* group + 1 */
	nm_node *waiting;
	size_t depth, waiting_room;
	struct nm_flatten flatten;
	struct nm_strbuf text, other;
	bool failed;
};

/* ---- strings of parts ------------------------------------------------------------------------ */

static bool wait_for(struct finder *finder, nm_node node)
{
	if (finder->depth == finder->waiting_room) {
		const size_t room = 2 * finder->waiting_room + 64;
		nm_node *more = realloc(finder->waiting, room * sizeof(*more));

		if (!more) {
			finder->failed = true;
			return false;
		}
		finder->waiting = more;
		finder->waiting_room = room;
	}
	finder->waiting[finder->depth++] = node;
	return true;
}

static bool is_cons(const struct finder *finder, nm_node node)
{
	return finder->graph->kind[node] == NM_NODE_CONCATENATED;
}

static void settle_one(struct finder *finder, nm_node node, nm_node first)
{
	finder->settled[node] = 2;
	if (is_cons(finder, first) && finder->same[first] != NM_NO_NODE) {
		finder->same[node] = finder->same[first];
		return;
	}
	nm_strbuf_clear(&finder->text);
	if (nm_flatten_add(&finder->flatten, &finder->text, node, STEPS_MAX) >= NM_TEXT_UNITS)
		finder->same[node] = node;
}

/* A text that was appended to a million times is a million strings deep, and all of them are shown by the
   same start. Find, from the innermost on, that one of its parts which has it all. */
static void settle(struct finder *finder, nm_node node)
{
	finder->depth = 0;
	wait_for(finder, node);
	while (finder->depth > 0 && !finder->failed) {
		const nm_node at = finder->waiting[finder->depth - 1];
		nm_node parts[2];

		if (finder->settled[at] == 2) {
			finder->depth--;
			continue;
		}
		nm_cons_parts(finder->graph, at, parts);
		if (finder->settled[at] == 1) {
			finder->depth--;
			settle_one(finder, at, parts[0]);
			continue;
		}
		finder->settled[at] = 1;
		for (int i = 1; i >= 0; i--)
			if (is_cons(finder, parts[i]) && finder->settled[parts[i]] == 0)
				wait_for(finder, parts[i]);
	}
}

static bool prepare_cons(struct finder *finder)
{
	const uint32_t count = finder->graph->node_count;

	if (finder->same)
		return true;
	finder->same = malloc(count * sizeof(*finder->same));
	finder->settled = calloc(count, sizeof(*finder->settled));
	finder->of_cons = calloc(count, sizeof(*finder->of_cons));
	if (!finder->same || !finder->settled || !finder->of_cons)
		return false;
	memset(finder->same, 0xff, count * sizeof(*finder->same));
	finder->flatten.same = finder->same;
	return true;
}

/* Has V8 put the parts into one string? Then one part is that, and the other is empty. */
static bool is_flat(const struct nm_graph *graph, nm_node node)
{
	for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++) {
		const nm_node to = graph->edge_to[i];

		if (graph->edge_kind[i] == NM_EDGE_INTERNAL &&
		    graph->kind[to] != NM_NODE_CONCATENATED &&
		    nm_name_is(graph, graph->name[to], "") &&
		    (nm_name_is(graph, graph->edge_name[i], "first") ||
		     nm_name_is(graph, graph->edge_name[i], "second")))
			return true;
	}
	return false;
}

/* ---- strings that were cut ------------------------------------------------------------------- */

static nm_node internal_target(const struct nm_graph *graph, nm_node node, const char *name)
{
	for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++)
		if (graph->edge_kind[i] == NM_EDGE_INTERNAL &&
		    nm_name_is(graph, graph->edge_name[i], name))
			return graph->edge_to[i];
	return NM_NO_NODE;
}

/* The text of a value that a snapshot has as a node of the type; NULL when it is none. */
static const char *value_text(const struct nm_graph *graph, nm_node node, const char *type)
{
	nm_node value;

	if (node == NM_NO_NODE || graph->kind[node] != NM_NODE_NUMBER ||
	    !nm_name_is(graph, graph->name[node], type))
		return NULL;
	value = internal_target(graph, node, "value");
	return value == NM_NO_NODE ? NULL : nm_graph_text(graph, graph->name[value]);
}

static bool read_int(const struct nm_graph *graph, nm_node node, const char *name, int64_t *out)
{
	const char *text = value_text(graph, internal_target(graph, node, name), "int");
	char *end;

	*out = text ? strtoll(text, &end, 10) : 0;
	return text && end != text;
}

static struct cut read_cut(const struct nm_graph *graph, nm_node node)
{
	const char *is_cut = value_text(graph, internal_target(graph, node, "truncated"), "bool");
	struct cut cut;

	memset(&cut, 0, sizeof(cut));
	if (!is_cut || strcmp(is_cut, "true") != 0)
		return cut;
	cut.is_cut = true;
	cut.has_length = read_int(graph, node, "length", &cut.length);
	cut.has_hash = read_int(graph, node, "hash", &cut.hash);
	return cut;
}

static bool is_same_cut(const struct cut *a, const struct cut *b)
{
	return a->is_cut == b->is_cut && a->has_length == b->has_length &&
	       a->has_hash == b->has_hash && a->length == b->length && a->hash == b->hash;
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* What the node is shown as; `room` is for strings of parts. */
static const char *show(struct finder *finder, nm_node node, struct nm_strbuf *room, size_t *length)
{
	if (!is_cons(finder, node))
		return nm_intern_get(&finder->graph->names, finder->graph->name[node], length);
	nm_strbuf_clear(room);
	nm_flatten_add(&finder->flatten, room, node, STEPS_MAX);
	*length = room->length;
	return nm_strbuf_get(room);
}

/* Room for one more group, the table at most half full. */
static bool reserve_group(struct finder *finder)
{
	const uint32_t room = finder->room ? 2 * finder->room : 1024;
	struct group *groups;
	uint32_t *slots;

	if (finder->count < finder->room)
		return true;
	groups = realloc(finder->groups, room * sizeof(*groups));
	if (groups)
		finder->groups = groups;
	slots = calloc(2 * (size_t)room, sizeof(*slots));
	if (!groups || !slots) {
		free(slots);
		return false;
	}
	free(finder->slots);
	finder->slots = slots;
	finder->mask = 2 * room - 1;
	finder->room = room;
	for (uint32_t i = 0; i < finder->count; i++) {
		uint32_t at = (uint32_t)groups[i].hash & finder->mask;

		while (slots[at] != 0)
			at = (at + 1) & finder->mask;
		slots[at] = i + 1;
	}
	return true;
}

/* The number that the cut gets, for a group of its own; NO_GROUP: out of memory. */
static uint32_t keep_cut(struct finder *finder, const struct cut *cut)
{
	if (!cut->is_cut)
		return 0;
	if (finder->cut_count == finder->cut_room) {
		const uint32_t room = 2 * finder->cut_room;
		struct cut *cuts = realloc(finder->cuts, room * sizeof(*cuts));

		if (!cuts)
			return NO_GROUP;
		finder->cuts = cuts;
		finder->cut_room = room;
	}
	finder->cuts[finder->cut_count] = *cut;
	return finder->cut_count++;
}

/* The group of the text of the node; NO_GROUP: out of memory. */
static uint32_t group_of_text(struct finder *finder, nm_node node, const struct cut *cut)
{
	size_t length, other_length;
	const char *text = show(finder, node, &finder->text, &length), *other;
	uint64_t hash = nm_hash_bytes(cut->is_cut, text, length);
	uint32_t at, kept;

	hash = nm_hash_word(nm_hash_word(hash, (uint64_t)cut->length), (uint64_t)cut->hash);
	if (!reserve_group(finder))
		return NO_GROUP;
	at = (uint32_t)hash & finder->mask;
	for (; finder->slots[at] != 0; at = (at + 1) & finder->mask) {
		const struct group *group = &finder->groups[finder->slots[at] - 1];

		if (group->hash != hash || !is_same_cut(&finder->cuts[group->cut], cut))
			continue;
		other = show(finder, group->node, &finder->other, &other_length);
		if (other_length == length && memcmp(other, text, length) == 0)
			return finder->slots[at] - 1;
	}
	kept = keep_cut(finder, cut);
	if (kept == NO_GROUP)
		return NO_GROUP;
	finder->groups[finder->count] = (struct group){.hash = hash, .node = node, .cut = kept};
	finder->slots[at] = ++finder->count;
	return finder->count - 1;
}

/* Where the group of an uncut text is remembered. */
static uint32_t *place_of(struct finder *finder, nm_node node)
{
	if (!is_cons(finder, node))
		return &finder->of_name[finder->graph->name[node]];
	if (!prepare_cons(finder))
		return NULL;
	settle(finder, node);
	return &finder->of_cons[finder->same[node] == NM_NO_NODE ? node : finder->same[node]];
}

static bool add_node(struct finder *finder, nm_node node)
{
	const struct cut cut = read_cut(finder->graph, node);
	uint32_t *place = place_of(finder, node), number;
	const uint64_t size = finder->heap->shallow[node];
	struct group *group;

	if (!place || finder->failed)
		return false;
	number = !cut.is_cut && *place ? *place - 1 : group_of_text(finder, node, &cut);
	if (number == NO_GROUP)
		return false;
	if (!cut.is_cut)
		*place = number + 1;
	group = &finder->groups[number];
	group->count++;
	group->size += size;
	group->retained += finder->heap->retained[node];
	if (size > group->largest)
		group->largest = size;
	return !finder->failed && !finder->flatten.failed && !finder->text.failed &&
	       !finder->other.failed;
}

static bool find_groups(struct finder *finder)
{
	const struct nm_graph *graph = finder->graph;

	finder->of_name = calloc(graph->names.count + (size_t)1, sizeof(*finder->of_name));
	finder->cuts = calloc(16, sizeof(*finder->cuts));
	if (!finder->of_name || !finder->cuts)
		return false;
	finder->cut_room = 16;
	finder->cut_count = 1;
	for (nm_node node = 0; node < graph->node_count; node++) {
		if (graph->kind[node] != NM_NODE_STRING &&
		    graph->kind[node] != NM_NODE_CONCATENATED)
			continue;
		/* Nodes of no size are texts of the snapshot, not of the program. */
		if (finder->heap->shallow[node] == 0 ||
		    (is_cons(finder, node) && is_flat(graph, node)))
			continue;
		if (!add_node(finder, node))
			return false;
	}
	return true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static int largest_first(const void *a, const void *b)
{
	const struct nm_duplicate *left = a, *right = b;

	if (left->retained != right->retained)
		return left->retained > right->retained ? -1 : 1;
	if (left->is_cut != right->is_cut)
		return left->is_cut ? 1 : -1;
	return left->node < right->node ? -1 : 1;
}

static bool fill_rows(const struct finder *finder, struct nm_duplicates *out)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < finder->count; i++)
		count += finder->groups[i].count > 1;
	out->rows = calloc(count + (size_t)1, sizeof(*out->rows));
	if (!out->rows)
		return false;
	for (uint32_t i = 0; i < finder->count; i++) {
		const struct group *group = &finder->groups[i];

		if (group->count <= 1)
			continue;
		out->rows[out->count++] = (struct nm_duplicate){
			.node = group->node,
			.count = group->count,
			.size = group->size,
			.retained = group->retained,
			.wasted = group->size - group->largest,
			.is_cut = finder->cuts[group->cut].is_cut,
			.has_length = finder->cuts[group->cut].has_length,
			.length = finder->cuts[group->cut].length,
		};
		out->node_count += group->count;
	}
	qsort(out->rows, out->count, sizeof(*out->rows), largest_first);
	return true;
}

int nm_duplicates_make(const struct nm_heap *heap, struct nm_duplicates *out, struct nm_error *err)
{
	struct finder finder = {.heap = heap, .graph = heap->graph};
	bool is_good;

	memset(out, 0, sizeof(*out));
	finder.flatten.graph = heap->graph;
	nm_strbuf_init(&finder.text, SIZE_MAX / 2);
	nm_strbuf_init(&finder.other, SIZE_MAX / 2);
	is_good = find_groups(&finder) && fill_rows(&finder, out);
	free(finder.groups);
	free(finder.slots);
	free(finder.cuts);
	free(finder.of_name);
	free(finder.same);
	free(finder.settled);
	free(finder.of_cons);
	free(finder.waiting);
	nm_flatten_done(&finder.flatten);
	nm_strbuf_done(&finder.text);
	nm_strbuf_done(&finder.other);
	return is_good ? NM_OK : nm_error_nomem(err);
}

void nm_duplicates_done(struct nm_duplicates *duplicates)
{
	free(duplicates->rows);
	memset(duplicates, 0, sizeof(*duplicates));
}
