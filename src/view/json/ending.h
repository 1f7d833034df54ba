/*
 * ending.h - ends of commands and processes as JSON: nodemem/end/1 and nodemem/why/1
 */
#ifndef NM_VIEW_JSON_ENDING_H
#define NM_VIEW_JSON_ENDING_H

#include "view/view.h"

void nm_json_ending(const struct nm_view_options *how, const struct nm_ending *ending);
void nm_json_deaths(const struct nm_view_options *how, const struct nm_view_deaths *view);

#endif
