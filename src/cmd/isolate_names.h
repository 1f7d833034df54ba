/*
 * isolate_names.h - the names of a process's isolates by their addresses, kept when they are gone
 *
 * V8 prints the address of the isolate with each collection, and what it prints may come late: stdout is written in
 * blocks where it is no terminal.
 */
#ifndef NM_CMD_ISOLATE_NAMES_H
#define NM_CMD_ISOLATE_NAMES_H

#include "nodemem.h"

/* Workers that come and go reuse addresses and places. */
#define NM_ISOLATE_NAMES_MAX 32

/* Zeroed: none. */
struct nm_isolate_names {
	struct {
		uint64_t address;
		char name[24];
	} items[NM_ISOLATE_NAMES_MAX];
	unsigned next; /* place for a new one, at the oldest once all are taken */
};

/* Those that the target has now. */
void nm_isolate_names_see(struct nm_isolate_names *names, const struct nm_target *target);

/* NULL when there was none at this address. */
const char *nm_isolate_names_find(const struct nm_isolate_names *names, uint64_t address);

#endif
