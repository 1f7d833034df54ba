#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEN_YEARS_MS (UINT64_C(10) * 366 * 24 * 3600 * 1000)

const char *nm_units_mib(uint64_t bytes, char *out, size_t room)
{
	snprintf(out, room, "%.2f", (double)bytes / (double)NM_MIB);
	return out;
}

const char *nm_units_words(uint64_t bytes, char *out, size_t room)
{
	if (bytes < NM_KIB)
		snprintf(out, room, "%" PRIu64 " B", bytes);
	else if (bytes < NM_MIB)
		snprintf(out, room, "%.1f KiB", (double)bytes / (double)NM_KIB);
	else if (bytes < NM_GIB)
		snprintf(out, room, "%.1f MiB", (double)bytes / (double)NM_MIB);
	else
		snprintf(out, room, "%.2f GiB", (double)bytes / (double)NM_GIB);
	return out;
}

const char *nm_units_duration(uint64_t ms, char *out, size_t room)
{
	uint64_t s = ms / 1000;

	if (ms < 1000)
		snprintf(out, room, "%" PRIu64 " ms", ms);
	else if (s < 60)
		snprintf(out, room, "%.1f s", (double)ms / 1000.0);
	else if (s < 3600)
		snprintf(out, room, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, room, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
	else
		snprintf(out, room, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s / 3600 % 24);
	return out;
}

struct suffix {
	const char *text;
	double factor;
};

/* A decimal number >= 0 with one of `suffixes` after it, times that suffix's factor. */
static bool parse_scaled(const char *text, const struct suffix *suffixes, double max, double *out)
{
	char *end;
	double value;

	if (!isdigit((unsigned char)text[0]) && text[0] != '.')
		return false;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return false; /* strtod would take it */
	errno = 0;
	value = strtod(text, &end);
	if (end == text || errno != 0)
		return false;
	for (; suffixes->text; suffixes++) {
		if (strcasecmp(end, suffixes->text) != 0)
			continue;
		value *= suffixes->factor;
		if (!(value <= max))
			return false;
		*out = value;
		return true;
	}
	return false;
}

bool nm_units_parse_duration(const char *text, uint64_t *out_ms)
{
	static const struct suffix suffixes[] = {
		{"", 1e3},     {"ms", 1},     {"s", 1e3},     {"m", 60e3},
		{"min", 60e3}, {"h", 3600e3}, {"d", 86400e3}, {NULL, 0},
	};
	double ms;

	if (!parse_scaled(text, suffixes, (double)TEN_YEARS_MS, &ms))
		return false;
	*out_ms = (uint64_t)llround(ms);
	return true;
}

bool nm_units_parse_bytes(const char *text, uint64_t *out)
{
	static const struct suffix suffixes[] = {
		{"", 1},
		{"b", 1},
		{"k", (double)NM_KIB},
		{"kb", (double)NM_KIB},
		{"kib", (double)NM_KIB},
		{"m", (double)NM_MIB},
		{"mb", (double)NM_MIB},
		{"mib", (double)NM_MIB},
		{"g", (double)NM_GIB},
		{"gb", (double)NM_GIB},
		{"gib", (double)NM_GIB},
		{"t", (double)NM_GIB * 1024},
		{"tib", (double)NM_GIB * 1024},
		{NULL, 0},
	};
	double bytes;

	if (!parse_scaled(text, suffixes, 0x1p53, &bytes))
		return false;
	*out = (uint64_t)bytes;
	return true;
}

bool nm_units_parse_whole(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;
	unsigned long long value;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end != '\0' || errno != 0 || value < min || value > max)
		return false;
	*out = value;
	return true;
}
