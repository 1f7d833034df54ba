#include "view/text/last_heap.h"

#include <inttypes.h>

#include "base/units.h"
#include "view/table.h"

#define ROWS_MAX    8
#define COUNT_WIDTH 10
#define NAME_MAX    40

static void print_head(const struct nm_view_options *how, int width, bool is_compared)
{
	fprintf(how->out, "%s%*s", nm_table_color(how, NM_COLOR_BOLD), COUNT_WIDTH, "objects");
	nm_table_heading(how, width, how->bytes ? "bytes" : "MiB");
	nm_table_heading(how, 7, "share");
	if (is_compared)
		nm_table_heading(how, width, "grew");
	fprintf(how->out, "  class%s\n", nm_table_color(how, NM_COLOR_OFF));
}

static void print_growth(const struct nm_view_options *how, int width, int64_t bytes)
{
	const uint64_t size = (uint64_t)(bytes < 0 ? -bytes : bytes);
	char number[32], text[40];

	if (how->bytes)
		snprintf(number, sizeof(number), "%" PRIu64, size);
	else
		nm_units_mib(size, number, sizeof(number));
	snprintf(text, sizeof(text), "%s%s", bytes < 0 ? "-" : "+", number);
	fprintf(how->out, " %*s", width, text);
}

/* "Leaked: 388090 objects, 14.80 MiB; 96,000 and 3.66 MiB of them came in the last 0.4 s" */
static void print_suspect(const struct nm_view_options *how, const struct nm_last_heap *heap)
{
	const struct nm_class_row *row = nm_last_heap_suspect(heap);
	char size[32], grown[32], since[32];

	if (!row)
		return;
	fputs(nm_table_color(how, NM_COLOR_BOLD), how->out);
	nm_table_foreign(how->out, row->one.name[0] ? row->one.name : "(no name)", NAME_MAX);
	fprintf(how->out, "%s: %" PRIu64 " objects, %s", nm_table_color(how, NM_COLOR_OFF),
		row->one.count, nm_units_words(row->one.bytes, size, sizeof(size)));
	if (heap->taken > 1 && row->bytes_delta > 0)
		fprintf(how->out, ", %" PRId64 " (%s) of them new within %s", row->count_delta,
			nm_units_words((uint64_t)row->bytes_delta, grown, sizeof(grown)),
			nm_units_duration((uint64_t)(heap->last_ms - heap->first_ms), since,
					  sizeof(since)));
	fputc('\n', how->out);
}

void nm_text_last_heap(const struct nm_view_options *how, int margin,
		       const struct nm_last_heap *heap)
{
	const struct nm_classes *now = heap->taken > 1 ? &heap->last : &heap->first;
	const int width = nm_table_size_width(how, "bytes");
	const bool is_compared = heap->taken > 1;

	print_suspect(how, heap);
	fprintf(how->out, "%*s", margin, "");
	print_head(how, width, is_compared);
	for (size_t i = 0; i < heap->row_count && i < ROWS_MAX; i++) {
		const struct nm_class_row *row = &heap->rows[i];

		if (row->one.bytes == 0)
			break;
		fprintf(how->out, "%*s%*" PRIu64, margin, "", COUNT_WIDTH, row->one.count);
		nm_table_size(how, width, true, row->one.bytes);
		fprintf(how->out, " %5.1f %%",
			now->live_bytes ? 100.0 * (double)row->one.bytes / (double)now->live_bytes
					: 0.0);
		if (is_compared)
			print_growth(how, width, row->bytes_delta);
		fputs("  ", how->out);
		nm_table_foreign(how->out, row->one.name[0] ? row->one.name : "(no name)",
				 NAME_MAX);
		fputc('\n', how->out);
	}
}
