#include "view/text/leaks.h"

#include <inttypes.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/units.h"
#include "model/heap/leaks.h"
#include "model/heap/path_text.h"
#include "model/heap/paths.h"
#include "model/heap/script_place.h"
#include "view/table.h"
#include "view/text/wrap.h"

#define STEPS_MAX   24
#define STEP_MAX    160
#define STEPS_SHOWN 7
#define WITHIN_MAX  6
#define INDENT	    3

static const struct nm_graph *graph_of(const struct nm_view_leaks *view)
{
	return view->classes->heap->graph;
}

static const char *name_of(const struct nm_view_leaks *view, const struct nm_leak *leak)
{
	return view->classes->rows[leak->class].key.name;
}

static void add_growth(struct nm_strbuf *text, int64_t bytes)
{
	char size[32];

	nm_strbuf_addf(
		text, "%s%s", bytes < 0 ? "-" : "+",
		nm_units_words(bytes < 0 ? -(uint64_t)bytes : (uint64_t)bytes, size, sizeof(size)));
}

static void print_head(const struct nm_view_options *how, const struct nm_view_leaks *view,
		       const struct nm_leak *leak, size_t number)
{
	fprintf(how->out, "\n%s%zu. ", nm_table_color(how, NM_COLOR_BOLD), number);
	nm_table_foreign(how->out, name_of(view, leak), 100);
	fputs(nm_table_color(how, NM_COLOR_OFF), how->out);
	if (leak->has_place) {
		const char *script = nm_script_name(graph_of(view), leak->script_id);

		fputs(", written at ", how->out);
		if (script[0])
			nm_table_foreign(how->out, script, 200);
		else
			fprintf(how->out, "script %" PRIu32, leak->script_id);
		fprintf(how->out, ":%" PRIu32 ":%" PRIu32, leak->line + 1, leak->column + 1);
	}
	fputc('\n', how->out);
}

static void print_growth(const struct nm_view_options *how, const struct nm_view_leaks *view,
			 const struct nm_leak *leak)
{
	struct nm_strbuf text;

	nm_strbuf_init(&text, 4096);
	for (unsigned i = 0; i < view->side_count; i++)
		nm_strbuf_addf(&text, "%s%" PRIu64, i ? " -> " : "", leak->counts[i]);
	nm_strbuf_adds(&text, " objects, ");
	add_growth(&text, leak->retained_delta);
	nm_strbuf_adds(&text, " retained, ");
	add_growth(&text, leak->shallow_delta);
	nm_strbuf_adds(&text, " by themselves");
	if (view->leaks->knows_born)
		nm_strbuf_addf(&text, "; %" PRIu64 " are new and stay", leak->born);
	nm_strbuf_adds(&text, ".");
	fprintf(how->out, "%*s", INDENT, "");
	nm_text_wrap(how, INDENT, nm_strbuf_get(&text));
	nm_strbuf_done(&text);
}

/* The steps to the example, of which the last few say most. */
struct way {
	uint32_t edges[STEPS_MAX];
	size_t count;
};

static bool is_step(const struct nm_graph *graph, const struct way *way, size_t at,
		    const char *name)
{
	return at < way->count && graph->edge_kind[way->edges[at]] == NM_EDGE_PROPERTY &&
	       strcmp(nm_graph_text(graph, graph->edge_name[way->edges[at]]), name) == 0;
}

/* What the example is in, V8's own tables aside: the number of the step to it, or SIZE_MAX. */
static size_t find_collection(const struct nm_graph *graph, const struct way *way)
{
	for (size_t i = way->count; i-- > 1;)
		if (graph->kind[graph->edge_to[way->edges[i - 1]]] == NM_NODE_OBJECT)
			return i - 1;
	return SIZE_MAX;
}

/* Where things pile up, in the words of who wrote the program; NULL: there is none for it. */
static const char *kind_of(const struct nm_graph *graph, const struct way *way)
{
	const size_t at = find_collection(graph, way);
	const char *name;

	if (at == SIZE_MAX)
		return NULL;
	name = nm_path_node_text(graph, graph->edge_to[way->edges[at]]);
	if (is_step(graph, way, at, "_events") ||
	    (at > 0 && is_step(graph, way, at - 1, "_events")))
		return "listeners of an EventEmitter";
	if (strcmp(name, "Array") == 0)
		return "an array that grows";
	if (strcmp(name, "Map") == 0 || strcmp(name, "WeakMap") == 0)
		return "a Map that grows";
	if (strcmp(name, "Set") == 0 || strcmp(name, "WeakSet") == 0)
		return "a Set that grows";
	return NULL;
}

