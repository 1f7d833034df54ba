/*
 * dominators.h - the dominator tree, as text
 */
#ifndef NM_VIEW_TEXT_DOMINATORS_H
#define NM_VIEW_TEXT_DOMINATORS_H

#include "view/view.h"

void nm_text_dominators(const struct nm_view_options *how, const struct nm_view_dominators *view);

#endif
