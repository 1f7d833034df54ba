/*
 * forecast.h - when a limit is reached, between when and when, or why that cannot be said
 *
 * Pure: from the low points of a number and the limit that holds for it. docs/forecast.md tells the method, and
 * how often it was right. Times are ms from the moment that was asked for; sizes are bytes.
 */
#ifndef NM_MODEL_FORECAST_H
#define NM_MODEL_FORECAST_H

#include "base/strbuf.h"
#include "model/trend.h"
#include "nodemem.h"

/* What grows. The name is that of the document. */
#define NM_BASIS_LIST(X)                                                                        \
	X(FLOOR, "post-gc floor") /* use of the old generation right after major collections */ \
	X(RSS, "rss")		  /* low points of the process's */                             \
	X(USED, "used")		  /* low points of what is used under the limit, by anybody */

enum nm_basis {
#define X(name, text) NM_BASIS_##name,
	NM_BASIS_LIST(X)
#undef X
};

const char *nm_basis_name(enum nm_basis basis);

/* Why there is no time. */
#define NM_FORECAST_LIST(X)                                                                        \
	X(OK, "")		  /* there is */                                                   \
	X(TOO_EARLY, "too-early") /* too few floors or samples, or over too short a time */        \
	X(NO_TREND, "no-trend")	  /* it does not grow, or not steadily */                          \
	X(SLOWING, "slowing")	  /* it grows ever more slowly, as a program that warms up */      \
	X(SHRINKING, "shrinking")                                                                  \
	X(TOO_FAR, "too-far") /* it grows, but so slowly that the time until then is more than a \
				       year, or than 50 times the one watched */ \
	X(NO_LIMIT, "no-limit") /* nothing would end the process, or what does is not known */

enum nm_forecast_reason {
#define X(name, text) NM_FORECAST_##name,
	NM_FORECAST_LIST(X)
#undef X
};

/* "too-early"; "" for OK. */
const char *nm_forecast_reason_name(enum nm_forecast_reason reason);

struct nm_forecast {
	enum nm_forecast_reason reason;
	enum nm_limit_kind kind;
	char scope[256]; /* "" for NO_LIMIT */
	enum nm_basis basis;
	uint64_t limit; /* for what the basis is: of a heap, what its old generation may have */
	uint64_t level; /* what the basis is now; 0 when not known */
	size_t points;	/* floors, or low points: those on which it stands */
	uint64_t span_ms;
	bool has_growth; /* the pace is known: whenever there is a trend */
	double growth_per_hour;
	/* For OK. */
	bool has_high; /* else there is no telling how late it may be */
	uint64_t eta_ms, eta_low_ms, eta_high_ms;
};

/* A limit and what comes nearer to it. */
struct nm_forecast_of {
	enum nm_limit_kind kind;
	const char *scope;
	uint64_t limit;
	enum nm_basis basis;
	const struct nm_trend *trend;
};

/* As of `now_ms`, a time like those of the trend. */
void nm_forecast_make(const struct nm_forecast_of *of, int64_t now_ms, struct nm_forecast *out);

/* What V8's limit leaves for the old generation: heapSizeLimit has three semi-spaces in it. */
uint64_t nm_forecast_heap_limit(uint64_t heap_size_limit, uint64_t max_semi_space);

/* Add one or two sentences that tell the forecast. */
void nm_forecast_say(const struct nm_forecast *forecast, struct nm_strbuf *out);

#endif
