/*
 * path_text.h - a step of a path in words: ".cache: Map", "[3]: Buffer", "(context): system / Context"
 */
#ifndef NM_MODEL_PATH_TEXT_H
#define NM_MODEL_PATH_TEXT_H

#include "model/heap/graph.h"

/* Names are cut to so many bytes. */
#define NM_PATH_NAME_MAX 60

/* ".cache", "[3]", or V8's own field in brackets. */
void nm_path_edge_text(const struct nm_graph *graph, uint32_t edge, char *out, size_t room);

/* The class of a node; of functions and groups of roots their name. */
const char *nm_path_node_text(const struct nm_graph *graph, nm_node node);

/* The edge, and what it leads to. */
void nm_path_step_text(const struct nm_graph *graph, uint32_t edge, char *out, size_t room);

#endif
