#include "model/ledger.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *nm_group_name(enum nm_group group)
{
	static const char *const names[] = {
#define X(name, text) [NM_GROUP_##name] = text,
		NM_GROUP_LIST(X)
#undef X
	};

	return group < NM_GROUP_COUNT ? names[group] : "other";
}

static bool is_part(const struct nm_part *part, enum nm_group group, const char *isolate,
		    const char *name)
{
	return part->group == group && strcmp(part->name, name) == 0 &&
	       strcmp(part->isolate, isolate) == 0;
}

/* Room for all parts is made at once: an index must stay good. */
static bool reserve(struct nm_ledger *ledger)
{
	if (!ledger->parts)
		ledger->parts = calloc(NM_LEDGER_PARTS_MAX, sizeof(*ledger->parts));
	return ledger->parts != NULL;
}

nm_part_index nm_ledger_part(struct nm_ledger *ledger, enum nm_group group, const char *isolate,
			     const char *name)
{
	struct nm_part *part;

	if (!reserve(ledger))
		return 0;
	for (size_t i = 0; i < ledger->part_count; i++)
		if (is_part(&ledger->parts[i], group, isolate, name))
			return i;
	if (ledger->part_count == NM_LEDGER_PARTS_MAX)
		return NM_LEDGER_PARTS_MAX - 1;
	part = &ledger->parts[ledger->part_count];
	part->group = group;
	if (ledger->part_count == NM_LEDGER_PARTS_MAX - 1) {
		part->group = NM_GROUP_OTHER;
		name = "further parts";
		isolate = "";
	}
	snprintf(part->name, sizeof(part->name), "%s", name);
	snprintf(part->isolate, sizeof(part->isolate), "%s", isolate);
	return ledger->part_count++;
}

void nm_ledger_mark_unnamed(struct nm_ledger *ledger, nm_part_index part)
{
	if (ledger->parts)
		ledger->parts[part].is_unnamed = true;
}

void nm_ledger_miss(struct nm_ledger *ledger, const char *format, ...)
{
	char text[sizeof(ledger->missing[0])];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (unsigned i = 0; i < ledger->missing_count; i++)
		if (strcmp(ledger->missing[i], text) == 0)
			return;
	if (ledger->missing_count < NM_LEDGER_MISSING_MAX)
		memcpy(ledger->missing[ledger->missing_count++], text, sizeof(text));
}

static int by_group_and_size(const void *a, const void *b)
{
	const struct nm_part *left = a, *right = b;
	int order;

	if (left->group != right->group)
		return left->group < right->group ? -1 : 1;
	if (left->rss != right->rss)
		return left->rss > right->rss ? -1 : 1;
	order = strcmp(left->name, right->name);
	return order ? order : strcmp(left->isolate, right->isolate);
}

int nm_ledger_finish(struct nm_ledger *ledger, struct nm_error *err)
{
	uint64_t sum = 0;
	size_t kept = 0;

	if (!ledger->parts)
		return nm_error_nomem(err);
	ledger->unnamed = 0;
	for (size_t i = 0; i < ledger->part_count; i++) {
		const struct nm_part *part = &ledger->parts[i];

		sum += part->rss;
		if (part->is_unnamed)
			ledger->unnamed += part->rss;
		if (part->rss > 0 || part->swap > 0)
			ledger->parts[kept++] = *part;
	}
	ledger->part_count = kept;
	qsort(ledger->parts, kept, sizeof(*ledger->parts), by_group_and_size);
	if (sum != ledger->rss)
		return nm_error_set(err, NM_E_CORRUPT,
				    "the parts of process %d add up to %" PRIu64
				    " bytes and not to its %" PRIu64 " resident ones",
				    (int)ledger->pid, sum, ledger->rss);
	return NM_OK;
}

struct nm_part nm_ledger_group(const struct nm_ledger *ledger, enum nm_group group)
{
	struct nm_part sum = {.group = group};

	for (size_t i = 0; i < ledger->part_count; i++) {
		const struct nm_part *part = &ledger->parts[i];

		if (part->group != group)
			continue;
		sum.rss += part->rss;
		sum.pss += part->pss;
		sum.swap += part->swap;
	}
	return sum;
}

const struct nm_part *nm_ledger_same(const struct nm_ledger *ledger, const struct nm_part *part)
{
	for (size_t i = 0; i < ledger->part_count; i++)
		if (is_part(&ledger->parts[i], part->group, part->isolate, part->name))
			return &ledger->parts[i];
	return NULL;
}

void nm_ledger_done(struct nm_ledger *ledger)
{
	if (!ledger)
		return;
	free(ledger->parts);
	free(ledger->malloc.arenas);
	memset(ledger, 0, sizeof(*ledger));
}
