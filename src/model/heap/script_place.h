/*
 * script_place.h - the script in which something is written, by its name
 *
 * A snapshot tells where a function is written by the number of its script, and which script that is by
 * edges: closure, shared, script.
 */
#ifndef NM_MODEL_SCRIPT_PLACE_H
#define NM_MODEL_SCRIPT_PLACE_H

#include "model/heap/graph.h"

/* Of the node, or NULL when that is not known. */
const struct nm_graph_location *nm_script_place(const struct nm_graph *graph, nm_node node);

/* Where the class of an object is written, by way of its prototype's constructor; NULL when that is not known. */
const struct nm_graph_location *nm_script_place_of_class(const struct nm_graph *graph,
							 nm_node object);

/* The name of a script, as "/app/server.js"; "" when no function of it leads to it. Looks at all locations. */
const char *nm_script_name(const struct nm_graph *graph, uint32_t script_id);

#endif
