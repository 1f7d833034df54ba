#include "source/malloc/allocator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (UINT64_C(16) << 20)

/* How the file names of their libraries begin. The C libraries come last: another one that is
   loaded besides is there to take their place. */
static const struct {
	const char *prefix;
	enum nm_allocator allocator;
} libraries[] = {
	{"libjemalloc.so", NM_ALLOCATOR_JEMALLOC}, {"libtcmalloc", NM_ALLOCATOR_TCMALLOC},
	{"libmimalloc", NM_ALLOCATOR_MIMALLOC},	   {"ld-musl-", NM_ALLOCATOR_MUSL},
	{"libc.musl-", NM_ALLOCATOR_MUSL},	   {"libc.so.6", NM_ALLOCATOR_GLIBC},
	{"libc-2.", NM_ALLOCATOR_GLIBC},
};

enum nm_allocator nm_allocator_find(const struct nm_maps *maps, const struct nm_map **out_library)
{
	*out_library = NULL;
	for (size_t k = 0; k < sizeof(libraries) / sizeof(libraries[0]); k++) {
		const char *prefix = libraries[k].prefix;

		for (size_t i = 0; i < maps->count; i++) {
			const char *base = strrchr(maps->items[i].path, '/');

			if (!base || strncmp(base + 1, prefix, strlen(prefix)) != 0)
				continue;
			*out_library = &maps->items[i];
			return libraries[k].allocator;
		}
	}
	return NM_ALLOCATOR_UNKNOWN;
}

const char *nm_allocator_name(enum nm_allocator allocator)
{
	static const char *const names[] = {
		[NM_ALLOCATOR_UNKNOWN] = "unknown",   [NM_ALLOCATOR_GLIBC] = "glibc",
		[NM_ALLOCATOR_MUSL] = "musl",	      [NM_ALLOCATOR_JEMALLOC] = "jemalloc",
		[NM_ALLOCATOR_TCMALLOC] = "tcmalloc", [NM_ALLOCATOR_MIMALLOC] = "mimalloc",
	};

	return names[allocator];
}

/* "2.36" in front of the text; how long it is. */
static size_t number_length(const char *text, const char *end)
{
	size_t length = 0;
	bool has_dot = false;

	for (; text + length < end && length < 8; length++) {
		char c = text[length];

		if (c == '.' && has_dot)
			break;
		has_dot = has_dot || c == '.';
		if (c != '.' && (c < '0' || c > '9'))
			break;
	}
	return length;
}

/* libc.so has its banner in it: "GNU C Library (...) stable release version 2.36." */
static bool find_version(const char *text, size_t size, char *out, size_t room)
{
	static const char banner[] = "GNU C Library ", before[] = "release version ";
	const char *at = memmem(text, size, banner, sizeof(banner) - 1), *end = text + size;
	size_t length;

	if (!at)
		return false;
	at = memmem(at, (size_t)(end - at) < 256 ? (size_t)(end - at) : 256, before,
		    sizeof(before) - 1);
	if (!at)
		return false;
	at += sizeof(before) - 1;
	length = number_length(at, end);
	if (length == 0 || length >= room)
		return false;
	snprintf(out, room, "%.*s", (int)length, at);
	return true;
}

bool nm_allocator_glibc_version(int fd, char *out, size_t room)
{
	struct stat file;
	char *text;
	ssize_t got;
	bool found;

	if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) || file.st_size <= 0 ||
	    (uint64_t)file.st_size > FILE_MAX)
		return false;
	text = malloc((size_t)file.st_size);
	if (!text)
		return false;
	got = pread(fd, text, (size_t)file.st_size, 0);
	found = got > 0 && find_version(text, (size_t)got, out, room);
	free(text);
	return found;
}
