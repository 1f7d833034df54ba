/*
 * constructors.h - the nodes of a heap grouped by class, as DevTools' summary does
 *
 * A class is a constructor: its name, and the place in a script where it is written when that is known, so
 * that two of one name stay apart. What has no constructor is grouped by its kind, plain objects by their
 * interfaces (interfaces.h). Only nodes with a size of their own are counted.
 *
 * Where an object's class has the name of a kind (a constructor called Function, say), both are one class
 * here. DevTools gives them one key too, but then loses all but the last it met.
 *
 * Owns     the rows, names and columns, until nm_constructors_free(). The heap is borrowed; so are
 *          interfaces that were given.
 * Costs    4 bytes a node; while it is made some 12 more.
 */
#ifndef NM_MODEL_CONSTRUCTORS_H
#define NM_MODEL_CONSTRUCTORS_H

#include "base/strbuf.h"
#include "model/heap/heap.h"
#include "model/heap/interfaces.h"

/* What a class is known by, in every heap of one process. */
struct nm_class_key {
	const char *name; /* can have '\0' inside */
	size_t length;
	bool has_location;
	uint32_t script_id, line, column;
};

struct nm_constructor {
	struct nm_class_key key;
	uint64_t count;
	uint64_t shallow;  /* bytes of all */
	uint64_t retained; /* bytes of those that no other one of the class retains */
	int32_t distance;  /* the least */
};

struct nm_constructors {
	const struct nm_heap *heap;
	/* Those with the largest retained size first; from `count` on there are no nodes with a size. */
	struct nm_constructor *rows;
	uint32_t count, class_count;
	uint32_t *class_of; /* of each node: its row. Nodes of no size have one too, uncounted */
	const struct nm_interfaces *interfaces;
	struct nm_interfaces *own_interfaces; /* the same, or NULL when they were given */
	struct nm_intern names;
};

/* `interfaces`: those of another heap, or NULL to infer them. NM_E_NOMEM. */
int nm_constructors_make(const struct nm_heap *heap, const struct nm_interfaces *interfaces,
			 struct nm_constructors **out, struct nm_error *err);

/* Is the node one of those its class counts? */
static inline bool nm_constructors_counts(const struct nm_constructors *constructors, nm_node node)
{
	return constructors->heap->shallow[node] > 0;
}

/* Append "script,line,column,name", or ",name". */
void nm_class_key_write(struct nm_strbuf *out, const struct nm_class_key *key);

/* By name, then place: below 0, 0, above 0. */
int nm_class_key_compare(const struct nm_class_key *a, const struct nm_class_key *b);

/* The same for keys that are equal. */
uint64_t nm_class_key_hash(const struct nm_class_key *key);

void nm_constructors_free(struct nm_constructors *constructors);

#endif
