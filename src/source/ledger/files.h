/*
 * files.h - what a mapping is by its name: files, and memory that the kernel names
 *
 * Needs nothing but the list of mappings: this much is known also of a process whose memory
 * cannot be read.
 */
#ifndef NM_LEDGER_FILES_H
#define NM_LEDGER_FILES_H

#include "nodemem.h"
#include "source/proc/maps.h"

struct nm_ledger_file {
	enum nm_group group;
	char name[80];
};

/* Is a native add-on, or a library that one brings along, mapped? */
bool nm_ledger_has_addon(const struct nm_maps *maps);

/* False for memory without a name, and for [heap]. `program` is the path of the file that has V8
   in it. */
bool nm_ledger_file_find(const struct nm_maps *maps, size_t mapping, const char *program,
			 struct nm_ledger_file *out);

#endif
