/*
 * forecast.h - when a limit is reached, for people
 */
#ifndef NM_VIEW_TEXT_FORECAST_H
#define NM_VIEW_TEXT_FORECAST_H

#include "view/view.h"

void nm_text_forecast(const struct nm_view_options *how, const struct nm_view_forecast *view);

/* The sentences alone. */
void nm_text_trend(const struct nm_view_options *how, const struct nm_forecast *forecast);

#endif
