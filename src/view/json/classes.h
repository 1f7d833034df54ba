/*
 * classes.h - the classes of a heap as JSON
 */
#ifndef NM_VIEW_JSON_CLASSES_H
#define NM_VIEW_JSON_CLASSES_H

#include "view/view.h"

void nm_json_classes(const struct nm_view_options *how, const struct nm_view_classes *classes);

/* What a dump has written. */
void nm_json_dump(const struct nm_view_options *how, const char *path, const struct nm_dump *dump);

#endif
