/*
 * json_classes.h - the classes of a heap as JSON
 */
#ifndef NM_VIEW_JSON_CLASSES_H
#define NM_VIEW_JSON_CLASSES_H

#include "view/view.h"

void nm_json_classes(const struct nm_view_options *how, const struct nm_view_classes *classes);

#endif
