/*
 * layout_file.h - calibrated layouts, kept in the caller's cache by build-id
 *
 * $XDG_CACHE_HOME/nodemem/layouts/BUILD-ID.json, else ~/.cache/nodemem/... A file that is not the
 * caller's own, or whose numbers no layout can have, is not used.
 */
#ifndef NM_V8_LAYOUT_FILE_H
#define NM_V8_LAYOUT_FILE_H

#include "source/v8/layout.h"

/* False when there is none. */
bool nm_v8_layout_load(const char *build_id, struct nm_v8_layout *out);

/* The text of such a file; false for one that cannot be a layout. */
bool nm_v8_layout_parse(const char *text, size_t length, struct nm_v8_layout *out);

/* Written whole or not at all. The path goes to `out_path`. NM_E_IO. */
int nm_v8_layout_save(const char *build_id, const struct nm_v8_layout *layout, char *out_path,
		      size_t room, struct nm_error *err);

/* As a row of the layout table, with what each binary tells by itself left to it. */
void nm_v8_layout_row(const struct nm_v8_layout *layout, const char *node, char *out, size_t room);

#endif
