/*
 * log.h - the deaths that a log tells of
 *
 * A log of stderr, with or without what loggers write before each line; the lines of several processes
 * may be mixed. What V8 and Node said, what a supervisor wrote of the same end, and what the kernel's
 * log says are put together.
 *
 * Trusts   nothing. A log of gigabytes is read in one go and costs no more than a short one.
 * Costs    some 200 KiB.
 */
#ifndef NM_CRASHLOG_LOG_H
#define NM_CRASHLOG_LOG_H

#include "model/deaths.h"

struct nm_log;

/* The deaths go to `out`, which must live as long. NULL when there is no memory. */
struct nm_log *nm_log_open(struct nm_deaths *out);
void nm_log_feed(struct nm_log *log, const char *bytes, size_t length);

/* No more will come: the verdicts are reached. */
void nm_log_end(struct nm_log *log);
void nm_log_close(struct nm_log *log);

#endif
