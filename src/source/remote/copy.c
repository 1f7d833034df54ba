#include "source/remote/copy.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Large enough for a page of V8 that has a hole in it: those are of 256 KiB. */
#define GAP_MAX (UINT64_C(256) << 10)
/* Pieces of one read: few enough bytes that the clock is looked at every other millisecond. */
#define BATCH_BYTES  (UINT64_C(4) << 20)
#define BATCH_PIECES 256
/* Less is not worth a second thread. */
#define SHARED_FROM (UINT64_C(8) << 20)

void nm_copy_init(struct nm_copy *copy)
{
	memset(copy, 0, sizeof(*copy));
	nm_maps_init(&copy->maps);
}

/* Memory that only this process can change, and that its program may have changed. */
bool nm_copy_wants(const struct nm_map *map)
{
	if (!(map->access & NM_MAP_READ) || (map->access & NM_MAP_SHARED))
		return false;
	if (map->inode != 0)
		return (map->access & NM_MAP_WRITE) != 0;
	return map->path[0] != '[' || strcmp(map->path, "[heap]") == 0 ||
	       strncmp(map->path, "[stack", 6) == 0 || nm_map_is_anonymous(map);
}

static bool is_planned(const struct nm_copy *copy, const struct nm_map *map)
{
	return nm_copy_wants(map) && !(copy->left_out && nm_maps_find(copy->left_out, map->start));
}

static bool add_piece(struct nm_copy *copy, nm_addr start, uint64_t size, uint64_t gap)
{
	if (copy->count == copy->piece_room) {
		size_t room = copy->piece_room ? 2 * copy->piece_room : 4096;
		struct nm_copy_piece *pieces = realloc(copy->pieces, room * sizeof(*pieces));

		if (!pieces)
			return false;
		copy->pieces = pieces;
		copy->piece_room = room;
	}
	copy->pieces[copy->count++] = (struct nm_copy_piece){
		.start = start, .size = size, .at = copy->size + gap, .gap = gap};
	copy->size += gap + size;
	copy->present += size;
	return true;
}

/* A run in pieces that a read can take. */
static bool add_run(struct nm_copy *copy, nm_addr start, nm_addr end, uint64_t gap)
{
	while (start < end) {
		uint64_t size = end - start < BATCH_BYTES ? end - start : BATCH_BYTES;

		if (!add_piece(copy, start, size, gap))
			return false;
		start += size;
		gap = 0;
	}
	return true;
}

/* Mappings that are alike and lie one behind the other are asked about at once. */
static size_t count_together(const struct nm_copy *copy, size_t first)
{
	const struct nm_maps *maps = &copy->maps;
	size_t next = first + 1;

	/* One that is not wanted must not hide its neighbours. */
	if (!is_planned(copy, &maps->items[first]))
		return 1;
	while (next < maps->count && maps->items[next].start == maps->items[next - 1].end &&
	       maps->items[next].inode == 0 && maps->items[first].inode == 0 &&
	       is_planned(copy, &maps->items[next]))
		next++;
	return next - first;
}

static bool add_pages(struct nm_copy *copy, struct nm_pagemap *pagemap, nm_addr start, nm_addr end,
		      bool may_bridge)
{
	struct nm_pagemap_run run;
	nm_addr last = 0;

	for (nm_addr from = start; nm_pagemap_next_run(pagemap, from, end, &run); from = run.end) {
		uint64_t gap = last && may_bridge ? run.start - last : 0;

		if (run.is_zero)
			continue;
		if (run.is_swapped) {
			copy->swapped += run.end - run.start;
			last = 0;
			continue;
		}
		if (!add_run(copy, run.start, run.end, gap <= GAP_MAX ? gap : 0))
			return false;
		last = run.end;
	}
	return true;
}

int nm_copy_plan_pages(struct nm_copy *copy, struct nm_pagemap *pagemap, struct nm_error *err)
{
	const struct nm_maps *maps = &copy->maps;

	if (!nm_pagemap_is_known(pagemap))
		return nm_error_set(err, NM_E_PERM,
				    "cannot tell which pages of the process are in memory: "
				    "/proc/PID/pagemap cannot be read (run as the same user, or "
				    "as root)");
	nm_pagemap_reset(pagemap);
	copy->count = 0;
	copy->size = copy->present = copy->swapped = copy->unread = 0;
	for (size_t i = 0, together; i < maps->count; i += together) {
		together = count_together(copy, i);
		if (is_planned(copy, &maps->items[i]) &&
		    !add_pages(copy, pagemap, maps->items[i].start,
			       maps->items[i + together - 1].end, maps->items[i].inode == 0))
			return nm_error_nomem(err);
	}
	return NM_OK;
}

int nm_copy_plan(struct nm_copy *copy, int pid_dir, struct nm_pagemap *pagemap,
		 struct nm_error *err)
{
	int failed = nm_maps_read(pid_dir, &copy->maps);

	if (failed == -ENOENT || failed == -ESRCH)
		return nm_error_set(err, NM_E_GONE, "the process has ended");
	if (failed)
		return nm_error_set_errno(err, failed == -EACCES ? NM_E_PERM : NM_E_IO, -failed,
					  "cannot read the mappings of the process");
	return nm_copy_plan_pages(copy, pagemap, err);
}

