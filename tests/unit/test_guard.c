/*
 * test_guard.c - tokens, sessions and headers by which `serve` tells who asks
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/serve/guard.h"

static int read_token(const char *text, size_t length, mode_t mode, struct nm_guard *guard)
{
	char path[] = "/tmp/nodemem-guard-XXXXXX";
	int fd = mkstemp(path), status;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), length);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	memset(guard, 0, sizeof(*guard));
	status = nm_guard_read_token(guard, path, NULL);
	unlink(path);
	return status;
}

static void a_token_is_one_plain_line_of_a_closed_file(void **state)
{
	static const char good[] = "0123456789abcdef";
	char longer[NM_TOKEN_MAX + 2];
	struct nm_guard guard;

	(void)state;
	assert_int_equal(read_token(good, 16, 0600, &guard), NM_OK);
	assert_string_equal(guard.token, good);
	assert_int_equal(read_token("0123456789abcdef\n", 17, 0400, &guard), NM_OK);
	assert_string_equal(guard.token, good);
	assert_int_equal(read_token(good, 16, 0640, &guard), NM_E_PERM);
	assert_int_equal(read_token(good, 16, 0604, &guard), NM_E_PERM);
	assert_int_equal(read_token(good, 15, 0600, &guard), NM_E_LIMIT);
	assert_int_equal(read_token("", 0, 0600, &guard), NM_E_LIMIT);
	assert_int_equal(read_token("0123456789abcdef\nx\n", 19, 0600, &guard), NM_E_LIMIT);
	assert_int_equal(read_token("0123456789 abcdef", 17, 0600, &guard), NM_E_LIMIT);
	assert_int_equal(read_token("0123456789abcdef\0xy", 19, 0600, &guard), NM_E_LIMIT);
	memset(longer, 'x', sizeof(longer));
	assert_int_equal(read_token(longer, NM_TOKEN_MAX, 0600, &guard), NM_OK);
	assert_int_equal(read_token(longer, NM_TOKEN_MAX + 1, 0600, &guard), NM_E_LIMIT);
	assert_int_equal(nm_guard_read_token(&guard, "/nowhere/token", NULL), NM_E_IO);
	assert_int_equal(nm_guard_read_token(&guard, "/dev/null", NULL), NM_E_PERM);
}

static void a_token_is_brought_as_a_bearer(void **state)
{
	struct nm_guard guard = {.token = "0123456789abcdef"};
	const struct nm_guard none = {.token = ""};

	(void)state;
	assert_true(nm_guard_has_token(&guard, "Bearer 0123456789abcdef"));
	assert_true(nm_guard_has_token(&guard, "bearer  0123456789abcdef"));
	assert_false(nm_guard_has_token(&guard, NULL));
	assert_false(nm_guard_has_token(&guard, ""));
	assert_false(nm_guard_has_token(&guard, "Bearer "));
	assert_false(nm_guard_has_token(&guard, "Bearer 0123456789abcde"));
	assert_false(nm_guard_has_token(&guard, "Bearer 0123456789abcdeg"));
	assert_false(nm_guard_has_token(&guard, "Bearer 0123456789abcdef0123456789abcdef"));
	assert_false(nm_guard_has_token(&guard, "Basic 0123456789abcdef"));
	assert_false(nm_guard_has_token(&none, "Bearer "));
}

static void a_session_ends(void **state)
{
	struct nm_guard guard = {.token = ""};
	char first[NM_SESSION_LENGTH + 1];

	(void)state;
	assert_false(nm_guard_has_session(&guard, "", 0));
	assert_false(nm_guard_has_session(&guard, NULL, 0));
	snprintf(first, sizeof(first), "%s", nm_guard_begin_session(&guard, 1000));
	assert_int_equal(strlen(first), NM_SESSION_LENGTH);
	assert_true(nm_guard_has_session(&guard, first, 1000));
	assert_false(nm_guard_has_session(&guard, first, 1000 + NM_SESSION_S * 1000));
	first[3] ^= 1;
	assert_false(nm_guard_has_session(&guard, first, 1000));
	first[3] ^= 1;
	for (int i = 0; i < NM_SESSIONS_MAX; i++)
		nm_guard_begin_session(&guard, 1000);
	assert_false(nm_guard_has_session(&guard, first, 1000));
}

static void a_host_is_an_address_or_allowed(void **state)
{
	static const char *const good[] = {"127.0.0.1",	  "127.0.0.1:9469", "localhost",
					   "LOCALHOST:1", "[::1]",	    "[::1]:9469",
					   "10.1.2.3:80", "a.example",	    "b.example:9469"};
	static const char *const bad[] = {"",
					  ":9469",
					  "evil.example",
					  "localhost.evil.example",
					  "127.0.0.1.evil.example",
					  "127.0.0.1:x",
					  "127.0.0.1:123456",
					  "[::1",
					  "[::1]x",
					  "[evil]",
					  "a.example.",
					  "a.exampl",
					  "a",
					  "127.1",
					  "localhost:80:80",
					  "a.example,b.example"};
	const struct nm_guard guard = {.hosts = "a.example,b.example"};
	const struct nm_guard none = {.hosts = NULL};
	char longer[400];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(nm_guard_allows_host(&guard, good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(nm_guard_allows_host(&guard, bad[i]));
	assert_false(nm_guard_allows_host(&none, "a.example"));
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_false(nm_guard_allows_host(&guard, longer));
}

static void an_origin_is_our_own(void **state)
{
	(void)state;
	assert_true(nm_guard_allows_origin(NULL, "127.0.0.1:9469"));
	assert_true(nm_guard_allows_origin("http://127.0.0.1:9469", "127.0.0.1:9469"));
	assert_true(nm_guard_allows_origin("https://a.example", "a.example"));
	assert_false(nm_guard_allows_origin("null", "127.0.0.1:9469"));
	assert_false(nm_guard_allows_origin("", "127.0.0.1:9469"));
	assert_false(nm_guard_allows_origin("http://evil.example", "127.0.0.1:9469"));
	assert_false(nm_guard_allows_origin("http://127.0.0.1:9470", "127.0.0.1:9469"));
	assert_false(nm_guard_allows_origin("ftp://127.0.0.1:9469", "127.0.0.1:9469"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_one_plain_line_of_a_closed_file),
		cmocka_unit_test(a_token_is_brought_as_a_bearer),
		cmocka_unit_test(a_session_ends),
		cmocka_unit_test(a_host_is_an_address_or_allowed),
		cmocka_unit_test(an_origin_is_our_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
