/*
 * ledger.c - the parts of rss as a table, and what malloc holds
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/units.h"
#include "model/ledger.h"
#include "model/verdict_memory.h"
#include "view/table.h"
#include "view/text/ledger.h"
#include "view/text/wrap.h"

#define NAME_WIDTH 42
/* Parts below a two thousandth of rss are taken together. */
#define SMALL_SHARE 2000

/* What is shown of a ledger besides its own numbers. */
struct sheet {
	const struct nm_view_options *how;
	const struct nm_ledger *ledger;
	const struct nm_ledger *since; /* an earlier one, or NULL */
	bool several_isolates;
	bool has_swap;
};

static void print_delta(const struct nm_view_options *how, int width, uint64_t now, uint64_t before)
{
	uint64_t size = now > before ? now - before : before - now;
	char text[40], number[32];

	if (how->bytes)
		snprintf(number, sizeof(number), "%" PRIu64, size);
	else
		nm_units_mib(size, number, sizeof(number));
	snprintf(text, sizeof(text), "%s%s", size == 0 ? "" : now > before ? "+" : "-", number);
	fprintf(how->out, " %*s", width, text);
}

static void print_numbers(const struct sheet *sheet, const struct nm_part *part, uint64_t before)
{
	const struct nm_view_options *how = sheet->how;
	const int width = nm_table_size_width(how, "");
	const bool has_pss = (sheet->ledger->has & NM_HAS_LEDGER_PSS) != 0;

	nm_table_size(how, width, true, part->rss);
	fprintf(how->out, " %5.1f %%",
		sheet->ledger->rss ? 100.0 * (double)part->rss / (double)sheet->ledger->rss : 0.0);
	nm_table_size(how, width, has_pss, part->pss);
	if (sheet->has_swap)
		nm_table_size(how, width, has_pss, part->swap);
	if (sheet->since)
		print_delta(how, width + 1, part->rss, before);
	fputc('\n', how->out);
}

static void print_head(const struct sheet *sheet)
{
	const struct nm_view_options *how = sheet->how;
	const int width = nm_table_size_width(how, "");

	fprintf(how->out, "%s%-*s", nm_table_color(how, NM_COLOR_BOLD), NAME_WIDTH,
		how->bytes ? "part, in bytes" : "part, in MiB");
	nm_table_heading(how, width, "rss");
	nm_table_heading(how, 7, "share");
	nm_table_heading(how, width, "pss");
	if (sheet->has_swap)
		nm_table_heading(how, width, "swap");
	if (sheet->since)
		nm_table_heading(how, width + 1, "grew");
	fprintf(how->out, "%s\n", nm_table_color(how, NM_COLOR_OFF));
}

static void print_part(const struct sheet *sheet, const struct nm_part *part, uint64_t before)
{
	char name[128];

	snprintf(name, sizeof(name), "%s%s%s", sheet->several_isolates ? part->isolate : "",
		 sheet->several_isolates && part->isolate[0] ? " " : "", part->name);
	fputs("  ", sheet->how->out);
	nm_table_padded(sheet->how->out, name, NAME_WIDTH - 2);
	print_numbers(sheet, part, before);
}

/* Too small to be looked at one by one, and not what cannot be named. */
static bool is_small(const struct sheet *sheet, const struct nm_part *part, uint64_t before)
{
	return !part->is_unnamed && part->rss < sheet->ledger->rss / SMALL_SHARE &&
	       part->swap < sheet->ledger->rss / SMALL_SHARE &&
	       (!sheet->since || before == part->rss);
}

struct smaller {
	size_t count;
	struct nm_part sum;
	struct nm_part last;
	uint64_t before;
};

static void add_smaller(struct smaller *smaller, const struct nm_part *part, uint64_t before)
{
	smaller->count++;
	smaller->sum.rss += part->rss;
	smaller->sum.pss += part->pss;
	smaller->sum.swap += part->swap;
	smaller->last = *part;
	smaller->before += before;
}

static void print_smaller(const struct sheet *sheet, struct smaller *smaller)
{
	if (smaller->count == 0)
		return;
	if (smaller->count == 1)
		smaller->sum = smaller->last;
	else
		snprintf(smaller->sum.name, sizeof(smaller->sum.name), "%zu smaller ones",
			 smaller->count);
	print_part(sheet, &smaller->sum, smaller->before);
}

/* What was there and is gone. */
static void print_gone(const struct sheet *sheet, enum nm_group group)
{
	for (size_t i = 0; sheet->since && i < sheet->since->part_count; i++) {
		struct nm_part gone = sheet->since->parts[i];
		uint64_t before = gone.rss;

		if (gone.group != group || nm_ledger_same(sheet->ledger, &gone))
			continue;
		gone.rss = gone.pss = gone.swap = 0;
		print_part(sheet, &gone, before);
	}
}

static void print_group(const struct sheet *sheet, const struct nm_part *group)
{
	const struct nm_view_options *how = sheet->how;
	struct smaller smaller = {.count = 0};
	uint64_t before = 0;

	if (sheet->since)
		before = nm_ledger_group(sheet->since, group->group).rss;
	fprintf(how->out, "%s%-*s", nm_table_color(how, NM_COLOR_BOLD), NAME_WIDTH,
		nm_group_name(group->group));
	print_numbers(sheet, group, before);
	fputs(nm_table_color(how, NM_COLOR_OFF), how->out);
	for (size_t i = 0; i < sheet->ledger->part_count; i++) {
		const struct nm_part *part = &sheet->ledger->parts[i];
		const struct nm_part *earlier =
			sheet->since ? nm_ledger_same(sheet->since, part) : NULL;

		before = earlier ? earlier->rss : 0;
		if (part->group != group->group)
			continue;
		if (is_small(sheet, part, before))
			add_smaller(&smaller, part, before);
		else
			print_part(sheet, part, before);
	}
	print_smaller(sheet, &smaller);
	print_gone(sheet, group->group);
}

