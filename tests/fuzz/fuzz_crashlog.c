/*
 * fuzz_crashlog.c - what a dying Node.js says; the first byte cuts the rest into chunks
 */
#include "fuzz.h"
#include "source/crashlog/crashlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nm_crashlog log;
	size_t chunk = size > 0 ? data[0] + 1u : 1;

	nm_crashlog_init(&log);
	for (size_t at = 1; at < size; at += chunk)
		nm_crashlog_feed(&log, (const char *)data + at,
				 size - at < chunk ? size - at : chunk);
	nm_crashlog_end(&log);
	MUST(log.words_count <= NM_WORDS_MAX);
	for (unsigned i = 0; i < log.words_count; i++)
		MUST(log.words[i].gc_count <= NM_GCS_MAX);
	return 0;
}
