/*
 * classes.h - objects summed up by class
 *
 * Filled class by class, then finished: sorted, and summed up. A zeroed struct is an empty one.
 */
#ifndef NM_MODEL_CLASSES_H
#define NM_MODEL_CLASSES_H

#include "nodemem.h"

/* Add a class that is not there yet; `numbers` has no name. NM_E_NOMEM. */
int nm_classes_add(struct nm_classes *classes, const char *name, const struct nm_class *numbers);

/* Sort and sum up. */
void nm_classes_finish(struct nm_classes *classes);

/* A class now, and how its live objects changed. One that is gone has 0 of everything. */
struct nm_class_row {
	struct nm_class one; /* the name is borrowed */
	int64_t count_delta;
	int64_t bytes_delta;
};

/* All classes of both, those that grew most first; to be freed with free(3). NM_E_NOMEM. */
int nm_classes_compare(const struct nm_classes *now, const struct nm_classes *since,
		       struct nm_class_row **out, size_t *out_count);

#endif
