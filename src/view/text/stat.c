#include "view/text/stat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "model/ledger.h"
#include "model/verdict_memory.h"
#include "view/table.h"
#include "view/text/wrap.h"

#define NAME_WIDTH   15
#define COLUMN_WIDTH 12
#define GROUPS_MAX   5
#define LIMITS_MAX   3
#define SCOPE_WIDTH  30

static void print_name(const struct nm_view_options *how, const char *name)
{
	fprintf(how->out, "  ");
	nm_table_padded(how->out, name, NAME_WIDTH);
}

static void print_size(const struct nm_view_options *how, bool known, uint64_t bytes)
{
	char text[32];

	if (!known)
		snprintf(text, sizeof(text), "-");
	else if (how->bytes)
		snprintf(text, sizeof(text), "%" PRIu64, bytes);
	else
		nm_units_words(bytes, text, sizeof(text));
	fprintf(how->out, " %*s", COLUMN_WIDTH, text);
}

static void print_heading(const struct nm_view_options *how, const char *heading)
{
	fprintf(how->out, "\n%s%s%s\n", nm_table_color(how, NM_COLOR_BOLD), heading,
		nm_table_color(how, NM_COLOR_OFF));
}

static void print_head(const struct nm_view_options *how, const struct nm_view_stat *stat)
{
	char age[32];

	fprintf(how->out, "%sprocess %d%s%s%s, up %s: ", nm_table_color(how, NM_COLOR_BOLD),
		(int)stat->info->pid, stat->info->node[0] ? ", Node " : "", stat->info->node,
		nm_table_color(how, NM_COLOR_OFF),
		nm_units_duration(stat->sample->uptime_ms, age, sizeof(age)));
	nm_table_foreign(how->out, stat->info->command,
			 how->width > 60 ? (size_t)how->width - 50 : 60);
	fputs("\n\n", how->out);
}

static void print_numbers(const struct nm_view_options *how, const struct nm_view_stat *stat)
{
	const struct nm_isolate *main = nm_sample_main(stat->sample);
	const struct {
		const char *name;
		bool known;
		uint64_t bytes;
	} rows[NM_MEMORY_NUMBERS] = {
		{"rss", true, stat->ledger->rss},
		{"heapTotal", (main->has & NM_HAS_HEAP_TOTAL) != 0, main->heap_total},
		{"heapUsed", (main->has & NM_HAS_HEAP_USED) != 0, main->heap_used},
		{"external", (main->has & NM_HAS_EXTERNAL) != 0, main->external},
		{"arrayBuffers", (main->has & NM_HAS_ARRAY_BUFFERS) != 0, main->array_buffers},
	};

	for (int i = 0; i < NM_MEMORY_NUMBERS; i++) {
		print_name(how, rows[i].name);
		print_size(how, rows[i].known, rows[i].bytes);
		fprintf(how->out, "  %s\n", stat->verdict->meanings[i]);
	}
}

static int largest_first(const void *a, const void *b)
{
	const struct nm_part *left = a, *right = b;

	if (left->rss != right->rss)
		return left->rss > right->rss ? -1 : 1;
	return (int)left->group - (int)right->group;
}

/* What the largest part of a group is, if that says more than the group does. */
static void print_largest_part(const struct nm_view_options *how, const struct nm_ledger *ledger,
			       const struct nm_part *group)
{
	const struct nm_part *largest = NULL;
	char size[32];

	for (size_t i = 0; i < ledger->part_count; i++) {
		const struct nm_part *part = &ledger->parts[i];

		if (part->group == group->group && (!largest || part->rss > largest->rss))
			largest = part;
	}
	if (!largest)
		return;
	if (largest->rss == group->rss) {
		fputs("  ", how->out);
	} else if (how->bytes) {
		fprintf(how->out, "  %" PRIu64 " of it ", largest->rss);
	} else {
		fprintf(how->out, "  %s of it ", nm_units_words(largest->rss, size, sizeof(size)));
	}
	if (largest->isolate[0] && strcmp(largest->isolate, "main") != 0)
		fprintf(how->out, "%s ", largest->isolate);
	nm_table_foreign(how->out, largest->name, sizeof(largest->name));
}

static void print_group(const struct nm_view_options *how, const struct nm_ledger *ledger,
			const char *name, const struct nm_part *group)
{
	print_name(how, name);
	print_size(how, true, group->rss);
	fprintf(how->out, " %5.1f %%",
		ledger->rss ? 100.0 * (double)group->rss / (double)ledger->rss : 0.0);
}

