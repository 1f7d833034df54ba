/*
 * text.c - for people
 */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "model/metrics.h"
#include "view/table.h"
#include "view/text_ending.h"

#define BAR_WIDTH 10

/* Marks a number that is older than its row, because a collection was under way. */
#define GC_MARK "*"

/* As util.inspect() prints the object of process.memoryUsage(). */
static void print_memory_usage(const struct nm_view_options *how, const struct nm_sample *sample)
{
	const struct nm_isolate *isolate = nm_sample_main(sample);
	const char *end = "\n";

	fputs("{", how->out);
	for (size_t i = 0; i < nm_metric_count; i++) {
		uint64_t value;

		if (!nm_metrics[i].memory_usage)
			continue;
		if (nm_metric_get(&nm_metrics[i], sample, isolate, &value))
			fprintf(how->out, "%s  %s: %" PRIu64, end, nm_metrics[i].key, value);
		else
			fprintf(how->out, "%s  %s: null", end, nm_metrics[i].key);
		end = ",\n";
	}
	fputs("\n}\n", how->out);
}

static void print_share(const struct nm_view_options *how, const struct nm_isolate *isolate)
{
	const unsigned both = NM_HAS_HEAP_USED | NM_HAS_HEAP_SIZE_LIMIT;

	if ((isolate->has & both) == both && isolate->heap_size_limit > 0)
		fprintf(how->out, " %5.1f %%",
			100.0 * (double)isolate->heap_used / (double)isolate->heap_size_limit);
	else
		fprintf(how->out, " %7s", "-");
}

/* A row an isolate: the numbers of the table which are an isolate's own. */
static void print_isolates(const struct nm_view_options *how, const struct nm_sample *sample)
{
	fprintf(how->out, "\n%-12s", "isolate");
	for (size_t i = 0; i < nm_metric_count; i++)
		if (nm_metrics[i].scope == NM_METRIC_ISOLATE &&
		    nm_metrics[i].has != NM_HAS_MALLOCED_MEMORY)
			nm_table_heading(how, nm_table_size_width(how, nm_metrics[i].column),
					 nm_metrics[i].column);
	fputs("    full\n", how->out);
	for (unsigned k = 0; k < sample->isolate_count; k++) {
		const struct nm_isolate *isolate = &sample->isolates[k];

		fprintf(how->out, "%-12s", isolate->name);
		for (size_t i = 0; i < nm_metric_count; i++) {
			const struct nm_metric *metric = &nm_metrics[i];
			uint64_t value = 0;
			bool known = nm_metric_get(metric, sample, isolate, &value);

			if (metric->scope == NM_METRIC_ISOLATE &&
			    metric->has != NM_HAS_MALLOCED_MEMORY)
				nm_table_size(how, nm_table_size_width(how, metric->column), known,
					      value);
		}
		print_share(how, isolate);
		fprintf(how->out, "%s\n", isolate->in_gc ? "  " GC_MARK : "");
	}
}

static void print_spaces(const struct nm_view_options *how, const struct nm_isolate *isolate)
{
	const int width = nm_table_size_width(how, "size");

	fprintf(how->out, "\n%-34s", isolate->name);
	nm_table_heading(how, width, "size");
	nm_table_heading(how, width, "used");
	fputc('\n', how->out);
	for (unsigned i = 0; i < isolate->space_count; i++) {
		const struct nm_space *space = &isolate->spaces[i];

		if (space->size == 0)
			continue;
		fprintf(how->out, "  %-32s", space->name);
		nm_table_size(how, width, true, space->size);
		nm_table_size(how, width, (isolate->has & NM_HAS_HEAP_USED) != 0, space->used);
		fputc('\n', how->out);
	}
}

static bool any_in_gc(const struct nm_sample *sample)
{
	for (unsigned i = 0; i < sample->isolate_count; i++)
		if (sample->isolates[i].in_gc)
			return true;
	return false;
}

static void show_usage(const struct nm_view_options *how, const struct nm_target_info *info,
		       const struct nm_sample *sample)
{
	(void)info;
	print_memory_usage(how, sample);
	if (how->isolates || sample->isolate_count > 1)
		print_isolates(how, sample);
	if (how->isolates)
		for (unsigned i = 0; i < sample->isolate_count; i++)
			print_spaces(how, &sample->isolates[i]);
	if (any_in_gc(sample))
		fputs("\n" GC_MARK " memory is being collected: not known, or as it was before\n",
		      how->out);
}

/* ---- series ------------------------------------------------------------------------------ */

static bool is_in_series(const struct nm_metric *metric)
{
	return metric->memory_usage;
}

static void show_series_head(const struct nm_view_options *how, bool labels)
{
	fprintf(how->out, "%s%9s", nm_table_color(how, NM_COLOR_BOLD), "time");
	if (labels)
		fprintf(how->out, "  %-*s", NM_LABEL_WIDTH, "process");
	for (size_t i = 0; i < nm_metric_count; i++)
		if (is_in_series(&nm_metrics[i]))
			nm_table_heading(how, nm_table_size_width(how, nm_metrics[i].column),
					 nm_metrics[i].column);
	fprintf(how->out, "  %s%s\n", "heapUsed of limit", nm_table_color(how, NM_COLOR_OFF));
	fflush(how->out);
}

