/*
 * smaps.h - /proc/PID/smaps: how much of each mapping is in memory, its share of that, and in swap
 *
 * Owns     the mappings and the counts beside them, until nm_smaps_done().
 * Trusts   nothing: a mapping without a count of its resident memory is NM_E_CORRUPT.
 * Costs    the kernel walks all page tables of the process: some 5 ms for a gigabyte.
 * Source   Documentation/filesystems/proc.rst, section 3.1.
 */
#ifndef NM_PROC_SMAPS_H
#define NM_PROC_SMAPS_H

#include "source/proc/maps.h"

/* Bytes of one mapping. */
struct nm_smap {
	uint64_t rss;
	uint64_t pss;
	uint64_t swap;
	bool has_rss;
	bool is_kept_from_children; /* MADV_DONTFORK: a fork does not copy it */
};

struct nm_smaps {
	struct nm_maps maps;
	struct nm_smap *items; /* beside maps.items */
	size_t room;
	uint64_t rss; /* the sums */
	uint64_t pss;
	uint64_t swap;
};

void nm_smaps_init(struct nm_smaps *smaps);

/* Read the file into `smaps`, replacing what was there. 0 or -errno; -EIO for nonsense. */
int nm_smaps_read(int pid_dir, struct nm_smaps *smaps);

/* Parse the text in `maps.text`, which is cut up in doing so. NM_E_CORRUPT, NM_E_LIMIT,
   NM_E_NOMEM. */
int nm_smaps_parse(struct nm_smaps *smaps);

void nm_smaps_done(struct nm_smaps *smaps);

#endif
