/*
 * fuzz_core.c - a core file: its segments, notes and memory
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "source/remote/core.h"

static void look(const struct nm_image *image)
{
	const struct nm_maps *maps = nm_image_maps(image);
	uint64_t word, last = 0;

	for (size_t i = 0; i < nm_image_range_count(image); i++) {
		struct nm_image_range range = nm_image_range(image, i);

		MUST(range.size > 0 && range.start >= last);
		last = range.start + range.size;
		MUST(nm_image_at(image, range.start, range.size) == range.bytes);
		MUST(range.size < 8 || nm_image_word(image, last - 8, &word));
		MUST(nm_maps_find(maps, range.start));
	}
	last = 0;
	for (size_t i = 0; i < maps->count; i++) {
		MUST(maps->items[i].start >= last && maps->items[i].end > maps->items[i].start);
		last = maps->items[i].end;
		MUST(strlen(maps->items[i].path) < 1 << 20);
	}
	for (size_t i = 0; i < nm_image_thread_count(image); i++)
		nm_image_word(image, nm_image_thread(image, i).sp, &word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct nm_core_info info;
	struct nm_image *image;

	if (fd < 0)
		return 0;
	if (write(fd, data, size) == (ssize_t)size) {
		nm_core_is(fd);
		if (nm_core_open_fd(fd, "fuzz", &image, &info, NULL) == NM_OK) {
			MUST(info.copied_bytes <= size);
			MUST(info.is_truncated == (info.missing_bytes > 0));
			look(image);
			nm_image_free(image);
		}
	}
	close(fd);
	return 0;
}
