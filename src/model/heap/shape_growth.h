/*
 * shape_growth.h - the objects that hang where there are more than before
 *
 * For heaps whose objects cannot be told apart from one to the next, as in images of a process: ids are V8's own
 * and it gives them in its snapshots only. What can be compared is how many objects are held in the same way, by
 * the shapes of their paths from the root (path_shapes.h).
 */
#ifndef NM_MODEL_SHAPE_GROWTH_H
#define NM_MODEL_SHAPE_GROWTH_H

#include "model/heap/constructors.h"

struct nm_shape_growth {
	nm_node *
		nodes; /* of the last heap, owned: all that hang in a way in which more do in each than before */
	uint32_t count;
};

/* Of two heaps or more, the first one first; all made with the interfaces of the last. NM_E_NOMEM. */
int nm_shape_growth_find(const struct nm_constructors *const sides[], unsigned side_count,
			 struct nm_shape_growth *out, struct nm_error *err);

void nm_shape_growth_done(struct nm_shape_growth *growth);

#endif
