#include "view/text/retainers.h"

#include <inttypes.h>

#include "base/strbuf.h"
#include "base/units.h"
#include "model/heap/object_name.h"
#include "model/heap/retainers.h"
#include "view/table.h"
#include "view/text/wrap.h"

#define COUNT_WIDTH    10
#define DISTANCE_WIDTH 14
#define PATH_INDENT    4
/* Names of edges are cut to this. */
#define NAME_SHOWN 48

/* As JavaScript would write it; what V8 names is in brackets. */
static void add_edge(struct nm_strbuf *out, const struct nm_graph *graph, uint32_t edge)
{
	const enum nm_edge_kind kind = (enum nm_edge_kind)graph->edge_kind[edge];

	if (nm_edge_has_index(kind)) {
		nm_strbuf_addf(out, "[%" PRIu32 "]", graph->edge_name[edge]);
		return;
	}
	nm_strbuf_addf(out,
		       kind == NM_EDGE_INTERNAL ? "(%.*s)"
		       : kind == NM_EDGE_WEAK	? "(weak %.*s)"
						: ".%.*s",
		       NAME_SHOWN, nm_graph_text(graph, graph->edge_name[edge]));
}

static void print_path(const struct nm_view_options *how, const struct nm_retainers *retainers,
		       const struct nm_retainer_group *group)
{
	const struct nm_graph *graph = retainers->classes->heap->graph;
	struct nm_retainer_path path;
	struct nm_strbuf text;
	char name[NM_OBJECT_NAME_MAX];
	nm_node start;
	bool first;

	nm_retainers_path(retainers, group, &path);
	nm_strbuf_init(&text, 1 << 16);
	/* That the root leads to it goes without saying, and V8 only numbers these edges. */
	first = path.start == 0 && path.count > 0;
	start = first ? graph->edge_to[path.edges[0]] : path.start;
	nm_strbuf_addf(&text, "%s",
		       group->state == NM_PATH_CYCLE
			       ? "itself"
			       : nm_object_name(retainers->classes, start, name));
	for (uint32_t i = first; i < path.count; i++) {
		if (i == NM_PATH_HEAD && path.left_out > 0)
			nm_strbuf_addf(&text, " -> ... %" PRIu32 " more ...", path.left_out);
		nm_strbuf_adds(&text, " -> ");
		add_edge(&text, graph, path.edges[i]);
		nm_strbuf_addf(
			&text, ": %s",
			nm_object_name(retainers->classes, graph->edge_to[path.edges[i]], name));
	}
	nm_strbuf_addf(&text, " @%" PRIu32,
		       graph->id[retainers->self != NM_NO_NODE ? retainers->self : group->example]);
	fprintf(how->out, "%*s", PATH_INDENT, "");
	nm_text_wrap(how, PATH_INDENT, nm_strbuf_get(&text));
	nm_strbuf_done(&text);
}

static void print_share(const struct nm_view_options *how, uint64_t part, uint64_t all)
{
	fprintf(how->out, " %6.1f %%", all ? 100.0 * (double)part / (double)all : 0.0);
}

static const char *word_of(enum nm_path_state state)
{
	switch (state) {
	case NM_PATH_CYCLE:
		return "  held by itself";
	case NM_PATH_NO_ROOT:
		return "  not from the root";
	case NM_PATH_WEAK:
		return "  weak: keeps nothing alive";
	default:
		return "";
	}
}

static void print_distance(const struct nm_view_options *how, const struct nm_retainer_group *group)
{
	char text[32];

	if (group->distance < 0)
		snprintf(text, sizeof(text), "-");
	else if (group->distance >= NM_DISTANCE_SYSTEM)
		snprintf(text, sizeof(text), "engine only");
	else if (group->farthest == group->distance)
		snprintf(text, sizeof(text), "%" PRId32, group->distance);
	else
		snprintf(text, sizeof(text), "%" PRId32 "-%" PRId32, group->distance,
			 group->farthest);
	fprintf(how->out, " %*s", DISTANCE_WIDTH, text);
}

