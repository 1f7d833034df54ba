/*
 * ledger.h - the parts of a process's resident memory, which add up to it
 *
 * Filled part by part; nm_ledger_finish() puts the parts in order and sums up. Filling does not
 * fail: without memory the ledger remembers, and finishing says so.
 */
#ifndef NM_MODEL_LEDGER_H
#define NM_MODEL_LEDGER_H

#include "base/error.h"

/* Names a part while the ledger is being filled. */
typedef size_t nm_part_index;

#define NM_LEDGER_PARTS_MAX 4096

/* The part of that name, made when there is none; the last possible one collects the rest. */
nm_part_index nm_ledger_part(struct nm_ledger *ledger, enum nm_group group, const char *isolate,
			     const char *name);

/* Say of what nothing is known. */
void nm_ledger_mark_unnamed(struct nm_ledger *ledger, nm_part_index part);

/* Add the sentence to what is missing; each is kept once. */
void nm_ledger_miss(struct nm_ledger *ledger, const char *format, ...) NM_PRINTF(2, 3);

/* Parts without a byte go, the others are put in order. NM_E_CORRUPT when they do not add up to
   ledger->rss, NM_E_NOMEM. */
int nm_ledger_finish(struct nm_ledger *ledger, struct nm_error *err);

/* The sum of a group's parts. */
struct nm_part nm_ledger_group(const struct nm_ledger *ledger, enum nm_group group);

/* The part of the same group, isolate and name in another ledger; NULL when it has none. */
const struct nm_part *nm_ledger_same(const struct nm_ledger *ledger, const struct nm_part *part);

#endif
