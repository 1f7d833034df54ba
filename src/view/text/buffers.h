/*
 * buffers.h - the memory of ArrayBuffers for people
 */
#ifndef NM_VIEW_TEXT_BUFFERS_H
#define NM_VIEW_TEXT_BUFFERS_H

#include "view/view.h"

void nm_text_buffers(const struct nm_view_options *how, const struct nm_view_buffers *view);

#endif
