/*
 * diff.c - what came, grew and went between snapshots, or between histograms
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cmd/objects.h"
#include "model/heap/classes.h"
#include "model/heap/heap_diff.h"
#include "source/classes_saved.h"

#define TOP_IN_TEXT 20
#define SIDES_MAX   3

/* When the exit code is to say that something grew. */
struct bounds {
	bool has_growth, has_class;
	uint64_t growth; /* bytes of all classes */
	char *class;	 /* owned */
	uint64_t class_growth;
};

static bool read_bounds(struct nm_call *call, struct bounds *out)
{
	const char *growth = nm_call_option(call, "fail-growth");
	const char *class = nm_call_option(call, "fail-class");
	const char *equals = class ? strrchr(class, '=') : NULL;

	memset(out, 0, sizeof(*out));
	out->has_growth = growth != NULL;
	out->has_class = class != NULL;
	if (growth && !nm_units_parse_bytes(growth, &out->growth)) {
		nm_call_usage(call, "--fail-growth: not a size: '%s' (500k, 10M, 1G)", growth);
		return false;
	}
	if (class && (!equals || equals == class ||
		      !nm_units_parse_whole(equals + 1, 0, UINT64_MAX / 2, &out->class_growth))) {
		nm_call_usage(call, "--fail-class: not a class and a number: '%s' (Session=100)",
			      class);
		return false;
	}
	out->class = class ? strndup(class, (size_t)(equals - class)) : NULL;
	return true;
}

static bool is_class(const struct nm_view_diff_row *row, const char *name)
{
	return strcmp(row->name, name) == 0;
}

/* Says on stderr which bound was passed. */
static int judge(const struct bounds *bounds, const struct nm_view_diff *view)
{
	int64_t bytes = 0, objects = 0;
	int code = NM_EXIT_OK;

	for (size_t i = 0; i < view->count; i++) {
		bytes += view->rows[i].size_delta;
		if (bounds->class && is_class(&view->rows[i], bounds->class))
			objects += view->rows[i].count_delta;
	}
	fflush(stdout);
	if (bounds->has_growth && bytes > 0 && (uint64_t)bytes > bounds->growth) {
		fprintf(stderr,
			"nodemem: the heap grew by %" PRId64 " bytes, more than %" PRIu64 "\n",
			bytes, bounds->growth);
		code = NM_EXIT_FINDING;
	}
	if (bounds->class && objects > 0 && (uint64_t)objects > bounds->class_growth) {
		fprintf(stderr,
			"nodemem: there are %" PRId64
			" more objects of class %s, more than %" PRIu64 "\n",
			objects, bounds->class, bounds->class_growth);
		code = NM_EXIT_FINDING;
	}
	return code;
}

static struct nm_view_diff_row row_of(const struct nm_diff_row *row, bool knows_both)
{
	return (struct nm_view_diff_row){
		.key = &row->key,
		.name = row->key.name,
		.added_count = row->added_count,
		.removed_count = row->removed_count,
		.added_size = row->added_size,
		.removed_size = row->removed_size,
		.count_delta = row->count_delta,
		.size_delta = row->size_delta,
		.knows_both = knows_both,
	};
}

static struct nm_view_diff_row row_of_survivors(const struct nm_survivor_row *row,
						const struct nm_constructors *classes)
{
	const struct nm_class_key *key = &classes->rows[row->class].key;

	return (struct nm_view_diff_row){
		.key = key,
		.name = key->name,
		.added_count = row->count,
		.added_size = row->size,
		.count_delta = (int64_t)row->count,
		.size_delta = (int64_t)row->size,
		.knows_both = true,
	};
}

static int show(struct nm_call *call, const struct bounds *bounds, struct nm_view_diff *view)
{
	view->top = call->view.format == &nm_view_text ? TOP_IN_TEXT : 0;
	if (nm_call_option(call, "top")) {
		uint64_t top = 0;

		if (!nm_call_whole(call, "top", 0, 1000000, &top))
			return NM_EXIT_USAGE;
		view->top = (size_t)top;
	}
	call->view.format->diff(&call->view, view);
	return judge(bounds, view);
}

static int show_two(struct nm_call *call, const struct bounds *bounds,
		    const struct nm_heap_of sides[2])
{
	struct nm_heap_diff diff = {.rows = NULL};
	struct nm_view_diff_row *rows;
	struct nm_error err;
	int code;

	if (nm_heap_diff_make(sides[0].classes, sides[1].classes, &diff, &err) != NM_OK)
		return nm_call_fail(call, &err);
	rows = calloc((size_t)diff.count + 1, sizeof(*rows));
	if (rows) {
		for (uint32_t i = 0; i < diff.count; i++)
			rows[i] = row_of(&diff.rows[i], diff.knows_both);
		code = show(call, bounds,
			    &(struct nm_view_diff){.origin = nm_origin_of(&sides[1].of),
						   .rows = rows,
						   .count = diff.count});
	} else {
		nm_error_nomem(&err);
		code = nm_call_fail(call, &err);
	}
	free(rows);
	nm_heap_diff_done(&diff);
	return code;
}

