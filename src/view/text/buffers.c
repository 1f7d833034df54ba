#include "view/text/buffers.h"

#include <inttypes.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/units.h"
#include "model/heap/buffers.h"
#include "view/table.h"
#include "view/text/wrap.h"

#define KIND_WIDTH 11
/* The way to each of the largest is shown below the table. */
#define WAYS_MAX 5

static void print_row(const struct nm_view_options *how, const struct nm_buffers *buffers,
		      size_t index)
{
	const struct nm_buffer *item = &buffers->items[index];
	const int width = nm_table_size_width(how, "");
	char holder[NM_BUFFER_STEP_MAX];

	nm_table_size(how, width, true, item->bytes);
	nm_table_size(how, width, buffers->knows_used && item->views > 0, item->used);
	fprintf(how->out, "  %-*s ", KIND_WIDTH, nm_buffer_kind_name(item->kind));
	nm_buffers_holder(buffers, index, holder, sizeof(holder));
	nm_table_foreign(how->out, holder[0] ? holder : "-", sizeof(holder));
	fputc('\n', how->out);
}

static void print_table(const struct nm_view_options *how, const struct nm_view_buffers *view)
{
	const struct nm_buffers *buffers = view->buffers;
	const int width = nm_table_size_width(how, "");
	uint64_t rest = 0;
	size_t shown = 0;

	fprintf(how->out, "%s", nm_table_color(how, NM_COLOR_BOLD));
	nm_table_heading(how, width, how->bytes ? "bytes" : "MiB");
	nm_table_heading(how, width, "in views");
	fprintf(how->out, "  %-*s held by%s\n", KIND_WIDTH, "kind",
		nm_table_color(how, NM_COLOR_OFF));
	for (; shown < buffers->count && (view->top == 0 || shown < view->top); shown++)
		print_row(how, buffers, shown);
	for (size_t i = shown; i < buffers->count; i++)
		rest += buffers->items[i].bytes;
	if (shown < buffers->count) {
		nm_table_size(how, width, true, rest);
		fprintf(how->out, " %*s  %zu more\n", width, "", buffers->count - shown);
	}
}

/* The last step is to the memory itself, which says nothing. */
static void print_way(const struct nm_view_options *how, const struct nm_view_buffers *view,
		      size_t index)
{
	const struct nm_buffers *buffers = view->buffers;
	struct nm_buffer_step steps[NM_BUFFER_STEPS_MAX];
	size_t count = nm_buffers_path(buffers, index, steps);
	struct nm_strbuf text;
	char size[32];

	if (count < 2)
		return;
	nm_strbuf_init(&text, sizeof(steps) + 64);
	nm_strbuf_addf(&text, "%s",
		       nm_units_words(buffers->items[index].bytes, size, sizeof(size)));
	for (size_t i = 0; i + 1 < count; i++)
		nm_strbuf_addf(&text, "%s%s", i == 0 ? " in " : " -> ", steps[i].text);
	nm_text_wrap(how, 0, nm_strbuf_get(&text));
	nm_strbuf_done(&text);
}

static void print_sums(const struct nm_view_options *how, const struct nm_buffers *buffers)
{
	char a[32], b[32];
	size_t slabs = 0;

	for (size_t i = 0; i < buffers->count; i++)
		slabs += buffers->items[i].kind == NM_BUFFER_SLAB;
	fprintf(how->out, "%zu ArrayBuffer%s with %s", buffers->count,
		buffers->count == 1 ? "" : "s", nm_units_words(buffers->total, a, sizeof(a)));
	if (slabs == 0)
		fputs(".\n", how->out);
	else if (buffers->knows_used)
		fprintf(how->out, ". %zu slab%s: %s kept, for %s in views.\n", slabs,
			slabs == 1 ? "" : "s",
			nm_units_words(buffers->slabs_retained, a, sizeof(a)),
			nm_units_words(buffers->slabs_used, b, sizeof(b)));
	else
		fprintf(how->out, ". %zu slab%s: %s kept.\n", slabs, slabs == 1 ? "" : "s",
			nm_units_words(buffers->slabs_retained, a, sizeof(a)));
}

void nm_text_buffers(const struct nm_view_options *how, const struct nm_view_buffers *view)
{
	const struct nm_buffers *buffers = view->buffers;

	print_sums(how, buffers);
	if (buffers->count == 0)
		return;
	fputc('\n', how->out);
	print_table(how, view);
	fputs("\nthe way to the largest:\n", how->out);
	for (size_t i = 0; i < buffers->count && i < WAYS_MAX; i++)
		print_way(how, view, i);
}
