#include "view/tui/words.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/units.h"

#define DAYS_MAX 99

const char *nm_words_size(uint64_t bytes, char *out, size_t room)
{
	static const struct {
		uint64_t bytes;
		char name;
	} units[] = {{NM_GIB << 10, 'T'}, {NM_GIB, 'G'}, {NM_MIB, 'M'}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const double value = (double)bytes / (double)units[i].bytes;

		/* What would be shown as 1000 of a unit is one of the next. */
		if (value < 1000.0 / 1024 - 1e-9)
			continue;
		snprintf(out, room, "%.*f%c",
			 value < 9.995	 ? 2
			 : value < 99.95 ? 1
					 : 0,
			 value, units[i].name);
		return out;
	}
	snprintf(out, room, "%" PRIu64 "K", bytes >> 10);
	return out;
}

const char *nm_words_time(uint64_t ms, char *out, size_t room)
{
	const uint64_t s = ms / 1000, days = s / 86400;

	if (s < 60)
		snprintf(out, room, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(out, room, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (days == 0)
		snprintf(out, room, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else if (days <= DAYS_MAX)
		snprintf(out, room, "%" PRIu64 "d%02" PRIu64 "h", days, s / 3600 % 24);
	else if (days < 10000)
		snprintf(out, room, "%" PRIu64 "d", days);
	else
		snprintf(out, room, "%" PRIu64 "y", days / 365);
	return out;
}
