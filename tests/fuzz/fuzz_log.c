/*
 * fuzz_log.c - a log in which processes die; the first byte cuts the rest into pieces
 */
#include "fuzz.h"
#include "source/crashlog/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece = size > 0 ? data[0] + 1u : 1;
	struct nm_deaths deaths;
	struct nm_log *log;

	nm_deaths_init(&deaths);
	log = nm_log_open(&deaths);
	if (!log)
		return 0;
	for (size_t at = 1; at < size; at += piece)
		nm_log_feed(log, (const char *)data + at, size - at < piece ? size - at : piece);
	nm_log_end(log);
	nm_log_close(log);
	MUST(deaths.count <= deaths.total);
	for (size_t i = 0; i < deaths.count; i++) {
		const struct nm_ending *ending = &deaths.items[i]->ending;

		MUST(ending->headline[0] && ending->evidence_count > 0);
		MUST(ending->cause != NM_CAUSE_UNKNOWN);
		MUST(deaths.items[i]->line <= deaths.lines);
	}
	nm_deaths_done(&deaths);
	return 0;
}
