/*
 * process.h - a process with V8 in it, as far as it is known before its isolates are
 *
 * Owns     what it opened, until nm_v8_process_close(). The folder of the process stays the
 *          caller's.
 */
#ifndef NM_V8_PROCESS_H
#define NM_V8_PROCESS_H

#include "source/proc/pagemap.h"
#include "source/remote/image.h"
#include "source/v8/program.h"

struct nm_v8_process {
	pid_t pid;
	int pid_dir; /* /proc/PID; borrowed */
	struct nm_reader *reader;
	struct nm_maps maps; /* as last read */
	bool is_still;	     /* an image of a process: nothing of it changes any more */
	struct nm_pagemap pagemap;
	struct nm_v8_program program;
	struct nm_v8_layout layout; /* the caller chooses it */
	nm_addr image_first;	    /* where the program or library with V8 is loaded */
	nm_addr image_end;
	nm_addr platform; /* node's list of isolates, or 0 where it is not as in Node 16 to 26 */
};

/* The platform is a std::unordered_map; these words of it change with every isolate that is made
   or ends. */
#define NM_V8_PLATFORM_FIRST 0x10 /* first element */
#define NM_V8_PLATFORM_COUNT 0x18

/* Find the program and its versions. On failure `out` holds what was found until then, and is to
   be closed as well. NM_E_NOT_NODE, NM_E_PERM, NM_E_GONE, NM_E_UNSUPPORTED, NM_E_IO. */
int nm_v8_process_open(pid_t pid, int pid_dir, struct nm_v8_process *out, struct nm_error *err);

/* The same process as it is in an image of it; borrows from `process` and the image. NM_E_NOMEM. */
int nm_v8_process_open_image(const struct nm_v8_process *process, const struct nm_image *image,
			     struct nm_v8_process *out, struct nm_error *err);
void nm_v8_process_close_image(struct nm_v8_process *still);

/* A process of which there is only an image, and its program at `path`, which was mapped from
   `mapped`. To be closed also on failure. As nm_v8_program_open_file(), and NM_E_UNSUPPORTED. */
int nm_v8_process_open_core(pid_t pid, const struct nm_image *image, const char *path,
			    const char *mapped, struct nm_v8_process *out, struct nm_error *err);

/* The layout that fits its V8: one that was learnt for this very binary, or a row of the table. `who`
   begins the message. NM_E_UNSUPPORTED. */
int nm_v8_process_choose_layout(struct nm_v8_process *process, const char *who,
				struct nm_error *err);

/* Read the mappings anew. NM_E_GONE, NM_E_PERM, NM_E_IO. */
int nm_v8_process_read_maps(struct nm_v8_process *process, struct nm_error *err);

void nm_v8_process_close(struct nm_v8_process *process);

#endif
