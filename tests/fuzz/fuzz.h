/*
 * fuzz.h - what each fuzz_<parser>.c defines, for libFuzzer or driver.c to call
 */
#ifndef NM_TESTS_FUZZ_H
#define NM_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Parse `data`, look at every result, free it all. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the parser says must hold, or the program aborts. */
#define MUST(condition)                   \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

#endif
