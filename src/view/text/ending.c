#include "view/text/ending.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "model/verdict.h"
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
	fprintf(how->out, ", after %s\n",
		nm_units_duration(ending->duration_ms, text, sizeof(text)));
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
	const struct nm_run_process *process = &ending->processes[0];
	char text[32];

	if (ending->process_count != 1 || !(process->has & NM_HAS_HEAP_TOTAL))
		return;
	print_name(how, "at most");
	fprintf(how->out, "rss %s", size_text(how, process->peak_rss, text, sizeof(text)));
	fprintf(how->out, ", heapTotal %s",
		size_text(how, process->peak_heap_total, text, sizeof(text)));
	fprintf(how->out, ", heapUsed %s",
		size_text(how, process->peak_heap_used, text, sizeof(text)));
	fprintf(how->out, ", arrayBuffers %s\n",
		size_text(how, process->peak_array_buffers, text, sizeof(text)));
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

static void print_gcs(const struct nm_view_options *how, const struct nm_last_words *words)
{
	int width = (int)strlen("kind");

	if (!words || words->gc_count == 0)
		return;
	for (unsigned i = 0; i < words->gc_count; i++)
		if ((int)strlen(words->gcs[i].kind) > width)
			width = (int)strlen(words->gcs[i].kind);
	print_name(how, "last GCs");
	fprintf(how->out, "%s%-*s %12s %12s %10s%s\n", nm_table_color(how, NM_COLOR_BOLD), width,
		"kind", "before", "after", "pause", nm_table_color(how, NM_COLOR_OFF));
	for (unsigned i = 0; i < words->gc_count; i++) {
		const struct nm_gc *gc = &words->gcs[i];

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
		print_gcs(how, ending->last_words);
		print_wrapped(how, "do", ending->advice);
		return;
	}
	fprintf(how->out, "%s\n", nm_table_color(how, NM_COLOR_OFF));
	print_end(how, ending);
	print_peaks(how, ending);
	print_limit(how, ending->subject);
	print_processes(how, ending);
	print_gcs(how, ending->last_words);
	print_heap(how, ending->heap);
	print_wrapped(how, "why", ending->reason);
	print_wrapped(how, "do", ending->advice);
}
