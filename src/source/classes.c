/*
 * The objects of a still heap, summed up by class.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/heap/classes.h"
#include "source/still.h"

struct counting {
	struct nm_still *still;
	struct nm_classes *out;
	struct nm_class *sums; /* by the number of the name */
	size_t room;
	nm_addr only; /* the heap that was asked for; 0 for all */
};

static bool reserve(struct counting *counting, uint32_t name)
{
	size_t room = counting->room ? counting->room : 256;
	struct nm_class *sums;

	if (name < counting->room)
		return true;
	while (room <= name)
		room *= 2;
	sums = realloc(counting->sums, room * sizeof(*sums));
	if (!sums)
		return false;
	memset(sums + counting->room, 0, (room - counting->room) * sizeof(*sums));
	counting->sums = sums;
	counting->room = room;
	return true;
}

static struct nm_classes_isolate *find_isolate(const struct counting *counting, nm_addr heap)
{
	const struct nm_v8_isolates *isolates = &counting->still->heap->isolates;

	for (size_t i = 0; i < isolates->count; i++)
		if (isolates->items[i].heap == heap)
			return &counting->out->isolates[i];
	return NULL;
}

/* The objects of a page, from `first` up to before `end`. */
static bool count_page(struct counting *counting, const struct nm_v8_heap_page *page,
		       uint32_t first, uint32_t end)
{
	struct nm_v8_heap *heap = counting->still->heap;
	struct nm_classes_isolate *isolate = find_isolate(counting, page->heap);

	for (uint32_t i = first; i < end; i++) {
		const struct nm_v8_object object = nm_v8_heap_object(heap, i);
		const uint64_t bytes = object.words * 8;
		struct nm_class *sum;
		uint32_t name;

		if (nm_v8_type_is_free(heap->layout, object.type))
			continue;
		name = nm_v8_names_class(&counting->still->names, &object);
		if (name == NM_INTERN_NONE || !reserve(counting, name))
			return false;
		sum = &counting->sums[name];
		if (nm_v8_heap_is_live(heap, i)) {
			sum->count++;
			sum->bytes += bytes;
			*(isolate ? &isolate->live_bytes : &counting->out->read_only_bytes) +=
				bytes;
		} else {
			sum->garbage_count++;
			sum->garbage_bytes += bytes;
			if (isolate)
				isolate->garbage_bytes += bytes;
		}
	}
	return true;
}

static int count_objects(struct counting *counting, struct nm_error *err)
{
	const struct nm_v8_heap *heap = counting->still->heap;

	for (size_t i = 0; i < heap->page_count; i++) {
		const struct nm_v8_heap_page *page = &heap->pages[i];
		const uint32_t end = i + 1 < heap->page_count ? page[1].first : heap->count;

		if (counting->only != 0 && page->heap != 0 && page->heap != counting->only)
			continue;
		if (!count_page(counting, page, page->first, end))
			return nm_error_nomem(err);
	}
	for (uint32_t i = 0; i < counting->room && i < counting->still->names.texts.count; i++) {
		const struct nm_class *sum = &counting->sums[i];

		if (sum->count + sum->garbage_count > 0 &&
		    nm_classes_add(counting->out,
				   nm_intern_get(&counting->still->names.texts, i, NULL),
				   sum) != NM_OK)
			return nm_error_nomem(err);
	}
	nm_classes_finish(counting->out);
	return NM_OK;
}

static int take_isolates(struct counting *counting, const char *wanted, struct nm_error *err)
{
	const struct nm_v8_isolates *isolates = &counting->still->heap->isolates;
	struct nm_classes *out = counting->out;

	out->isolates = calloc(isolates->count, sizeof(*out->isolates));
	if (!out->isolates)
		return nm_error_nomem(err);
	out->isolate_count = isolates->count;
	for (size_t i = 0; i < isolates->count; i++)
		nm_v8_isolate_name(&isolates->items[i], out->isolates[i].name,
				   sizeof(out->isolates[i].name));
	if (wanted)
		snprintf(out->isolate, sizeof(out->isolate), "%s", wanted);
	return nm_still_find_isolate(counting->still, wanted, &counting->only, err);
}

static void take_figures(const struct nm_still *still, struct nm_classes *out)
{
	const struct nm_v8_process *process = &still->heap->process;
	const struct nm_v8_heap_check *check = &still->heap->check;

	out->pid = process->pid;
	memcpy(out->node, process->program.node, sizeof(out->node));
	memcpy(out->v8, process->program.v8, sizeof(out->v8));
	out->walked_bytes = check->walked;
	out->unexplained_bytes = check->unexplained + check->searched;
	out->pointers = check->pointers;
	out->missed_pointers = check->missed_pointers;
	out->via = still->info.via;
	out->stops = still->info.stops;
	out->stopped_us = still->info.stopped_us;
	out->longest_stop_us = still->info.longest_us;
	out->copied_bytes = still->info.copied_bytes;
	memcpy(out->why_not_fork, still->info.why_not_fork, sizeof(out->why_not_fork));
	out->missing_bytes = still->missing_bytes;
	out->image_us = still->image_us;
	out->walk_us = still->walk_us;
}

/* Ends the still. */
static int count_still(struct nm_still *still, const char *isolate, struct nm_classes *out,
		       struct nm_error *err)
{
	struct counting counting = {.still = still, .out = out};
	int status;

	memset(out, 0, sizeof(*out));
	take_figures(still, out);
	status = take_isolates(&counting, isolate, err);
	if (status == NM_OK)
		status = count_objects(&counting, err);
	free(counting.sums);
	nm_still_done(still);
	if (status != NM_OK)
		nm_classes_done(out);
	return status;
}

int nm_classes_read(struct nm_target *target, const struct nm_classes_options *options,
		    struct nm_classes *out, struct nm_error *err)
{
	struct nm_still still;
	int status = nm_still_take(target, options->via, options->max_stop_us, &still, err);

	return status == NM_OK ? count_still(&still, options->isolate, out, err) : status;
}

int nm_classes_read_core(const char *path, const char *exe,
			 const struct nm_classes_options *options, struct nm_classes *out,
			 struct nm_error *err)
{
	struct nm_still still;
	int status = nm_still_open_core(path, exe, &still, err);

	return status == NM_OK ? count_still(&still, options->isolate, out, err) : status;
}
