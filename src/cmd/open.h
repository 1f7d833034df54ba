/*
 * open.h - what the commands that look at a process share
 */
#ifndef NM_CMD_OPEN_H
#define NM_CMD_OPEN_H

#include "nodemem.h"

/* As nm_target_open(), but a process that is just starting gets up to two seconds. */
int nm_open_target(pid_t pid, struct nm_target **out, struct nm_error *err);

/* The ledger of a process, and what it is; a coarse one where its memory cannot be read, which
   the ledger then says. */
int nm_open_ledger(pid_t pid, const struct nm_ledger_options *options, struct nm_target_info *info,
		   struct nm_ledger *out, struct nm_error *err);

/* For --verbose, on stderr: how long the process was stopped for it. */
void nm_print_stops(const struct nm_ledger *ledger);

/* On stderr: bytes are missing in a core file, or of a process, where `core` is NULL, in swap; so what is
   shown is of the rest. */
void nm_print_cut(const char *core, uint64_t missing);

/* For --verbose, on stderr. */
void nm_print_cost(const struct nm_target *target, const struct nm_sample *sample);

#endif
