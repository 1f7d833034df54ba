/*
 * retainers.h - what keeps an object, or the objects of a class, alive: paths from the root
 *
 * The path to a node goes through nodes whose distances (heap.h) rise by one, so that it is as long as
 * Chrome DevTools says. Paths of one shape (path_shapes.h) are a group.
 *
 * Owns     groups and paths, until nm_retainers_done(). The classes and their heap are borrowed.
 * Costs    20 bytes a node while they are found, 8 after that.
 */
#ifndef NM_MODEL_RETAINERS_H
#define NM_MODEL_RETAINERS_H

#include "model/heap/constructors.h"
#include "model/heap/path_shapes.h"

struct nm_retainer_group {
	uint64_t count;	   /* objects of the class; of one object, references to it */
	uint64_t shallow;  /* bytes of those objects */
	uint64_t retained; /* bytes of those that no other one of the group retains */
	int32_t distance; /* the least and the largest, in edges of the path; of a path that does */
	int32_t farthest; /* not begin at the root NM_DISTANCE_NONE */
	enum nm_path_state state;
	nm_node example; /* at the least distance: an object of the class, or one that refers */
	nm_node holder;	 /* the path: to this one, NM_NO_NODE when there is none, */
	uint32_t edge;	 /* and on by its edge */
};

struct nm_retainers {
	const struct nm_constructors *classes;
	struct nm_paths paths;
	nm_node self; /* the object; NM_NO_NODE for a class */
	struct nm_retainer_group *groups;
	uint32_t count, room;
	/* Of the object, or of all of the class. */
	uint64_t objects, shallow, retained;
};

/* Who refers to a node: those that keep it alive first, the nearest first. NM_E_NOMEM. */
int nm_retainers_of_node(const struct nm_constructors *classes, nm_node node,
			 struct nm_retainers *out, struct nm_error *err);

/* Who holds the nodes of all classes of this name: the groups that retain most first, weak ones last.
   `objects` is 0 when there is no such class. NM_E_NOMEM. */
int nm_retainers_of_class(const struct nm_constructors *classes, const char *name,
			  struct nm_retainers *out, struct nm_error *err);

/* Of a long path the first and the last steps. */
#define NM_PATH_HEAD 4
#define NM_PATH_TAIL 12

struct nm_retainer_path {
	nm_node start;	   /* the root, unless the group's state says otherwise */
	uint32_t left_out; /* steps, behind the first NM_PATH_HEAD */
	uint32_t count;
	uint32_t edges[NM_PATH_HEAD + NM_PATH_TAIL];
};

void nm_retainers_path(const struct nm_retainers *retainers, const struct nm_retainer_group *group,
		       struct nm_retainer_path *out);

void nm_retainers_done(struct nm_retainers *retainers);

#endif