static void print_time(const struct nm_view_options *how, uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (s < 3600)
		fprintf(how->out, "%3" PRIu64 ":%02" PRIu64 ".%" PRIu64, s / 60, s % 60,
			ms / 100 % 10);
	else
		fprintf(how->out, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60,
			s % 60);
}

static void show_series_row(const struct nm_view_options *how, const struct nm_series_row *row)
{
	const struct nm_isolate *isolate = nm_sample_main(row->sample);
	const unsigned both = NM_HAS_HEAP_USED | NM_HAS_HEAP_SIZE_LIMIT;
	char limit[32];

	fputs("  ", how->out);
	print_time(how, row->since_ms);
	if (row->label) {
		fputs("  ", how->out);
		fprintf(how->out, "%-*.*s", NM_LABEL_WIDTH, NM_LABEL_WIDTH, row->label);
	}
	for (size_t i = 0; i < nm_metric_count; i++) {
		const struct nm_metric *metric = &nm_metrics[i];
		uint64_t value = 0;
		bool known = nm_metric_get(metric, row->sample, isolate, &value);

		if (is_in_series(metric))
			nm_table_size(how, nm_table_size_width(how, metric->column), known, value);
	}
	if (isolate && (isolate->has & both) == both && isolate->heap_size_limit > 0) {
		double part = (double)isolate->heap_used / (double)isolate->heap_size_limit;

		fputs("  ", how->out);
		nm_table_bar(how, BAR_WIDTH, part);
		fprintf(how->out, " %5.1f %% of %s", 100 * part,
			nm_units_words(isolate->heap_size_limit, limit, sizeof(limit)));
	} else {
		fputs("  -", how->out);
	}
	fprintf(how->out, "%s\n", isolate && isolate->in_gc ? " " GC_MARK : "");
	fflush(how->out);
}

/* ---- processes --------------------------------------------------------------------------- */

static void show_processes(const struct nm_view_options *how, const struct nm_view_process *rows,
			   size_t count, size_t hidden)
{
	char text[32];

	fprintf(how->out, "%s%8s %-10s", nm_table_color(how, NM_COLOR_BOLD), "pid", "node");
	for (size_t i = 0; i < nm_metric_count; i++)
		if (nm_metrics[i].has != NM_HAS_MALLOCED_MEMORY)
			nm_table_heading(how, nm_table_size_width(how, nm_metrics[i].column),
					 nm_metrics[i].column);
	fprintf(how->out, " %13s  command%s\n", "age", nm_table_color(how, NM_COLOR_OFF));
	for (size_t k = 0; k < count; k++) {
		const struct nm_view_process *row = &rows[k];
		const struct nm_isolate *isolate = nm_sample_main(row->sample);

		fprintf(how->out, "%8d %-10s", (int)row->info->pid,
			row->info->node[0] ? row->info->node : "-");
		for (size_t i = 0; i < nm_metric_count; i++) {
			const struct nm_metric *metric = &nm_metrics[i];
			uint64_t value = 0;
			bool known = nm_metric_get(metric, row->sample, isolate, &value);

			if (metric->has != NM_HAS_MALLOCED_MEMORY)
				nm_table_size(how, nm_table_size_width(how, metric->column), known,
					      value);
		}
		fprintf(how->out, " %13s  ",
			row->sample->has & NM_HAS_UPTIME
				? nm_units_duration(row->sample->uptime_ms, text, sizeof(text))
				: "-");
		nm_table_foreign(how->out, row->info->command, 200);
		if (row->problem)
			fprintf(how->out, "\n%8s %s", "", row->problem);
		fputc('\n', how->out);
	}
	if (hidden > 0)
		fprintf(how->out,
			"%zu process%s of other users could not be looked at (run nodemem as root)\n",
			hidden, hidden == 1 ? "" : "es");
}

/* ---- the machine ------------------------------------------------------------------------- */

static void print_system_line(const struct nm_view_options *how, const char *name, bool known,
			      uint64_t bytes, const char *meaning)
{
	fprintf(how->out, "%-18s", name);
	nm_table_size(how, nm_table_size_width(how, ""), known, bytes);
	fprintf(how->out, "%s  %s\n", how->bytes ? "" : " MiB", meaning);
}

static void show_system(const struct nm_view_options *how, const struct nm_system *system)
{
	char by[300] = "no cgroup sets a limit";

	if (system->has & NM_HAS_CONSTRAINED)
		snprintf(by, sizeof(by), "lowest cgroup limit: %s", system->constrained_by);
	print_system_line(how, "totalmem", true, system->totalmem, "os.totalmem()");
	print_system_line(how, "freemem", true, system->freemem,
			  "os.freemem(): what can be had without swapping");
	print_system_line(how, "constrainedMemory", (system->has & NM_HAS_CONSTRAINED) != 0,
			  system->constrained_memory, by);
	print_system_line(how, "availableMemory", (system->has & NM_HAS_AVAILABLE) != 0,
			  system->available_memory, "the least that is left under any limit");
	print_system_line(how, "swapTotal", (system->has & NM_HAS_SWAP) != 0, system->swap_total,
			  "");
	print_system_line(how, "swapFree", (system->has & NM_HAS_SWAP) != 0, system->swap_free, "");
}

const struct nm_view nm_view_text = {
	.name = "text",
	.usage = show_usage,
	.series_head = show_series_head,
	.series_row = show_series_row,
	.processes = show_processes,
	.system = show_system,
	.ending = nm_text_ending,
};
