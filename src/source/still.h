/*
 * still.h - a target's heaps as they were at one moment: what the commands on objects work on
 *
 * Owns     the image and what was found in it, until nm_still_done(). The target is borrowed.
 */
#ifndef NM_SOURCE_STILL_H
#define NM_SOURCE_STILL_H

#include "source/remote/frozen.h"
#include "source/target.h"
#include "source/v8/names.h"

struct nm_still {
	struct nm_v8_process own; /* of a core: what it was; else unused */
	bool has_own;
	struct nm_image *image;
	struct nm_v8_heap *heap;
	struct nm_v8_names names;
	struct nm_frozen_info info; /* of all tries together */
	uint64_t missing_bytes; /* of a process in swap; that a core file should have and has not */
	uint64_t image_us;
	uint64_t walk_us;
};

/* A moment in which no memory is being collected is waited for. As nm_classes_read() fails. */
int nm_still_take(struct nm_target *target, enum nm_via via, uint64_t max_stop_us,
		  struct nm_still *out, struct nm_error *err);

/* The same of a core file, with the Node.js program at `exe`; NULL: where the core says that it was.
   NM_E_UNSUPPORTED, NM_E_NOT_NODE, NM_E_CORRUPT, NM_E_IO, NM_E_LIMIT, NM_E_NOMEM. */
int nm_still_open_core(const char *path, const char *exe, struct nm_still *out,
		       struct nm_error *err);

/* The heap of the isolate of that name; 0 for NULL, which means all. NM_E_USAGE when there is none. */
int nm_still_find_isolate(const struct nm_still *still, const char *name, nm_addr *out_heap,
			  struct nm_error *err);

/* A zeroed one is done already. */
void nm_still_done(struct nm_still *still);

#endif