static void print_group(const struct nm_view_options *how, const struct nm_retainers *retainers,
			const struct nm_retainer_group *group)
{
	const uint64_t all = retainers->classes->heap->total;
	const int width = nm_table_size_width(how, "retained");
	const bool is_dim = group->state != NM_PATH_ALIVE;

	fputs(is_dim ? nm_table_color(how, NM_COLOR_DIM) : "", how->out);
	fprintf(how->out, "%*" PRIu64, COUNT_WIDTH, group->count);
	print_distance(how, group);
	/* Of one object the sizes are the same for all that refer to it. */
	if (retainers->self == NM_NO_NODE) {
		nm_table_size(how, width, true, group->shallow);
		print_share(how, group->shallow, all);
		nm_table_size(how, width, true, group->retained);
		print_share(how, group->retained, all);
	}
	fprintf(how->out, "%s\n", word_of(group->state));
	print_path(how, retainers, group);
	fputs(is_dim ? nm_table_color(how, NM_COLOR_OFF) : "", how->out);
}

static void print_size(const struct nm_view_options *how, const char *before, uint64_t bytes)
{
	char text[32];

	if (how->bytes)
		fprintf(how->out, "%s%" PRIu64 " B", before, bytes);
	else
		fprintf(how->out, "%s%s", before, nm_units_words(bytes, text, sizeof(text)));
}

static void print_subject(const struct nm_view_options *how, const struct nm_view_retainers *view)
{
	const struct nm_retainers *retainers = view->retainers;
	const uint64_t all = retainers->classes->heap->total;
	char name[NM_OBJECT_NAME_MAX];

	if (view->class_name) {
		nm_table_foreign(how->out, view->class_name, 60);
		fprintf(how->out, ": %" PRIu64 " object%s,", retainers->objects,
			retainers->objects == 1 ? "" : "s");
	} else {
		nm_table_foreign(how->out,
				 nm_object_name(retainers->classes, retainers->self, name),
				 sizeof(name));
		fprintf(how->out, " @%" PRIu32 ":",
			retainers->classes->heap->graph->id[retainers->self]);
	}
	print_size(how, " ", retainers->shallow);
	print_size(how, " shallow, ", retainers->retained);
	fprintf(how->out, " retained, %.1f %% of all\n",
		all ? 100.0 * (double)retainers->retained / (double)all : 0.0);
}

static void print_head(const struct nm_view_options *how, const struct nm_retainers *retainers)
{
	const bool is_class = retainers->self == NM_NO_NODE;

	fprintf(how->out, "\n%s%*s", nm_table_color(how, NM_COLOR_BOLD), COUNT_WIDTH,
		is_class ? "objects" : "references");
	nm_table_heading(how, DISTANCE_WIDTH, "distance");
	if (is_class) {
		nm_table_heading(how, nm_table_size_width(how, "retained"), "shallow");
		nm_table_heading(how, 8, "");
		nm_table_heading(how, nm_table_size_width(how, "retained"), "retained");
	}
	fprintf(how->out, "%s\n", nm_table_color(how, NM_COLOR_OFF));
}

/* What is only a way back to the object is counted, unless there is nothing else. */
static void print_groups(const struct nm_view_options *how, const struct nm_view_retainers *view)
{
	const struct nm_retainers *retainers = view->retainers;
	const bool with_cycles = retainers->groups[0].state == NM_PATH_CYCLE;
	uint64_t cycles = 0, rest = 0;
	uint32_t shown = 0, more = 0;

	for (uint32_t i = 0; i < retainers->count; i++) {
		const struct nm_retainer_group *group = &retainers->groups[i];

		if (group->state == NM_PATH_CYCLE && !with_cycles) {
			cycles += group->count;
		} else if (view->top == 0 || shown < view->top) {
			print_group(how, retainers, group);
			shown++;
		} else {
			rest += group->count;
			more++;
		}
	}
	fputs(nm_table_color(how, NM_COLOR_DIM), how->out);
	if (more > 0)
		fprintf(how->out, "%*" PRIu64 " more in %" PRIu32 " other way%s (--top)\n",
			COUNT_WIDTH, rest, more, more == 1 ? "" : "s");
	if (cycles > 0)
		fprintf(how->out, "%*" PRIu64 " more from what it holds itself\n", COUNT_WIDTH,
			cycles);
	fputs(nm_table_color(how, NM_COLOR_OFF), how->out);
}

void nm_text_retainers(const struct nm_view_options *how, const struct nm_view_retainers *view)
{
	const struct nm_retainers *retainers = view->retainers;

	print_subject(how, view);
	if (retainers->count > 0) {
		print_head(how, retainers);
		print_groups(how, view);
	} else {
		fputs(retainers->self == 0 ? "This is the root.\n" : "Nothing refers to it.\n",
		      how->out);
	}
	if (view->origin.pid > 0)
		fprintf(how->out, "The process was stopped for %.1f ms (%s).\n",
			(double)view->origin.stopped_us / 1000, view->origin.via);
}
