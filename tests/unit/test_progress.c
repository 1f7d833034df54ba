/*
 * What a terminal shows of long work. Waits for what is shown, never for a time.
 */
#include "cmd/progress.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define HANGING_MS 30000
#define CLEAR	   "\r\033[K"

/* stderr is a terminal, or a file, from make() to put_back(). */
struct place {
	int saved, ours;
	char folder[32], file[64];
};

static void make(struct place *place, bool is_terminal)
{
	int theirs;

	if (is_terminal)
		assert_int_equal(openpty(&place->ours, &theirs, NULL, NULL, NULL), 0);
	else
		assert_true((place->ours = theirs = memfd_create("stderr", 0)) >= 0);
	place->saved = dup(STDERR_FILENO);
	dup2(theirs, STDERR_FILENO);
	if (is_terminal)
		close(theirs);
	snprintf(place->folder, sizeof(place->folder), "/tmp/nodemem-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->file, sizeof(place->file), "%s/some", place->folder);
}

static void put_back(struct place *place)
{
	dup2(place->saved, STDERR_FILENO);
	close(place->saved);
	close(place->ours);
	unlink(place->file);
	rmdir(place->folder);
}

/* A file of so many bytes, open and read to half of it. */
static int make_file(const char *path, off_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(lseek(fd, size / 2, SEEK_SET), size / 2);
	return fd;
}

/* Until the terminal has shown this. */
static void see(const struct place *place, const char *text)
{
	char shown[4096];
	size_t length = 0;

	do {
		struct pollfd there = {.fd = place->ours, .events = POLLIN};
		ssize_t got;

		assert_int_equal(poll(&there, 1, HANGING_MS), 1);
		assert_true(length < sizeof(shown) - 1);
		got = read(place->ours, shown + length, sizeof(shown) - 1 - length);
		assert_true(got > 0);
		length += (size_t)got;
		shown[length] = '\0';
	} while (!strstr(shown, text));
}

/* What is shown last takes the line away. */
static void see_it_gone(const struct place *place)
{
	char shown[65536];
	size_t length = 0;
	ssize_t got;

	dup2(place->saved, STDERR_FILENO);
	/* Nobody has the other side open any more: that ends it. */
	while ((got = read(place->ours, shown + length, sizeof(shown) - length)) > 0)
		length += (size_t)got;
	assert_true(length >= strlen(CLEAR));
	assert_memory_equal(shown + length - strlen(CLEAR), CLEAR, strlen(CLEAR));
}

static void how_far_a_file_is_read(void **state)
{
	struct nm_progress progress;
	struct place place;
	char wanted[128];
	int fd;

	(void)state;
	make(&place, true);
	fd = make_file(place.file, 1000);
	snprintf(wanted, sizeof(wanted), CLEAR "reading %s: 50 %%", place.file);
	nm_progress_begin(&progress, "reading", place.file, false);
	see(&place, wanted);
	close(fd);
	/* Nobody has it open any more: what is done with it is not known. */
	snprintf(wanted, sizeof(wanted), CLEAR "reading %s" CLEAR, place.file);
	see(&place, wanted);
	nm_progress_end(&progress);
	put_back(&place);
}

static void how_large_a_file_has_become_that_is_written(void **state)
{
	struct nm_progress progress;
	struct place place;
	char wanted[128], name[sizeof(place.file)];

	(void)state;
	make(&place, true);
	snprintf(name, sizeof(name), "%s", place.file);
	snprintf(place.file, sizeof(place.file), "%s/some.part", place.folder);
	close(make_file(place.file, 3 << 20));
	snprintf(wanted, sizeof(wanted), CLEAR "writing %s: 3.0 MiB", name);
	nm_progress_begin(&progress, "writing", name, true);
	see(&place, wanted);
	nm_progress_end(&progress);
	see_it_gone(&place);
	put_back(&place);
}

static void what_is_done_without_a_file_is_named_and_gone_at_the_end(void **state)
{
	struct nm_progress progress;
	struct place place;

	(void)state;
	make(&place, true);
	nm_progress_begin(&progress, "computing", NULL, false);
	see(&place, CLEAR "computing");
	nm_progress_end(&progress);
	see_it_gone(&place);
	put_back(&place);
}

static void short_work_shows_nothing(void **state)
{
	struct nm_progress progress;
	struct place place;
	struct pollfd there;
	time_t began;

	(void)state;
	make(&place, true);
	/* Where the machine makes it a long one, it is done again. */
	do {
		began = time(NULL);
		nm_progress_begin(&progress, "computing", NULL, false);
		nm_progress_end(&progress);
	} while (time(NULL) != began && progress.has_shown);
	there = (struct pollfd){.fd = place.ours, .events = POLLIN};
	assert_int_equal(poll(&there, 1, 0), 0);
	put_back(&place);
}

static void no_terminal_no_progress(void **state)
{
	struct nm_progress progress;
	struct place place;

	(void)state;
	make(&place, false);
	nm_progress_begin(&progress, "computing", NULL, false);
	assert_false(progress.is_running);
	nm_progress_end(&progress);
	assert_int_equal(lseek(place.ours, 0, SEEK_END), 0);
	put_back(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_far_a_file_is_read),
		cmocka_unit_test(how_large_a_file_has_become_that_is_written),
		cmocka_unit_test(what_is_done_without_a_file_is_named_and_gone_at_the_end),
		cmocka_unit_test(short_work_shows_nothing),
		cmocka_unit_test(no_terminal_no_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
