/*
 * retainers.h - paths to objects, as text
 */
#ifndef NM_VIEW_TEXT_RETAINERS_H
#define NM_VIEW_TEXT_RETAINERS_H

#include "view/view.h"

void nm_text_retainers(const struct nm_view_options *how, const struct nm_view_retainers *view);

#endif