static int largest_first(const void *a, const void *b)
{
	const struct nm_part *left = a, *right = b;

	if (left->rss != right->rss)
		return left->rss > right->rss ? -1 : 1;
	return (int)left->group - (int)right->group;
}

static void print_parts(const struct sheet *sheet)
{
	struct nm_part groups[NM_GROUP_COUNT];
	struct nm_part total = {
		.rss = sheet->ledger->rss, .pss = sheet->ledger->pss, .swap = sheet->ledger->swap};

	for (int i = 0; i < NM_GROUP_COUNT; i++)
		groups[i] = nm_ledger_group(sheet->ledger, (enum nm_group)i);
	qsort(groups, NM_GROUP_COUNT, sizeof(groups[0]), largest_first);
	print_head(sheet);
	for (int i = 0; i < NM_GROUP_COUNT; i++) {
		bool was_there =
			sheet->since && nm_ledger_group(sheet->since, groups[i].group).rss > 0;

		if (groups[i].rss > 0 || groups[i].swap > 0 || was_there)
			print_group(sheet, &groups[i]);
	}
	fprintf(sheet->how->out, "%s%-*s", nm_table_color(sheet->how, NM_COLOR_BOLD), NAME_WIDTH,
		"rss");
	print_numbers(sheet, &total, sheet->since ? sheet->since->rss : 0);
	fputs(nm_table_color(sheet->how, NM_COLOR_OFF), sheet->how->out);
}

static void describe_inside(const struct nm_malloc *malloc, struct nm_strbuf *out)
{
	char in_use[32], unused[32], back[32];

	nm_strbuf_addf(
		out,
		"malloc (%s): %s in use in %zu arena%s, %s free, of which malloc_trim(0) would "
		"return %s",
		malloc->allocator, nm_units_words(malloc->in_use, in_use, sizeof(in_use)),
		malloc->arena_count, malloc->arena_count == 1 ? "" : "s",
		nm_units_words(malloc->free, unused, sizeof(unused)),
		nm_units_words(malloc->reclaimable, back, sizeof(back)));
}

static void print_malloc(const struct sheet *sheet)
{
	const struct nm_malloc *malloc = &sheet->ledger->malloc;
	struct nm_strbuf text;
	char size[32];

	nm_strbuf_init(&text, 4096);
	if (malloc->has & NM_HAS_MALLOC_INSIDE)
		describe_inside(malloc, &text);
	else
		nm_strbuf_addf(&text, "malloc (%s): not looked into", malloc->allocator);
	if ((malloc->has & NM_HAS_MALLOC_MMAPPED) && malloc->mmapped_chunks > 0)
		nm_strbuf_addf(&text, "; %" PRIu64 " large chunk%s with %s in mappings of %s own",
			       malloc->mmapped_chunks, malloc->mmapped_chunks == 1 ? "" : "s",
			       nm_units_words(malloc->mmapped, size, sizeof(size)),
			       malloc->mmapped_chunks == 1 ? "its" : "their");
	if (sheet->ledger->has & NM_HAS_FOUND_BUFFERS)
		nm_strbuf_addf(&text, ". ArrayBuffers, resident or not: %s",
			       nm_units_words(sheet->ledger->array_buffers, size, sizeof(size)));
	nm_strbuf_adds(&text, ".");
	fputc('\n', sheet->how->out);
	nm_text_wrap(sheet->how, 0, nm_strbuf_get(&text));
	nm_strbuf_done(&text);
}

static void print_words(const struct sheet *sheet)
{
	struct nm_strbuf text;

	nm_strbuf_init(&text, 4096);
	nm_verdict_malloc(sheet->ledger, &text);
	if (text.length > 0) {
		fputc('\n', sheet->how->out);
		nm_text_wrap(sheet->how, 0, nm_strbuf_get(&text));
	}
	for (unsigned i = 0; i < sheet->ledger->missing_count; i++) {
		nm_strbuf_clear(&text);
		nm_strbuf_addf(&text, "Not known: %s.", sheet->ledger->missing[i]);
		fputc('\n', sheet->how->out);
		nm_text_wrap(sheet->how, 0, nm_strbuf_get(&text));
	}
	nm_strbuf_done(&text);
}

void nm_text_ledger(const struct nm_view_options *how, const struct nm_target_info *info,
		    const struct nm_ledger *ledger, const struct nm_ledger *since)
{
	struct sheet sheet = {.how = how, .ledger = ledger, .since = since};
	char rss[32];

	for (size_t i = 0; i < ledger->part_count; i++)
		if (ledger->parts[i].isolate[0] && strcmp(ledger->parts[i].isolate, "main") != 0)
			sheet.several_isolates = true;
	sheet.has_swap = ledger->swap > 0;
	fprintf(how->out, "process %d%s%s: rss %s\n\n", (int)ledger->pid,
		info->node[0] ? ", Node " : "", info->node,
		nm_units_words(ledger->rss, rss, sizeof(rss)));
	print_parts(&sheet);
	print_malloc(&sheet);
	print_words(&sheet);
}
