/*
 * test_prefix.c - what loggers write before a line
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "source/crashlog/prefix.h"

struct expected {
	const char *line, *text, *name, *when;
	pid_t pid;
};

static const struct expected cases[] = {
	{"TypeError: x", "TypeError: x", "", "", 0},
	{"    ^", "    ^", "", "", 0},
	{"Nov  8 13:41:48 web1 node[4121]:     at f", "    at f", "node", "Nov  8 13:41:48", 4121},
	{"Nov 28 13:41:48 web1 kernel: node[3400]: segfault at 10", "node[3400]: segfault at 10",
	 "kernel", "Nov 28 13:41:48", 0},
	{"Nov 28 13:41:48 web1 kernel: [ 4021.10] x", "x", "kernel",
	 "4021.10 s after the machine started", 0},
	{"[ 4021.104513] node[3400]: segfault at 10", "node[3400]: segfault at 10", "kernel",
	 "4021.104513 s after the machine started", 0},
	{"[Sat Nov 28 13:00:00 2026] Out of memory: x", "Out of memory: x", "kernel",
	 "Sat Nov 28 13:00:00 2026", 0},
	{"2026-11-28T13:41:48.123456789Z stderr F     ^", "    ^", "",
	 "2026-11-28T13:41:48.123456789Z", 0},
	{"2026-11-28T13:41:48+01:00 web1 node[7]: x", "x", "node", "2026-11-28T13:41:48+01:00", 7},
	{"2026-11-28 13:41:48,123 +0100 x", "x", "", "2026-11-28 13:41:48,123 +0100", 0},
	{"2026-11-28T14:01:02.123456+00:00 app[web.1]: x", "x", "web.1",
	 "2026-11-28T14:01:02.123456+00:00", 0},
	{"web-1  |     ^", "    ^", "web-1", "", 0},
	{"web-1  |", "", "web-1", "", 0},
	{"0|app  | 2026-11-28T13:41:48: x", "x", "app", "2026-11-28T13:41:48", 0},
	{"[pod/web-6d2c/app] x", "x", "web-6d2c/app", "", 0},
	{"<3>x", "x", "", "", 0},
	{"{\"log\":\"\\u001b[31m  a \\\"b\\\" \\u003c\\n\",\"stream\":\"stderr\",\"time\":\"2026\"}",
	 "  a \"b\" <", "", "2026", 0},
	/* These are part of the line. */
	{"2026-11-28T13:41:48Z FATAL ERROR: Reached", "FATAL ERROR: Reached", "",
	 "2026-11-28T13:41:48Z", 0},
	{"[4121:0x5581a0]      970 ms: Scavenge", "[4121:0x5581a0]      970 ms: Scavenge", "", "",
	 0},
	{"node[4121]: assertion", "node[4121]: assertion", "", "", 0},
	{"a | b", "b", "a", "", 0},
	{"{\"log\":\"", "", "", "", 0},
	{"{\"log\":\"\\u", "?", "", "", 0},
	{"", "", "", "", 0},
	{"[", "[", "", "", 0},
	{"[1.", "[1.", "", "", 0},
};

static void prefixes_are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_prefix prefix;

		nm_prefix_strip(cases[i].line, &prefix);
		if (strcmp(prefix.text, cases[i].text) != 0 ||
		    strcmp(prefix.name, cases[i].name) != 0 ||
		    strcmp(prefix.when, cases[i].when) != 0 || prefix.pid != cases[i].pid)
			fail_msg("'%s': text '%s', name '%s', when '%s', pid %d", cases[i].line,
				 prefix.text, prefix.name, prefix.when, (int)prefix.pid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
