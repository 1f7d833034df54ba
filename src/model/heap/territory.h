/*
 * territory.h - the dominator tree as areas: classes, and in each the classes that it dominates
 *
 * An area is all nodes of one class which the nodes of another area dominate at once, or by way of nodes of that
 * class alone: a list of a million nodes is one area. Small ones of an area are put together. So areas lie in
 * each other and never overlap: what lies in an area and the shallow size of its own nodes add up to its
 * retained size, where it is not too deep to be looked into. The largest are taken first, whatever their depth.
 *
 * Owns     the areas, until nm_territory_done(). The classes and their heap are borrowed.
 * Costs    20 bytes a node while it is made.
 */
#ifndef NM_MODEL_TERRITORY_H
#define NM_MODEL_TERRITORY_H

#include "model/heap/constructors.h"

/* No area, no class. */
#define NM_TERRITORY_NONE UINT32_MAX

struct nm_area {
	uint32_t parent;  /* index of the area it lies in; NM_TERRITORY_NONE: it is the root's */
	uint32_t depth;	  /* 0: the root's */
	uint32_t class;	  /* of its classes; NM_TERRITORY_NONE: it is small ones put together */
	uint32_t parts;	  /* how many those are; else 1 */
	nm_node largest;  /* the node that retains most; of several classes NM_NO_NODE */
	uint64_t count;	  /* nodes; of several classes the uppermost */
	uint64_t shallow; /* bytes of them; of several classes 0 */
	uint64_t retained;
};

struct nm_territory {
	const struct nm_constructors *classes;
	struct nm_area *areas; /* each after the one that it lies in; the root's first */
	uint32_t count;
};

struct nm_territory_limits {
	uint32_t most;	/* areas of one class, at least 1; an area has one of small ones besides */
	uint32_t depth; /* of the deepest */
	double least;	/* smaller parts of the whole are small */
};

/* NM_E_NOMEM. */
int nm_territory_make(const struct nm_constructors *classes,
		      const struct nm_territory_limits *limits, struct nm_territory *out,
		      struct nm_error *err);

void nm_territory_done(struct nm_territory *territory);

#endif