int nm_copy_make_room(struct nm_copy *copy, uint64_t spare, const char *what, struct nm_error *err)
{
	if (copy->room.bytes && copy->room.size >= copy->size)
		return NM_OK;
	nm_room_done(&copy->room);
	return nm_room_make(copy->size + spare, what, &copy->room, err);
}

/* What the threads that read share. */
struct reading {
	struct nm_copy *copy;
	const struct nm_copy_source *source;
	bool (*may_go_on)(void *context);
	void *context;
	pthread_mutex_t lock;
	size_t next; /* the piece to go on with */
	bool was_told_to_end;
};

static size_t count_batch(const struct nm_copy *copy, size_t first)
{
	uint64_t size = 0;
	size_t count = 0;

	while (count < BATCH_PIECES && first + count < copy->count &&
	       (count == 0 || size + copy->pieces[first + count].size <= BATCH_BYTES))
		size += copy->pieces[first + count++].size;
	return count;
}

/* The next pieces to read; 0 when there are none. */
static size_t take_batch(struct reading *reading, size_t *out_first)
{
	size_t count = 0;

	pthread_mutex_lock(&reading->lock);
	if (!reading->was_told_to_end && !reading->may_go_on(reading->context))
		reading->was_told_to_end = true;
	if (!reading->was_told_to_end)
		count = count_batch(reading->copy, reading->next);
	*out_first = reading->next;
	reading->next += count;
	pthread_mutex_unlock(&reading->lock);
	return count;
}

/* Read pieces up to the first that cannot be read whole, which is marked. Returns how many are done
   with. */
static size_t read_some(const struct nm_copy *copy, const struct nm_copy_source *source,
			struct nm_copy_piece *pieces, size_t count)
{
	struct iovec local[BATCH_PIECES] = {{0}}, remote[BATCH_PIECES] = {{0}};
	ssize_t got;

	for (size_t i = 0; i < count; i++) {
		local[i] = (struct iovec){copy->room.bytes + pieces[i].at, pieces[i].size};
		remote[i] = (struct iovec){(void *)(uintptr_t)pieces[i].start, pieces[i].size};
	}
	if (source->mem >= 0) { /* runs are long, and each is a call */
		got = pread(source->mem, local[0].iov_base, local[0].iov_len,
			    (off_t)pieces[0].start);
		pieces[0].is_unread = got != (ssize_t)pieces[0].size;
		return 1;
	}
	got = process_vm_readv(source->pid, local, count, remote, count, 0);
	for (size_t i = 0; i < count; i++) {
		if (got < (ssize_t)pieces[i].size) {
			pieces[i].is_unread = true;
			return i + 1;
		}
		got -= (ssize_t)pieces[i].size;
	}
	return count;
}

static void *read_batches(void *context)
{
	struct reading *reading = context;
	struct nm_copy *copy = reading->copy;
	size_t first, count;

	while ((count = take_batch(reading, &first)) > 0)
		for (size_t done = 0; done < count;)
			done += read_some(copy, reading->source, copy->pieces + first + done,
					  count - done);
	return NULL;
}

bool nm_copy_read(struct nm_copy *copy, const struct nm_copy_source *source,
		  bool (*may_go_on)(void *context), void *context)
{
	struct reading reading = {
		.copy = copy,
		.source = source,
		.may_go_on = may_go_on,
		.context = context,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	pthread_t second;
	bool is_helped = source->threads > 1 && copy->present >= SHARED_FROM &&
			 pthread_create(&second, NULL, read_batches, &reading) == 0;

	read_batches(&reading);
	if (is_helped)
		pthread_join(second, NULL);
	copy->unread = copy->reached = 0;
	for (size_t i = 0; i < reading.next; i++) {
		copy->reached += copy->pieces[i].size;
		copy->unread += copy->pieces[i].is_unread ? copy->pieces[i].size : 0;
	}
	return !reading.was_told_to_end;
}

int nm_copy_move(struct nm_copy *copy, struct nm_image *image, struct nm_error *err)
{
	int status = NM_OK;

	nm_room_cut(&copy->room, copy->size);
	for (size_t i = 0; i < copy->count && status == NM_OK; i++) {
		const struct nm_copy_piece *piece = &copy->pieces[i];

		if (!piece->is_unread)
			status = nm_image_lend(image, piece->start - piece->gap,
					       piece->gap + piece->size,
					       copy->room.bytes + piece->at - piece->gap);
	}
	if (status == NM_OK && copy->room.bytes)
		status = nm_image_keep(image, copy->room.size, copy->room.bytes);
	if (status != NM_OK)
		return nm_error_nomem(err);
	copy->room = (struct nm_room){NULL, 0};
	nm_image_set_maps(image, &copy->maps);
	return NM_OK;
}

void nm_copy_done(struct nm_copy *copy)
{
	nm_room_done(&copy->room);
	nm_maps_done(&copy->maps);
	free(copy->pieces);
	memset(copy, 0, sizeof(*copy));
}
