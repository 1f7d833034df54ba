#include "source/v8/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define METADATA_SLOTS 64 /* std::string members of node::Metadata::Versions */

static bool has_v8(const struct nm_elf *elf)
{
	struct nm_elf_symbol symbol;

	return nm_elf_symbol(elf, "_ZN2v88internal7Version6major_E", &symbol) ||
	       nm_elf_symbol(elf, "_ZN2v87Isolate17GetHeapStatisticsEPNS_14HeapStatisticsE",
			     &symbol);
}

static bool has_node(const struct nm_elf *elf)
{
	struct nm_elf_symbol symbol;

	return nm_elf_symbol(elf, "_ZN4node11per_process8metadataE", &symbol) ||
	       nm_elf_symbol(elf, "_ZN4node11per_process11v8_platformE", &symbol);
}

/* libnode.so.NNN among the libraries of the process. */
static int find_library(int pid_dir, const struct nm_maps *maps, struct nm_v8_program *out)
{
	for (size_t i = 0; i < maps->count; i++) {
		const struct nm_map *map = &maps->items[i];
		const char *base = strrchr(map->path, '/');
		int fd;

		if (!base || map->offset != 0 || strncmp(base, "/libnode.so", 11) != 0)
			continue;
		fd = nm_map_open(map, pid_dir);
		if (fd < 0)
			continue;
		if (nm_elf_open(fd, map->path, &out->elf, NULL) == NM_OK) {
			snprintf(out->path, sizeof(out->path), "%s", map->path);
			out->load_bias = map->start - nm_elf_first(out->elf);
		}
		close(fd);
		if (out->elf && has_v8(out->elf) && has_node(out->elf))
			return NM_OK;
		nm_elf_close(out->elf);
		out->elf = NULL;
	}
	return NM_E_NOT_NODE;
}

/* Where the program itself was loaded: the mapping of its first bytes. */
static nm_addr find_bias(const struct nm_maps *maps, const char *path, const struct nm_elf *elf)
{
	if (!nm_elf_is_movable(elf))
		return 0;
	for (size_t i = 0; i < maps->count; i++)
		if (maps->items[i].offset == 0 && strcmp(maps->items[i].path, path) == 0)
			return maps->items[i].start - nm_elf_first(elf);
	return 0;
}

static int fail_open(pid_t pid, int os_errno, struct nm_error *err)
{
	if (os_errno == EACCES || os_errno == EPERM)
		return nm_error_set(err, NM_E_PERM,
				    "cannot look at process %d: it belongs to another user or is "
				    "protected (run nodemem as that user or as root)",
				    (int)pid);
	if (os_errno == ENOENT || os_errno == ESRCH)
		return nm_error_set(err, NM_E_GONE, "process %d has ended", (int)pid);
	return nm_error_set_errno(err, NM_E_IO, os_errno, "cannot open the program of process %d",
				  (int)pid);
}

