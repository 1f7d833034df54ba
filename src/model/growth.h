/*
 * growth.h - does a number grow, how fast, and how sure is that
 *
 * The points of a trend are put into blocks of equal time, each told by its lowest. If the number grows steadily,
 * the steps from block to block are alike; a walk without aim, a cycle, one jump or a growth that ended make
 * steps that differ more than their mean, and are no growth. The rate is the median of the slopes between all
 * pairs of points (Theil and Sen), which a few outliers do not move. docs/forecast.md has the whole of it.
 *
 * Costs    1,128 pairs at most, times a handful of tries.
 */
#ifndef NM_MODEL_GROWTH_H
#define NM_MODEL_GROWTH_H

#include <stdbool.h>

#include "model/trend.h"

enum nm_growth_kind {
	NM_GROWTH_UNCLEAR, /* too few points, or over too short a time */
	NM_GROWTH_NONE,
	NM_GROWTH_UP,
	NM_GROWTH_SLOWING, /* up, and ever more slowly: it may come to an end by itself */
	NM_GROWTH_DOWN,
};

struct nm_growth {
	enum nm_growth_kind kind;
	size_t points;	/* on which it stands: those of the present regime */
	double span_ms; /* over this time, up to the last point */
	/* The rest is what was tried, too, when there is no growth; zeros for UNCLEAR. */
	double per_ms; /* bytes */
	double level;  /* at the time of the last point, without noise */
	double noise;  /* standard deviation of a point around the line, bytes */
	double wander; /* variance of the steps, bytes * bytes per ms */
	double spread; /* standard deviation of per_ms */
	double quantile; /* of 95 %, for so few steps: an interval is so many deviations wide on each side */
};

/* Of any samples, not floors, more are needed: `is_envelope`. */
void nm_growth_find(const struct nm_trend *trend, bool is_envelope, struct nm_growth *out);

#endif
