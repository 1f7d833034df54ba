/*
 * fuzz_meminfo.c - /proc/meminfo
 */
#include <string.h>

#include "fuzz.h"
#include "source/proc/meminfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nm_meminfo meminfo;
	char text[4096];

	if (size >= sizeof(text))
		size = sizeof(text) - 1;
	memcpy(text, data, size);
	text[size] = '\0';
	nm_meminfo_parse(text, &meminfo);
	return 0;
}
