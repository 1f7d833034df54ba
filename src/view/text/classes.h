/*
 * classes.h - the classes of a heap as a table
 */
#ifndef NM_VIEW_TEXT_CLASSES_H
#define NM_VIEW_TEXT_CLASSES_H

#include "view/view.h"

void nm_text_classes(const struct nm_view_options *how, const struct nm_view_classes *classes);

/* What a dump has written. */
void nm_text_dump(const struct nm_view_options *how, const char *path, const struct nm_dump *dump);

#endif
