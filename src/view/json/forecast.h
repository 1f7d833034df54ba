/*
 * forecast.h - when a limit is reached, for programs
 */
#ifndef NM_VIEW_JSON_FORECAST_H
#define NM_VIEW_JSON_FORECAST_H

#include "view/view.h"

void nm_json_forecast(const struct nm_view_options *how, const struct nm_view_forecast *view);

#endif
