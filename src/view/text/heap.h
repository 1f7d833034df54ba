/*
 * heap.h - objects by class with what they retain, as text
 */
#ifndef NM_VIEW_TEXT_HEAP_H
#define NM_VIEW_TEXT_HEAP_H

#include "view/view.h"

void nm_text_heap(const struct nm_view_options *how, const struct nm_view_heap *view);

#endif
