/*
 * classes_saved.h - classes that were written earlier as JSON, to compare with
 */
#ifndef NM_SOURCE_CLASSES_SAVED_H
#define NM_SOURCE_CLASSES_SAVED_H

#include "nodemem.h"

/* Of the document in `text`, `name` for messages: the live objects of each class; the rest is not
   asked for. NM_E_CORRUPT, NM_E_NOMEM. */
int nm_classes_parse(const char *text, size_t size, const char *name, struct nm_classes *out,
		     struct nm_error *err);

/* The same of the file at `path`. NM_E_IO, NM_E_LIMIT. */
int nm_classes_load(const char *path, struct nm_classes *out, struct nm_error *err);

#endif
