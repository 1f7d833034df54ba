#include "view/text/ending.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "model/deaths.h"
#include "model/verdict_terms.h"
#include "view/table.h"
#include "view/text/last_heap.h"
#include "view/text/wrap.h"

#define NAME_WIDTH 12 /* of the left column, its margin included */

static void print_name(const struct nm_view_options *how, const char *name)
{
	fprintf(how->out, "  %s%-*s%s", nm_table_color(how, NM_COLOR_DIM), NAME_WIDTH - 2, name,
		nm_table_color(how, NM_COLOR_OFF));
}

static void print_wrapped(const struct nm_view_options *how, const char *name, const char *text)
{
	if (!text[0])
		return;
	print_name(how, name);
	nm_text_wrap(how, NAME_WIDTH, text);
}

static void print_end(const struct nm_view_options *how, const struct nm_ending *ending)
{
	char text[32];

	if (ending->signal == 0 && ending->exit_code == NM_EXIT_UNKNOWN)
		return;
	print_name(how, "end");
	if (ending->signal != 0)
		fprintf(how->out, "%s, which a shell shows as exit code %d",
			nm_verdict_signal_name(ending->signal, text, sizeof(text)),
			ending->exit_code);
	else
		fprintf(how->out, "exit code %d", ending->exit_code);
	if (ending->subject && ending->subject->pid != ending->pid) {
		fputs(" of ", how->out);
		nm_table_foreign(how->out, ending->command, sizeof(ending->command));
	}
	if (nm_ending_knows_duration(ending))
		fprintf(how->out, ", after %s",
			nm_units_duration(ending->duration_ms, text, sizeof(text)));
	fputc('\n', how->out);
}

/* A size in the unit that the user asked for. */
static const char *size_text(const struct nm_view_options *how, uint64_t bytes, char *out,
			     size_t room)
{
	if (how->bytes)
		snprintf(out, room, "%" PRIu64, bytes);
	else
		nm_units_words(bytes, out, room);
	return out;
}

/* With several processes their table tells it. */
static void print_peaks(const struct nm_view_options *how, const struct nm_ending *ending)
{
	const struct nm_run_process *process = ending->processes;
	const char *separator = "";
	char text[32];

	if (ending->process_count != 1 || !(process->has & NM_HAS_HEAP_TOTAL))
		return;
	const struct {
		unsigned has;
		const char *name;
		uint64_t value;
	} peaks[] = {
		{NM_HAS_RSS, "rss", process->peak_rss},
		{NM_HAS_HEAP_TOTAL, "heapTotal", process->peak_heap_total},
		{NM_HAS_HEAP_USED, "heapUsed", process->peak_heap_used},
		{NM_HAS_ARRAY_BUFFERS, "arrayBuffers", process->peak_array_buffers},
	};

	print_name(how, "at most");
	for (size_t i = 0; i < sizeof(peaks) / sizeof(peaks[0]); i++) {
		if (!(process->has & peaks[i].has))
			continue;
		fprintf(how->out, "%s%s %s", separator, peaks[i].name,
			size_text(how, peaks[i].value, text, sizeof(text)));
		separator = ", ";
	}
	fputc('\n', how->out);
}

static void print_limit(const struct nm_view_options *how, const struct nm_run_process *process)
{
	char text[32];

	if (!process || process->heap_size_limit == 0)
		return;
	print_name(how, "limit");
	fprintf(how->out, "%s of heap, %.1f %% of it used when last seen\n",
		size_text(how, process->heap_size_limit, text, sizeof(text)),
		100.0 * (double)process->heap_used / (double)process->heap_size_limit);
}

static void print_gcs(const struct nm_view_options *how, const struct nm_ending *ending)
{
	int width = (int)strlen("kind");
	unsigned count;
	const struct nm_gc *gcs = nm_ending_gcs(ending, &count);

	if (count == 0)
		return;
	for (unsigned i = 0; i < count; i++)
		if ((int)strlen(gcs[i].kind) > width)
			width = (int)strlen(gcs[i].kind);
	print_name(how, "last GCs");
	fprintf(how->out, "%s%-*s %12s %12s %10s%s\n", nm_table_color(how, NM_COLOR_BOLD), width,
		"kind", "before", "after", "pause", nm_table_color(how, NM_COLOR_OFF));
	for (unsigned i = 0; i < count; i++) {
		const struct nm_gc *gc = &gcs[i];

		fprintf(how->out, "%*s%-*s %8.1f MiB %8.1f MiB %7.1f ms\n", NAME_WIDTH, "", width,
			gc->kind, gc->before_mb, gc->after_mb, gc->pause_ms);
	}
}

/* Only where there were several. */
static void print_processes(const struct nm_view_options *how, const struct nm_ending *ending)
{
	const size_t most = 12;
	char rss[32], used[32], buffers[32];

	if (ending->process_count < 2)
		return;
	print_name(how, "processes");
	fprintf(how->out, "%s%8s  %-20s %12s %12s %12s%s\n", nm_table_color(how, NM_COLOR_BOLD),
		"pid", "name", "peak rss", "heapUsed", "arrayBuffers",
		nm_table_color(how, NM_COLOR_OFF));
	for (size_t i = 0; i < ending->process_count && i < most; i++) {
		const struct nm_run_process *one = &ending->processes[i];

		fprintf(how->out, "%*s%8d  %-20.20s %12s %12s %12s%s\n", NAME_WIDTH, "",
			(int)one->pid, one->label, size_text(how, one->peak_rss, rss, sizeof(rss)),
			size_text(how, one->peak_heap_used, used, sizeof(used)),
			size_text(how, one->peak_array_buffers, buffers, sizeof(buffers)),
			one == ending->subject ? "  <" : "");
	}
	if (ending->process_count > most)
		fprintf(how->out, "%*s%zu more\n", NAME_WIDTH, "", ending->process_count - most);
}