static void print_holder(const struct nm_view_options *how, const struct nm_view_leaks *view,
			 const struct nm_leak *leak)
{
	const struct nm_graph *graph = graph_of(view);
	struct way way;
	struct nm_strbuf text;
	char step[STEP_MAX];
	const char *kind;
	size_t first;

	way.count = nm_paths_get(view->paths, leak->example, way.edges, STEPS_MAX);
	if (leak->holder == NM_NO_NODE || way.count == 0)
		return;
	first = way.count > STEPS_SHOWN ? way.count - STEPS_SHOWN : 0;
	kind = kind_of(graph, &way);
	nm_strbuf_init(&text, STEPS_MAX * STEP_MAX + 1024);
	nm_strbuf_addf(&text, "%" PRIu64 " of them hang on %s @%" PRIu32, leak->held,
		       nm_path_node_text(graph, leak->holder), graph->id[leak->holder]);
	if (kind)
		nm_strbuf_addf(&text, ", in %s", kind);
	nm_strbuf_adds(&text, first > 0 ? ": ... -> " : ": ");
	for (size_t i = first; i < way.count; i++) {
		nm_path_step_text(graph, way.edges[i], step, sizeof(step));
		nm_strbuf_addf(&text, "%s%s", i > first ? " -> " : "", step);
	}
	fprintf(how->out, "%*s", INDENT, "");
	nm_text_wrap(how, INDENT, nm_strbuf_get(&text));
	nm_strbuf_done(&text);
}

/* New ones, or how many more there are. */
static uint64_t more_of(const struct nm_view_leaks *view, const struct nm_leak *leak)
{
	return view->leaks->knows_born ? leak->born
				       : leak->counts[view->side_count - 1] - leak->counts[0];
}

static void print_within(const struct nm_view_options *how, const struct nm_view_leaks *view,
			 uint32_t item)
{
	struct nm_strbuf text;
	unsigned shown = 0;

	nm_strbuf_init(&text, 8192);
	nm_strbuf_adds(&text, "With them: ");
	for (uint32_t i = 0; i < view->leaks->count; i++) {
		const struct nm_leak *leak = &view->leaks->items[i];

		if (leak->within != item)
			continue;
		if (shown++ >= WITHIN_MAX)
			continue;
		nm_strbuf_addf(&text, "%s%" PRIu64 " %.60s (", shown > 1 ? ", " : "",
			       more_of(view, leak), name_of(view, leak));
		add_growth(&text, leak->shallow_delta);
		nm_strbuf_adds(&text, ")");
	}
	if (shown > WITHIN_MAX)
		nm_strbuf_addf(&text, " and %u more", shown - WITHIN_MAX);
	if (shown > 0) {
		fprintf(how->out, "%*s", INDENT, "");
		nm_strbuf_adds(&text, ".");
		nm_text_wrap(how, INDENT, nm_strbuf_get(&text));
	}
	nm_strbuf_done(&text);
}

void nm_text_leaks(const struct nm_view_options *how, const struct nm_view_leaks *view)
{
	const struct nm_leaks *leaks = view->leaks;
	size_t shown = 0, suspects = 0, others = 0;

	for (uint32_t i = 0; i < leaks->count; i++) {
		suspects += leaks->items[i].is_suspect;
		others += !leaks->items[i].is_suspect && leaks->items[i].within == NM_NO_LEAK;
	}
	if (suspects == 0)
		fprintf(how->out, "Nothing piles up in one place.\n");
	else
		fprintf(how->out, "%zu class%s pile%s up in one place:\n", suspects,
			suspects == 1 ? "" : "es", suspects == 1 ? "s" : "");
	for (uint32_t i = 0; i < leaks->count; i++) {
		const struct nm_leak *leak = &leaks->items[i];

		if (!leak->is_suspect || (view->top > 0 && shown >= view->top))
			continue;
		print_head(how, view, leak, ++shown);
		print_growth(how, view, leak);
		print_holder(how, view, leak);
		print_within(how, view, i);
	}
	fputs(nm_table_color(how, NM_COLOR_DIM), how->out);
	if (shown < suspects)
		fprintf(how->out, "\n%zu more of these (--top 0 shows all)\n", suspects - shown);
	if (others > 0)
		fprintf(how->out, "\n%zu other class%s grow%s here and there.\n", others,
			others == 1 ? "" : "es", others == 1 ? "s" : "");
	fputs(nm_table_color(how, NM_COLOR_OFF), how->out);
}
