#include "view/json/forecast.h"

#include <math.h>

#include "model/forecast.h"
#include "view/json/write.h"

static json_t *make_growth(const struct nm_forecast *forecast)
{
	const double most = 0x1p53;

	if (!forecast->has_growth)
		return json_null();
	return json_integer(
		(json_int_t)llround(fmax(fmin(forecast->growth_per_hour, most), -most)));
}

void nm_json_add_forecast(json_t *document, const struct nm_forecast *forecast)
{
	const bool has_limit = forecast->reason != NM_FORECAST_NO_LIMIT;
	const bool has_time = forecast->reason == NM_FORECAST_OK;
	const bool has_level = has_limit && (has_time || forecast->points > 0);
	const uint64_t room =
		forecast->limit > forecast->level ? forecast->limit - forecast->level : 0;

	json_object_set_new(document, "limit",
			    has_limit ? json_string(nm_limit_name(forecast->kind)) : json_null());
	json_object_set_new(document, "scope", nm_json_text(forecast->scope));
	json_object_set_new(document, "etaMs", nm_json_number(has_time, forecast->eta_ms));
	json_object_set_new(document, "etaLowMs", nm_json_number(has_time, forecast->eta_low_ms));
	json_object_set_new(document, "etaHighMs",
			    nm_json_number(has_time && forecast->has_high, forecast->eta_high_ms));
	json_object_set_new(document, "growthPerHour", make_growth(forecast));
	json_object_set_new(document, "basis",
			    has_limit ? json_string(nm_basis_name(forecast->basis)) : json_null());
	json_object_set_new(document, "reason",
			    nm_json_text(nm_forecast_reason_name(forecast->reason)));
	json_object_set_new(document, "limitSize", nm_json_number(has_limit, forecast->limit));
	json_object_set_new(document, "level", nm_json_number(has_level, forecast->level));
	json_object_set_new(document, "headroom", nm_json_number(has_level, room));
	json_object_set_new(document, "points", nm_json_number(true, forecast->points));
	json_object_set_new(document, "spanMs", nm_json_number(true, forecast->span_ms));
}

void nm_json_forecast(const struct nm_view_options *how, const struct nm_view_forecast *view)
{
	json_t *document = nm_json_document("nodemem/forecast/1");

	json_object_set_new(document, "pid", json_integer(view->info->pid));
	json_object_set_new(document, "node", nm_json_text(view->info->node));
	nm_json_add_forecast(document, view->forecast);
	json_object_set_new(document, "ended", nm_json_text(view->ended ? view->ended : ""));
	nm_json_write(how->out, document);
}
