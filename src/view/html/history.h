/*
 * history.h - processes over time as one page, which needs no network and no other file
 *
 * All samples are in it. Of the rest: up to NM_HTML_CLASSES_MAX classes of a histogram, and the first and the
 * last ledger.
 */
#ifndef NM_VIEW_HTML_HISTORY_H
#define NM_VIEW_HTML_HISTORY_H

#include <stdio.h>

#include "base/error.h"
#include "model/history.h"

#define NM_HTML_CLASSES_MAX    2000
#define NM_HTML_HISTOGRAMS_MAX 16

/* When a process reaches a limit, or why that cannot be said. */
struct nm_html_forecast {
	bool is_known;	  /* otherwise only `reason` is filled */
	char limit[40];	  /* "heapSizeLimit" */
	char scope[256];  /* as in struct nm_limit */
	char basis[40];	  /* "post-gc floor" */
	char reason[240]; /* "no trend"; a clause without full stop */
	uint64_t limit_bytes;
	int64_t from_ms; /* where its line begins, since 1970 */
	uint64_t from_bytes;
	double growth_per_hour; /* bytes */
	int64_t eta_ms;		/* when the limit is reached, since 1970 */
	int64_t eta_low_ms;	/* not earlier */
	int64_t eta_high_ms;	/* and not later; -1: that is open */
};

/* `forecasts` has one for each process, or is NULL. NM_E_NOMEM. Whether it could be written is for the owner
   of `out` to ask. */
int nm_view_html_history(FILE *out, const struct nm_history *history,
			 const struct nm_html_forecast *forecasts, struct nm_error *err);

#endif
