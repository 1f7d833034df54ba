#include "view/text/diff.h"

#include <inttypes.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/units.h"
#include "model/heap/duplicates.h"
#include "model/heap/node_text.h"
#include "view/table.h"

#define NAME_WIDTH  40
#define COUNT_WIDTH 10
#define TEXT_MAX    ((size_t)1 << 20)
/* Where the terminal's width is not known. */
#define LINE_WIDTH 100

static int size_width(const struct nm_view_options *how)
{
	return nm_table_size_width(how, "removed") + 1;
}

static void print_signed(const struct nm_view_options *how, int64_t bytes)
{
	const uint64_t size = bytes < 0 ? -(uint64_t)bytes : (uint64_t)bytes;
	char number[32], text[40];

	if (how->bytes)
		snprintf(number, sizeof(number), "%" PRIu64, size);
	else
		nm_units_mib(size, number, sizeof(number));
	snprintf(text, sizeof(text), "%s%s", bytes < 0 ? "-" : "+", number);
	fprintf(how->out, " %*s", size_width(how), text);
}

static void print_head(const struct nm_view_options *how, const struct nm_view_diff *view)
{
	fprintf(how->out, "%s%-*s", nm_table_color(how, NM_COLOR_BOLD), NAME_WIDTH,
		how->bytes ? "class, in bytes" : "class, in MiB");
	if (!view->is_survivors) {
		nm_table_heading(how, COUNT_WIDTH, "new");
		nm_table_heading(how, COUNT_WIDTH, "gone");
	}
	nm_table_heading(how, COUNT_WIDTH, view->is_survivors ? "stayed" : "more");
	nm_table_heading(how, size_width(how), view->is_survivors ? "bytes" : "grew");
	fprintf(how->out, "%s\n", nm_table_color(how, NM_COLOR_OFF));
}

static void print_row(const struct nm_view_options *how, const struct nm_view_diff *view,
		      const struct nm_view_diff_row *row)
{
	nm_table_padded(how->out, row->name[0] ? row->name : "(no name)", NAME_WIDTH);
	if (!view->is_survivors && row->knows_both)
		fprintf(how->out, " %*" PRIu64 " %*" PRIu64, COUNT_WIDTH, row->added_count,
			COUNT_WIDTH, row->removed_count);
	else if (!view->is_survivors)
		fprintf(how->out, " %*s %*s", COUNT_WIDTH, "-", COUNT_WIDTH, "-");
	fprintf(how->out, " %+*" PRId64, COUNT_WIDTH, row->count_delta);
	print_signed(how, row->size_delta);
	fputc('\n', how->out);
}

static void add_row(struct nm_view_diff_row *sum, const struct nm_view_diff_row *row)
{
	sum->added_count += row->added_count;
	sum->removed_count += row->removed_count;
	sum->count_delta += row->count_delta;
	sum->size_delta += row->size_delta;
	sum->knows_both = row->knows_both;
}

void nm_text_diff(const struct nm_view_options *how, const struct nm_view_diff *view)
{
	struct nm_view_diff_row rest = {.name = ""}, all = {.name = "all"};
	size_t hidden = 0;
	char name[64];

	if (view->count == 0) {
		fprintf(how->out, "Nothing changed.\n");
		return;
	}
	print_head(how, view);
	for (size_t i = 0; i < view->count; i++) {
		add_row(&all, &view->rows[i]);
		if (view->top == 0 || i < view->top) {
			print_row(how, view, &view->rows[i]);
			continue;
		}
		add_row(&rest, &view->rows[i]);
		hidden++;
	}
	if (hidden > 0) {
		snprintf(name, sizeof(name), "%zu more class%s", hidden, hidden == 1 ? "" : "es");
		rest.name = name;
		fputs(nm_table_color(how, NM_COLOR_DIM), how->out);
		print_row(how, view, &rest);
		fputs(nm_table_color(how, NM_COLOR_OFF), how->out);
	}
	fputs(nm_table_color(how, NM_COLOR_BOLD), how->out);
	print_row(how, view, &all);
	fputs(nm_table_color(how, NM_COLOR_OFF), how->out);
}

/* In one line, and in quotes. */
static void print_text(const struct nm_view_options *how, const struct nm_heap *heap,
		       const struct nm_duplicate *row, size_t width)
{
	struct nm_strbuf text;

	nm_strbuf_init(&text, TEXT_MAX);
	nm_text_add_node(&text, heap->graph, row->node);
	fputs("  \"", how->out);
	nm_table_foreign(how->out, nm_strbuf_get(&text), width);
	fputs(text.length > width || row->is_cut ? "..." : "\"", how->out);
	fputc('\n', how->out);
	nm_strbuf_done(&text);
}

void nm_text_strings(const struct nm_view_options *how, const struct nm_view_strings *view)
{
	const struct nm_duplicates *duplicates = view->duplicates;
	const int size = nm_table_size_width(how, "wasted");
	const size_t line = how->width > 60 ? (size_t)how->width : LINE_WIDTH;
	const size_t width = line - (size_t)(2 * size) - COUNT_WIDTH - 10;
	uint64_t wasted = 0;
	char text[32];

	for (uint32_t i = 0; i < duplicates->count; i++)
		wasted += duplicates->rows[i].wasted;
	fprintf(how->out, "%" PRIu32 " texts are there more than once, in %" PRIu64 " strings",
		duplicates->count, duplicates->node_count);
	fprintf(how->out, "; one of each would save %s.\n",
		nm_units_words(wasted, text, sizeof(text)));
	if (duplicates->count == 0)
		return;
	fprintf(how->out, "\n%s", nm_table_color(how, NM_COLOR_BOLD));
	nm_table_heading(how, COUNT_WIDTH, "strings");
	nm_table_heading(how, size, how->bytes ? "bytes" : "MiB");
	nm_table_heading(how, size, "wasted");
	fprintf(how->out, "  text%s\n", nm_table_color(how, NM_COLOR_OFF));
	for (uint32_t i = 0; i < duplicates->count && (view->top == 0 || i < view->top); i++) {
		const struct nm_duplicate *row = &duplicates->rows[i];

		fprintf(how->out, " %*" PRIu32, COUNT_WIDTH, row->count);
		nm_table_size(how, size, true, row->size);
		nm_table_size(how, size, true, row->wasted);
		print_text(how, view->heap, row, width);
	}
	if (view->top > 0 && duplicates->count > view->top)
		fprintf(how->out, "%sand %zu more%s\n", nm_table_color(how, NM_COLOR_DIM),
			duplicates->count - view->top, nm_table_color(how, NM_COLOR_OFF));
}
