/*
 * top.h - processes with their outlook, for programs
 */
#ifndef NM_VIEW_JSON_TOP_H
#define NM_VIEW_JSON_TOP_H

#include "view/view.h"

void nm_json_top(const struct nm_view_options *how, const struct nm_view_top *top);

#endif