static void print_ledger(const struct nm_view_options *how, const struct nm_ledger *ledger)
{
	struct nm_part groups[NM_GROUP_COUNT], rest = {.name = ""};

	for (int i = 0; i < NM_GROUP_COUNT; i++)
		groups[i] = nm_ledger_group(ledger, (enum nm_group)i);
	qsort(groups, NM_GROUP_COUNT, sizeof(groups[0]), largest_first);
	print_heading(how, "rss is");
	for (int i = 0; i < NM_GROUP_COUNT; i++) {
		if (i >= GROUPS_MAX) {
			rest.rss += groups[i].rss;
			continue;
		}
		if (groups[i].rss == 0)
			continue;
		print_group(how, ledger, nm_group_name(groups[i].group), &groups[i]);
		print_largest_part(how, ledger, &groups[i]);
		fputc('\n', how->out);
	}
	if (rest.rss > 0) {
		print_group(how, ledger, "all other", &rest);
		fputc('\n', how->out);
	}
}

/* The end of a path tells groups apart. */
static void print_scope(const struct nm_view_options *how, const char *scope)
{
	size_t length = strlen(scope);

	if (length > SCOPE_WIDTH) {
		fputs("...", how->out);
		scope += length - SCOPE_WIDTH + 3;
	}
	nm_table_foreign(how->out, scope, SCOPE_WIDTH);
}

static void print_limit(const struct nm_view_options *how, const struct nm_limit *limit,
			bool is_first)
{
	print_name(how, nm_limit_name(limit->kind));
	print_size(how, true, limit->limit);
	print_size(how, (limit->has & NM_LIMIT_HAS_HEADROOM) != 0, limit->headroom);
	fputs(" left  ", how->out);
	print_scope(how, limit->scope);
	fprintf(how->out, "%s%s%s\n", is_first ? nm_table_color(how, NM_COLOR_YELLOW) : "",
		is_first ? "  <- first" : "", is_first ? nm_table_color(how, NM_COLOR_OFF) : "");
}

/* The one that is reached first, then the nearest of the others; of heaps, one. */
static size_t next_limit(const struct nm_limits *limits, const bool *shown)
{
	size_t best = limits->count;
	bool has_heap = false;

	if (limits->first < limits->count && !shown[limits->first])
		return limits->first;
	for (size_t i = 0; i < limits->count; i++)
		has_heap = has_heap || (shown[i] && limits->items[i].kind == NM_LIMIT_HEAP);
	for (size_t i = 0; i < limits->count; i++) {
		const struct nm_limit *limit = &limits->items[i];

		if (shown[i] || !(limit->has & NM_LIMIT_HAS_LIMIT) || !limit->ends_process ||
		    (has_heap && limit->kind == NM_LIMIT_HEAP))
			continue;
		if (best == limits->count || limit->headroom < limits->items[best].headroom)
			best = i;
	}
	return best;
}

static void print_limits(const struct nm_view_options *how, const struct nm_limits *limits)
{
	bool *shown = calloc(limits->count + 1, sizeof(*shown));

	print_heading(how, "limits");
	for (int i = 0; shown && i < LIMITS_MAX; i++) {
		size_t next = next_limit(limits, shown);

		if (next == limits->count)
			break;
		shown[next] = true;
		print_limit(how, &limits->items[next], next == limits->first);
	}
	free(shown);
}

/* One look tells of no trend: say what does. */
static void print_trend(const struct nm_view_options *how, const struct nm_target_info *info)
{
	char text[160];

	snprintf(
		text, sizeof(text),
		"Whether it grows, and when a limit would be reached, one look cannot tell: 'nodemem "
		"forecast %d' watches it and does.",
		(int)info->pid);
	fputc('\n', how->out);
	nm_text_wrap(how, 0, text);
}

void nm_text_stat(const struct nm_view_options *how, const struct nm_view_stat *stat)
{
	print_head(how, stat);
	print_numbers(how, stat);
	print_ledger(how, stat->ledger);
	if (stat->limits)
		print_limits(how, stat->limits);
	fputc('\n', how->out);
	nm_text_wrap(how, 0, stat->verdict->summary);
	fputc('\n', how->out);
	nm_text_wrap(how, 0, stat->verdict->next);
	print_trend(how, stat->info);
	for (unsigned i = 0; i < stat->ledger->missing_count; i++) {
		fputs("\nNot known: ", how->out);
		nm_text_wrap(how, 11, stat->ledger->missing[i]);
	}
}
