/*
 * text.c - for people
 */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "model/metrics.h"
#include "view/table.h"
#include "view/text/buffers.h"
#include "view/text/classes.h"
#include "view/text/diff.h"
#include "view/text/forecast.h"
#include "view/text/dominators.h"
#include "view/text/heap.h"
#include "view/text/leaks.h"
#include "view/text/ledger.h"
#include "view/text/retainers.h"
#include "view/text/stat.h"
#include "view/text/ending.h"
#include "view/text/limits.h"
#include "view/text/top.h"

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

static bool is_in_isolates(const struct nm_metric *metric)
{
	return metric->scope == NM_METRIC_ISOLATE && metric->unit == NM_METRIC_BYTES &&
	       metric->has != NM_HAS_MALLOCED_MEMORY;
}

/* A row an isolate: the sizes of the table which are an isolate's own. */
static void print_isolates(const struct nm_view_options *how, const struct nm_sample *sample)
{
	fprintf(how->out, "\n%-12s", "isolate");
	for (size_t i = 0; i < nm_metric_count; i++)
		if (is_in_isolates(&nm_metrics[i]))
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

			if (is_in_isolates(metric))
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
	if (isolate->has & NM_HAS_GC_COUNTS)
		fprintf(how->out, "  garbage collections: %" PRIu64 " major, %" PRIu64 " minor\n",
			isolate->major_gcs, isolate->minor_gcs);
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

/* Too wide for the terminal with a bar and the limit in each row? */
static bool is_narrow(const struct nm_view_options *how, bool labels)
{
	int width = 9 + (labels ? 2 + NM_LABEL_WIDTH : 0);

	for (size_t i = 0; i < nm_metric_count; i++)
		if (is_in_series(&nm_metrics[i]))
			width += 1 + nm_table_size_width(how, nm_metrics[i].column);
	width += 2 + BAR_WIDTH + 2 + (int)strlen(" 100.0 % of 1023.9 MiB *");
	return how->width > 0 && width > how->width;
}

static void print_limit(const struct nm_view_options *how, const struct nm_isolate *isolate,
			bool narrow)
{
	const unsigned both = NM_HAS_HEAP_USED | NM_HAS_HEAP_SIZE_LIMIT;
	char limit[32];
	double part;

	if (!isolate || (isolate->has & both) != both || isolate->heap_size_limit == 0) {
		fprintf(how->out, "  %*s", narrow ? 8 : 1, "-");
		return;
	}
	part = (double)isolate->heap_used / (double)isolate->heap_size_limit;
	if (narrow) {
		fprintf(how->out, "  %6.1f %%", 100 * part);
		return;
	}
	fputs("  ", how->out);
	nm_table_bar(how, BAR_WIDTH, part);
	fprintf(how->out, " %5.1f %% of %s", 100 * part,
		nm_units_words(isolate->heap_size_limit, limit, sizeof(limit)));
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
	fprintf(how->out, "  %s%s\n", is_narrow(how, labels) ? "of limit" : "heapUsed of limit",
		nm_table_color(how, NM_COLOR_OFF));
	fflush(how->out);
}

static void print_time(const struct nm_view_options *how, uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (s < 3600)
		fprintf(how->out, "%2" PRIu64 ":%02" PRIu64 ".%02" PRIu64, s / 60, s % 60,
			ms / 10 % 100);
	else
		fprintf(how->out, "%2" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60,
			s % 60);
}

static void show_series_row(const struct nm_view_options *how, const struct nm_series_row *row)
{
	const struct nm_isolate *isolate = nm_sample_main(row->sample);

	fputc(' ', how->out);
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
	print_limit(how, isolate, is_narrow(how, row->label != NULL));
	fprintf(how->out, "%s\n", isolate && isolate->in_gc ? " " GC_MARK : "");
	fflush(how->out);
}

static void show_series_foot(const struct nm_view_options *how, bool saw_gc)
{
	if (saw_gc)
		fputs(GC_MARK
		      " memory was being collected: heap and external are as they were before\n",
		      how->out);
	fflush(how->out);
}

/* ---- processes --------------------------------------------------------------------------- */

#define NODE_WIDTH    9
#define AGE_WIDTH     6
#define COMMAND_WIDTH 20 /* at least, or a column of numbers goes */

/* What goes first when there is little room. */
static const unsigned dispensable[] = {NM_HAS_ARRAY_BUFFERS, NM_HAS_HEAP_TOTAL, NM_HAS_EXTERNAL,
				       NM_HAS_HEAP_SIZE_LIMIT};

static bool is_shown(const struct nm_metric *metric, unsigned columns)
{
	return metric->unit == NM_METRIC_BYTES && (metric->has & columns) != 0;
}

/* Columns from the left edge to the command. */
static int width_before_command(const struct nm_view_options *how, unsigned columns)
{
	int width = 7 + 1 + NODE_WIDTH + 1 + AGE_WIDTH + 2;

	for (size_t i = 0; i < nm_metric_count; i++)
		if (is_shown(&nm_metrics[i], columns))
			width += 1 + nm_table_size_width(how, nm_metrics[i].column);
	return width;
}

static unsigned choose_columns(const struct nm_view_options *how)
{
	unsigned columns = ~(unsigned)NM_HAS_MALLOCED_MEMORY;

	for (size_t i = 0; i < sizeof(dispensable) / sizeof(dispensable[0]); i++)
		if (how->width > 0 &&
		    width_before_command(how, columns) + COMMAND_WIDTH > how->width)
			columns &= ~dispensable[i];
	return columns;
}

/* "45s", "12m05s", "3h07m", "12d04h" */
static void print_age(FILE *out, bool known, uint64_t ms)
{
	uint64_t s = ms / 1000;
	char text[32] = "-";

	if (known && s < 60)
		snprintf(text, sizeof(text), "%" PRIu64 "s", s);
	else if (known && s < 3600)
		snprintf(text, sizeof(text), "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (known && s < 86400)
		snprintf(text, sizeof(text), "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else if (known)
		snprintf(text, sizeof(text), "%" PRIu64 "d%02" PRIu64 "h", s / 86400,
			 s / 3600 % 24);
	fprintf(out, " %*s  ", AGE_WIDTH, text);
}

/* Cut to the terminal, where the folder of the program is left out too. */
static void print_command(const struct nm_view_options *how, const char *command, int before)
{
	size_t room = SIZE_MAX, word = strcspn(command, " ");

	if (how->width > 0) {
		room = how->width > before ? (size_t)(how->width - before) : 1;
		for (size_t i = word; i > 0; i--)
			if (command[i - 1] == '/' && i < word) {
				command += i;
				break;
			}
	}
	nm_table_foreign(how->out, *command ? command : "-", room);
	fputc('\n', how->out);
}

static void print_process(const struct nm_view_options *how, const struct nm_view_process *row,
			  unsigned columns)
{
	const struct nm_isolate *isolate = nm_sample_main(row->sample);

	fprintf(how->out, "%7d %-*s", (int)row->info->pid, NODE_WIDTH,
		row->info->node[0] ? row->info->node : "-");
	for (size_t i = 0; i < nm_metric_count; i++) {
		const struct nm_metric *metric = &nm_metrics[i];
		uint64_t value = 0;
		bool known = nm_metric_get(metric, row->sample, isolate, &value);

		if (is_shown(metric, columns))
			nm_table_size(how, nm_table_size_width(how, metric->column), known, value);
	}
	print_age(how->out, (row->sample->has & NM_HAS_UPTIME) != 0, row->sample->uptime_ms);
	print_command(how, row->info->command, width_before_command(how, columns));
	if (row->problem)
		fprintf(how->out, "%7s %s\n", "", row->problem);
}

static void show_processes(const struct nm_view_options *how, const struct nm_view_process *rows,
			   size_t count, size_t hidden)
{
	unsigned columns = choose_columns(how);

	if (count > 0) {
		fprintf(how->out, "%s%7s %-*s", nm_table_color(how, NM_COLOR_BOLD), "pid",
			NODE_WIDTH, "node");
		for (size_t i = 0; i < nm_metric_count; i++)
			if (is_shown(&nm_metrics[i], columns))
				nm_table_heading(how,
						 nm_table_size_width(how, nm_metrics[i].column),
						 nm_metrics[i].column);
		fprintf(how->out, " %*s  command%s\n", AGE_WIDTH, "age",
			nm_table_color(how, NM_COLOR_OFF));
	} else {
		fputs("no Node.js process is running\n", how->out);
	}
	for (size_t i = 0; i < count; i++)
		print_process(how, &rows[i], columns);
	if (hidden > 0)
		fprintf(how->out,
			"%zu process%s could not be looked at: another user's, or protected\n",
			hidden, hidden == 1 ? "" : "es");
}

/* ---- the machine ------------------------------------------------------------------------- */

static void print_system_line(const struct nm_view_options *how, const char *name, bool known,
			      uint64_t bytes, const char *meaning)
{
	fprintf(how->out, "%-18s", name);
	nm_table_size(how, nm_table_size_width(how, ""), known, bytes);
	fprintf(how->out, "%s  %s\n", how->bytes ? "" : known ? " MiB" : "    ", meaning);
}

static void show_system(const struct nm_view_options *how, const struct nm_system *system)
{
	bool constrained = (system->has & NM_HAS_CONSTRAINED) != 0;
	bool swap = (system->has & NM_HAS_SWAP) != 0;
	char by[300] = "no control group in sight sets a limit";

	if (constrained)
		snprintf(by, sizeof(by), "the lowest limit, of control group %s",
			 system->constrained_by);
	print_system_line(how, "totalmem", true, system->totalmem, "os.totalmem()");
	print_system_line(how, "freemem", true, system->freemem,
			  "os.freemem(): what can be had without swapping");
	print_system_line(how, "constrainedMemory", constrained, system->constrained_memory, by);
	print_system_line(how, "availableMemory", (system->has & NM_HAS_AVAILABLE) != 0,
			  system->available_memory,
			  constrained ? "the least that is left under any limit"
				      : "what is free, as there is no limit");
	print_system_line(how, "swapTotal", swap, system->swap_total,
			  !swap			    ? "not known"
			  : system->swap_total == 0 ? "the machine has no swap"
						    : "swap space of the machine");
	print_system_line(how, "swapFree", swap, system->swap_free, "what is left of it");
}

static void show_calibration(const struct nm_view_options *how, const struct nm_calibration *found)
{
	char took[32];

	fprintf(how->out,
		"Node %s, V8 %s: found and proved in %u runs, %s.\n"
		"Kept in %s; processes that run this binary can be read now.\n",
		found->node, found->v8, found->runs,
		nm_units_duration(found->took_us / 1000, took, sizeof(took)), found->saved_to);
}

static void show_recorded(const struct nm_view_options *how,
			  const struct nm_view_recorded *recorded)
{
	char text[32];

	fprintf(how->out, "%" PRIu64 " samples of %zu process%s in %s: ", recorded->samples,
		recorded->process_count, recorded->process_count == 1 ? "" : "es",
		nm_units_duration(recorded->duration_ms, text, sizeof(text)));
	nm_table_foreign(how->out, recorded->path, SIZE_MAX);
	fputc('\n', how->out);
}

static void show_page(const struct nm_view_options *how, const struct nm_view_page *page)
{
	char size[32];

	nm_table_foreign(how->out, page->file, 4096);
	fprintf(how->out, ": one page of %s, which needs no network.\n",
		nm_units_words(page->bytes, size, sizeof(size)));
}

const struct nm_view nm_view_text = {
	.recorded = show_recorded,
	.name = "text",
	.usage = show_usage,
	.series_head = show_series_head,
	.series_row = show_series_row,
	.series_foot = show_series_foot,
	.processes = show_processes,
	.top = nm_text_top,
	.system = show_system,
	.ledger = nm_text_ledger,
	.stat = nm_text_stat,
	.forecast = nm_text_forecast,
	.trend = nm_text_trend,
	.buffers = nm_text_buffers,
	.calibration = show_calibration,
	.ending = nm_text_ending,
	.deaths = nm_text_deaths,
	.limits = nm_text_limits,
	.findings = nm_text_findings,
	.classes = nm_text_classes,
	.heap = nm_text_heap,
	.strings = nm_text_strings,
	.diff = nm_text_diff,
	.leaks = nm_text_leaks,
	.retainers = nm_text_retainers,
	.dominators = nm_text_dominators,
	.dump = nm_text_dump,
	.page = show_page,
};
