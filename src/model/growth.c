#include "model/growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MAX  48
#define BLOCKS_MAX 12
#define BLOCKS_MIN 5
#define POINTS_MIN 6
/* Of an envelope, where each sample is a point. */
#define SAMPLES_MIN 24
#define SPAN_MIN_MS 4000
/* Share of the steps' variance that is left at least when noise is taken out of it: with many steps; with few,
   who are too few to tell noise, nothing is taken out. */
#define STEPS_LEFT_MIN 0.3

#define FREEDOM_MAX (BLOCKS_MAX - 2)
#define FREEDOM_FEW 4

struct point {
	double t, y;
};

/* A stretch of the trend, and what it was boiled down to. */
struct stretch {
	struct point slots[SLOTS_MAX];
	size_t slot_count;
	struct point blocks[BLOCKS_MAX];
	size_t block_count;
};

static int ascending(const void *a, const void *b)
{
	const double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

/* Sorts them. */
static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), ascending);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Cut the time of the points, which ascend, into equal parts, and leave the lowest point of each that has any:
   a floor is seen too high when garbage comes before it is looked at, or is not yet swept, and never too low. */
static size_t cut(const struct point *points, size_t count, size_t parts, struct point *out)
{
	const double begin = points[0].t;
	const double length = (points[count - 1].t - begin) / (double)parts;
	size_t out_count = 0;

	for (size_t i = 0, part = 0; i < count && part < parts; part++) {
		const bool is_last = part + 1 == parts;
		const double end = begin + length * (double)(part + 1);
		size_t lowest = i, first = i;

		for (; i < count && (is_last || points[i].t < end); i++)
			if (points[i].y < points[lowest].y)
				lowest = i;
		if (i > first)
			out[out_count++] = points[lowest];
	}
	return out_count;
}

static void boil_down(const struct point *points, size_t count, struct stretch *out)
{
	size_t blocks = count / 4;

	blocks = blocks > BLOCKS_MAX ? BLOCKS_MAX : blocks < POINTS_MIN ? POINTS_MIN : blocks;
	out->slot_count = cut(points, count, SLOTS_MAX, out->slots);
	out->block_count = cut(out->slots, out->slot_count, blocks, out->blocks);
}

/* The median of the slopes of all pairs. */
static double theil_sen(const struct point *points, size_t count)
{
	double slopes[SLOTS_MAX * (SLOTS_MAX - 1) / 2];
	size_t pairs = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			if (points[j].t > points[i].t)
				slopes[pairs++] =
					(points[j].y - points[i].y) / (points[j].t - points[i].t);
	return pairs > 0 ? median(slopes, pairs) : 0;
}

/* Median of what the points are above a line through 0 with this slope. */
static double offset(const struct point *points, size_t count, double slope)
{
	double rest[SLOTS_MAX];

	for (size_t i = 0; i < count; i++)
		rest[i] = points[i].y - slope * points[i].t;
	return median(rest, count);
}

/* From the median of the distances to the line, which outliers do not move. */
static double noise_of(const struct point *points, size_t count, double slope, double at_zero)
{
	double rest[SLOTS_MAX];

	for (size_t i = 0; i < count; i++)
		rest[i] = fabs(points[i].y - slope * points[i].t - at_zero);
	return 1.4826 * median(rest, count);
}

static double mean_slope(const struct point *points, size_t count)
{
	return (points[count - 1].y - points[0].y) / (points[count - 1].t - points[0].t);
}

/* How the steps between blocks vary. A walk's steps are independent, and this variance is that of its way; noise
   about a line makes each step up be followed by one down, which `neighbours` tells. */
struct steps {
	double slope; /* their mean, in a unit of time */
	double sum;   /* of squares of what they are above it, in a unit of time */
	double neighbours;
	double freedom;
	double span;
};

static struct steps find_steps(const struct stretch *stretch)
{
	const struct point *blocks = stretch->blocks;
	const size_t count = stretch->block_count;
	struct steps out = {
		.slope = mean_slope(blocks, count),
		.freedom = (double)(count - 2),
		.span = blocks[count - 1].t - blocks[0].t,
	};
	double last = 0;

	for (size_t i = 1; i < count; i++) {
		const double dt = blocks[i].t - blocks[i - 1].t;
		const double rise = blocks[i].y - blocks[i - 1].y;
		const double rest = dt > 0 ? (rise - out.slope * dt) / sqrt(dt) : 0;

		out.sum += rest * rest;
		out.neighbours += rest * last;
		last = rest;
	}
	out.neighbours = fmin(out.neighbours, 0);
	return out;
}

/* Variance of the way in a unit of time: that of a walk without its noise, of which `share` is taken out. */
static double way_variance(const struct steps *steps, double share)
{
	const double sureness = (steps->freedom - FREEDOM_FEW) / (FREEDOM_MAX - FREEDOM_FEW);
	const double left = 1 - (1 - STEPS_LEFT_MIN) * fmax(sureness, 0);

	return fmax(steps->sum + 2 * share * steps->neighbours, left * steps->sum) / steps->freedom;
}

/* Student's t for so many degrees of freedom: one-sided 99 %, two-sided 95 %. */
static double certain(size_t freedom)
{
	static const double table[FREEDOM_MAX + 1] = {0,     31.82, 6.965, 4.541, 3.747, 3.365,
						      3.143, 2.998, 2.896, 2.821, 2.764};

	return table[freedom];
}

