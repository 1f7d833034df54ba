/*
 * heap.h - the classes of a heap as one page: a treemap of retained sizes, and a table
 */
#ifndef NM_VIEW_HTML_HEAP_H
#define NM_VIEW_HTML_HEAP_H

#include "base/error.h"
#include "view/view.h"

/* Classes in the table; those that retain less are told of together. */
#define NM_HTML_ROWS_MAX 5000

struct nm_territory;

/* `subject` is what was looked at, in words: the name of a file, or of a process. NM_E_NOMEM. Whether it could be
   written is for the owner of `out` to ask. */
int nm_view_html_heap(FILE *out, const char *subject, const struct nm_view_heap *view,
		      const struct nm_territory *territory, struct nm_error *err);

#endif
