#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "source/proc/stat.h"
#include "tree.h"

#define TAIL(flags) " 1 100 100 0 -1 " flags " 5 6 7 8 9 10 11 12 20 0 13 0 777 99 15\n"

struct parse_case {
	const char *text;
	int status;
	const char *comm;
	char state;
	bool is_kernel_thread;
};

static void a_stat_line_is_read_or_refused(void **state)
{
	static const struct parse_case cases[] = {
		{"42 (node) S" TAIL("4194560"), NM_OK, "node", 'S', false},
		{"42 (a b) R" TAIL("4194560"), NM_OK, "a b", 'R', false},
		{"42 (x) R 1 (y) Z" TAIL("4194560"), NM_OK, "x) R 1 (y", 'Z', false},
		{"42 () S" TAIL("4194560"), NM_OK, "", 'S', false},
		{"2 (kthreadd) S" TAIL("2129984"), NM_OK, "kthreadd", 'S', true},
		{"", NM_E_CORRUPT, "", 0, false},
		{"42 node S" TAIL("4194560"), NM_E_CORRUPT, "", 0, false},
		{"42 )node( S" TAIL("4194560"), NM_E_CORRUPT, "", 0, false},
		{"42 (node)", NM_E_CORRUPT, "", 0, false},
		{"42 (node) S 1 100 100 0 -1 4194560 5 6", NM_E_CORRUPT, "", 0, false},
		{"42 (node) S x" TAIL("4194560"), NM_E_CORRUPT, "", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_proc_stat stat = {.comm = ""};

		assert_int_equal(nm_proc_stat_parse(cases[i].text, &stat), cases[i].status);
		assert_string_equal(stat.comm, cases[i].comm);
		assert_int_equal(stat.state, cases[i].state);
		assert_int_equal(nm_proc_stat_is_kernel_thread(&stat), cases[i].is_kernel_thread);
		if (cases[i].status == NM_OK) {
			assert_int_equal(stat.parent, 1);
			assert_int_equal(stat.threads, 13);
			assert_int_equal(stat.start_ticks, 777);
		}
	}
}

static void a_name_longer_than_the_kernel_allows_is_cut(void **state)
{
	struct nm_proc_stat stat;
	char text[400] = "42 (", *at = text + 4;

	(void)state;
	at = memset(at, 'n', 200);
	snprintf(at + 200, 190, ") S" TAIL("4194560"));
	assert_int_equal(nm_proc_stat_parse(text, &stat), NM_OK);
	assert_int_equal(strlen(stat.comm), sizeof(stat.comm) - 1);
}

static void statm_gives_resident_bytes(void **state)
{
	static const struct {
		const char *text;
		int status;
		uint64_t rss;
	} cases[] = {
		{"200 3 2 1 0 9 0\n", NM_OK, 3 * 4096},
		{"0 0 0 0 0 0 0\n", NM_OK, 0},
		{"200\n", NM_E_CORRUPT, 1},
		{"", NM_E_CORRUPT, 1},
		{"200 x 1\n", NM_E_CORRUPT, 1},
		{"1 4503599627370496 1\n", NM_E_CORRUPT, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t rss = 1;

		assert_int_equal(nm_proc_statm_parse(cases[i].text, 4096, &rss), cases[i].status);
		assert_int_equal(rss, cases[i].rss);
	}
}

static void the_command_line_has_blanks_between_its_words(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *command;
	} cases[] = {
		{"node\0a.js\0", 10, "node a.js"},
		{"node\0\0x\0", 8, "node  x"},
		{"srv\0\0\0\0\0", 8, "srv"},
		{"no zero", 7, "no zero"},
		{"", 0, ""},
		{"\0\0\0", 3, ""},
		{"0123456789abcdefXYZ", 19, "0123456789abcde"},
		/* A character is not cut through. */
		{"0123456789abcd\u00e9z", 17, "0123456789abcd"},
		{"0123456789abc\u00e9z", 16, "0123456789abc\u00e9"},
		{"0123456789abc\u6f22z", 17, "0123456789abc"},
		{"0123456789ab\u6f22z", 16, "0123456789ab\u6f22"},
		{"0123456789abc\U0001f600", 17, "0123456789abc"},
		{"0123456789abcde\x80\x80", 17, "0123456789abcde"},
	};
	char dir[64], command[16];
	int root;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		root = tree_make(dir, NULL);
		tree_add(dir, "cmdline", cases[i].text, cases[i].size);
		nm_proc_command_read(root, command, sizeof(command));
		assert_string_equal(command, cases[i].command);
		close(root);
		tree_remove(dir);
	}
	nm_proc_command_read(-1, command, sizeof(command));
	assert_string_equal(command, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stat_line_is_read_or_refused),
		cmocka_unit_test(a_name_longer_than_the_kernel_allows_is_cut),
		cmocka_unit_test(statm_gives_resident_bytes),
		cmocka_unit_test(the_command_line_has_blanks_between_its_words),
	};

	return cmocka_run_group_tests_name("stat", tests, NULL, NULL);
}
