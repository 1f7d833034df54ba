/*
 * leaks.h - what grows from snapshot to snapshot of one process, and what it hangs on
 *
 * A class grows when there are more of its objects in each snapshot than in the one before. Its new objects
 * are those that were born since the first and are in the last (of three: that came with the second and
 * stayed). Where heaps have no stable ids, they are all that hang where there are more than before
 * (shape_growth.h). Each hangs, by the dominator tree, on an object that was there before: where things pile up. In
 * between there may be others that are new, too: what is within the objects of another class that grows is
 * told with that, since it goes when that does.
 *
 * Owns     the items, until nm_leaks_done(). The classes are borrowed.
 * Costs    13 bytes a node of the last snapshot while they are looked for.
 */
#ifndef NM_MODEL_LEAKS_H
#define NM_MODEL_LEAKS_H

#include "model/heap/constructors.h"

#define NM_LEAK_SIDES_MAX 3
#define NM_NO_LEAK	  UINT32_MAX

struct nm_leak {
	uint32_t class;			    /* row of the last snapshot's classes */
	uint64_t counts[NM_LEAK_SIDES_MAX]; /* objects in each snapshot */
	int64_t shallow_delta;		    /* bytes, from the first to the last */
	int64_t retained_delta;
	uint64_t born;	 /* new objects; where ids are not stable, old ones at the same place too */
	nm_node example; /* a new one that hangs on `holder` if any does */
	nm_node holder;	 /* on which most of the new ones hang; NM_NO_NODE: there are none */
	uint64_t held;	 /* how many do */
	uint32_t within; /* the item whose new objects hold most of these; NM_NO_LEAK */
	bool is_suspect; /* most pile up in one place, and a program has made them */
	/* Where in a script the class, or most of the functions, are written. */
	bool has_place;
	uint32_t script_id, line, column;
};

struct nm_leaks {
	struct nm_leak *items; /* those that grew most by retained size first */
	uint32_t count;
	bool knows_born; /* all heaps have stable ids */
};

/* Of two snapshots or three, the first one first; all made with the interfaces of the last. NM_E_NOMEM. */
int nm_leaks_find(const struct nm_constructors *const sides[], unsigned side_count,
		  struct nm_leaks *out, struct nm_error *err);

void nm_leaks_done(struct nm_leaks *leaks);

#endif
