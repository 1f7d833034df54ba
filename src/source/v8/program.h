/*
 * program.h - is this process Node.js, which release, and where in it is V8?
 */
#ifndef NM_V8_PROGRAM_H
#define NM_V8_PROGRAM_H

#include "source/proc/maps.h"
#include "source/v8/layout.h"

/* The file of a process that holds V8: the program itself, or libnode.so where a distribution
   builds it as a library. */
struct nm_v8_program {
	struct nm_elf *elf;
	nm_addr load_bias; /* to be added to the file's addresses */
	char path[512];	   /* of that file, as the process sees it */
	struct nm_v8_version version;
	char v8[40];   /* as process.versions.v8, or made from the numbers */
	char node[32]; /* "v20.20.2", "" when not known */
};

/* Cheap: only looks. NM_E_NOT_NODE, NM_E_PERM, NM_E_GONE, NM_E_IO. */
int nm_v8_program_open(int pid_dir, pid_t pid, struct nm_v8_program *out, struct nm_error *err);

/* The same of a process that is not there any more: `path` is its program or libnode.so, which was
   mapped as `maps` say; `mapped` is its path there. NM_E_NOT_NODE, NM_E_IO, NM_E_CORRUPT. */
int nm_v8_program_open_file(const char *path, const char *mapped, const struct nm_maps *maps,
			    struct nm_v8_program *out, struct nm_error *err);

/* Read the versions out of the running process. NM_E_UNSUPPORTED when it does not say. */
int nm_v8_program_versions(struct nm_v8_program *program, struct nm_reader *reader,
			   struct nm_error *err);

void nm_v8_program_close(struct nm_v8_program *program);

#endif
