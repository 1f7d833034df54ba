/*
 * stat.h - what a process's memory is and means, for programs
 */
#ifndef NM_VIEW_JSON_STAT_H
#define NM_VIEW_JSON_STAT_H

#include "view/view.h"

void nm_json_stat(const struct nm_view_options *how, const struct nm_view_stat *stat);

#endif
