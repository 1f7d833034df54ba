#include "source/ledger/files.h"

#include <stdio.h>
#include <string.h>

/* The program lies low, or where its other parts are; V8 maps the built-in functions of its heap
   once more, near the code that it makes. */
#define NEAR (UINT64_C(1) << 30)

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
	size_t length = strlen(text), wanted = strlen(with);

	return length >= wanted && strcmp(text + length - wanted, with) == 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_addon(const char *path)
{
	return ends(path, ".node") || ends(path, ".node (deleted)") ||
	       (strstr(path, "/node_modules/") && strstr(base_name(path), ".so"));
}

bool nm_ledger_has_addon(const struct nm_maps *maps)
{
	for (size_t i = 0; i < maps->count; i++)
		if (is_addon(maps->items[i].path))
			return true;
	return false;
}

/* Memory that several processes can have: how the kernel names its file. */
static const char *shared_kind(const struct nm_map *map)
{
	if (begins(map->path, "/dev/shm/"))
		return "/dev/shm";
	if (begins(map->path, "/memfd:"))
		return "memfd";
	if (begins(map->path, "/SYSV"))
		return "System V segments";
	if (begins(map->path, "/dev/zero"))
		return "anonymous shared memory";
	if (begins(map->path, "anon_inode:[io_uring]"))
		return "io_uring rings";
	if (begins(map->path, "anon_inode:"))
		return "rings of the kernel";
	return NULL;
}

/* The first mapping of the same file. */
static const struct nm_map *first_of_file(const struct nm_maps *maps, const struct nm_map *map)
{
	for (size_t i = 0; i < maps->count; i++)
		if (maps->items[i].path[0] == '/' && strcmp(maps->items[i].path, map->path) == 0)
			return &maps->items[i];
	return map;
}

static void name_file(const struct nm_maps *maps, const struct nm_map *map, const char *program,
		      struct nm_ledger_file *out)
{
	const char *shared = shared_kind(map), *base = base_name(map->path);
	bool is_code = (map->access & NM_MAP_EXECUTE) != 0;

	if (shared) {
		out->group = NM_GROUP_SHARED;
		snprintf(out->name, sizeof(out->name), "%s", shared);
	} else if (strcmp(map->path, program) == 0) {
		out->group = NM_GROUP_PROGRAM;
		snprintf(out->name, sizeof(out->name), "%s",
			 is_code		      ? "code"
			 : map->access & NM_MAP_WRITE ? "data"
						      : "constants");
		if (is_code && map->start - first_of_file(maps, map)->start > NEAR) {
			out->group = NM_GROUP_V8_CODE;
			snprintf(out->name, sizeof(out->name), "built-in functions");
		}
	} else if (is_addon(map->path)) {
		out->group = NM_GROUP_ADDONS;
		snprintf(out->name, sizeof(out->name), "%.79s", base);
	} else if (is_code || strstr(base, ".so")) {
		out->group = NM_GROUP_LIBRARIES;
		snprintf(out->name, sizeof(out->name), "%.79s", base);
	} else {
		out->group = NM_GROUP_MAPPED_FILES;
		snprintf(out->name, sizeof(out->name), "%.79s", map->path);
	}
}

bool nm_ledger_file_find(const struct nm_maps *maps, size_t mapping, const char *program,
			 struct nm_ledger_file *out)
{
	const struct nm_map *map = &maps->items[mapping];

	if (strcmp(map->path, "[stack]") == 0) {
		*out = (struct nm_ledger_file){NM_GROUP_STACKS, "main thread"};
		return true;
	}
	if (strcmp(map->path, "[heap]") == 0)
		return false;
	if (nm_map_is_anonymous(map)) {
		if (map->access & NM_MAP_SHARED) {
			*out = (struct nm_ledger_file){NM_GROUP_SHARED, "anonymous shared memory"};
			return true;
		}
		/* Variables that begin as zero follow those of the file. */
		if (mapping == 0 || map[-1].end != map->start || map[-1].path[0] != '/' ||
		    !(map[-1].access & NM_MAP_WRITE) || (map[-1].access & NM_MAP_SHARED) ||
		    !(map->access & NM_MAP_WRITE))
			return false;
		map--;
	}
	if (map->path[0] == '[') {
		*out = (struct nm_ledger_file){NM_GROUP_OTHER, "kernel's own pages (vdso)"};
		return true;
	}
	name_file(maps, map, program, out);
	return true;
}
