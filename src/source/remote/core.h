/*
 * core.h - the memory of a process as an ELF core file kept it
 *
 * Of gcore, of abort(), of V8's end for want of memory: whatever the kernel or gdb wrote. A file
 * that was cut gives what is in it, and says how much is missing; one that is cut while being read
 * likewise, since it is read and not mapped. Pages of nothing but zeros are left out, as pages that
 * were never in memory are from an image of a living process.
 *
 * Trusts   nothing in the file.
 * Costs    0.5 ms for each MiB of the file, and the memory of what is not zero in it.
 */
#ifndef NM_REMOTE_CORE_H
#define NM_REMOTE_CORE_H

#include "source/remote/image.h"

struct nm_core_info {
	pid_t pid;		/* 0: not told */
	int signal;		/* of which it died; 0: none, or not told */
	char command[81];	/* the beginning of the command line; "" */
	char executable[512];	/* path of the program; "" when not told */
	nm_addr entry;		/* where the program begins; 0 when not told */
	uint64_t size;		/* of the file */
	uint64_t copied_bytes;	/* in the image */
	uint64_t missing_bytes; /* that the file should have and has not */
	bool is_truncated;
	bool has_notes; /* without them neither threads nor files are known */
};

/* Is it a core file? Looks at the first bytes. */
bool nm_core_is(int fd);

/*
 * Read the file; the image is the caller's, to end with nm_image_free(). NM_E_IO,
 * NM_E_UNSUPPORTED (no core of a 64-bit x86 process), NM_E_CORRUPT, NM_E_LIMIT (not enough memory
 * here, or too many mappings), NM_E_NOMEM.
 */
int nm_core_open(const char *path, struct nm_image **out, struct nm_core_info *info,
		 struct nm_error *err);

/* The same of an open file, which stays the caller's; `path` is for messages. */
int nm_core_open_fd(int fd, const char *path, struct nm_image **out, struct nm_core_info *info,
		    struct nm_error *err);

#endif
