/*
 * ending.h - the end of `run`, and what `why` found, for people
 */
#ifndef NM_VIEW_TEXT_ENDING_H
#define NM_VIEW_TEXT_ENDING_H

#include "view/view.h"

void nm_text_ending(const struct nm_view_options *how, const struct nm_ending *ending);
void nm_text_deaths(const struct nm_view_options *how, const struct nm_view_deaths *view);

#endif
