/*
 * stat.h - what a process's memory is and means, for people
 */
#ifndef NM_VIEW_TEXT_STAT_H
#define NM_VIEW_TEXT_STAT_H

#include "view/view.h"

void nm_text_stat(const struct nm_view_options *how, const struct nm_view_stat *stat);

#endif
