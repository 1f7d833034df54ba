#include "view/text/forecast.h"

#include "model/forecast.h"
#include "view/table.h"
#include "view/text/wrap.h"

#define TEXT_MAX 2000

void nm_text_trend(const struct nm_view_options *how, const struct nm_forecast *forecast)
{
	struct nm_strbuf text;

	nm_strbuf_init(&text, TEXT_MAX);
	nm_forecast_say(forecast, &text);
	nm_text_wrap(how, 0, nm_strbuf_get(&text));
	nm_strbuf_done(&text);
}

/* What to do next; NULL when there is nothing to do. */
static const char *find_advice(const struct nm_forecast *forecast)
{
	switch (forecast->reason) {
	case NM_FORECAST_OK:
		if (forecast->basis == NM_BASIS_FLOOR)
			return "'nodemem dump -o A PID' now, and 'nodemem leaks A PID' when it has grown, "
			       "tell what grows and what holds it.";
		return "'nodemem rss --since' tells which part of it grows.";
	case NM_FORECAST_TOO_EARLY:
	case NM_FORECAST_SLOWING:
	case NM_FORECAST_TOO_FAR:
		return "To know more, watch for longer: --duration 10m.";
	default:
		return NULL;
	}
}

void nm_text_forecast(const struct nm_view_options *how, const struct nm_view_forecast *view)
{
	const char *advice = find_advice(view->forecast);

	fprintf(how->out, "%sprocess %d%s%s%s: ", nm_table_color(how, NM_COLOR_BOLD),
		(int)view->info->pid, view->info->node[0] ? ", Node " : "", view->info->node,
		nm_table_color(how, NM_COLOR_OFF));
	nm_table_foreign(how->out, view->info->command,
			 how->width > 60 ? (size_t)how->width - 50 : sizeof(view->info->command));
	fputs("\n\n", how->out);
	if (view->ended) {
		nm_table_foreign(how->out, view->ended, TEXT_MAX);
		fputs(". As of its last sample:\n\n", how->out);
	}
	nm_text_trend(how, view->forecast);
	if (!advice || view->ended)
		return;
	fputc('\n', how->out);
	nm_text_wrap(how, 0, advice);
}
