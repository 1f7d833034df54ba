/*
 * dominators.h - the dominator tree, as JSON
 */
#ifndef NM_VIEW_JSON_DOMINATORS_H
#define NM_VIEW_JSON_DOMINATORS_H

#include "view/view.h"

void nm_json_dominators(const struct nm_view_options *how, const struct nm_view_dominators *view);

#endif
