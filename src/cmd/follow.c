#include "cmd/follow.h"

#include <string.h>

#define LIMITS_EVERY_MS 1000
#define JUDGE_EVERY_MS	5000

void nm_follow_init(struct nm_follow *follow)
{
	memset(follow, 0, sizeof(*follow));
	follow->limits_every_ms = LIMITS_EVERY_MS;
	nm_outlook_init(&follow->outlook);
}

void nm_follow_sample(struct nm_follow *follow, struct nm_target *target,
		      const struct nm_sample *sample, const struct nm_outlook_listener *listener)
{
	const int64_t since_ms = sample->time_ms - follow->limits_ms;
	struct nm_limits limits;

	follow->last_ms = sample->time_ms;
	nm_outlook_add_sample(&follow->outlook, sample, listener);
	/* The clock may have been set back. */
	if (since_ms >= 0 && since_ms < follow->limits_every_ms)
		return;
	follow->limits_ms = sample->time_ms;
	if (nm_limits_read(target, sample, &limits, NULL) != NM_OK)
		return;
	nm_outlook_add_limits(&follow->outlook, sample, &limits);
	nm_limits_done(&limits);
}

void nm_follow_forecast(const struct nm_follow *follow, struct nm_forecast *out)
{
	nm_outlook_forecast(&follow->outlook, follow->last_ms, out);
}

bool nm_follow_is_news(const struct nm_forecast *forecast)
{
	return forecast->reason != NM_FORECAST_TOO_EARLY &&
	       forecast->reason != NM_FORECAST_NO_LIMIT;
}

bool nm_follow_has_news(struct nm_follow *follow, struct nm_forecast *out)
{
	const int64_t since_ms = follow->last_ms - follow->judged_ms;

	if (since_ms >= 0 && since_ms < JUDGE_EVERY_MS)
		return false;
	follow->judged_ms = follow->last_ms;
	nm_follow_forecast(follow, out);
	if (out->reason != NM_FORECAST_OK ||
	    (follow->told_ms != 0 && out->eta_ms > follow->told_ms / 2))
		return false;
	follow->told_ms = out->eta_ms ? out->eta_ms : 1;
	return true;
}

void nm_follow_done(struct nm_follow *follow)
{
	if (follow)
		nm_outlook_done(&follow->outlook);
}
