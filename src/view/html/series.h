/*
 * series.h - the long tables of a process as columns of a page
 *
 * Each function puts the columns into the pack and returns what tells of them in the document:
 * {"rows": N, "columns": ["time", ...]}, with "names" where a column holds indexes of texts.
 */
#ifndef NM_VIEW_HTML_SERIES_H
#define NM_VIEW_HTML_SERIES_H

#include <jansson.h>

#include "model/history.h"
#include "view/html/pack.h"

/* An array: of each isolate its name and its table of samples. */
json_t *nm_html_isolates(struct nm_pack *pack, const struct nm_history_process *process);

json_t *nm_html_gcs(struct nm_pack *pack, const struct nm_history_process *process);
json_t *nm_html_uses(struct nm_pack *pack, const struct nm_history_process *process);
json_t *nm_html_spaces(struct nm_pack *pack, const struct nm_history_process *process);

#endif
