/*
 * prefix.h - what loggers write before each line, told apart from the line itself
 *
 * Knows journald and syslog, Kubernetes (CRI), Docker's JSON files, docker compose, pm2, Heroku, the
 * kernel's own times and plain ISO 8601. What it does not know stays part of the line.
 */
#ifndef NM_CRASHLOG_PREFIX_H
#define NM_CRASHLOG_PREFIX_H

#include <stdbool.h>
#include <sys/types.h>

struct nm_prefix {
	const char *text; /* the line without its prefixes: in what was given, or in `unwrapped` */
	char source[64];  /* whose line it is: "node[123]", "web-1"; "" when that is not told */
	char name[32];	  /* the same without numbers that change: "node", "web-1" */
	char when[48];	  /* "" when that is not told */
	pid_t pid;	  /* 0: not told */
	char unwrapped[2048];
};

void nm_prefix_strip(const char *line, struct nm_prefix *out);

#endif
