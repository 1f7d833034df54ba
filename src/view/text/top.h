/*
 * top.h - processes with their outlook, a line each
 */
#ifndef NM_VIEW_TEXT_TOP_H
#define NM_VIEW_TEXT_TOP_H

#include "view/view.h"

void nm_text_top(const struct nm_view_options *how, const struct nm_view_top *top);

#endif
