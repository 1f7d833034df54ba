#include "cmd/isolate_names.h"

#include "source/target.h"

const char *nm_isolate_names_find(const struct nm_isolate_names *names, uint64_t address)
{
	for (unsigned i = 0; i < NM_ISOLATE_NAMES_MAX && address != 0; i++)
		if (names->items[i].address == address)
			return names->items[i].name;
	return NULL;
}

void nm_isolate_names_see(struct nm_isolate_names *names, const struct nm_target *target)
{
	const struct nm_v8_isolates *isolates = nm_target_isolates(target);

	for (size_t i = 0; i < isolates->count; i++) {
		const struct nm_v8_isolate *isolate = &isolates->items[i];
		unsigned place = 0;

		while (place < NM_ISOLATE_NAMES_MAX &&
		       names->items[place].address != isolate->isolate)
			place++;
		if (place == NM_ISOLATE_NAMES_MAX) {
			place = names->next;
			names->next = (names->next + 1) % NM_ISOLATE_NAMES_MAX;
			names->items[place].address = isolate->isolate;
		}
		nm_v8_isolate_name(isolate, names->items[place].name,
				   sizeof(names->items[place].name));
	}
}
