#include "source/remote/image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Memory to be unmapped in the end. */
struct mapping {
	void *bytes;
	size_t size;
};

struct nm_image {
	struct nm_image_range *ranges;
	size_t range_count, range_room;
	struct mapping *mappings;
	size_t mapping_count, mapping_room;
	struct nm_image_thread *threads;
	size_t thread_count, thread_room;
	struct nm_maps maps;
};

struct nm_image *nm_image_new(void)
{
	struct nm_image *image = calloc(1, sizeof(*image));

	if (image)
		nm_maps_init(&image->maps);
	return image;
}

/* Room for one more element of `size` bytes in the array at `items`. */
static bool reserve(void **items, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 64;
	void *grown;

	if (count < *room)
		return true;
	grown = realloc(*items, more * size);
	if (!grown)
		return false;
	*items = grown;
	*room = more;
	return true;
}

int nm_image_lend(struct nm_image *image, nm_addr start, uint64_t size, const void *bytes)
{
	if (size == 0)
		return NM_OK;
	if (!reserve((void **)&image->ranges, image->range_count, &image->range_room,
		     sizeof(*image->ranges)))
		return NM_E_NOMEM;
	image->ranges[image->range_count++] = (struct nm_image_range){start, size, bytes};
	return NM_OK;
}

int nm_image_keep(struct nm_image *image, uint64_t size, void *bytes)
{
	if (!reserve((void **)&image->mappings, image->mapping_count, &image->mapping_room,
		     sizeof(*image->mappings)))
		return NM_E_NOMEM;
	image->mappings[image->mapping_count++] = (struct mapping){bytes, size};
	return NM_OK;
}

int nm_image_give(struct nm_image *image, nm_addr start, uint64_t size, void *bytes)
{
	if (nm_image_keep(image, size, bytes) != NM_OK) {
		munmap(bytes, size);
		return NM_E_NOMEM;
	}
	return nm_image_lend(image, start, size, bytes);
}

int nm_image_add_thread(struct nm_image *image, pid_t id, nm_addr sp)
{
	if (!reserve((void **)&image->threads, image->thread_count, &image->thread_room,
		     sizeof(*image->threads)))
		return NM_E_NOMEM;
	image->threads[image->thread_count++] = (struct nm_image_thread){id, sp};
	return NM_OK;
}

void nm_image_set_maps(struct nm_image *image, struct nm_maps *maps)
{
	nm_maps_done(&image->maps);
	image->maps = *maps;
	nm_maps_init(maps);
}

static int by_start(const void *a, const void *b)
{
	const struct nm_image_range *left = a, *right = b;

	return left->start < right->start ? -1 : left->start > right->start;
}

int nm_image_seal(struct nm_image *image)
{
	size_t kept = 0;

	if (image->range_count > 0)
		qsort(image->ranges, image->range_count, sizeof(*image->ranges), by_start);
	for (size_t i = 0; i < image->range_count; i++) {
		const struct nm_image_range *range = &image->ranges[i];
		struct nm_image_range *last = kept ? &image->ranges[kept - 1] : NULL;

		if (range->size > UINT64_MAX - range->start ||
		    (last && range->start < last->start + last->size))
			return NM_E_CORRUPT;
		if (last && range->start == last->start + last->size &&
		    range->bytes == last->bytes + last->size)
			last->size += range->size;
		else
			image->ranges[kept++] = *range;
	}
	image->range_count = kept;
	return NM_OK;
}

const unsigned char *nm_image_at(const struct nm_image *image, nm_addr addr, uint64_t size)
{
	size_t low = 0, high = image->range_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct nm_image_range *range = &image->ranges[middle];

		if (addr < range->start)
			high = middle;
		else if (addr - range->start >= range->size)
			low = middle + 1;
		else
			return size <= range->size - (addr - range->start)
				       ? range->bytes + (addr - range->start)
				       : NULL;
	}
	return NULL;
}

bool nm_image_word(const struct nm_image *image, nm_addr addr, uint64_t *out)
{
	const unsigned char *bytes = nm_image_at(image, addr, sizeof(*out));

	if (!bytes)
		return false;
	memcpy(out, bytes, sizeof(*out));
	return true;
}

size_t nm_image_range_count(const struct nm_image *image)
{
	return image->range_count;
}

struct nm_image_range nm_image_range(const struct nm_image *image, size_t index)
{
	return image->ranges[index];
}

size_t nm_image_thread_count(const struct nm_image *image)
{
	return image->thread_count;
}

struct nm_image_thread nm_image_thread(const struct nm_image *image, size_t index)
{
	return image->threads[index];
}

const struct nm_maps *nm_image_maps(const struct nm_image *image)
{
	return &image->maps;
}

void nm_image_free(struct nm_image *image)
{
	if (!image)
		return;
	for (size_t i = 0; i < image->mapping_count; i++)
		munmap(image->mappings[i].bytes, image->mappings[i].size);
	free(image->mappings);
	free(image->ranges);
	free(image->threads);
	nm_maps_done(&image->maps);
	free(image);
}
