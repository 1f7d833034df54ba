/*
 * buffers.h - the memory of ArrayBuffers for programs
 */
#ifndef NM_VIEW_JSON_BUFFERS_H
#define NM_VIEW_JSON_BUFFERS_H

#include "view/view.h"

void nm_json_buffers(const struct nm_view_options *how, const struct nm_view_buffers *view);

#endif
