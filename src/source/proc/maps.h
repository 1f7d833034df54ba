/*
 * maps.h - /proc/PID/maps: the mappings of a process, in order of address
 *
 * Owns     the array and the text its paths point into, until nm_maps_done().
 * Trusts   nothing: a line that is no mapping is NM_E_CORRUPT.
 */
#ifndef NM_PROC_MAPS_H
#define NM_PROC_MAPS_H

#include <string.h>

#include "base/strbuf.h"

enum nm_map_access {
	NM_MAP_READ = 1u << 0,
	NM_MAP_WRITE = 1u << 1,
	NM_MAP_EXECUTE = 1u << 2,
	NM_MAP_SHARED = 1u << 3, /* what is written reaches others who map it */
};

struct nm_map {
	uint64_t start; /* in the target */
	uint64_t end;	/* the first byte behind it */
	uint64_t offset;
	uint64_t inode; /* 0 for memory of no file */
	unsigned access;
	const char *path; /* "" for none; "[heap]", "[stack]" and such as the kernel says */
};

struct nm_maps {
	struct nm_map *items;
	size_t count;
	size_t room;
	struct nm_strbuf text;
};

#define NM_MAPS_MAX 200000 /* vm.max_map_count is 65530 unless raised */

void nm_maps_init(struct nm_maps *maps);

/* Read the file into `maps`, replacing what was there. 0 or -errno; -EIO for nonsense. */
int nm_maps_read(int pid_dir, struct nm_maps *maps);

/* One line without its end, which `out` then points into. False for what is no mapping. */
bool nm_map_parse(char *line, struct nm_map *out);

/* Add a mapping behind the others. NM_E_LIMIT, NM_E_NOMEM. */
int nm_maps_add(struct nm_maps *maps, const struct nm_map *map);

/* Is this a part of memory without a name: neither a file's, nor one that the kernel names? */
static inline bool nm_map_is_anonymous(const struct nm_map *map)
{
	return map->inode == 0 && (map->path[0] == '\0' || strncmp(map->path, "[anon", 5) == 0);
}

/* Parse `maps->text`, which is cut up in doing so. NM_E_CORRUPT, NM_E_LIMIT, NM_E_NOMEM. */
int nm_maps_parse(struct nm_maps *maps);

/* Open the file of a mapping as the process sees it, which can be in another container or deleted.
   Returns the fd or -1. */
int nm_map_open(const struct nm_map *map, int pid_dir);

/* The mapping that holds `addr`, or NULL. */
const struct nm_map *nm_maps_find(const struct nm_maps *maps, uint64_t addr);

void nm_maps_done(struct nm_maps *maps);

#endif
