#include "view/text/heap.h"

#include <inttypes.h>

#include "base/units.h"
#include "model/heap/constructors.h"
#include "model/heap/statistics.h"
#include "view/table.h"

#define NAME_WIDTH     36
#define DISTANCE_WIDTH 8
#define COUNT_WIDTH    10
#define SHARE_WIDTH    8

static int size_width(const struct nm_view_options *how)
{
	return nm_table_size_width(how, "retained");
}

static void print_head(const struct nm_view_options *how)
{
	fprintf(how->out, "%s%-*s", nm_table_color(how, NM_COLOR_BOLD), NAME_WIDTH,
		how->bytes ? "class, in bytes" : "class, in MiB");
	nm_table_heading(how, DISTANCE_WIDTH, "distance");
	nm_table_heading(how, COUNT_WIDTH, "objects");
	nm_table_heading(how, size_width(how), "shallow");
	nm_table_heading(how, SHARE_WIDTH, "");
	nm_table_heading(how, size_width(how), "retained");
	fprintf(how->out, "%s\n", nm_table_color(how, NM_COLOR_OFF));
}

static void print_share(const struct nm_view_options *how, uint64_t part, uint64_t all)
{
	fprintf(how->out, " %6.1f %%", all ? 100.0 * (double)part / (double)all : 0.0);
}

static void print_row(const struct nm_view_options *how, const struct nm_view_heap *view,
		      const struct nm_constructor *row)
{
	const uint64_t all = view->heap->total;

	nm_table_padded(how->out, row->key.length ? row->key.name : "(no name)", NAME_WIDTH);
	/* What is not reached from what the program holds has none that means anything. */
	if (row->distance >= 0 && row->distance < NM_DISTANCE_SYSTEM)
		fprintf(how->out, " %*" PRId32, DISTANCE_WIDTH, row->distance);
	else
		fprintf(how->out, " %*s", DISTANCE_WIDTH, "-");
	fprintf(how->out, " %*" PRIu64, COUNT_WIDTH, row->count);
	nm_table_size(how, size_width(how), true, row->shallow);
	print_share(how, row->shallow, all);
	nm_table_size(how, size_width(how), true, row->retained);
	print_share(how, row->retained, all);
	fputc('\n', how->out);
}

/* Retained sizes of classes contain one another: their sum would mean nothing. */
static void print_sum(const struct nm_view_options *how, const struct nm_view_heap *view,
		      const char *name, uint64_t count, uint64_t shallow)
{
	fprintf(how->out, "%-*s %*s %*" PRIu64, NAME_WIDTH, name, DISTANCE_WIDTH, "", COUNT_WIDTH,
		count);
	nm_table_size(how, size_width(how), true, shallow);
	print_share(how, shallow, view->heap->total);
	fputc('\n', how->out);
}

static void print_rows(const struct nm_view_options *how, const struct nm_view_heap *view)
{
	const struct nm_constructors *classes = view->classes;
	uint64_t count = 0, shallow = 0, rest_count = 0, rest_shallow = 0;
	const uint32_t shown =
		view->top > 0 && view->top < classes->count ? (uint32_t)view->top : classes->count;
	char name[64];

	for (uint32_t i = 0; i < classes->count; i++) {
		count += classes->rows[i].count;
		shallow += classes->rows[i].shallow;
		if (i < shown) {
			print_row(how, view, &classes->rows[i]);
			continue;
		}
		rest_count += classes->rows[i].count;
		rest_shallow += classes->rows[i].shallow;
	}
	if (shown < classes->count) {
		snprintf(name, sizeof(name), "%" PRIu32 " more class%s", classes->count - shown,
			 classes->count - shown == 1 ? "" : "es");
		fputs(nm_table_color(how, NM_COLOR_DIM), how->out);
		print_sum(how, view, name, rest_count, rest_shallow);
		fputs(nm_table_color(how, NM_COLOR_OFF), how->out);
	}
	fputs(nm_table_color(how, NM_COLOR_BOLD), how->out);
	print_sum(how, view, "all", count, shallow);
	fputs(nm_table_color(how, NM_COLOR_OFF), how->out);
}

static void print_part(const struct nm_view_options *how, const char *name, uint64_t bytes,
		       const char *end)
{
	char text[32];

	if (how->bytes)
		fprintf(how->out, "%s %" PRIu64 "%s", name, bytes, end);
	else
		fprintf(how->out, "%s %s%s", name, nm_units_mib(bytes, text, sizeof(text)), end);
}

static void print_statistics(const struct nm_view_options *how,
			     const struct nm_heap_statistics *statistics)
{
	fputc('\n', how->out);
	print_part(how, how->bytes ? "In bytes: all" : "In MiB: all", statistics->total, "; ");
	print_part(how, "code", statistics->code, ", ");
	print_part(how, "strings", statistics->strings, ", ");
	print_part(how, "arrays", statistics->js_arrays, ", ");
	print_part(how, "of the engine itself", statistics->system, ", ");
	print_part(how, "outside the heap", statistics->native, " (");
	print_part(how, "of typed arrays", statistics->typed_arrays, ").\n");
}

void nm_text_heap(const struct nm_view_options *how, const struct nm_view_heap *view)
{
	print_head(how);
	print_rows(how, view);
	print_statistics(how, view->statistics);
	if (view->origin.pid > 0)
		fprintf(how->out, "The process was stopped for %.1f ms (%s).\n",
			(double)view->origin.stopped_us / 1000, view->origin.via);
}
