/*
 * path_shapes.h - which paths from the root are alike
 *
 * The shape of a path is the kinds and names of its edges and the classes they lead to. Indices are all
 * alike, and so are the keys of an object that has very many. A step that repeats one of the last few adds
 * nothing: all of a linked list or of a tree has one shape, so that there are as many shapes as there are
 * ways to hold something, not as many as there are objects.
 *
 * Owns     the shapes, until nm_path_shapes_done(). Classes and paths are borrowed.
 * Costs    8 bytes a node, 4 a name, and 28 or less a shape.
 */
#ifndef NM_MODEL_PATH_SHAPES_H
#define NM_MODEL_PATH_SHAPES_H

#include "model/heap/constructors.h"
#include "model/heap/paths.h"
#include "model/heap/weakmap.h"

#define NM_NO_SHAPE UINT32_MAX

/* What a path says of the object at its end. In this order they are shown. */
enum nm_path_state {
	NM_PATH_ALIVE,	 /* it leads from the root and keeps the object alive */
	NM_PATH_CYCLE,	 /* it leads from the object itself */
	NM_PATH_NO_ROOT, /* it leads from something that the root does not lead to */
	NM_PATH_WEAK,	 /* it has a weak edge, and keeps nothing alive */
};

struct nm_path_shape {
	uint32_t parent; /* NM_NO_SHAPE: a start */
	uint32_t name;	 /* of the graph, or a number that stands for many */
	uint32_t class;	 /* of the node that the last edge leads to */
	uint8_t kind;	 /* of the last edge */
	uint8_t state;	 /* enum nm_path_state */
};

struct nm_path_shapes {
	const struct nm_constructors *classes;
	const struct nm_paths *paths;
	nm_node self;	  /* a path from here is a cycle; or NM_NO_NODE */
	uint32_t *of;	  /* of each node, or NM_NO_SHAPE where it was not asked for */
	nm_node *waiting; /* those of a path whose shapes are not known yet */
	struct nm_path_shape *items;
	uint32_t count, room;
	uint32_t *slots; /* hash to shape + 1 */
	uint32_t mask;
	struct nm_weakmap weakmap;
};

/* NM_E_NOMEM. To be freed in any case. */
int nm_path_shapes_init(struct nm_path_shapes *shapes, const struct nm_constructors *classes,
			const struct nm_paths *paths, nm_node self, struct nm_error *err);

/* The shape of the path to a node. NM_NO_SHAPE: out of memory. */
uint32_t nm_path_shapes_of(struct nm_path_shapes *shapes, nm_node node);

/* The shape of the path to `holder` and on by one of its edges, whichever its own path is. */
uint32_t nm_path_shapes_by(struct nm_path_shapes *shapes, nm_node holder, uint32_t edge);

/* Of a shape: the same for what is alike in every heap of a process. `parent` is that of the shape that it goes on
   from, 0 for a start. */
uint64_t nm_path_shapes_hash(const struct nm_path_shapes *shapes, uint32_t shape, uint64_t parent);

void nm_path_shapes_done(struct nm_path_shapes *shapes);

#endif
