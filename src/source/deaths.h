/*
 * deaths.h - the deaths that a file tells of, whatever kind of file it is
 *
 * What it is, is found from its content: a log of stderr or of the kernel, plain or compressed by gzip
 * or zstd, or a diagnostic report.
 */
#ifndef NM_SOURCE_DEATHS_H
#define NM_SOURCE_DEATHS_H

#include "model/deaths.h"

/* "-" is stdin. `out` is initialised here, and is done when it fails. NM_E_IO, NM_E_CORRUPT, NM_E_LIMIT,
   NM_E_NOMEM, NM_E_UNSUPPORTED (it is neither; the message says what it is). A recording fails so as
   well, with `out->kind` set. */
int nm_deaths_read(const char *path, struct nm_deaths *out, struct nm_error *err);

#endif
