/*
 * last_heap.h - what filled a heap near its limit, as JSON
 */
#ifndef NM_VIEW_JSON_LAST_HEAP_H
#define NM_VIEW_JSON_LAST_HEAP_H

#include <jansson.h>

#include "model/last_heap.h"

/* null for NULL. */
json_t *nm_json_last_heap(const struct nm_last_heap *heap);

#endif
