#include "source/proc/smaps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "source/proc/file.h"

/* A mapping takes some 700 bytes. */
#define TEXT_MAX (UINT64_C(256) << 20)

void nm_smaps_init(struct nm_smaps *smaps)
{
	memset(smaps, 0, sizeof(*smaps));
	nm_strbuf_init(&smaps->maps.text, TEXT_MAX);
}

static int add_mapping(struct nm_smaps *smaps, const struct nm_map *map)
{
	int status;

	if (smaps->maps.count >= smaps->room) {
		size_t room = smaps->room ? 2 * smaps->room : 256;
		struct nm_smap *items = realloc(smaps->items, room * sizeof(*items));

		if (!items)
			return NM_E_NOMEM;
		smaps->items = items;
		smaps->room = room;
	}
	status = nm_maps_add(&smaps->maps, map);
	if (status == NM_OK)
		memset(&smaps->items[smaps->maps.count - 1], 0, sizeof(*smaps->items));
	return status;
}

/* "Rss:      12 kB" when `key` is "Rss:". */
static bool read_count(const char *line, const char *key, uint64_t *out)
{
	size_t length = strlen(key);
	unsigned long long value;
	char *end;

	if (strncmp(line, key, length) != 0)
		return false;
	line += length + strspn(line + length, " ");
	if (*line < '0' || *line > '9')
		return false;
	value = strtoull(line, &end, 10);
	if (strcmp(end, " kB") != 0 || value > UINT64_MAX / NM_KIB)
		return false;
	*out = value * NM_KIB;
	return true;
}

/* The words behind "VmFlags:" have two letters each. */
static bool has_dontcopy(const char *flags)
{
	return strstr(flags, " dc") != NULL;
}

static bool parse_count(const char *line, struct nm_smap *smap)
{
	if (read_count(line, "Rss:", &smap->rss))
		smap->has_rss = true;
	else if (strncmp(line, "VmFlags:", 8) == 0)
		smap->is_kept_from_children = has_dontcopy(line + 8);
	else if (!read_count(line, "Pss:", &smap->pss))
		read_count(line, "Swap:", &smap->swap);
	/* What says nothing of these three is a line of its own kind, or of a later kernel. */
	return line[0] >= 'A' && line[0] <= 'Z';
}

static int check_and_sum(struct nm_smaps *smaps)
{
	smaps->rss = smaps->pss = smaps->swap = 0;
	for (size_t i = 0; i < smaps->maps.count; i++) {
		const struct nm_smap *smap = &smaps->items[i];
		const struct nm_map *map = &smaps->maps.items[i];

		if (!smap->has_rss || smap->rss > map->end - map->start)
			return NM_E_CORRUPT;
		smaps->rss += smap->rss;
		smaps->pss += smap->pss;
		smaps->swap += smap->swap;
	}
	return NM_OK;
}

int nm_smaps_parse(struct nm_smaps *smaps)
{
	char *line = smaps->maps.text.text, *end;
	int status = NM_OK;

	smaps->maps.count = 0;
	for (; line && *line && status == NM_OK; line = end + 1) {
		struct nm_map map;

		end = strchr(line, '\n');
		if (!end)
			return NM_E_CORRUPT;
		*end = '\0';
		if (nm_map_parse(line, &map))
			status = add_mapping(smaps, &map);
		else if (smaps->maps.count == 0 ||
			 !parse_count(line, &smaps->items[smaps->maps.count - 1]))
			status = NM_E_CORRUPT;
	}
	return status == NM_OK ? check_and_sum(smaps) : status;
}

int nm_smaps_read(int pid_dir, struct nm_smaps *smaps)
{
	int status;

	nm_strbuf_clear(&smaps->maps.text);
	status = nm_proc_read_all(pid_dir, "smaps", &smaps->maps.text);
	if (status != 0)
		return status;
	/* Of a process without memory, as one that has just ended, the file is empty. */
	if (smaps->maps.text.length == 0)
		return -ESRCH;
	switch (nm_smaps_parse(smaps)) {
	case NM_OK:
		return 0;
	case NM_E_NOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

void nm_smaps_done(struct nm_smaps *smaps)
{
	nm_maps_done(&smaps->maps);
	free(smaps->items);
	memset(smaps, 0, sizeof(*smaps));
}
