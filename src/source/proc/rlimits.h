/*
 * rlimits.h - /proc/PID/limits and status: the limits on a process's memory and what it has of it
 */
#ifndef NM_PROC_RLIMITS_H
#define NM_PROC_RLIMITS_H

#include "base/error.h"

enum nm_rlimits_has {
	NM_RLIMITS_HAS_ADDRESS_SPACE = 1u << 0,
	NM_RLIMITS_HAS_DATA = 1u << 1,
	NM_RLIMITS_HAS_VM_SIZE = 1u << 2,
	NM_RLIMITS_HAS_VM_DATA = 1u << 3,
	NM_RLIMITS_HAS_VM_SWAP = 1u << 4,
};

/* The soft limits, which are those that count. One without its bit is unlimited or not known. */
struct nm_rlimits {
	unsigned has;		/* enum nm_rlimits_has */
	bool is_known;		/* the file of limits could be read */
	uint64_t address_space; /* RLIMIT_AS, which counts vm_size */
	uint64_t data;		/* RLIMIT_DATA, which counts vm_data */
	uint64_t vm_size;
	uint64_t vm_data;
	uint64_t vm_swap; /* memory of the process that is in swap */
};

/* Parse the text of the one file or the other into `out`, which keeps what it has. NM_E_CORRUPT
   when none of the wanted lines is there. */
int nm_rlimits_parse(const char *text, struct nm_rlimits *out);
int nm_rlimits_parse_status(const char *text, struct nm_rlimits *out);

/* Both files of a process; what cannot be read stays unknown. */
void nm_rlimits_read(int pid_dir, struct nm_rlimits *out);

#endif
