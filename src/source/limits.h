/*
 * limits.h - the part of nm_limits_read() that comes from a /proc and a file tree
 */
#ifndef NM_SOURCE_LIMITS_H
#define NM_SOURCE_LIMITS_H

#include "nodemem.h"

/* Whose limits, and what is known of it beforehand. */
struct nm_limits_subject {
	pid_t pid;
	const char *node;		/* "v20.20.2"; "" when not known */
	const struct nm_sample *sample; /* NULL when its memory cannot be read */
	uint64_t totalmem;		/* of the machine */
	uint64_t freemem;
};

/* `proc`, `root` and the codes are those of nm_cgroups_read(). */
int nm_limits_read_from(int proc, int root, const struct nm_limits_subject *subject,
			struct nm_limits *out, struct nm_error *err);

/* The same from this machine's /proc; fills in the machine's memory itself. */
int nm_limits_read_pid(const struct nm_limits_subject *subject, struct nm_limits *out,
		       struct nm_error *err);

#endif
