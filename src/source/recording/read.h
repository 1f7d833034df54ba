/*
 * read.h - a recording, read whole
 *
 * Reads what is there: also while it is being written, and when its writer was killed.
 *
 * Trusts   nothing: the file may be anything. Times out of order are left out.
 */
#ifndef NM_RECORDING_READ_H
#define NM_RECORDING_READ_H

#include "model/history.h"

/* Is the file at `path` a SQLite database? A file that can't be read is none. */
bool nm_recording_is_one(const char *path);

/* NM_E_CORRUPT: not a recording, or damaged; NM_E_UNSUPPORTED: of a newer format; NM_E_LIMIT: more than
   can be looked at; NM_E_IO, NM_E_NOMEM. */
int nm_recording_read(const char *path, struct nm_history *out, struct nm_error *err);

#endif
