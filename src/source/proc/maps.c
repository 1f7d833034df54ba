#include "source/proc/maps.h"

#include <errno.h>
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
static bool parse_line(char *line, struct nm_map *out)
{
	char *at = line;

	if (!read_hex(&at, '-', &out->start) || !read_hex(&at, ' ', &out->end) ||
	    out->end < out->start || strnlen(at, 5) < 5)
		return false;
	out->access = (at[0] == 'r' ? NM_MAP_READ : 0u) | (at[1] == 'w' ? NM_MAP_WRITE : 0u) |
		      (at[2] == 'x' ? NM_MAP_EXECUTE : 0u);
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

int nm_maps_parse(struct nm_maps *maps)
{
	char *line = maps->text.text, *end;
	size_t room = 0;

	maps->count = 0;
	for (; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return NM_E_CORRUPT;
		*end = '\0';
		if (maps->count >= NM_MAPS_MAX)
			return NM_E_LIMIT;
		if (maps->count >= room) {
			struct nm_map *items;

			room = room ? 2 * room : 256;
			items = realloc(maps->items, room * sizeof(*items));
			if (!items)
				return NM_E_NOMEM;
			maps->items = items;
		}
		if (!parse_line(line, &maps->items[maps->count]))
			return NM_E_CORRUPT;
		maps->count++;
	}
	return NM_OK;
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
