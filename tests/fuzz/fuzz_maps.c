/*
 * fuzz_maps.c - /proc/PID/maps
 */
#include "fuzz.h"
#include "source/proc/maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nm_maps maps;

	nm_maps_init(&maps);
	nm_strbuf_add(&maps.text, (const char *)data, size);
	if (!maps.text.failed && nm_maps_parse(&maps) == NM_OK) {
		for (size_t i = 0; i < maps.count; i++) {
			const struct nm_map *map = &maps.items[i];

			MUST(map->start <= map->end);
			MUST(map->path >= maps.text.text);
			MUST(map->path <= maps.text.text + maps.text.length);
			nm_maps_find(&maps, map->start);
		}
	}
	nm_maps_done(&maps);
	return 0;
}
