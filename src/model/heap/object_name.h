/*
 * object_name.h - what one object is called in a path or a tree: short, and most telling
 */
#ifndef NM_MODEL_OBJECT_NAME_H
#define NM_MODEL_OBJECT_NAME_H

#include "model/heap/constructors.h"

#define NM_OBJECT_NAME_MAX 64

/* Its class, of a function and of what has a name of its own that, of a string its text in quotes. What is
   longer ends in an ellipsis. Returns `out`. */
const char *nm_object_name(const struct nm_constructors *classes, nm_node node,
			   char out[NM_OBJECT_NAME_MAX]);

#endif
