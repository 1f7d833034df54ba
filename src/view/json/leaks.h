/*
 * leaks.h - what grows from snapshot to snapshot, as JSON
 */
#ifndef NM_VIEW_JSON_LEAKS_H
#define NM_VIEW_JSON_LEAKS_H

#include "view/view.h"

void nm_json_leaks(const struct nm_view_options *how, const struct nm_view_leaks *view);

#endif
