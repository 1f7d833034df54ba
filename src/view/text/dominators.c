#include "view/text/dominators.h"

#include <inttypes.h>

#include "model/heap/dominated.h"
#include "model/heap/object_name.h"
#include "view/table.h"

#define COUNT_WIDTH 9
/* A rest that is less than one in so many of the tree is not worth a line. */
#define REST_SHOWN 100
/* Deeper rows are not moved further to the right. */
#define INDENT_MAX 24
#define NAME_SHOWN 48

static void print_row(const struct nm_view_options *how, const struct nm_dominated *dominated,
		      const struct nm_dominated_row *row)
{
	const uint64_t all = dominated->classes->heap->total;
	const int width = nm_table_size_width(how, "retained");
	const uint32_t indent = row->depth < INDENT_MAX ? row->depth : INDENT_MAX;
	char name[NM_OBJECT_NAME_MAX];

	nm_table_size(how, width, true, row->retained);
	fprintf(how->out, " %6.1f %%", all ? 100.0 * (double)row->retained / (double)all : 0.0);
	nm_table_size(how, width, true, row->shallow);
	fprintf(how->out, " %*" PRIu64 "  %*s", COUNT_WIDTH, row->count, (int)indent * 2, "");
	if (row->node == NM_NO_NODE) {
		fprintf(how->out, "%sall others%s\n", nm_table_color(how, NM_COLOR_DIM),
			nm_table_color(how, NM_COLOR_OFF));
		return;
	}
	nm_table_foreign(how->out,
			 row->count == 1 ? nm_object_name(dominated->classes, row->node, name)
					 : dominated->classes->rows[row->class].key.name,
			 NAME_SHOWN);
	fprintf(how->out, " %s@%" PRIu32 "%s\n", row->count == 1 ? "" : "like ",
		dominated->classes->heap->graph->id[row->node], row->has_more ? " ..." : "");
}

void nm_text_dominators(const struct nm_view_options *how, const struct nm_view_dominators *view)
{
	const struct nm_dominated *dominated = view->dominated;
	const int width = nm_table_size_width(how, "retained");
	bool has_more = false;

	fputs(nm_table_color(how, NM_COLOR_BOLD), how->out);
	nm_table_heading(how, width, "retained");
	nm_table_heading(how, 8, "");
	nm_table_heading(how, width, "shallow");
	nm_table_heading(how, COUNT_WIDTH, "objects");
	fprintf(how->out, "  %s%s\n", how->bytes ? "dominator, in bytes" : "dominator, in MiB",
		nm_table_color(how, NM_COLOR_OFF));
	for (size_t i = 0; i < dominated->count; i++) {
		const struct nm_dominated_row *row = &dominated->rows[i];

		if (row->node == NM_NO_NODE &&
		    row->retained < dominated->rows[0].retained / REST_SHOWN)
			continue;
		print_row(how, dominated, row);
		has_more |= row->has_more;
	}
	if (has_more)
		fputs("\n... goes on: --id N begins there, --depth N goes deeper.\n", how->out);
	if (view->origin.pid > 0)
		fprintf(how->out, "The process was stopped for %.1f ms (%s).\n",
			(double)view->origin.stopped_us / 1000, view->origin.via);
}
