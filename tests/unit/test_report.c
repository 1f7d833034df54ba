/*
 * test_report.c - diagnostic reports, whole, cut at every byte, and nonsense
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/crashlog/report.h"

#define TEXT_MAX 65536

static size_t read_fixture(const char *name, char *text)
{
	char path[512];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "%s/why/report-%s.json", FIXTURES, name);
	file = fopen(path, "r");
	assert_non_null(file);
	length = fread(text, 1, TEXT_MAX - 1, file);
	text[length] = '\0';
	fclose(file);
	return length;
}

static void each_report_has_its_cause(void **state)
{
	static const struct {
		const char *name;
		enum nm_cause cause;
		const char *part; /* of the reason */
	} cases[] = {
		{"large-18.20.8", NM_CAUSE_V8_HEAP_LIMIT, "few large arrays"},
		{"small-26.10.0", NM_CAUSE_V8_HEAP_LIMIT, "many small objects"},
		{"worker-20.20.2", NM_CAUSE_V8_HEAP_LIMIT, "ERR_WORKER_OUT_OF_MEMORY"},
		{"table-24.21.0", NM_CAUSE_V8_OTHER_OOM, "was not full"},
		{"error-24.21.0", NM_CAUSE_EXIT, "TypeError: some failure of mine"},
		{"cut-22.23.3", NM_CAUSE_V8_HEAP_LIMIT, "ended the process"},
	};
	static char text[TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t length = read_fixture(cases[i].name, text);
		struct nm_deaths deaths;
		struct nm_error err;

		assert_true(nm_report_is_one(text, length));
		nm_deaths_init(&deaths);
		assert_int_equal(nm_report_read(text, length, "r", &deaths, &err), NM_OK);
		assert_int_equal(deaths.count, 1);
		if (deaths.items[0]->ending.cause != cases[i].cause ||
		    !strstr(deaths.items[0]->ending.reason, cases[i].part))
			fail_msg("%s: %s", cases[i].name, deaths.items[0]->ending.reason);
		nm_deaths_done(&deaths);
	}
}

static void one_that_ended_nothing_is_no_death(void **state)
{
	static char text[TEXT_MAX];
	size_t length = read_fixture("signal-22.23.3", text);
	struct nm_deaths deaths;
	struct nm_error err;

	(void)state;
	nm_deaths_init(&deaths);
	assert_int_equal(nm_report_read(text, length, "r", &deaths, &err), NM_OK);
	assert_int_equal(deaths.count, 0);
	assert_non_null(strstr(deaths.note, "a signal"));
	nm_deaths_done(&deaths);
}

static void cut_at_any_byte_it_is_read_as_far_as_it_goes(void **state)
{
	static char text[TEXT_MAX];
	size_t length = read_fixture("large-18.20.8", text);
	unsigned causes = 0;

	(void)state;
	for (size_t cut = 0; cut < length; cut += 7) {
		/* A copy of just that length, so that reading past it is seen. */
		char *part = malloc(cut + 1);
		struct nm_deaths deaths;
		struct nm_error err = {.code = NM_OK};
		int status;

		assert_non_null(part);
		memcpy(part, text, cut);
		nm_deaths_init(&deaths);
		status = nm_report_read(part, cut, "r", &deaths, &err);
		if (status == NM_OK && deaths.count > 0)
			causes += deaths.items[0]->ending.cause == NM_CAUSE_V8_HEAP_LIMIT;
		assert_true(status == NM_OK || err.message[0] != '\0');
		nm_deaths_done(&deaths);
		free(part);
	}
	assert_true(causes > length / 7 / 2);
}

static void nonsense_is_an_error_or_unknown(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{\"header\":{}}",
		"{\"header\":[]}",
		"{\"header\":7}",
		"{\"header\":{\"trigger\":\"OOMError\"},\"javascriptHeap\":{\"usedMemory\":-5}}",
		"{\"header\":{\"trigger\":\"OOMError\"},\"javascriptHeap\":{\"memoryLimit\":1e300}}",
		"{\"header\":{\"trigger\":\"OOMError\"},\"javascriptHeap\":{\"heapSpaces\":[7]}}",
		"{\"header\":{\"trigger\":\"Exception\"},\"javascriptStack\":{\"stack\":7}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct nm_deaths deaths;
		struct nm_error err = {.code = NM_OK};
		int status;

		nm_deaths_init(&deaths);
		status = nm_report_read(texts[i], strlen(texts[i]), "r", &deaths, &err);
		assert_true(status == NM_OK || err.message[0] != '\0');
		if (deaths.count > 0)
			assert_int_equal(deaths.items[0]->ending.processes[0].has, 0);
		nm_deaths_done(&deaths);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_report_has_its_cause),
		cmocka_unit_test(one_that_ended_nothing_is_no_death),
		cmocka_unit_test(cut_at_any_byte_it_is_read_as_far_as_it_goes),
		cmocka_unit_test(nonsense_is_an_error_or_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
