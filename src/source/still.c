#include "source/still.h"

#include <string.h>
#include <time.h>

#include "base/units.h"
#include "source/remote/core.h"

/* Images taken until one is good: a collection can begin in another isolate. */
#define TRIES 5

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Is no isolate collecting? One that cannot be read has ended. */
static bool is_quiet(void *context)
{
	struct nm_target *target = context;
	const struct nm_v8_process *process = nm_target_process(target);
	const struct nm_v8_isolates *isolates = nm_target_isolates(target);

	for (size_t i = 0; i < isolates->count; i++) {
		uint32_t state = 0;

		if (nm_reader_get(process->reader,
				  isolates->items[i].heap + (uint64_t)process->layout.heap_gc_state,
				  &state, sizeof(state)) &&
		    state != 0)
			return false;
	}
	return true;
}

/* Names that the target gave its isolates are kept; one that it has not met yet comes after them. */
static void number_isolates(const struct nm_v8_isolates *known, struct nm_v8_isolates *found)
{
	unsigned last = 0;

	for (size_t i = 0; i < known->count; i++)
		if (known->items[i].number > last)
			last = known->items[i].number;
	for (size_t i = 0; i < found->count; i++) {
		struct nm_v8_isolate *isolate = &found->items[i];

		isolate->number = 0;
		for (size_t k = 0; k < known->count; k++)
			if (known->items[k].isolate == isolate->isolate)
				isolate->number = known->items[k].number;
		if (isolate->number == 0 && !isolate->is_main)
			isolate->number = ++last;
	}
}

static void add_cost(struct nm_frozen_info *sum, const struct nm_frozen_info *info)
{
	const unsigned stops = sum->stops + info->stops;
	const uint64_t stopped_us = sum->stopped_us + info->stopped_us;
	const uint64_t longest_us =
		sum->longest_us > info->longest_us ? sum->longest_us : info->longest_us;

	*sum = *info;
	sum->stops = stops;
	sum->stopped_us = stopped_us;
	sum->longest_us = longest_us;
}

static int try_once(struct nm_target *target, const struct nm_frozen_options *options,
		    struct nm_still *out, struct nm_error *err)
{
	struct nm_v8_process *process = nm_target_process(target);
	struct nm_frozen_info info;
	uint64_t begun = now_us(), taken;
	int status;

	memset(&info, 0, sizeof(info));
	status = nm_frozen_take(process->pid, process->pid_dir, &process->pagemap, options,
				&out->image, &info, err);
	add_cost(&out->info, &info);
	taken = now_us();
	out->image_us += taken - begun;
	if (status != NM_OK)
		return status;
	status = nm_v8_heap_new(process, out->image, false, &out->heap, err);
	out->walk_us += now_us() - taken;
	if (status != NM_OK) {
		nm_image_free(out->image);
		out->image = NULL;
	}
	return status;
}

int nm_still_take(struct nm_target *target, enum nm_via via, uint64_t max_stop_us,
		  struct nm_still *out, struct nm_error *err)
{
	const struct nm_frozen_options options = {
		.via = via, .max_stop_us = max_stop_us, .is_quiet = is_quiet, .context = target};
	int status = NM_E_BUSY;

	memset(out, 0, sizeof(*out));
	for (int i = 0; i < TRIES && status == NM_E_BUSY; i++)
		status = try_once(target, &options, out, err);
	out->missing_bytes = out->info.swapped_bytes;
	if (status == NM_OK) {
		number_isolates(nm_target_isolates(target), &out->heap->isolates);
		status = nm_v8_names_init(&out->names, out->heap, err);
	}
	if (status != NM_OK)
		nm_still_done(out);
	return status;
}

static int open_core(const char *path, const char *exe, struct nm_still *out, struct nm_error *err)
{
	const struct nm_v8_isolates none = {NULL, 0};
	struct nm_core_info info;
	uint64_t begun = now_us();
	int status = nm_core_open(path, &out->image, &info, err);

	if (status != NM_OK)
		return status;
	out->missing_bytes = info.missing_bytes;
	out->image_us = now_us() - begun;
	out->info.via = NM_VIA_CORE;
	out->info.copied_bytes = info.copied_bytes;
	if (!exe && !info.executable[0])
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "%s does not say of which program it is (name it with --exe "
				    "NODE_BINARY)",
				    path);
	out->has_own = true;
	status = nm_v8_process_open_core(info.pid, out->image, exe ? exe : info.executable,
					 info.executable, &out->own, err);
	if (status == NM_OK)
		status = nm_v8_process_choose_layout(&out->own, path, err);
	if (status == NM_OK)
		status = nm_v8_heap_new(&out->own, out->image, true, &out->heap, err);
	if (status == NM_OK) {
		number_isolates(&none, &out->heap->isolates);
		status = nm_v8_names_init(&out->names, out->heap, err);
	}
	out->walk_us = now_us() - begun - out->image_us;
	return status;
}

/* Where much is missing, that is what to say first. */
static int blame_cut(const char *path, uint64_t missing, struct nm_error *err)
{
	struct nm_error why = *err;
	char text[32];

	return nm_error_set(err, why.code, "%s is cut, %s of it are missing: %s", path,
			    nm_units_words(missing, text, sizeof(text)), why.message);
}

int nm_still_open_core(const char *path, const char *exe, struct nm_still *out,
		       struct nm_error *err)
{
	int status;

	memset(out, 0, sizeof(*out));
	status = open_core(path, exe, out, err);
	if (status != NM_OK && out->missing_bytes > 0)
		status = blame_cut(path, out->missing_bytes, err);
	if (status != NM_OK)
		nm_still_done(out);
	return status;
}

int nm_still_find_isolate(const struct nm_still *still, const char *name, nm_addr *out_heap,
			  struct nm_error *err)
{
	const struct nm_v8_isolates *isolates = &still->heap->isolates;
	char known[24];

	*out_heap = 0;
	for (size_t i = 0; name && i < isolates->count; i++) {
		nm_v8_isolate_name(&isolates->items[i], known, sizeof(known));
		if (strcmp(name, known) == 0)
			*out_heap = isolates->items[i].heap;
	}
	if (!name || *out_heap != 0)
		return NM_OK;
	return nm_error_set(
		err, NM_E_USAGE,
		"process %d has no isolate '%s' (nodemem histo without --isolate lists those it has)",
		(int)still->heap->process.pid, name);
}

void nm_still_done(struct nm_still *still)
{
	nm_v8_names_done(&still->names);
	nm_v8_heap_free(still->heap);
	if (still->has_own)
		nm_v8_process_close(&still->own);
	nm_image_free(still->image);
	memset(still, 0, sizeof(*still));
}
