/*
 * forecast_text.c - a forecast in sentences
 */
#include <inttypes.h>
#include <math.h>

#include "base/units.h"
#include "model/forecast.h"
#include "model/limits.h"

/* "3.1 MiB a second", in the unit of time that makes it a number to remember. */
static void add_pace(double per_hour, struct nm_strbuf *out)
{
	static const struct {
		double hours;
		const char *name;
	} units[] = {
		{1 / 3600.0, "a second"}, {1 / 60.0, "a minute"}, {1, "an hour"}, {24, "a day"}};
	const size_t last = sizeof(units) / sizeof(units[0]) - 1;
	char size[32];
	size_t i = 0;

	per_hour = fmin(fabs(per_hour), 0x1p53);
	while (i < last && per_hour * units[i].hours < (double)NM_MIB)
		i++;
	nm_strbuf_addf(out, "%s %s",
		       nm_units_words((uint64_t)(per_hour * units[i].hours), size, sizeof(size)),
		       units[i].name);
}

/* What is looked at, and what it is now. */
static void add_subject(const struct nm_forecast *forecast, bool begins, struct nm_strbuf *out)
{
	const char *what = begins ? "What" : "what";
	char size[32];

	if (forecast->basis == NM_BASIS_FLOOR)
		nm_strbuf_addf(out, "%s stays in the heap of %s after major collections", what,
			       forecast->scope);
	else if (forecast->basis == NM_BASIS_RSS)
		nm_strbuf_addf(out, "%s the process has in RAM", what);
	else if (forecast->scope[0] != '/')
		nm_strbuf_addf(out, "%s the process uses under %s", what,
			       nm_limit_name(forecast->kind));
	else
		nm_strbuf_addf(out, "%s is used under %s of %s", what,
			       nm_limit_name(forecast->kind), forecast->scope);
	nm_strbuf_addf(out, ", now %s,", nm_units_words(forecast->level, size, sizeof(size)));
}

/* "24 major collections over 58.3 s" */
static void add_evidence(const struct nm_forecast *forecast, struct nm_strbuf *out)
{
	char span[32];

	nm_strbuf_addf(out, "%zu %s%s over %s", forecast->points,
		       forecast->basis == NM_BASIS_FLOOR ? "major collection" : "low point",
		       forecast->points == 1 ? "" : "s",
		       nm_units_duration(forecast->span_ms, span, sizeof(span)));
}

/* "it reaches the 80.0 MiB that V8 lets it have" */
static void add_reaching(const struct nm_forecast *forecast, struct nm_strbuf *out)
{
	char size[32];

	nm_units_words(forecast->limit, size, sizeof(size));
	if (forecast->basis == NM_BASIS_FLOOR)
		nm_strbuf_addf(out, "it reaches the %s that V8 lets it have", size);
	else if (forecast->basis == NM_BASIS_RSS)
		nm_strbuf_addf(out, "it has taken all that is left of %s",
			       forecast->kind == NM_LIMIT_MACHINE ? "the machine's memory"
								  : forecast->scope);
	else
		nm_strbuf_addf(out, "it reaches the limit of %s", size);
}

static void say_time(const struct nm_forecast *forecast, struct nm_strbuf *out)
{
	char eta[32], low[32], high[32];

	add_subject(forecast, true, out);
	nm_strbuf_adds(out, " grows by ");
	add_pace(forecast->growth_per_hour, out);
	nm_strbuf_adds(out, ". At that pace ");
	add_reaching(forecast, out);
	nm_strbuf_addf(out, " in %s: ", nm_units_duration(forecast->eta_ms, eta, sizeof(eta)));
	nm_units_duration(forecast->eta_low_ms, low, sizeof(low));
	if (forecast->has_high)
		nm_strbuf_addf(out, "between %s and %s from now", low,
			       nm_units_duration(forecast->eta_high_ms, high, sizeof(high)));
	else
		nm_strbuf_addf(out,
			       "%s from now at the earliest, and no time is sure to be the latest",
			       low);
	nm_strbuf_adds(out, " (");
	add_evidence(forecast, out);
	nm_strbuf_adds(out, ").");
}

static void say_too_early(const struct nm_forecast *forecast, struct nm_strbuf *out)
{
	nm_strbuf_adds(out, "It is too early for a forecast: ");
	if (forecast->points == 0 && forecast->basis == NM_BASIS_FLOOR) {
		nm_strbuf_addf(
			out,
			"no major collection was seen in the heap of %s, so what stays in it "
			"is not known.",
			forecast->scope);
		return;
	}
	add_evidence(forecast, out);
	nm_strbuf_adds(out, forecast->points == 1 ? " is" : " are");
	nm_strbuf_adds(out, " too little to tell a trend.");
}

void nm_forecast_say(const struct nm_forecast *forecast, struct nm_strbuf *out)
{
	char span[32];

	nm_units_duration(forecast->span_ms, span, sizeof(span));
	switch (forecast->reason) {
	case NM_FORECAST_OK:
		say_time(forecast, out);
		return;
	case NM_FORECAST_TOO_EARLY:
		say_too_early(forecast, out);
		return;
	case NM_FORECAST_NO_LIMIT:
		nm_strbuf_adds(
			out, "There is no forecast: no limit is known that would end the process.");
		return;
	case NM_FORECAST_NO_TREND:
		nm_strbuf_adds(out, "No trend: ");
		add_subject(forecast, false, out);
		nm_strbuf_adds(out, " does not grow steadily (");
		add_evidence(forecast, out);
		nm_strbuf_adds(out, ").");
		return;
	case NM_FORECAST_SLOWING:
	case NM_FORECAST_SHRINKING:
	case NM_FORECAST_TOO_FAR:
		break;
	}
	add_subject(forecast, true, out);
	nm_strbuf_adds(out,
		       forecast->reason == NM_FORECAST_SHRINKING ? " shrinks by " : " grows by ");
	add_pace(forecast->growth_per_hour, out);
	nm_strbuf_adds(out, " (");
	add_evidence(forecast, out);
	nm_strbuf_adds(out, ")");
	if (forecast->reason == NM_FORECAST_SLOWING)
		nm_strbuf_adds(out, ", but ever more slowly, as a program does that warms up: "
				    "too early for a forecast.");
	else if (forecast->reason == NM_FORECAST_TOO_FAR)
		nm_strbuf_addf(out, ". The limit is too far off for a forecast from %s.", span);
	else
		nm_strbuf_adds(out, ".");
}
