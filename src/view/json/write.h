/*
 * write.h - what all JSON documents are made of
 */
#ifndef NM_VIEW_JSON_WRITE_H
#define NM_VIEW_JSON_WRITE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "nodemem.h"

/* A number that JavaScript can hold exactly, or null. */
json_t *nm_json_number(bool known, uint64_t value);

/* Text that the target chose: what is no UTF-8 becomes question marks. */
json_t *nm_json_foreign(const char *text);

/* The same, null for "". */
json_t *nm_json_text(const char *text);

/* A key for each row of the metric table. `isolate` may be NULL; `process_too`: those of the whole process as well. */
void nm_json_metrics(json_t *object, const struct nm_sample *sample,
		     const struct nm_isolate *isolate, bool process_too);

/* An object whose first key is its schema. */
json_t *nm_json_document(const char *schema);

/* Write the document as one line, and free it. */
void nm_json_write(FILE *out, json_t *document);

#endif
