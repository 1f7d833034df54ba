/*
 * batch.h - `top` without a screen: a table, or a JSON document, at each interval
 */
#ifndef NM_CMD_TOP_BATCH_H
#define NM_CMD_TOP_BATCH_H

#include "cmd/command.h"
#include "cmd/top/screen.h"

/* So many rounds; returns the exit code. */
int nm_top_batch(struct nm_call *call, const struct nm_top_options *options, uint64_t count);

#endif
