#include "source/proc/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/proc/file.h"

#define TEXT_MAX (UINT64_C(64) << 20)

void nm_maps_init(struct nm_maps *maps)
{
	memset(maps, 0, sizeof(*maps));
	nm_strbuf_init(&maps->text, TEXT_MAX);
}

/* A hexadecimal number which ends in `stop`; `*at` is then behind that. A line is some 25 bytes
   of digits and there are thousands of lines, so sscanf would be most of the cost of attaching. */
static bool read_hex(char **at, char stop, uint64_t *out)
{
	uint64_t value = 0;
	char *p = *at;

	for (;; p++) {
		unsigned digit;

		if (*p >= '0' && *p <= '9')
			digit = (unsigned)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			digit = (unsigned)(*p - 'a' + 10);
		else
			break;
		if (value >> 60)
			return false;
		value = value << 4 | digit;
	}
	if (p == *at || *p != stop)
		return false;
	*out = value;
	*at = p + 1;
	return true;
}

/* "start-end rwxp offset dev inode   path" */
bool nm_map_parse(char *line, struct nm_map *out)
{
	char *at = line;

	if (!read_hex(&at, '-', &out->start) || !read_hex(&at, ' ', &out->end) ||
	    out->end < out->start || strnlen(at, 5) < 5)
		return false;
	out->access = (at[0] == 'r' ? NM_MAP_READ : 0u) | (at[1] == 'w' ? NM_MAP_WRITE : 0u) |
		      (at[2] == 'x' ? NM_MAP_EXECUTE : 0u) | (at[3] == 's' ? NM_MAP_SHARED : 0u);
	at += 5;
	if (!read_hex(&at, ' ', &out->offset))
		return false;
	at = strchr(at, ' '); /* device */
	if (!at)
		return false;
	out->inode = strtoull(at + 1, &at, 10);
	out->path = at + strspn(at, " ");
	return true;
}

int nm_maps_add(struct nm_maps *maps, const struct nm_map *map)
{
	if (maps->count >= NM_MAPS_MAX)
		return NM_E_LIMIT;
	if (maps->count >= maps->room) {
		size_t room = maps->room ? 2 * maps->room : 256;
		struct nm_map *items = realloc(maps->items, room * sizeof(*items));

		if (!items)
			return NM_E_NOMEM;
		maps->items = items;
		maps->room = room;
	}
	maps->items[maps->count++] = *map;
	return NM_OK;
}

int nm_maps_parse(struct nm_maps *maps)
{
	char *line = maps->text.text, *end;
	int status = NM_OK;

	maps->count = 0;
	for (; line && *line && status == NM_OK; line = end + 1) {
		struct nm_map map;

		end = strchr(line, '\n');
		if (!end)
			return NM_E_CORRUPT;
		*end = '\0';
		status = nm_map_parse(line, &map) ? nm_maps_add(maps, &map) : NM_E_CORRUPT;
	}
	return status;
}

int nm_maps_read(int pid_dir, struct nm_maps *maps)
{
	int status;

	nm_strbuf_clear(&maps->text);
	status = nm_proc_read_all(pid_dir, "maps", &maps->text);
	if (status != 0)
		return status;
	switch (nm_maps_parse(maps)) {
	case NM_OK:
		return 0;
	case NM_E_NOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

int nm_map_open(const struct nm_map *map, int pid_dir)
{
	/* Never wait: what was a file may be a pipe by now. */
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	char name[64], path[PATH_MAX];
	int fd;

	snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, map->start, map->end);
	fd = openat(pid_dir, name, flags);
	if (fd >= 0) /* needs CAP_CHECKPOINT_RESTORE: else try the name inside its root */
		return fd;
	snprintf(path, sizeof(path), "root%s", map->path);
	return openat(pid_dir, path, flags);
}

const struct nm_map *nm_maps_find(const struct nm_maps *maps, uint64_t addr)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addr < maps->items[middle].start)
			high = middle;
		else if (addr >= maps->items[middle].end)
			low = middle + 1;
		else
			return &maps->items[middle];
	}
	return NULL;
}

void nm_maps_done(struct nm_maps *maps)
{
	free(maps->items);
	nm_strbuf_done(&maps->text);
	memset(maps, 0, sizeof(*maps));
}
