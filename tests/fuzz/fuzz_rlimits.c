/*
 * fuzz_rlimits.c - /proc/PID/limits and status
 */
#include <string.h>

#include "fuzz.h"
#include "source/proc/rlimits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nm_rlimits rlimits = {0};
	char text[4096];

	if (size >= sizeof(text))
		size = sizeof(text) - 1;
	memcpy(text, data, size);
	text[size] = '\0';
	nm_rlimits_parse(text, &rlimits);
	nm_rlimits_parse_status(text, &rlimits);
	return 0;
}
