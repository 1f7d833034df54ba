/*
 * dominated.h - the upper part of the dominator tree below a node, short enough to be read
 *
 * What a node dominates would be free without it. Of its children the largest are rows; those of one class
 * that are each but a small part are one row together, and what hangs below them is put together as well.
 *
 * Owns     the rows, until nm_dominated_done(). The classes and their heap are borrowed.
 * Costs    8 bytes a node, and 48 for each child of the nodes on one way down.
 */
#ifndef NM_MODEL_DOMINATED_H
#define NM_MODEL_DOMINATED_H

#include "model/heap/constructors.h"

#define NM_DOMINATED_DEPTH_MAX 100

struct nm_dominated_row {
	uint32_t depth;	   /* 0: where the tree begins */
	nm_node node;	   /* the largest of them; NM_NO_NODE: the rest of its parent's children */
	uint32_t class;	   /* of its classes; not of a rest */
	uint64_t count;	   /* nodes */
	uint64_t shallow;  /* bytes of them */
	uint64_t retained; /* the same; they do not contain each other */
	bool has_more;	   /* children which are too deep to be shown */
};

struct nm_dominated {
	const struct nm_constructors *classes;
	struct nm_dominated_row
		*rows; /* a row's children follow it, the largest first, the rest last */
	size_t count, room;
};

struct nm_dominated_limits {
	uint32_t depth; /* at most NM_DOMINATED_DEPTH_MAX */
	uint32_t top;	/* children of a row, at least 1 */
	double least;	/* part of the whole tree that a row retains */
};

/* NM_E_NOMEM. */
int nm_dominated_make(const struct nm_constructors *classes, nm_node node,
		      const struct nm_dominated_limits *limits, struct nm_dominated *out,
		      struct nm_error *err);

void nm_dominated_done(struct nm_dominated *dominated);

#endif
