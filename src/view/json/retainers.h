/*
 * retainers.h - paths to objects, as JSON
 */
#ifndef NM_VIEW_JSON_RETAINERS_H
#define NM_VIEW_JSON_RETAINERS_H

#include "view/view.h"

void nm_json_retainers(const struct nm_view_options *how, const struct nm_view_retainers *view);

#endif
