#include "model/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	bool ends_process;
} kinds[] = {
#define X(name, text, ends) {text, ends},
	NM_LIMIT_LIST(X)
#undef X
};

const char *nm_limit_name(enum nm_limit_kind kind)
{
	return kinds[kind].name;
}

void nm_limits_init(struct nm_limits *limits)
{
	memset(limits, 0, sizeof(*limits));
}

void nm_limits_done(struct nm_limits *limits)
{
	if (!limits)
		return;
	free(limits->items);
	memset(limits, 0, sizeof(*limits));
}

struct nm_limit *nm_limits_add(struct nm_limits *limits, enum nm_limit_kind kind, const char *scope)
{
	struct nm_limit *items, *item;
	size_t length = strlen(scope);

	items = realloc(limits->items, (limits->count + 1) * sizeof(*items));
	if (!items)
		return NULL;
	limits->items = items;
	item = &items[limits->count++];
	memset(item, 0, sizeof(*item));
	item->kind = kind;
	item->ends_process = kinds[kind].ends_process;
	/* The end of a path tells groups apart. */
	if (length < sizeof(item->scope))
		memcpy(item->scope, scope, length + 1);
	else
		snprintf(item->scope, sizeof(item->scope), "...%s",
			 scope + length - (sizeof(item->scope) - 4));
	limits->first = limits->count;
	return item;
}

void nm_limit_set_limit(struct nm_limit *limit, bool known, uint64_t value)
{
	if (!known)
		return;
	limit->has |= NM_LIMIT_HAS_LIMIT;
	limit->limit = value;
}

void nm_limit_set_used(struct nm_limit *limit, bool known, uint64_t value)
{
	if (!known)
		return;
	limit->has |= NM_LIMIT_HAS_USED;
	limit->used = value;
	if (!(limit->has & NM_LIMIT_HAS_LIMIT))
		return;
	limit->has |= NM_LIMIT_HAS_HEADROOM;
	limit->headroom = limit->limit > value ? limit->limit - value : 0;
}

/* What a heap holds already it need not take from the kernel before it is full. */
static void set_heap_distance(struct nm_limit *limit, const struct nm_isolate *isolate)
{
	bool knows_used = (isolate->has & NM_HAS_HEAP_USED) != 0;
	uint64_t taken = isolate->heap_total;

	if (!(isolate->has & NM_HAS_HEAP_TOTAL) || !(limit->has & NM_LIMIT_HAS_LIMIT))
		return;
	if (knows_used && isolate->heap_used > taken)
		taken = isolate->heap_used;
	limit->has |= NM_LIMIT_HAS_DISTANCE;
	limit->distance = limit->limit > taken ? limit->limit - taken : 0;
}

int nm_limits_add_isolates(struct nm_limits *limits, const struct nm_sample *sample)
{
	for (unsigned i = 0; i < sample->isolate_count; i++) {
		const struct nm_isolate *isolate = &sample->isolates[i];
		struct nm_limit *limit = nm_limits_add(limits, NM_LIMIT_HEAP, isolate->name);

		if (!limit)
			return NM_E_NOMEM;
		nm_limit_set_limit(limit, (isolate->has & NM_HAS_HEAP_SIZE_LIMIT) != 0,
				   isolate->heap_size_limit);
		nm_limit_set_used(limit, (isolate->has & NM_HAS_HEAP_USED) != 0,
				  isolate->heap_used);
		set_heap_distance(limit, isolate);
	}
	return NM_OK;
}

const struct nm_limit *nm_limits_find(const struct nm_limits *limits, enum nm_limit_kind kind)
{
	for (size_t i = 0; i < limits->count; i++)
		if (limits->items[i].kind == kind)
			return &limits->items[i];
	return NULL;
}

const struct nm_limit *nm_limits_of(const struct nm_limits *limits, enum nm_limit_kind kind,
				    const char *scope)
{
	for (size_t i = 0; i < limits->count; i++)
		if (limits->items[i].kind == kind && strcmp(limits->items[i].scope, scope) == 0)
			return &limits->items[i];
	return NULL;
}

const struct nm_limit *nm_limits_lowest_group(const struct nm_limits *limits)
{
	const struct nm_limit *lowest = NULL;

	for (size_t i = 0; i < limits->count; i++) {
		const struct nm_limit *item = &limits->items[i];

		if (item->kind == NM_LIMIT_CGROUP_MAX && (item->has & NM_LIMIT_HAS_LIMIT) &&
		    (!lowest || item->limit < lowest->limit))
			lowest = item;
	}
	return lowest;
}

/* What the groups of the limits from `at` on, and the machine, let go to swap. */
static uint64_t swap_room(const struct nm_limits *limits, size_t at)
{
	const struct nm_limit *machine = nm_limits_find(limits, NM_LIMIT_MACHINE_SWAP);
	uint64_t room = 0;

	if (machine && (machine->has & NM_LIMIT_HAS_HEADROOM))
		room = machine->headroom;
	for (; at < limits->count; at++) {
		const struct nm_limit *item = &limits->items[at];

		if (item->kind == NM_LIMIT_CGROUP_SWAP && (item->has & NM_LIMIT_HAS_HEADROOM) &&
		    item->headroom < room)
			room = item->headroom;
	}
	return room;
}

static void set_distance(const struct nm_limits *limits, size_t at)
{
	struct nm_limit *item = &limits->items[at];

	if (item->kind == NM_LIMIT_HEAP || !item->ends_process ||
	    !(item->has & NM_LIMIT_HAS_HEADROOM))
		return;
	item->has |= NM_LIMIT_HAS_DISTANCE;
	item->distance = item->headroom;
	if (item->kind == NM_LIMIT_CGROUP_MAX || item->kind == NM_LIMIT_MACHINE)
		item->distance += swap_room(limits, at);
}

void nm_limits_judge(struct nm_limits *limits)
{
	limits->first = limits->count;
	for (size_t i = 0; i < limits->count; i++) {
		const struct nm_limit *item = &limits->items[i];

		set_distance(limits, i);
		if (item->ends_process && (item->has & NM_LIMIT_HAS_DISTANCE) &&
		    (limits->first == limits->count ||
		     item->distance < limits->items[limits->first].distance))
			limits->first = i;
	}
}
