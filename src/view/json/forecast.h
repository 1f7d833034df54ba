/*
 * forecast.h - when a limit is reached, for programs
 */
#ifndef NM_VIEW_JSON_FORECAST_H
#define NM_VIEW_JSON_FORECAST_H

#include <jansson.h>

#include "view/view.h"

/* The keys that tell a forecast. */
void nm_json_add_forecast(json_t *document, const struct nm_forecast *forecast);

void nm_json_forecast(const struct nm_view_options *how, const struct nm_view_forecast *view);

#endif
