/*
 * calibrate_find.h - finding offsets by comparing a process's memory with what it says of itself
 *
 * A field is where a word equals the number that the process printed, at every step. Fields for
 * which more than one place fits are decided by rules which calibrate_find.c names one by one.
 * The result is a guess until a second process has proved it.
 */
#ifndef NM_V8_CALIBRATE_FIND_H
#define NM_V8_CALIBRATE_FIND_H

#include "source/v8/calibrate_child.h"
#include "source/v8/isolate.h"

struct nm_v8_finder;

/* `layout` has what the binary's code tells; the rest is found. Borrows both. NM_E_NOMEM. */
int nm_v8_finder_new(struct nm_v8_process *process, struct nm_v8_layout *layout,
		     struct nm_v8_finder **out, struct nm_error *err);

/* The process stands still and has said `truth`. NM_E_UNSUPPORTED when no place is left for a
   field, which the message names. */
int nm_v8_finder_step(struct nm_v8_finder *finder, const struct nm_v8_truth *truth,
		      struct nm_error *err);

/* Decide. Fills the layout that was given; `choice` counts through the places that fit equally
   well. NM_E_UNSUPPORTED. */
int nm_v8_finder_finish(struct nm_v8_finder *finder, unsigned choice, struct nm_error *err);

void nm_v8_finder_free(struct nm_v8_finder *finder);

#endif
