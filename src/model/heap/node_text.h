/*
 * node_text.h - what a node is shown as
 *
 * A string that is put together of others is shown as these one after the other, a plain object by the
 * names of its properties, any other node by its name. Texts are bytes of UTF-8, in which halves of a
 * surrogate pair can stand alone (WTF-8), and can have '\0' inside; limits count in UTF-16 units, as
 * JavaScript does.
 */
#ifndef NM_MODEL_NODE_TEXT_H
#define NM_MODEL_NODE_TEXT_H

#include <string.h>

#include "base/strbuf.h"
#include "model/heap/graph.h"

/* A string of parts is shown until it is as long. */
#define NM_TEXT_UNITS 1024

static inline bool nm_name_is(const struct nm_graph *graph, uint32_t name, const char *text)
{
	size_t length;
	const char *known = nm_intern_get(&graph->names, name, &length);

	return length == strlen(text) && memcmp(known, text, length) == 0;
}

/* An object of no class: {...} or new Object(). */
static inline bool nm_is_plain_object(const struct nm_graph *graph, nm_node node)
{
	return graph->kind[node] == NM_NODE_OBJECT &&
	       nm_name_is(graph, graph->name[node], "Object");
}

/* Names a property that objects tell apart by: not __proto__, which all have. */
static inline bool nm_is_own_property(const struct nm_graph *graph, uint32_t edge)
{
	return graph->edge_kind[edge] == NM_EDGE_PROPERTY &&
	       !nm_name_is(graph, graph->edge_name[edge], "__proto__");
}

size_t nm_text_units(const char *text, size_t length);

/* Append the name of a property; in the quotes of JSON if it has what separates names. */
void nm_text_add_property(struct nm_strbuf *out, const char *text, size_t length);

/* Append what the node is shown as. `out->failed` tells of failure. */
void nm_text_add_node(struct nm_strbuf *out, const struct nm_graph *graph, nm_node node);

/* ---- strings of parts ---------------------------------------------------------------------- */

/* Both parts of it; 0 (the root, whose name is empty) where there is none. */
void nm_cons_parts(const struct nm_graph *graph, nm_node node, nm_node parts[2]);

/* Room to flatten many. Zeroed but for the graph. */
struct nm_flatten {
	const struct nm_graph *graph;
	const nm_node *same; /* NULL, or of each node one that is shown alike and has fewer parts */
	nm_node *waiting;
	size_t depth, room;
	bool failed;
};

/* Append its parts, until NM_TEXT_UNITS are there: returns how many are. A string that has itself as
   part ends after `steps` others. */
size_t nm_flatten_add(struct nm_flatten *flatten, struct nm_strbuf *out, nm_node node,
		      size_t steps);

void nm_flatten_done(struct nm_flatten *flatten);

#endif
