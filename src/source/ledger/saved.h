/*
 * saved.h - a ledger that was written earlier as JSON, to compare with
 */
#ifndef NM_LEDGER_SAVED_H
#define NM_LEDGER_SAVED_H

#include "nodemem.h"

/* Of the document in `text`, `name` for messages: parts and sums; the rest is not asked for.
   NM_E_CORRUPT. */
int nm_ledger_parse(const char *text, size_t size, const char *name, struct nm_ledger *out,
		    struct nm_error *err);

/* The same of the file at `path`. NM_E_IO, NM_E_LIMIT. */
int nm_ledger_load(const char *path, struct nm_ledger *out, struct nm_error *err);

#endif
