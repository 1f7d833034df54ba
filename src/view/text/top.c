#include "view/text/top.h"

#include <inttypes.h>
#include <time.h>

#include "base/units.h"
#include "model/roster.h"
#include "view/table.h"

#define NODE_WIDTH 9
#define TIME_WIDTH 14
#define NAME_WIDTH 16
#define FULL_WIDTH 5

/* "growing"; "" when it is too early to say. */
static const char *trend_of(const struct nm_forecast *forecast)
{
	if (!forecast)
		return "-";
	switch (forecast->reason) {
	case NM_FORECAST_OK:
	case NM_FORECAST_TOO_FAR:
		return "grows";
	case NM_FORECAST_SLOWING:
		return "slows";
	case NM_FORECAST_SHRINKING:
		return "shrinks";
	case NM_FORECAST_NO_TREND:
		return "steady";
	default:
		return "-";
	}
}

static void print_number(const struct nm_view_options *how, const struct nm_roster_row *row,
			 enum nm_trail_number number)
{
	uint64_t bytes = 0;
	const bool is_known = nm_trail_sum(row->sample, number, &bytes);

	nm_table_size(how, nm_table_size_width(how, nm_trail_name(number)), is_known, bytes);
}

static void print_limit(const struct nm_view_options *how, const struct nm_roster_row *row)
{
	const struct nm_isolate *fullest = nm_roster_fullest(row);
	unsigned percent = 0;

	nm_table_size(how, nm_table_size_width(how, "limit"), fullest != NULL,
		      fullest ? fullest->heap_size_limit : 0);
	if (nm_roster_fullness(row, &percent))
		fprintf(how->out, " %*u%%", FULL_WIDTH - 1, percent);
	else
		fprintf(how->out, " %*s", FULL_WIDTH, "-");
}

static void print_outlook(const struct nm_view_options *how, const struct nm_forecast *forecast)
{
	char eta[32] = "-";

	if (forecast && forecast->reason == NM_FORECAST_OK)
		nm_units_duration(forecast->eta_ms, eta, sizeof(eta));
	fprintf(how->out, "  %-7s %*s  ", trend_of(forecast), TIME_WIDTH, eta);
}

static void print_row(const struct nm_view_options *how, const struct nm_roster_row *row,
		      const struct nm_roster_line *line)
{
	fprintf(how->out, "%7d %-*s", (int)row->info->pid, NODE_WIDTH,
		row->info->node[0] ? row->info->node : "-");
	print_number(how, row, NM_TRAIL_RSS);
	print_number(how, row, NM_TRAIL_HEAP_TOTAL);
	print_number(how, row, NM_TRAIL_HEAP_USED);
	print_number(how, row, NM_TRAIL_ARRAY_BUFFERS);
	print_limit(how, row);
	print_outlook(how, row->forecast);
	fprintf(how->out, "%*s", 2 * (int)line->depth, "");
	nm_table_padded(how->out, row->name, NAME_WIDTH);
	fputs("  ", how->out);
	nm_table_foreign(how->out, row->info->command[0] ? row->info->command : "-", SIZE_MAX);
	fputc('\n', how->out);
	if (row->problem)
		fprintf(how->out, "%7s %s\n", "", row->problem);
}

static void print_headings(const struct nm_view_options *how)
{
	static const enum nm_trail_number numbers[] = {NM_TRAIL_RSS, NM_TRAIL_HEAP_TOTAL,
						       NM_TRAIL_HEAP_USED, NM_TRAIL_ARRAY_BUFFERS};

	fprintf(how->out, "%s%7s %-*s", nm_table_color(how, NM_COLOR_BOLD), "pid", NODE_WIDTH,
		"node");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		nm_table_heading(how, nm_table_size_width(how, nm_trail_name(numbers[i])),
				 nm_trail_name(numbers[i]));
	nm_table_heading(how, nm_table_size_width(how, "limit"), "limit");
	fprintf(how->out, " %*s  %-7s %*s  %-*s  command%s\n", FULL_WIDTH, "full", "trend",
		TIME_WIDTH, "to limit", NAME_WIDTH, "name", nm_table_color(how, NM_COLOR_OFF));
}

void nm_text_top(const struct nm_view_options *how, const struct nm_view_top *top)
{
	const time_t seconds = (time_t)(top->time_ms / 1000);
	uint64_t together = 0;
	char when[32], size[32];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
	for (size_t i = 0; i < top->count; i++)
		together += top->rows[top->lines[i].row].sample->rss;
	fprintf(how->out, "%s  %zu Node.js process%s, rss %s together", when, top->count,
		top->count == 1 ? "" : "es", nm_units_words(together, size, sizeof(size)));
	if (top->hidden > 0)
		fprintf(how->out, "; %zu other process%s could not be looked at", top->hidden,
			top->hidden == 1 ? "" : "es");
	fputc('\n', how->out);
	if (top->count > 0)
		print_headings(how);
	for (size_t i = 0; i < top->count; i++)
		print_row(how, &top->rows[top->lines[i].row], &top->lines[i]);
	fflush(how->out);
}
