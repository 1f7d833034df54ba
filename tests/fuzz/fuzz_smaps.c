/*
 * fuzz_smaps.c - /proc/PID/smaps
 */
#include "fuzz.h"
#include "source/proc/smaps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nm_smaps smaps;

	nm_smaps_init(&smaps);
	nm_strbuf_add(&smaps.maps.text, (const char *)data, size);
	if (!smaps.maps.text.failed && nm_smaps_parse(&smaps) == NM_OK) {
		uint64_t rss = 0;

		for (size_t i = 0; i < smaps.maps.count; i++) {
			const struct nm_map *map = &smaps.maps.items[i];

			MUST(smaps.items[i].rss <= map->end - map->start);
			rss += smaps.items[i].rss;
		}
		MUST(rss == smaps.rss);
	}
	nm_smaps_done(&smaps);
	return 0;
}
