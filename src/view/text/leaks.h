/*
 * leaks.h - what grows from snapshot to snapshot, as text
 */
#ifndef NM_VIEW_TEXT_LEAKS_H
#define NM_VIEW_TEXT_LEAKS_H

#include "view/view.h"

void nm_text_leaks(const struct nm_view_options *how, const struct nm_view_leaks *view);

#endif
