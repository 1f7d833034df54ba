/*
 * fuzz_stat.c - /proc/PID/stat and statm
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/proc/stat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct nm_proc_stat stat;
	uint64_t rss;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (nm_proc_stat_parse(text, &stat) == NM_OK) {
		MUST(strlen(stat.comm) < sizeof(stat.comm));
		nm_proc_stat_is_kernel_thread(&stat);
	}
	if (nm_proc_statm_parse(text, 4096, &rss) == NM_OK)
		MUST(rss % 4096 == 0);
	free(text);
	return 0;
}
