/*
 * shapes.h - the plain objects of a graph, grouped by the names of their properties in order
 *
 * A heap has many plain objects and few shapes of them, so that what is slow is done once a shape.
 *
 * Owns     the shapes, until nm_shapes_done(). The graph is borrowed.
 * Costs    4 bytes a plain object, about 40 a shape.
 */
#ifndef NM_MODEL_SHAPES_H
#define NM_MODEL_SHAPES_H

#include "model/heap/graph.h"

struct nm_shape {
	uint64_t hash;
	nm_node node;	  /* the first object of the shape */
	uint32_t objects; /* how many there are */
};

struct nm_shapes {
	const struct nm_graph *graph;
	struct nm_shape *items; /* by their first objects */
	uint32_t count, room;
	uint32_t *of; /* the shape of each plain object, in the order of nodes */
	uint32_t object_count, object_room;
	uint32_t *slots; /* hash to shape + 1 */
	uint32_t mask;
};

/* NM_E_NOMEM. */
int nm_shapes_make(struct nm_shapes *shapes, const struct nm_graph *graph, struct nm_error *err);

void nm_shapes_done(struct nm_shapes *shapes);

#endif
