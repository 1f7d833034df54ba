#include "view/text/limits.h"

#include <string.h>

#include "base/units.h"
#include "model/node_rule.h"
#include "view/table.h"

#define NAME_WIDTH 13
#define SCOPE_MIN  8
#define MARK	   "  <- first"

static bool has_limit(const struct nm_limit *limit)
{
	return (limit->has & NM_LIMIT_HAS_LIMIT) != 0;
}

/* Of a limit with a row: a machine without swap is told in the row of none. */
static bool has_row(const struct nm_limit *limit)
{
	return has_limit(limit) && (limit->kind != NM_LIMIT_MACHINE_SWAP || limit->limit > 0);
}

/* As wide as the longest, unless the terminal is too narrow for it. */
static int scope_width(const struct nm_view_options *how, const struct nm_limits *limits)
{
	size_t width = SCOPE_MIN;
	int others = NAME_WIDTH + 1 + 3 * (1 + nm_table_size_width(how, "headroom"));

	for (size_t i = 0; i < limits->count; i++)
		if (has_row(&limits->items[i]) && strlen(limits->items[i].scope) > width)
			width = strlen(limits->items[i].scope);
	others += (int)strlen(MARK);
	if (how->width > 0 && (int)width > how->width - others)
		width = how->width - others > SCOPE_MIN ? (size_t)(how->width - others) : SCOPE_MIN;
	return (int)width;
}

/* The end of a path tells groups apart: what does not fit is cut in front. */
static void print_scope(const struct nm_view_options *how, const char *scope, int width)
{
	size_t length = strlen(scope);
	int padding = width - (int)length;

	if (length > (size_t)width) {
		fputs("...", how->out);
		scope += length - ((size_t)width - 3);
		padding = 0;
	}
	nm_table_foreign(how->out, scope, (size_t)width);
	fprintf(how->out, "%*s", padding > 0 ? padding : 0, "");
}

static void print_row(const struct nm_view_options *how, const struct nm_limit *limit,
		      int scope_columns, bool is_first)
{
	const int width = nm_table_size_width(how, "headroom");

	fprintf(how->out, "%-*s ", NAME_WIDTH, nm_limit_name(limit->kind));
	print_scope(how, limit->scope, scope_columns);
	nm_table_size(how, width, true, limit->limit);
	nm_table_size(how, width, (limit->has & NM_LIMIT_HAS_USED) != 0, limit->used);
	nm_table_size(how, width, (limit->has & NM_LIMIT_HAS_HEADROOM) != 0, limit->headroom);
	fprintf(how->out, "%s%s%s\n", is_first ? nm_table_color(how, NM_COLOR_YELLOW) : "",
		is_first ? MARK : "", is_first ? nm_table_color(how, NM_COLOR_OFF) : "");
}

static void print_table(const struct nm_view_options *how, const struct nm_limits *limits)
{
	const int width = nm_table_size_width(how, "headroom");
	const int scope = scope_width(how, limits);

	fprintf(how->out, "%s%-*s %-*s", nm_table_color(how, NM_COLOR_BOLD), NAME_WIDTH, "limit",
		scope, "of");
	nm_table_heading(how, width, "limit");
	nm_table_heading(how, width, "used");
	nm_table_heading(how, width, "headroom");
	fprintf(how->out, "%s\n", nm_table_color(how, NM_COLOR_OFF));
	for (size_t i = 0; i < limits->count; i++)
		if (has_row(&limits->items[i]))
			print_row(how, &limits->items[i], scope, i == limits->first);
}

/* "no limit: RLIMIT_AS, RLIMIT_DATA; memory.max of /a, /" */
static void print_unlimited(const struct nm_view_options *how, const struct nm_limits *limits)
{
	const char *lead = "no limit: ";

	for (int kind = 0; kind <= NM_LIMIT_MACHINE_SWAP; kind++) {
		const char *between = "";

		for (size_t i = 0; i < limits->count; i++) {
			const struct nm_limit *limit = &limits->items[i];

			/* memory.high and the limits of swap are set by few. */
			if ((int)limit->kind != kind || has_limit(limit) || !limit->ends_process ||
			    limit->kind == NM_LIMIT_CGROUP_MEMSW)
				continue;
			if (!*between)
				fprintf(how->out, "%s%s", lead, nm_limit_name(limit->kind));
			if (limit->scope[0] == '/') {
				fputs(*between ? between : " of ", how->out);
				nm_table_foreign(how->out, limit->scope, sizeof(limit->scope));
			}
			between = ", ";
			lead = "; ";
		}
	}
	if (lead[0] == ';')
		fputc('\n', how->out);
}

static void print_first(const struct nm_view_options *how, const struct nm_limits *limits)
{
	const struct nm_limit *first;
	char more[32];

	if (limits->first == limits->count) {
		fputs("Which limit is reached first is not known.\n", how->out);
		return;
	}
	first = &limits->items[limits->first];
	nm_units_words(first->distance, more, sizeof(more));
	switch (first->kind) {
	case NM_LIMIT_HEAP:
		fprintf(how->out,
			"First comes V8's own limit: the heap of %s can grow by %s, then V8 ends "
			"%s.\n",
			first->scope, more,
			strcmp(first->scope, "main") == 0
				? "the process"
				: "the worker, or the process if nobody listens for its error");
		break;
	case NM_LIMIT_ADDRESS_SPACE:
	case NM_LIMIT_DATA:
		fprintf(how->out,
			"First comes %s: %s more and the kernel gives no memory; V8 then ends the "
			"process.\n",
			nm_limit_name(first->kind), more);
		break;
	case NM_LIMIT_MACHINE:
		fprintf(how->out,
			"First comes the machine: %s more and the kernel kills some process.\n",
			more);
		break;
	default:
		fprintf(how->out, "First comes %s of ", nm_limit_name(first->kind));
		nm_table_foreign(how->out, first->scope, sizeof(first->scope));
		fprintf(how->out, ": %s more and the kernel kills a process there.\n", more);
	}
}

static void print_belief(const struct nm_view_options *how, const struct nm_target_info *info,
			 const struct nm_sample *sample, const struct nm_limits *limits)
{
	const struct nm_isolate *isolate = nm_sample_main(sample);
	char memory[32], heap[32], has[32];

	if (!(limits->has & NM_LIMITS_HAS_BELIEF)) {
		fputs("What Node believes it has is not known.\n", how->out);
		return;
	}
	nm_units_words(limits->node_believes, memory, sizeof(memory));
	nm_units_words(limits->default_heap_limit, heap, sizeof(heap));
	fprintf(how->out, "Node %s believes it has %s: %s.\n", info->node, memory,
		nm_belief_text(limits->believes_from));
	if (isolate && (isolate->has & NM_HAS_HEAP_SIZE_LIMIT) &&
	    isolate->heap_size_limit != limits->default_heap_limit)
		fprintf(how->out,
			"By default that gives a heap limit of %s; this process has %s, by a flag or "
			"because it was started under another limit.\n",
			heap, nm_units_words(isolate->heap_size_limit, has, sizeof(has)));
	else
		fprintf(how->out, "That gives it a heap limit of %s.\n", heap);
	if (!limits->is_proven)
		fputs("This release line is not in the table: the rule is that of the nearest older "
		      "one.\n",
		      how->out);
}

void nm_text_limits(const struct nm_view_options *how, const struct nm_target_info *info,
		    const struct nm_sample *sample, const struct nm_limits *limits)
{
	print_table(how, limits);
	print_unlimited(how, limits);
	fputc('\n', how->out);
	print_first(how, limits);
	print_belief(how, info, sample, limits);
}
