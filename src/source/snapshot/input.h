/*
 * input.h - the text of a file, plain or compressed by gzip or zstd, piece by piece
 *
 * What is kept is one piece: a file of gigabytes costs no memory, and one that shrinks while it is read
 * is a file that ends early, not a bus error as with mmap.
 *
 * Owns     the open file and a buffer, until nm_input_close().
 */
#ifndef NM_SNAPSHOT_INPUT_H
#define NM_SNAPSHOT_INPUT_H

#include "base/error.h"

struct nm_input;

/* NM_E_IO, NM_E_NOMEM, NM_E_UNSUPPORTED (a directory or a device). */
int nm_input_open(const char *path, struct nm_input **out, struct nm_error *err);

/* Up to `room` bytes, at least one before the end of the file. Returns how many, 0 at the end, -1 when
   it failed: nm_input_fail() says of what. */
long nm_input_read(struct nm_input *input, unsigned char *out, size_t room);

/* NM_E_IO, NM_E_CORRUPT (the compressed data are broken, or end early). */
int nm_input_fail(const struct nm_input *input, struct nm_error *err);

void nm_input_close(struct nm_input *input);

#endif
