/*
 * heap.h - objects by class with what they retain, as JSON
 */
#ifndef NM_VIEW_JSON_HEAP_H
#define NM_VIEW_JSON_HEAP_H

#include <jansson.h>

#include "view/view.h"

void nm_json_heap(const struct nm_view_options *how, const struct nm_view_heap *view);

/* The bytes of a heap by what they are for. */
json_t *nm_json_heap_statistics(const struct nm_heap_statistics *statistics);

/* Add where the objects come from: "pid", "via", "stoppedMs", "missingBytes". */
void nm_json_add_origin(json_t *document, const struct nm_view_origin *origin);

#endif
