#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "model/node_flags.h"

struct flags_case {
	const char *name;
	const char *options; /* NODE_OPTIONS */
	const char *command; /* '|' for the zero byte that ends a word */
	bool heap, semi, inspects;
	unsigned port;
};

static const struct flags_case cases[] = {
	{"nothing", "", "node|app.js|", false, false, false, 9229},
	{"a heap", "", "node|--max-old-space-size=99|app.js|", true, false, false, 9229},
	{"underscores", "", "node|--max_old_space_size=99|app.js|", true, false, false, 9229},
	{"the whole heap", "", "node|--max-heap-size=99|app.js|", true, false, false, 9229},
	{"a part", "--max-old-space-size-percentage=50", "node|a|", true, false, false, 9229},
	{"without a value", "", "node|--max-old-space-size|app.js|", false, false, false, 9229},
	{"the script's own", "", "node|app.js|--max-old-space-size=9|", false, false, false, 9229},
	{"behind a module", "", "node|-r|./a.js|--inspect|app.js|", false, false, true, 9229},
	{"in the environment", "-r ./x.js --max-semi-space-size=16", "node|a|", false, true, false,
	 9229},
	{"with quotes", "--require \"./a b.js\" --inspect=1.2.3.4:99", "node|a|", false, false,
	 true, 99},
	{"a port", "", "node|--inspect=9333|a|", false, false, true, 9333},
	{"host and port", "", "node|--inspect-brk=0.0.0.0:9333|a|", false, false, true, 9333},
	{"of version 6", "", "node|--inspect-wait=[::]:9333|a|", false, false, true, 9333},
	{"a host", "", "node|--inspect=0.0.0.0|a|", false, false, true, 9229},
	{"only a port", "", "node|--inspect-port=9333|a|", false, false, false, 9333},
	{"the last counts", "--inspect=1", "node|--inspect=2|--inspect-port=3|a|", false, false,
	 true, 3},
	{"no port", "", "node|--inspect=1.2.3.4:99999|a|", false, false, true, 9229},
	{"cut in a word", "", "node|--inspect=9333", false, false, false, 9229},
	{"an empty word", "", "node||--inspect|", false, false, false, 9229},
	{"no words", "", "", false, false, false, 9229},
	{"behind two dashes", "", "node|--|--inspect|", false, false, false, 9229},
};

static void flags_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct flags_case *one = &cases[i];
		size_t size = strlen(one->command);
		struct nm_node_flags flags;
		char words[256];

		for (size_t k = 0; k <= size; k++)
			words[k] = one->command[k] == '|' ? '\0' : one->command[k];
		nm_node_flags_init(&flags);
		nm_node_flags_add_options(&flags, one->options);
		nm_node_flags_add_command(&flags, words, size);
		if (flags.sets_heap != one->heap || flags.sets_semi != one->semi ||
		    flags.inspects != one->inspects || flags.inspector_port != one->port)
			fail_msg("%s: port %u", one->name, flags.inspector_port);
	}
}

static void a_very_long_word_does_no_harm(void **state)
{
	static char words[100000];
	struct nm_node_flags flags;

	(void)state;
	memset(words, '-', sizeof(words));
	words[4] = '\0';
	words[sizeof(words) - 12] = '\0';
	memcpy(words + sizeof(words) - 11, "--inspect", 10);
	nm_node_flags_init(&flags);
	nm_node_flags_add_command(&flags, words, sizeof(words));
	assert_true(flags.inspects);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_are_read),
		cmocka_unit_test(a_very_long_word_does_no_harm),
	};

	return cmocka_run_group_tests_name("node_flags", tests, NULL, NULL);
}
