/*
 * wrap.h - sentences, broken between words
 */
#ifndef NM_VIEW_TEXT_WRAP_H
#define NM_VIEW_TEXT_WRAP_H

#include "view/view.h"

#define NM_LINE_WIDTH 80

/* The cursor stands at column `indent`, where the further lines begin too. Ends with a line break. */
void nm_text_wrap(const struct nm_view_options *how, int indent, const char *text);

#endif
