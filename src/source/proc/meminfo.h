/*
 * meminfo.h - /proc/meminfo: the swap of the machine
 *
 * Total and free memory are not taken from here but from libuv, as Node does.
 */
#ifndef NM_PROC_MEMINFO_H
#define NM_PROC_MEMINFO_H

#include "base/error.h"

struct nm_meminfo {
	uint64_t swap_total;
	uint64_t swap_free;
};

/* NM_E_CORRUPT when one of the two is not there or is no number. */
int nm_meminfo_parse(const char *text, struct nm_meminfo *out);

/* `proc` is /proc. 0, or -errno; -EIO for nonsense. */
int nm_meminfo_read(int proc, struct nm_meminfo *out);

#endif
