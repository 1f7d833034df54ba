/*
 * core_notes.h - the notes of a core file: who died of what, its threads, and its mapped files
 *
 * Source   elf(5); fs/binfmt_elf.c and include/uapi/linux/elfcore.h of the kernel.
 * Trusts   nothing: a note that is too short for what it should be is left out.
 */
#ifndef NM_REMOTE_CORE_NOTES_H
#define NM_REMOTE_CORE_NOTES_H

#include "base/bytes.h"
#include "source/remote/image.h"

#define NM_CORE_FILES_MAX   65536
#define NM_CORE_THREADS_MAX 65536

/* A mapping of a file. */
struct nm_core_file {
	nm_addr start;
	nm_addr end;
	uint64_t offset;
	const char *path; /* in the notes */
};

struct nm_core_notes {
	pid_t pid;		    /* 0: not told */
	int signal;		    /* 0: none */
	char command[81];	    /* the beginning of the command line; "" */
	nm_addr entry;		    /* where the program begins; 0 */
	struct nm_core_file *files; /* owned, ascending */
	size_t file_count;
	struct nm_image_thread *threads; /* owned; the one that died is first */
	size_t thread_count;
};

void nm_core_notes_init(struct nm_core_notes *notes);

/* Add what the bytes of a PT_NOTE segment tell; paths point into them. NM_E_NOMEM. */
int nm_core_notes_add(struct nm_core_notes *notes, struct nm_bytes bytes, struct nm_error *err);

/* The file mapped at `addr`, or NULL. */
const struct nm_core_file *nm_core_notes_file(const struct nm_core_notes *notes, nm_addr addr);

void nm_core_notes_done(struct nm_core_notes *notes);

#endif
