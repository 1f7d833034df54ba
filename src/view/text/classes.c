#include "view/text/classes.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "model/heap/classes.h"
#include "view/table.h"

#define NAME_WIDTH  40
#define COUNT_WIDTH 11

static int size_width(const struct nm_view_options *how)
{
	return nm_table_size_width(how, "garbage");
}

static void print_head(const struct nm_view_options *how, const struct nm_view_classes *view)
{
	const int width = size_width(how);

	fprintf(how->out, "%s%-*s", nm_table_color(how, NM_COLOR_BOLD), NAME_WIDTH,
		how->bytes ? "class, in bytes" : "class, in MiB");
	nm_table_heading(how, COUNT_WIDTH, "objects");
	nm_table_heading(how, width, "live");
	nm_table_heading(how, 7, "share");
	if (view->is_compared) {
		nm_table_heading(how, COUNT_WIDTH, "more");
		nm_table_heading(how, width + 1, "grew");
	}
	if (view->with_garbage) {
		nm_table_heading(how, COUNT_WIDTH, "dead");
		nm_table_heading(how, width, "garbage");
	}
	fprintf(how->out, "%s\n", nm_table_color(how, NM_COLOR_OFF));
}

static void print_change(const struct nm_view_options *how, int64_t count, int64_t bytes)
{
	const uint64_t size = (uint64_t)(bytes < 0 ? -bytes : bytes);
	char number[32], text[40];

	fprintf(how->out, " %+*" PRId64, COUNT_WIDTH, count);
	if (how->bytes)
		snprintf(number, sizeof(number), "%" PRIu64, size);
	else
		nm_units_mib(size, number, sizeof(number));
	snprintf(text, sizeof(text), "%s%s", bytes < 0 ? "-" : "+", number);
	fprintf(how->out, " %*s", size_width(how) + 1, text);
}

static void print_row(const struct nm_view_options *how, const struct nm_view_classes *view,
		      const struct nm_class_row *row)
{
	const uint64_t all = view->classes->live_bytes;

	nm_table_padded(how->out, row->one.name[0] ? row->one.name : "(no name)", NAME_WIDTH);
	fprintf(how->out, " %*" PRIu64, COUNT_WIDTH, row->one.count);
	nm_table_size(how, size_width(how), true, row->one.bytes);
	fprintf(how->out, " %5.1f %%", all ? 100.0 * (double)row->one.bytes / (double)all : 0.0);
	if (view->is_compared)
		print_change(how, row->count_delta, row->bytes_delta);
	if (view->with_garbage) {
		fprintf(how->out, " %*" PRIu64, COUNT_WIDTH, row->one.garbage_count);
		nm_table_size(how, size_width(how), true, row->one.garbage_bytes);
	}
	fputc('\n', how->out);
}

static void add_row(struct nm_class_row *sum, const struct nm_class_row *row)
{
	sum->one.count += row->one.count;
	sum->one.bytes += row->one.bytes;
	sum->one.garbage_count += row->one.garbage_count;
	sum->one.garbage_bytes += row->one.garbage_bytes;
	sum->count_delta += row->count_delta;
	sum->bytes_delta += row->bytes_delta;
}

static void print_rows(const struct nm_view_options *how, const struct nm_view_classes *view)
{
	struct nm_class_row rest, all;
	char name[64];
	size_t hidden = 0;

	memset(&rest, 0, sizeof(rest));
	memset(&all, 0, sizeof(all));
	for (size_t i = 0; i < view->row_count; i++) {
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
		rest.one.name = name;
		fputs(nm_table_color(how, NM_COLOR_DIM), how->out);
		print_row(how, view, &rest);
		fputs(nm_table_color(how, NM_COLOR_OFF), how->out);
	}
	all.one.name = "all";
	fputs(nm_table_color(how, NM_COLOR_BOLD), how->out);
	print_row(how, view, &all);
	fputs(nm_table_color(how, NM_COLOR_OFF), how->out);
}

static void print_isolates(const struct nm_view_options *how, const struct nm_classes *classes)
{
	const int width = size_width(how);

	fprintf(how->out, "\n%-*s", NAME_WIDTH + 1 + COUNT_WIDTH, "isolate");
	nm_table_heading(how, width, "live");
	nm_table_heading(how, 7, "");
	nm_table_heading(how, width, "garbage");
	fputc('\n', how->out);
	for (size_t i = 0; i < classes->isolate_count; i++) {
		const struct nm_classes_isolate *isolate = &classes->isolates[i];

		fprintf(how->out, "  %-*s", NAME_WIDTH - 1 + COUNT_WIDTH, isolate->name);
		nm_table_size(how, width, true, isolate->live_bytes);
		nm_table_heading(how, 7, "");
		nm_table_size(how, width, true, isolate->garbage_bytes);
		fputc('\n', how->out);
	}
	fprintf(how->out, "  %-*s", NAME_WIDTH - 1 + COUNT_WIDTH, "shared by all, read-only");
	nm_table_size(how, width, true, classes->read_only_bytes);
	fputc('\n', how->out);
}

static void print_foot(const struct nm_view_options *how, const struct nm_view_classes *view)
{
	const struct nm_classes *classes = view->classes;
	char number[32], text[48];

	if (classes->isolate_count > 1 && !classes->isolate[0])
		print_isolates(how, classes);
	if (classes->via == NM_VIA_SNAPSHOT)
		return;
	fputc('\n', how->out);
	if (classes->isolate[0])
		fprintf(how->out, "Of the isolate %s, and what all isolates share.\n",
			classes->isolate);
	if (how->bytes)
		snprintf(text, sizeof(text), "%" PRIu64 " bytes", classes->garbage_bytes);
	else
		snprintf(text, sizeof(text), "%s MiB",
			 nm_units_mib(classes->garbage_bytes, number, sizeof(number)));
	fprintf(how->out, "Garbage not yet collected: %s in %" PRIu64 " objects%s.\n", text,
		classes->garbage_count, view->with_garbage ? "" : " (--garbage shows which)");
	if (classes->via != NM_VIA_CORE)
		fprintf(how->out, "The process was stopped for %.1f ms (%s).\n",
			(double)classes->stopped_us / 1000, nm_via_name(classes->via));
}

void nm_text_classes(const struct nm_view_options *how, const struct nm_view_classes *view)
{
	print_head(how, view);
	print_rows(how, view);
	print_foot(how, view);
}

void nm_text_dump(const struct nm_view_options *how, const char *path, const struct nm_dump *dump)
{
	char size[32];

	nm_table_foreign(how->out, path, 4096);
	fprintf(how->out, ": %s, %" PRIu64 " objects with %" PRIu64 " references.\n",
		nm_units_words(dump->bytes, size, sizeof(size)), dump->nodes, dump->edges);
	if (dump->via != NM_VIA_CORE)
		fprintf(how->out, "The process was stopped for %.1f ms (%s).\n",
			(double)dump->stopped_us / 1000, nm_via_name(dump->via));
}
