/*
 * verdict_memory.h - what the numbers of a running process mean, in words
 *
 * Pure: from numbers to sentences, each one complete and fit to stand alone.
 */
#ifndef NM_MODEL_VERDICT_MEMORY_H
#define NM_MODEL_VERDICT_MEMORY_H

#include "base/strbuf.h"

/* Is much of malloc's memory free but kept, which looks like a leak and is none? Adds a sentence
   that says how much, and what would give it back; adds nothing when there is nothing to say. */
void nm_verdict_malloc(const struct nm_ledger *ledger, struct nm_strbuf *out);

#endif
