/*
 * report.h - what a diagnostic report of Node's tells of an end (process.report, versions 1 to 5)
 *
 * Trusts   nothing: numbers out of range are as good as not there. A report that is cut is read as far
 *          as it goes, and the note of the deaths says where it ends.
 * Costs    the report as JSON values, some ten times its size.
 */
#ifndef NM_CRASHLOG_REPORT_H
#define NM_CRASHLOG_REPORT_H

#include "model/deaths.h"

/* Does the text begin as a report does? */
bool nm_report_is_one(const char *text, size_t length);

/* A death is added where the report was written because of one; else the note says why it was. The
   verdict is reached. NM_E_CORRUPT, NM_E_NOMEM. */
int nm_report_read(const char *text, size_t length, const char *name, struct nm_deaths *out,
		   struct nm_error *err);

#endif
