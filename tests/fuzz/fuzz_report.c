/*
 * fuzz_report.c - a diagnostic report, whole or cut
 */
#include "fuzz.h"
#include "source/crashlog/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nm_error err = {.code = NM_OK};
	struct nm_deaths deaths;

	nm_deaths_init(&deaths);
	if (nm_report_read((const char *)data, size, "input", &deaths, &err) == NM_OK)
		MUST(deaths.count == 1 ? deaths.items[0]->ending.headline[0] != '\0'
				       : deaths.note[0] != '\0');
	else
		MUST(err.code != NM_OK && err.message[0] != '\0');
	nm_report_is_one((const char *)data, size);
	nm_deaths_done(&deaths);
	return 0;
}
