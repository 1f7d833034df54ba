#include "model/heap/interfaces.h"

#include <stdlib.h>
#include <string.h>

#include "model/heap/node_text.h"

/* DevTools': a name takes no more property that would make it longer, ... */
#define NAME_UNITS 120
/* ... and fewer objects than 2, or than a thousandth of all, have no class of their own. */
#define OBJECTS_MIN	2
#define OBJECTS_PER_ONE 1000

/* A name, and how many objects start with its properties. */
struct candidate {
	uint32_t number; /* in the order in which they were met */
	uint64_t objects;
	nm_node node; /* the first of them */
};

static int compare_u32(const void *a, const void *b)
{
	const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* ---- definitions --------------------------------------------------------------------------- */

/* The name of what the object looks like, and the last edge + 1 that is in it. Its properties are the
   own ones before that; 0 of them make no name. */
static uint32_t write_name(const struct nm_graph *graph, nm_node node, struct nm_strbuf *name,
			   struct nm_strbuf *one)
{
	uint32_t last = 0;
	size_t units = 1;

	nm_strbuf_clear(name);
	nm_strbuf_adds(name, "{");
	for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++) {
		size_t length, more;
		const char *text;

		if (!nm_is_own_property(graph, i))
			continue;
		text = nm_intern_get(&graph->names, graph->edge_name[i], &length);
		nm_strbuf_clear(one);
		nm_text_add_property(one, text, length);
		more = nm_text_units(nm_strbuf_get(one), one->length);
		if (units > 1 && units + more > NAME_UNITS)
			break;
		if (units > 1) {
			nm_strbuf_adds(name, ", ");
			units += 2;
		}
		nm_strbuf_add(name, nm_strbuf_get(one), one->length);
		units += more;
		last = i + 1;
	}
	nm_strbuf_adds(name, "}");
	return last;
}

/* All names, each with its number of objects. False: out of memory. */
static bool find_candidates(const struct nm_shapes *shapes, struct nm_intern *names,
			    struct candidate *candidates)
{
	struct nm_strbuf name, one;
	bool is_good = true;

	nm_strbuf_init(&name, SIZE_MAX / 2);
	nm_strbuf_init(&one, SIZE_MAX / 2);
	for (uint32_t i = 0; i < shapes->count && is_good; i++) {
		const struct nm_shape *shape = &shapes->items[i];
		const uint32_t known = names->count;
		uint32_t number;

		if (write_name(shapes->graph, shape->node, &name, &one) == 0)
			continue;
		number = nm_intern_add(names, nm_strbuf_get(&name), name.length);
		is_good = number != NM_INTERN_NONE && !name.failed && !one.failed;
		if (is_good && names->count > known)
			candidates[number] = (struct candidate){number, 0, shape->node};
		if (is_good)
			candidates[number].objects += shape->objects;
	}
	nm_strbuf_done(&name);
	nm_strbuf_done(&one);
	return is_good;
}

static int most_frequent_first(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;

	if (left->objects != right->objects)
		return left->objects > right->objects ? -1 : 1;
	return left->number < right->number ? -1 : 1;
}

static bool fill_definition(struct nm_interfaces *interfaces, const struct nm_graph *graph,
			    nm_node node, struct nm_strbuf *name, struct nm_strbuf *one)
{
	struct nm_interface *item = &interfaces->items[interfaces->count++];
	const uint32_t first = graph->first_edge[node], end = write_name(graph, node, name, one);

	item->name = nm_intern_add(&interfaces->names, nm_strbuf_get(name), name->length);
	item->properties = malloc((end - first) * sizeof(*item->properties));
	if (!item->properties || item->name == NM_INTERN_NONE || name->failed || one->failed)
		return false;
	for (uint32_t i = first; i < end; i++) {
		size_t length;
		const char *text;
		uint32_t property;

		if (!nm_is_own_property(graph, i))
			continue;
		text = nm_intern_get(&graph->names, graph->edge_name[i], &length);
		property = nm_intern_add(&interfaces->properties, text, length);
		if (property == NM_INTERN_NONE)
			return false;
		item->properties[item->property_count++] = property;
	}
	qsort(item->properties, item->property_count, sizeof(*item->properties), compare_u32);
	return true;
}

