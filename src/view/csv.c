/*
 * csv.c - series for spreadsheets; sizes in bytes, unknown is empty
 */
#include <inttypes.h>

#include "model/metrics.h"
#include "view/view.h"

static void show_series_head(const struct nm_view_options *how, bool labels)
{
	(void)labels;
	fputs("timeMs,uptimeMs,pid", how->out);
	for (size_t i = 0; i < nm_metric_count; i++)
		fprintf(how->out, ",%s", nm_metrics[i].key);
	fputs(",inGc\n", how->out);
	fflush(how->out);
}

static void show_series_row(const struct nm_view_options *how, const struct nm_series_row *row)
{
	const struct nm_isolate *isolate = nm_sample_main(row->sample);

	fprintf(how->out, "%" PRId64 ",%" PRIu64 ",%d", row->sample->time_ms,
		row->sample->uptime_ms, (int)row->sample->pid);
	for (size_t i = 0; i < nm_metric_count; i++) {
		uint64_t value;

		if (nm_metric_get(&nm_metrics[i], row->sample, isolate, &value))
			fprintf(how->out, ",%" PRIu64, value);
		else
			fputc(',', how->out);
	}
	fprintf(how->out, ",%d\n", isolate && isolate->in_gc);
	fflush(how->out);
}

const struct nm_view nm_view_csv = {
	.name = "csv",
	.series_head = show_series_head,
	.series_row = show_series_row,
};
