/*
 * redact.h - what stands in place of a text that nobody else shall read
 *
 * Its length and a hash, so that equal texts can still be told from others in the same file. The
 * key is random and kept nowhere: whoever has the file cannot find a text by guessing, and the same
 * text has another hash in the next file.
 *
 * Source   SipHash-2-4, Aumasson and Bernstein 2012.
 */
#ifndef NM_SNAPSHOT_REDACT_H
#define NM_SNAPSHOT_REDACT_H

#include "base/error.h"

struct nm_redact {
	uint64_t key[2];
};

#define NM_REDACT_ROOM 64

/* NM_E_IO: the system has no random numbers. */
int nm_redact_init(struct nm_redact *redact, struct nm_error *err);

uint64_t nm_redact_hash(const struct nm_redact *redact, const char *text, size_t length);

/* "(17 bytes, 0123456789abcdef)" */
void nm_redact_text(const struct nm_redact *redact, const char *text, size_t length,
		    char out[NM_REDACT_ROOM]);

#endif
