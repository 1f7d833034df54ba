/*
 * diff.h - what changed between heaps, and texts that are there more than once, as JSON
 */
#ifndef NM_VIEW_JSON_DIFF_H
#define NM_VIEW_JSON_DIFF_H

#include "view/view.h"

void nm_json_diff(const struct nm_view_options *how, const struct nm_view_diff *view);
void nm_json_strings(const struct nm_view_options *how, const struct nm_view_strings *view);

#endif