int nm_v8_program_open(int pid_dir, pid_t pid, struct nm_v8_program *out, struct nm_error *err)
{
	struct nm_maps maps;
	ssize_t length;
	int fd, status;

	memset(out, 0, sizeof(*out));
	length = readlinkat(pid_dir, "exe", out->path, sizeof(out->path) - 1);
	if (length < 0)
		return fail_open(pid, errno, err);
	out->path[length] = '\0';
	fd = openat(pid_dir, "exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_open(pid, errno, err);
	status = nm_elf_open(fd, out->path, &out->elf, NULL);
	close(fd);
	if (status == NM_OK && has_v8(out->elf) && has_node(out->elf) &&
	    !nm_elf_is_movable(out->elf))
		return NM_OK;
	nm_maps_init(&maps);
	status = nm_maps_read(pid_dir, &maps);
	if (status != 0) {
		nm_v8_program_close(out);
		status = fail_open(pid, -status, err);
	} else if (out->elf && has_v8(out->elf) && has_node(out->elf)) {
		out->load_bias = find_bias(&maps, out->path, out->elf);
		status = NM_OK;
	} else {
		nm_elf_close(out->elf);
		out->elf = NULL;
		status = find_library(pid_dir, &maps, out);
		if (status != NM_OK)
			nm_error_set(err, status,
				     "process %d is not a Node.js process: it runs %s "
				     "(nodemem ps lists those that are)",
				     (int)pid, out->path);
	}
	nm_maps_done(&maps);
	return status;
}

/* libnode.so among the mappings, for a program without V8 of its own. */
static const char *find_library_path(const struct nm_maps *maps)
{
	for (size_t i = 0; i < maps->count; i++) {
		const char *base = strrchr(maps->items[i].path, '/');

		if (base && strncmp(base, "/libnode.so", 11) == 0)
			return maps->items[i].path;
	}
	return NULL;
}

static int open_file(const char *path, struct nm_v8_program *out, struct nm_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), status;

	if (fd < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot open the program %s", path);
	status = nm_elf_open(fd, path, &out->elf, err);
	close(fd);
	snprintf(out->path, sizeof(out->path), "%s", path);
	return status;
}

int nm_v8_program_open_file(const char *path, const char *mapped, const struct nm_maps *maps,
			    struct nm_v8_program *out, struct nm_error *err)
{
	const char *library = find_library_path(maps);
	int status;

	memset(out, 0, sizeof(*out));
	status = open_file(path, out, err);
	if (status == NM_OK && !has_v8(out->elf) && library) {
		nm_v8_program_close(out);
		mapped = library;
		status = open_file(library, out, err);
	}
	if (status != NM_OK)
		return status;
	if (!has_v8(out->elf) || !has_node(out->elf))
		return nm_error_set(err, NM_E_NOT_NODE, "%s is no Node.js program", path);
	out->load_bias = find_bias(maps, mapped, out->elf);
	return NM_OK;
}

static bool read_version_part(const struct nm_v8_program *program, struct nm_reader *reader,
			      const char *symbol_name, uint32_t *out)
{
	struct nm_elf_symbol symbol;

	if (!nm_elf_symbol(program->elf, symbol_name, &symbol))
		return false;
	/* What never changed may be missing in a core file: it is in the program. */
	return nm_reader_get(reader, symbol.addr + program->load_bias, out, sizeof(*out)) ||
	       nm_elf_code(program->elf, symbol.addr, (unsigned char *)out, sizeof(*out)) ==
		       sizeof(*out);
}

/* A std::string { char *data; size_t length; ... } as libstdc++ lays it out. */
static bool read_string(struct nm_reader *reader, nm_addr addr, char *out, size_t room)
{
	uint64_t word[2];

	if (!nm_reader_get(reader, addr, word, sizeof(word)) || word[1] == 0 || word[1] >= room ||
	    word[0] < 0x1000 || word[0] >= NM_ADDR_MAX ||
	    !nm_reader_get(reader, word[0], out, word[1]))
		return false;
	out[word[1]] = '\0';
	return true;
}

/* The first std::string in a slot of `slots` bytes that is a dotted version of `dots` dots. */
static bool is_version(const char *text, int dots)
{
	for (; *text && *text != '-'; text++) {
		if (*text == '.')
			dots--;
		else if (*text < '0' || *text > '9')
			return false;
	}
	return dots == 0;
}

/*
 * process.versions: node::per_process::metadata begins with the texts, node's and v8's first
 * (src/node_metadata.h). Until Node 17 a std::string there was a single pointer to its text, whose
 * length stands 24 bytes before it.
 */
static void read_metadata(struct nm_v8_program *program, struct nm_reader *reader)
{
	struct nm_elf_symbol symbol;
	char text[40];
	nm_addr at;

	if (!nm_elf_symbol(program->elf, "_ZN4node11per_process8metadataE", &symbol))
		return;
	at = symbol.addr + program->load_bias;
	if (read_string(reader, at, text, sizeof(program->node) - 1) && is_version(text, 2)) {
		snprintf(program->node, sizeof(program->node), "v%.30s", text);
		if (read_string(reader, at + 32, text, sizeof(text)) && is_version(text, 3))
			snprintf(program->v8, sizeof(program->v8), "%s", text);
		return;
	}
	for (int i = 0; i < 2; i++) {
		nm_addr data;

		if (!nm_reader_word(reader, at + 8 * (unsigned)i, &data) ||
		    !nm_reader_text(reader, data, text, sizeof(text)))
			return;
		if (i == 0 && is_version(text, 2))
			snprintf(program->node, sizeof(program->node), "v%.30s", text);
		if (i == 1 && is_version(text, 3))
			snprintf(program->v8, sizeof(program->v8), "%s", text);
	}
}

int nm_v8_program_versions(struct nm_v8_program *program, struct nm_reader *reader,
			   struct nm_error *err)
{
	struct nm_v8_version *version = &program->version;

	if (!read_version_part(program, reader, "_ZN2v88internal7Version6major_E",
			       &version->major) ||
	    !read_version_part(program, reader, "_ZN2v88internal7Version6minor_E",
			       &version->minor) ||
	    !read_version_part(program, reader, "_ZN2v88internal7Version6build_E",
			       &version->build) ||
	    !read_version_part(program, reader, "_ZN2v88internal7Version6patch_E", &version->patch))
		return nm_error_set(
			err, NM_E_UNSUPPORTED,
			"cannot tell the version of V8 in %s: it exports none "
			"(a stripped or embedded build; nodemem calibrate may learn it)",
			program->path);
	read_metadata(program, reader);
	if (!program->v8[0])
		snprintf(program->v8, sizeof(program->v8), "%u.%u.%u.%u", version->major,
			 version->minor, version->build, version->patch);
	return NM_OK;
}

void nm_v8_program_close(struct nm_v8_program *program)
{
	nm_elf_close(program->elf);
	program->elf = NULL;
}