static double likely(size_t freedom)
{
	static const double table[FREEDOM_MAX + 1] = {0,     12.71, 4.303, 3.182, 2.776, 2.571,
						      2.447, 2.365, 2.306, 2.262, 2.228};

	return table[freedom];
}

/* The pace of both halves, and by how much they differ by chance. */
struct halves {
	double first, second;
	double chance;
};

static struct halves find_halves(const struct stretch *stretch)
{
	const struct steps steps = find_steps(stretch);
	const struct point *blocks = stretch->blocks;
	const size_t count = stretch->block_count, half = count / 2;

	return (struct halves){
		.first = mean_slope(blocks, half + 1),
		.second = mean_slope(blocks + half, count - half),
		.chance = 2 * sqrt(way_variance(&steps, 0.5) / steps.span),
	};
}

/* Did another regime begin in between: another direction, or a pace of twice or half? */
static bool has_turned(const struct halves *halves)
{
	const double low = fmin(fabs(halves->first), fabs(halves->second));
	const double high = fmax(fabs(halves->first), fabs(halves->second));

	return fabs(halves->first - halves->second) > 2.5 * halves->chance &&
	       (high > 2 * low || (halves->first < 0) != (halves->second < 0));
}

/* Does growth come to an end, as that of a program does which warms up? After another regime, slowing may be
   what is left of it, so less of it is enough. */
static bool is_slowing(const struct halves *halves, bool was_other)
{
	return halves->second < 0.75 * halves->first &&
	       (was_other || halves->first - halves->second > 1.5 * halves->chance);
}

/* Does it go on in the last third at a third of the pace, or more? */
static bool goes_on(const struct stretch *stretch, double slope)
{
	const struct point *slots = stretch->slots;
	const size_t count = stretch->slot_count;
	const double begin = slots[0].t + (slots[count - 1].t - slots[0].t) * 2 / 3;
	size_t first = count - 1;

	while (first > 0 && (slots[first].t >= begin || count - first < 4))
		first--;
	return theil_sen(slots + first, count - first) * 3 > slope;
}

static enum nm_growth_kind find_kind(const struct stretch *stretch, const struct steps *steps,
				     bool was_other, const struct nm_growth *growth)
{
	const double deviation = sqrt(way_variance(steps, 1) / steps->span);
	const struct halves halves = find_halves(stretch);

	if (fabs(growth->per_ms) * steps->span < 3 * growth->noise ||
	    fabs(steps->slope) < certain((size_t)steps->freedom) * deviation)
		return NM_GROWTH_NONE;
	if (growth->per_ms < 0)
		return NM_GROWTH_DOWN;
	if (growth->per_ms == 0 || !goes_on(stretch, growth->per_ms))
		return NM_GROWTH_NONE;
	return is_slowing(&halves, was_other) ? NM_GROWTH_SLOWING : NM_GROWTH_UP;
}

static void judge(const struct stretch *stretch, bool was_other, struct nm_growth *out)
{
	const struct point *slots = stretch->slots;
	const size_t count = stretch->slot_count, recent = count - count / 3;
	const struct steps steps = find_steps(stretch);
	double at_zero;

	out->per_ms = theil_sen(slots, count);
	at_zero = offset(slots, count, out->per_ms);
	out->noise = noise_of(slots, count, out->per_ms, at_zero);
	/* Half of the noise taken out: an interval is rather too wide than too narrow. */
	out->wander = way_variance(&steps, 0.5);
	out->spread = sqrt(out->wander / steps.span);
	out->quantile = likely((size_t)steps.freedom);
	/* Where it stands now the last third tells. */
	at_zero = offset(slots + recent, count - recent, out->per_ms);
	out->level = at_zero + out->per_ms * slots[count - 1].t;
	out->kind = find_kind(stretch, &steps, was_other, out);
}

/* Times from the first point, so that a double holds them exactly. */
static size_t take_points(const struct nm_trend *trend, struct point *out)
{
	for (size_t i = 0; i < trend->count; i++)
		out[i] = (struct point){
			(double)(trend->points[i].time_ms - trend->points[0].time_ms),
			(double)trend->points[i].bytes,
		};
	return trend->count;
}

/* False when there is too little to tell anything. */
static bool take_stretch(const struct point *points, size_t count, bool is_envelope,
			 struct stretch *out)
{
	if (count < (is_envelope ? SAMPLES_MIN : POINTS_MIN) ||
	    points[count - 1].t - points[0].t < SPAN_MIN_MS)
		return false;
	boil_down(points, count, out);
	return out->block_count >= BLOCKS_MIN;
}

void nm_growth_find(const struct nm_trend *trend, bool is_envelope, struct nm_growth *out)
{
	struct point points[NM_TREND_POINTS];
	struct stretch stretch;
	size_t count = take_points(trend, points), first = 0;

	memset(out, 0, sizeof(*out));
	for (;;) {
		const double span = count > 0 ? points[count - 1].t - points[first].t : 0;
		const double later = count > 0 ? points[first].t + span / 3 : 0;
		struct halves halves;

		out->points = count - first;
		out->span_ms = span;
		if (!take_stretch(points + first, count - first, is_envelope, &stretch))
			return;
		halves = find_halves(&stretch);
		if (!has_turned(&halves))
			break;
		/* Leave out the first third, and try again. */
		while (points[first].t < later)
			first++;
	}
	judge(&stretch, first > 0, out);
}
