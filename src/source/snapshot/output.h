/*
 * output.h - a file that has its name only when it is whole
 *
 * It is written to PATH.part, which is renamed in the end, or removed when something failed. Where
 * the name ends in ".zst" what is put is compressed on the way. Failures are remembered until
 * nm_output_close().
 *
 * Owns     the open file and a buffer, until nm_output_close().
 */
#ifndef NM_SNAPSHOT_OUTPUT_H
#define NM_SNAPSHOT_OUTPUT_H

#include "base/error.h"

struct nm_output;

/* NM_E_IO (a device or a pipe is not replaced), NM_E_NOMEM. */
int nm_output_open(const char *path, struct nm_output **out, struct nm_error *err);

void nm_output_put(struct nm_output *output, const char *text, size_t length);
void nm_output_text(struct nm_output *output, const char *text);
void nm_output_number(struct nm_output *output, uint64_t number);

/* Could all so far be written? */
bool nm_output_is_good(const struct nm_output *output);

/* Write the rest, give the file its name, and free. `*out_bytes` is its size. NM_E_IO: there is
   no file then. */
int nm_output_close(struct nm_output *output, uint64_t *out_bytes, struct nm_error *err);

#endif
