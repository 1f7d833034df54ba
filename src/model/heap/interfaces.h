/*
 * interfaces.h - classes for plain objects, by the properties which many of them have
 *
 * The definitions come from the plain objects of one graph and can be used on those of another, which is
 * how two heaps are compared: the earlier one with the definitions of the later.
 *
 * Owns     its definitions and texts, until nm_interfaces_free(). No graph is kept.
 * Costs    nothing to speak of: there are a thousand definitions at most.
 */
#ifndef NM_MODEL_INTERFACES_H
#define NM_MODEL_INTERFACES_H

#include "base/intern.h"
#include "model/heap/shapes.h"

/* An object that is none of them. */
#define NM_NO_INTERFACE UINT32_MAX

struct nm_interface {
	uint32_t name;	      /* in `names`: "{first, second}" */
	uint32_t *properties; /* in `properties`, ascending; a name can be there more than once */
	uint32_t property_count;
};

struct nm_interfaces {
	struct nm_interface *items; /* the most frequent first */
	uint32_t count;
	struct nm_intern names;
	struct nm_intern properties;
};

/* NM_E_NOMEM. */
int nm_interfaces_infer(const struct nm_shapes *shapes, struct nm_interfaces **out,
			struct nm_error *err);

/* Which one each shape is: that of most properties of those whose properties it has all. `out` has room
   for all shapes. NM_E_NOMEM. */
int nm_interfaces_match(const struct nm_interfaces *interfaces, const struct nm_shapes *shapes,
			uint32_t *out, struct nm_error *err);

void nm_interfaces_free(struct nm_interfaces *interfaces);

#endif
