#include "model/forecast.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "model/growth.h"

#define HOUR_MS 3600e3
#define YEAR_MS (365.25 * 24 * HOUR_MS)
/* What was seen for a minute does not tell of next week. */
#define SPANS_MAX 50
/* How exactly the place of a limit is known: as a share of it, and of a heap so much at least. */
#define LIMIT_BLUR 0.02
#define HEAP_BLUR  (4 * (double)NM_MIB)
/* V8 ends a process when it finds no room in one piece: when all is over, 1 to 6 MiB of the limit were still
   free, whatever the limit was (Node.js 18 to 26, limits of 80 and 400 MiB). */
#define HEAP_PIECES (3 * (double)NM_MIB)
/* The least that growth itself may vary from now on, as a share of it. */
#define PACE_BLUR 0.05

const char *nm_basis_name(enum nm_basis basis)
{
	static const char *const names[] = {
#define X(name, text) [NM_BASIS_##name] = text,
		NM_BASIS_LIST(X)
#undef X
	};

	return names[basis];
}

const char *nm_forecast_reason_name(enum nm_forecast_reason reason)
{
	static const char *const names[] = {
#define X(name, text) [NM_FORECAST_##name] = text,
		NM_FORECAST_LIST(X)
#undef X
	};

	return names[reason];
}

uint64_t nm_forecast_heap_limit(uint64_t heap_size_limit, uint64_t max_semi_space)
{
	if (max_semi_space < heap_size_limit / 3)
		return heap_size_limit - 3 * max_semi_space;
	return heap_size_limit;
}

/*
 * When growth is first, and when last, likely to have covered `room`. After x ms it has covered rate * x, give
 * or take `quantile` deviations, of variance
 *     noise + limit's blur                where it stands now, and where the limit is
 *     wander * x                          what the steps from now on will differ
 *     spread of the rate squared * x * x  how well the rate is known
 * so both are roots of one equation of the second degree.
 */
static void find_interval(const struct nm_growth *growth, double room, double blur, double *out_low,
			  double *out_high)
{
	const double q2 = growth->quantile * growth->quantile;
	const double rate = growth->per_ms;
	const double spread = fmax(growth->spread, PACE_BLUR * rate / growth->quantile);
	const double a = rate * rate - q2 * spread * spread;
	const double b = 2 * room * rate + q2 * growth->wander;
	const double c = room * room - q2 * growth->noise * growth->noise - blur * blur;
	const double root = sqrt(fmax(b * b - 4 * a * c, 0));

	*out_low = c > 0 ? 2 * c / (b + root) : 0;
	*out_high = a > 0 ? (b + root) / (2 * a) : INFINITY;
}

static uint64_t whole_ms(double ms)
{
	return ms > 0 ? (uint64_t)llround(fmin(ms, 0x1p53)) : 0;
}

static void set_times(const struct nm_growth *growth, double passed_ms, struct nm_forecast *out)
{
	const bool is_heap = out->kind == NM_LIMIT_HEAP;
	const double limit = (double)out->limit;
	const double blur = fmax(LIMIT_BLUR * limit, is_heap ? HEAP_BLUR : 0);
	const double room = fmax(limit - (is_heap ? HEAP_PIECES : 0) - growth->level, 0);
	const double eta = room / growth->per_ms - passed_ms;
	double low, high;

	if (eta > YEAR_MS || eta > SPANS_MAX * growth->span_ms) {
		out->reason = NM_FORECAST_TOO_FAR;
		return;
	}
	find_interval(growth, room, blur, &low, &high);
	out->eta_ms = whole_ms(eta);
	out->eta_low_ms = whole_ms(fmin(low - passed_ms, eta));
	out->has_high = high < 10 * YEAR_MS;
	out->eta_high_ms = out->has_high ? whole_ms(fmax(high - passed_ms, eta)) : 0;
}

void nm_forecast_make(const struct nm_forecast_of *of, int64_t now_ms, struct nm_forecast *out)
{
	static const enum nm_forecast_reason reasons[] = {
		[NM_GROWTH_UNCLEAR] = NM_FORECAST_TOO_EARLY,
		[NM_GROWTH_NONE] = NM_FORECAST_NO_TREND,
		[NM_GROWTH_UP] = NM_FORECAST_OK,
		[NM_GROWTH_SLOWING] = NM_FORECAST_SLOWING,
		[NM_GROWTH_DOWN] = NM_FORECAST_SHRINKING,
	};
	const struct nm_trend *trend = of->trend;
	struct nm_growth growth;
	double passed_ms = 0;

	memset(out, 0, sizeof(*out));
	out->kind = of->kind;
	snprintf(out->scope, sizeof(out->scope), "%s", of->scope);
	out->basis = of->basis;
	out->limit = of->limit;
	nm_growth_find(trend, of->basis != NM_BASIS_FLOOR, &growth);
	out->points = growth.points;
	out->span_ms = whole_ms(growth.span_ms);
	if (trend->count > 0) {
		const struct nm_trend_point *last = &trend->points[trend->count - 1];

		out->level = last->bytes;
		passed_ms = now_ms > last->time_ms ? (double)(now_ms - last->time_ms) : 0;
	}
	out->reason = reasons[growth.kind];
	if (growth.kind == NM_GROWTH_UNCLEAR || growth.kind == NM_GROWTH_NONE)
		return;
	out->level = growth.level > 0 ? (uint64_t)fmin(growth.level, 0x1p63) : 0;
	out->has_growth = true;
	out->growth_per_hour = growth.per_ms * HOUR_MS;
	if (growth.kind == NM_GROWTH_UP)
		set_times(&growth, passed_ms, out);
}
