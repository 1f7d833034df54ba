/*
 * retainers.c - what keeps an object, or the objects of a class, alive
 */
#include <inttypes.h>
#include <string.h>

#include "cmd/objects.h"
#include "model/heap/retainers.h"

#define TOP_IN_TEXT 20
#define TOP_IN_JSON 1000
/* Names that are much alike, in an error. */
#define NAMES_MAX 5

/* What the target named, without what would control the terminal. */
static void add_name(struct nm_strbuf *out, const struct nm_constructor *row)
{
	for (size_t i = 0; i < row->key.length && i < 40; i++) {
		const char c = row->key.name[i];

		nm_strbuf_add(out, c >= 0x20 && c < 0x7f ? &c : "?", 1);
	}
}

static int fail_class(const struct nm_constructors *classes, const char *name, struct nm_error *err)
{
	struct nm_strbuf like;
	int found = 0;

	nm_strbuf_init(&like, 4096);
	for (uint32_t i = 0; i < classes->count && found < NAMES_MAX; i++) {
		if (!name[0] || !strcasestr(classes->rows[i].key.name, name))
			continue;
		nm_strbuf_adds(&like, found++ ? ", '" : "'");
		add_name(&like, &classes->rows[i]);
		nm_strbuf_adds(&like, "'");
	}
	nm_error_set(err, NM_E_UNSUPPORTED, "no object is of the class '%.60s' (%s%s)", name,
		     found ? "there are " : "nodemem heap --top 0 lists the classes",
		     nm_strbuf_get(&like));
	nm_strbuf_done(&like);
	return NM_E_UNSUPPORTED;
}

static int find(const struct nm_constructors *classes, const char *class, uint64_t id,
		struct nm_retainers *out, struct nm_error *err)
{
	nm_node node;
	int status;

	if (!class) {
		status = nm_find_id(classes->heap->graph, id, &node, err);
		return status == NM_OK ? nm_retainers_of_node(classes, node, out, err) : status;
	}
	status = nm_retainers_of_class(classes, class, out, err);
	if (status == NM_OK && out->objects == 0)
		status = fail_class(classes, class, err);
	return status;
}

static int run(struct nm_call *call)
{
	const char *class = nm_call_option(call, "class");
	uint64_t top = call->view.format == &nm_view_text ? TOP_IN_TEXT : TOP_IN_JSON, id = 0;
	struct nm_retainers retainers = {0};
	struct nm_heap_of objects;
	struct nm_error err;
	int code;

	if ((class != NULL) == (nm_call_option(call, "id") != NULL))
		return nm_call_usage(call, "retainers: of what? Either --id N or --class NAME");
	if (!nm_call_whole(call, "top", 0, 1000000, &top) ||
	    !nm_call_whole(call, "id", 0, UINT32_MAX, &id))
		return NM_EXIT_USAGE;
	code = nm_call_classes(call, 0, &objects);
	if (code == NM_EXIT_OK && find(objects.classes, class, id, &retainers, &err) == NM_OK) {
		const struct nm_view_retainers view = {.origin = nm_origin_of(&objects.of),
						       .retainers = &retainers,
						       .class_name = class,
						       .top = (size_t)top};

		call->view.format->retainers(&call->view, &view);
		nm_print_graph_cost(call, 0, &objects.of);
	} else if (code == NM_EXIT_OK) {
		code = nm_call_fail(call, &err);
	}
	nm_retainers_done(&retainers);
	nm_heap_of_done(&objects);
	return code;
}

static const struct nm_option options[] = {
	{0, "id", "N", "of the object with this id, as in DevTools behind the @"},
	{0, "class", "NAME", "of all objects of a class, as 'nodemem heap' names it"},
	{0, "top", "N", "how many ways to show, 0 for all (default: 20; 1000 as JSON)"},
	NM_IMAGE_OPTIONS,
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_retainers = {
	.name = "retainers",
	.summary = "what keeps an object or a class alive: paths from the root, shortest first",
	.usage = "[OPTIONS] --id N | --class NAME PID|CORE|SNAPSHOT",
	.about = "Objects that are held in the same way are shown once, with their count.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
