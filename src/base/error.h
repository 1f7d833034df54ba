/*
 * error.h - filling a struct nm_error
 *
 * Every function here returns the code it was given, so that a failing function can end with
 * `return nm_error_set(err, ...)`. `err` may be NULL.
 */
#ifndef NM_BASE_ERROR_H
#define NM_BASE_ERROR_H

#include "nodemem.h"

#define NM_PRINTF(format_at, first) __attribute__((format(printf, format_at, first)))

int nm_error_set(struct nm_error *err, int code, const char *format, ...) NM_PRINTF(3, 4);

/* As above and ": <strerror>" is appended. `os_errno` is the errno of the failed call. */
int nm_error_set_errno(struct nm_error *err, int code, int os_errno, const char *format, ...)
	NM_PRINTF(4, 5);

/* "out of memory", for a failed allocation of this program. */
int nm_error_nomem(struct nm_error *err);

#endif
