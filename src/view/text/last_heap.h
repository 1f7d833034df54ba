/*
 * last_heap.h - what filled a heap near its limit, as text
 */
#ifndef NM_VIEW_TEXT_LAST_HEAP_H
#define NM_VIEW_TEXT_LAST_HEAP_H

#include "model/last_heap.h"
#include "view/view.h"

/* The largest classes, and what they grew by; `margin` blanks before each line but the first. */
void nm_text_last_heap(const struct nm_view_options *how, int margin,
		       const struct nm_last_heap *heap);

#endif