/* Those of the sorted candidates that are frequent enough. */
static bool fill_definitions(struct nm_interfaces *interfaces, const struct nm_shapes *shapes,
			     const struct candidate *candidates, uint32_t count)
{
	struct nm_strbuf name, one;
	bool is_good;

	while (count > 0 &&
	       (candidates[count - 1].objects < OBJECTS_MIN ||
		candidates[count - 1].objects * OBJECTS_PER_ONE < shapes->object_count))
		count--;
	interfaces->items = calloc(count + (size_t)1, sizeof(*interfaces->items));
	is_good = interfaces->items != NULL;
	nm_strbuf_init(&name, SIZE_MAX / 2);
	nm_strbuf_init(&one, SIZE_MAX / 2);
	for (uint32_t i = 0; i < count && is_good; i++)
		is_good =
			fill_definition(interfaces, shapes->graph, candidates[i].node, &name, &one);
	nm_strbuf_done(&name);
	nm_strbuf_done(&one);
	return is_good;
}

int nm_interfaces_infer(const struct nm_shapes *shapes, struct nm_interfaces **out,
			struct nm_error *err)
{
	struct nm_interfaces *interfaces = calloc(1, sizeof(*interfaces));
	struct candidate *candidates = calloc(shapes->count + (size_t)1, sizeof(*candidates));
	struct nm_intern names = {0};
	bool is_good = interfaces && candidates && find_candidates(shapes, &names, candidates);

	if (is_good) {
		qsort(candidates, names.count, sizeof(*candidates), most_frequent_first);
		is_good = fill_definitions(interfaces, shapes, candidates, names.count);
	}
	nm_intern_done(&names);
	free(candidates);
	if (!is_good) {
		nm_interfaces_free(interfaces);
		return nm_error_nomem(err);
	}
	*out = interfaces;
	return NM_OK;
}

void nm_interfaces_free(struct nm_interfaces *interfaces)
{
	if (!interfaces)
		return;
	for (uint32_t i = 0; i < interfaces->count; i++)
		free(interfaces->items[i].properties);
	free(interfaces->items);
	nm_intern_done(&interfaces->names);
	nm_intern_done(&interfaces->properties);
	free(interfaces);
}

/* ---- matching ------------------------------------------------------------------------------ */

/* That a definition has a property so many times. */
struct use {
	uint32_t definition;
	uint32_t times;
};

#define NOT_LOOKED_UP 0
#define IN_NONE	      1
#define PROPERTY      2 /* and more: its number */

struct matcher {
	const struct nm_interfaces *interfaces;
	const struct nm_graph *graph;
	/* By property: uses[first_use[p]] up to before uses[first_use[p + 1]]. */
	uint32_t *first_use;
	struct use *uses;
	uint32_t *property; /* of each name of the graph: the above */
	/* Of each definition. */
	uint32_t *needs; /* different properties */
	uint32_t *found; /* of them, in the object that was looked at last */
	uint32_t *seen;	 /* that object, + 1 */
	uint32_t *own;	 /* the known properties of an object */
	uint32_t own_count, own_room;
};

/* The end of those that are the same from here on. */
static uint32_t run_end(const uint32_t *sorted, uint32_t at, uint32_t count)
{
	uint32_t end = at + 1;

	while (end < count && sorted[end] == sorted[at])
		end++;
	return end;
}

static bool list_uses(struct matcher *matcher)
{
	const struct nm_interfaces *interfaces = matcher->interfaces;
	uint32_t *first = calloc(interfaces->properties.count + (size_t)2, sizeof(*first));
	uint32_t total = 0;

	matcher->first_use = first;
	matcher->needs = calloc(interfaces->count + (size_t)1, sizeof(*matcher->needs));
	if (!first || !matcher->needs)
		return false;
	for (uint32_t i = 0; i < interfaces->count; i++) {
		const struct nm_interface *one = &interfaces->items[i];

		for (uint32_t k = 0; k < one->property_count;
		     k = run_end(one->properties, k, one->property_count)) {
			first[(size_t)one->properties[k] + 2]++;
			matcher->needs[i]++;
			total++;
		}
	}
	for (uint32_t p = 0; p < interfaces->properties.count; p++)
		first[p + 2] += first[p + 1];
	matcher->uses = calloc(total + (size_t)1, sizeof(*matcher->uses));
	for (uint32_t i = 0; matcher->uses && i < interfaces->count; i++) {
		const struct nm_interface *one = &interfaces->items[i];

		for (uint32_t k = 0, end; k < one->property_count; k = end) {
			end = run_end(one->properties, k, one->property_count);
			matcher->uses[first[one->properties[k] + 1]++] = (struct use){i, end - k};
		}
	}
	return matcher->uses != NULL;
}

