/*
 * fuzz_saved.c - a ledger that was written as JSON
 */
#include "fuzz.h"
#include "source/ledger/saved.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nm_ledger ledger;
	struct nm_error err = {.code = NM_OK};

	if (nm_ledger_parse((const char *)data, size, "input", &ledger, &err) == NM_OK) {
		uint64_t sum = 0;

		for (size_t i = 0; i < ledger.part_count; i++)
			sum += ledger.parts[i].rss;
		MUST(sum == ledger.rss);
		nm_ledger_done(&ledger);
	} else {
		MUST(err.code != NM_OK && err.message[0] != '\0');
	}
	return 0;
}