static int show_three(struct nm_call *call, const struct bounds *bounds,
		      const struct nm_heap_of sides[3])
{
	struct nm_survivors survivors = {.rows = NULL};
	struct nm_view_diff_row *rows;
	struct nm_error err;
	int code;

	/* All have them, or none. */
	if (!sides[0].of.graph->has_stable_ids) {
		nm_error_set(
			&err, NM_E_UNSUPPORTED,
			"cannot tell what came with '%s' and stayed: there are none of the ids "
			"that V8 gives in its own snapshots (compare two)",
			call->words[1]);
		return nm_call_fail(call, &err);
	}
	if (nm_survivors_make(sides[0].heap, sides[1].heap, sides[2].classes, &survivors, &err) !=
	    NM_OK)
		return nm_call_fail(call, &err);
	rows = calloc((size_t)survivors.count + 1, sizeof(*rows));
	if (rows) {
		for (uint32_t i = 0; i < survivors.count; i++)
			rows[i] = row_of_survivors(&survivors.rows[i], sides[2].classes);
		code = show(call, bounds,
			    &(struct nm_view_diff){.origin = nm_origin_of(&sides[2].of),
						   .rows = rows,
						   .count = survivors.count,
						   .is_survivors = true});
	} else {
		nm_error_nomem(&err);
		code = nm_call_fail(call, &err);
	}
	free(rows);
	nm_survivors_done(&survivors);
	return code;
}

static int compare_snapshots(struct nm_call *call, const struct bounds *bounds)
{
	struct nm_heap_of sides[SIDES_MAX];
	int code = nm_call_sides(call, sides);

	if (code == NM_EXIT_OK)
		code = call->word_count == 2 ? show_two(call, bounds, sides)
					     : show_three(call, bounds, sides);
	for (int i = 0; i < call->word_count; i++) {
		if (code == NM_EXIT_OK || code == NM_EXIT_FINDING)
			nm_print_graph_cost(call, i, &sides[i].of);
		nm_heap_of_done(&sides[i]);
	}
	return code;
}

static int show_histograms(struct nm_call *call, const struct bounds *bounds,
			   const struct nm_classes *base, const struct nm_classes *now)
{
	struct nm_class_row *found = NULL;
	struct nm_view_diff_row *rows = NULL;
	struct nm_error err;
	size_t count = 0, kept = 0;
	int code;

	if (nm_classes_compare(now, base, &found, &count) == NM_OK)
		rows = calloc(count + 1, sizeof(*rows));
	for (size_t i = 0; rows && i < count; i++)
		if (found[i].count_delta != 0 || found[i].bytes_delta != 0)
			rows[kept++] =
				(struct nm_view_diff_row){.name = found[i].one.name,
							  .count_delta = found[i].count_delta,
							  .size_delta = found[i].bytes_delta};
	if (rows) {
		code = show(
			call, bounds,
			&(struct nm_view_diff){.origin = {.via = ""}, .rows = rows, .count = kept});
	} else {
		nm_error_nomem(&err);
		code = nm_call_fail(call, &err);
	}
	free(rows);
	free(found);
	return code;
}

static int compare_histograms(struct nm_call *call, const struct bounds *bounds,
			      const struct nm_classes *base)
{
	struct nm_classes now;
	struct nm_error err;
	int code;

	if (call->word_count > 2)
		return nm_call_usage(call, "of histograms two are compared, not three");
	if (nm_classes_load(call->words[1], &now, &err) != NM_OK)
		return nm_call_fail(call, &err);
	code = show_histograms(call, bounds, base, &now);
	nm_classes_done(&now);
	return code;
}

static int run(struct nm_call *call)
{
	struct nm_classes base;
	struct bounds bounds;
	int code;

	if (!read_bounds(call, &bounds))
		return NM_EXIT_USAGE;
	/* What a file is, is found from its content. */
	if (nm_file_is_other_json(call->words[0]) &&
	    nm_classes_load(call->words[0], &base, NULL) == NM_OK) {
		code = compare_histograms(call, &bounds, &base);
		nm_classes_done(&base);
	} else {
		code = compare_snapshots(call, &bounds);
	}
	free(bounds.class);
	return code;
}

static const struct nm_option options[] = {
	{0, "top", "N", "how many classes to show, 0 for all (default: 20; all as JSON)"},
	{0, "fail-growth", "SIZE",
	 "end with exit code 5 when the heap grew by more than this: 10M"},
	{0, "fail-class", "NAME=N",
	 "the same when there are more than N more objects of this class"},
	NM_IMAGE_OPTIONS,
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_diff = {
	.name = "diff",
	.summary = "what came, grew and went between two heap snapshots, or three",
	.usage = "[OPTIONS] A B [C]",
	.about =
		"A and B are heap snapshots of one process, or files that 'nodemem histo --json' wrote.\n"
		"Snapshots of nodemem dump can be compared with each other and with the process itself.\n"
		"With three snapshots: what was born between A and B and is still there in C.\n",
	.options = options,
	.min_words = 2,
	.max_words = 3,
	.run = run,
};