/* The number of the name among the properties of definitions, looked up once. */
static uint32_t property_of(struct matcher *matcher, uint32_t name)
{
	uint32_t *known = &matcher->property[name];

	if (*known == NOT_LOOKED_UP) {
		size_t length;
		const char *text = nm_intern_get(&matcher->graph->names, name, &length);
		const uint32_t found =
			nm_intern_find(&matcher->interfaces->properties, text, length);

		*known = found == NM_INTERN_NONE ? IN_NONE : PROPERTY + found;
	}
	return *known;
}

static bool list_own(struct matcher *matcher, nm_node node)
{
	const struct nm_graph *graph = matcher->graph;
	const uint32_t first = graph->first_edge[node], end = graph->first_edge[node + 1];

	if (!matcher->own || end - first > matcher->own_room) {
		uint32_t *own = realloc(matcher->own, (end - first + (size_t)1) * sizeof(*own));

		if (!own)
			return false;
		matcher->own = own;
		matcher->own_room = end - first;
	}
	matcher->own_count = 0;
	for (uint32_t i = first; i < end; i++) {
		if (graph->edge_kind[i] != NM_EDGE_PROPERTY)
			continue;
		if (property_of(matcher, graph->edge_name[i]) >= PROPERTY)
			matcher->own[matcher->own_count++] =
				matcher->property[graph->edge_name[i]] - PROPERTY;
	}
	if (matcher->own_count > 0)
		qsort(matcher->own, matcher->own_count, sizeof(*matcher->own), compare_u32);
	return true;
}

/* The better one of two definitions. */
static uint32_t better(const struct nm_interfaces *interfaces, uint32_t a, uint32_t b)
{
	if (a == NM_NO_INTERFACE)
		return b;
	if (interfaces->items[a].property_count != interfaces->items[b].property_count)
		return interfaces->items[a].property_count > interfaces->items[b].property_count
			       ? a
			       : b;
	return a < b ? a : b;
}

/* The best definition of which the listed properties have all. */
static uint32_t match(struct matcher *matcher, uint32_t shape)
{
	uint32_t best = NM_NO_INTERFACE;

	for (uint32_t i = 0, end; i < matcher->own_count; i = end) {
		const uint32_t property = matcher->own[i];

		end = run_end(matcher->own, i, matcher->own_count);
		for (uint32_t k = matcher->first_use[property];
		     k < matcher->first_use[property + 1]; k++) {
			const struct use *use = &matcher->uses[k];

			if (use->times > end - i)
				continue;
			if (matcher->seen[use->definition] != shape + 1)
				matcher->found[use->definition] = 0;
			matcher->seen[use->definition] = shape + 1;
			if (++matcher->found[use->definition] == matcher->needs[use->definition])
				best = better(matcher->interfaces, best, use->definition);
		}
	}
	return best;
}

int nm_interfaces_match(const struct nm_interfaces *interfaces, const struct nm_shapes *shapes,
			uint32_t *out, struct nm_error *err)
{
	struct matcher matcher = {.interfaces = interfaces, .graph = shapes->graph};
	bool is_good;

	matcher.property =
		calloc(shapes->graph->names.count + (size_t)1, sizeof(*matcher.property));
	matcher.found = calloc(interfaces->count + (size_t)1, sizeof(*matcher.found));
	matcher.seen = calloc(interfaces->count + (size_t)1, sizeof(*matcher.seen));
	is_good = list_uses(&matcher) && matcher.property && matcher.found && matcher.seen;
	for (uint32_t i = 0; i < shapes->count && is_good; i++) {
		is_good = list_own(&matcher, shapes->items[i].node);
		if (is_good)
			out[i] = match(&matcher, i);
	}
	free(matcher.first_use);
	free(matcher.uses);
	free(matcher.property);
	free(matcher.needs);
	free(matcher.found);
	free(matcher.seen);
	free(matcher.own);
	return is_good ? NM_OK : nm_error_nomem(err);
}