static void print_heap(const struct nm_view_options *how, const struct nm_last_heap *heap)
{
	if (!heap || heap->row_count == 0)
		return;
	print_name(how, "heap");
	nm_text_last_heap(how, NAME_WIDTH, heap);
}

static const char *headline_color(const struct nm_ending *ending)
{
	if (ending->exit_code == 0)
		return NM_COLOR_GREEN;
	return ending->cause == NM_CAUSE_EXIT || ending->cause == NM_CAUSE_SIGNAL ? NM_COLOR_YELLOW
										  : NM_COLOR_RED;
}

void nm_text_ending(const struct nm_view_options *how, const struct nm_ending *ending)
{
	char text[32];

	fprintf(how->out, "\n%snodemem: ", nm_table_color(how, headline_color(ending)));
	nm_table_foreign(how->out, ending->headline, sizeof(ending->headline));
	if (ending->process_count == 0) {
		fprintf(how->out, "%s after %s; %s%s\n", nm_table_color(how, NM_COLOR_OFF),
			nm_units_duration(ending->duration_ms, text, sizeof(text)),
			ending->unreadable[0] ? "no numbers: " : "no Node.js process was seen",
			ending->unreadable);
		print_wrapped(how, "why", ending->reason);
		print_gcs(how, ending);
		print_wrapped(how, "do", ending->advice);
		return;
	}
	fprintf(how->out, "%s\n", nm_table_color(how, NM_COLOR_OFF));
	print_end(how, ending);
	print_peaks(how, ending);
	print_limit(how, ending->subject);
	print_processes(how, ending);
	print_gcs(how, ending);
	print_heap(how, ending->heap);
	print_wrapped(how, "why", ending->reason);
	print_wrapped(how, "do", ending->advice);
}

/* ---- of a file ----------------------------------------------------------------------------- */

static void print_evidence(const struct nm_view_options *how, const struct nm_ending *ending)
{
	for (unsigned i = 0; i < ending->evidence_count; i++) {
		print_name(how, i == 0 ? "found" : "");
		nm_table_foreign(how->out, ending->evidence[i], sizeof(ending->evidence[i]));
		fputc('\n', how->out);
	}
}

static void print_place(const struct nm_view_options *how, const struct nm_death *death)
{
	const struct nm_ending *ending = &death->ending;
	const char *node = ending->subject ? ending->subject->node : "";

	if (!death->when[0] && ending->pid == 0 && !node[0])
		return;
	print_name(how, "who");
	if (ending->pid != 0)
		fprintf(how->out, "process %d", (int)ending->pid);
	if (node[0]) {
		fputs(ending->pid != 0 ? ", Node " : "Node ", how->out);
		nm_table_foreign(how->out, node, sizeof(ending->subject->node));
	}
	if (death->when[0]) {
		fputs(ending->pid != 0 || node[0] ? ", " : "", how->out);
		nm_table_foreign(how->out, death->when, sizeof(death->when));
	}
	fputc('\n', how->out);
}

static void print_death(const struct nm_view_options *how, const struct nm_death *death)
{
	const struct nm_ending *ending = &death->ending;

	fputs(nm_table_color(how, headline_color(ending)), how->out);
	nm_table_foreign(how->out, ending->headline, sizeof(ending->headline));
	fprintf(how->out, "%s\n", nm_table_color(how, NM_COLOR_OFF));
	print_place(how, death);
	print_end(how, ending);
	print_peaks(how, ending);
	print_limit(how, ending->subject);
	print_gcs(how, ending);
	print_heap(how, ending->heap);
	print_evidence(how, ending);
	print_wrapped(how, "why", ending->reason);
	print_wrapped(how, "do", ending->advice);
}

void nm_text_deaths(const struct nm_view_options *how, const struct nm_view_deaths *view)
{
	const struct nm_deaths *deaths = view->deaths;

	for (size_t i = 0; i < view->count; i++) {
		if (i > 0)
			fputc('\n', how->out);
		print_death(how, deaths->items[deaths->count - 1 - i]);
	}
	if (deaths->total > view->count && view->count > 0)
		fprintf(how->out, "\n%" PRIu64 " earlier death%s in %s%s\n",
			deaths->total - view->count, deaths->total - view->count == 1 ? "" : "s",
			view->name,
			view->count < deaths->count ? " (--last 0 shows more)" : " not shown");
	if (deaths->count == 0 && !deaths->note[0])
		nm_text_wrap(
			how, 0,
			"This tells of no death: there are no last words of V8 or Node in it, no "
			"error that nobody caught, no kill by the kernel and no word of a "
			"supervisor.");
	if (deaths->note[0]) {
		fputs(view->count > 0 ? "\n" : "", how->out);
		nm_text_wrap(how, 0, deaths->note);
	}
}
