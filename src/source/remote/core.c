#include "source/remote/core.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "source/remote/copy.h"
#include "source/remote/core_notes.h"
#include "source/remote/room.h"

#define PAGE	  4096
#define BLOCK	  (UINT64_C(1) << 20) /* read at once */
#define NOTES_MAX (UINT64_C(256) << 20)
/* A stretch of zeros as long as this is not kept; a page of V8 with a hole in it stays whole. */
#define ZEROS_MAX (UINT64_C(256) << 10)
/* How often to look whether memory is left. */
#define LEFT_CHECK_BYTES (UINT64_C(64) << 20)
#define LEFT_MIN	 (UINT64_C(64) << 20)

/* A range of the process that the file should have. */
struct segment {
	nm_addr start;
	uint64_t size;	  /* in the process */
	uint64_t offset;  /* in the file */
	uint64_t in_file; /* so many of its bytes */
	unsigned access;
};

struct core {
	int fd;
	const char *path;
	uint64_t size;
	Elf *elf;
	struct segment *segments;
	size_t count;
	unsigned char *notes_bytes;
	struct nm_core_notes notes;
	struct nm_maps maps;
	struct nm_room room; /* of which `used` bytes are */
	uint64_t used;
	uint64_t checked;     /* as much was used when memory was looked at last */
	unsigned char *block; /* what was read last */
	struct nm_image *image;
	struct nm_core_info *info;
	struct nm_error *err;
};

static int fail(const struct core *core, int code, const char *why)
{
	return nm_error_set(core->err, code, "cannot read %s: %s", core->path, why);
}

/* ---- what kind of file ------------------------------------------------------------------- */

bool nm_core_is(int fd)
{
	Elf64_Ehdr header;

	return pread(fd, &header, sizeof(header), 0) == sizeof(header) &&
	       memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_type == ET_CORE;
}

/* What is often done to cores to keep them small. */
static const char *find_packer(const unsigned char start[4])
{
	static const struct {
		unsigned char magic[4];
		size_t length;
		const char *name;
	} packers[] = {
		{{0x28, 0xb5, 0x2f, 0xfd}, 4, "zstd"},
		{{0x04, 0x22, 0x4d, 0x18}, 4, "lz4"},
		{{0xfd, '7', 'z', 'X'}, 4, "xz"},
		{{0x1f, 0x8b, 0, 0}, 2, "gzip"},
	};

	for (size_t i = 0; i < sizeof(packers) / sizeof(packers[0]); i++)
		if (memcmp(start, packers[i].magic, packers[i].length) == 0)
			return packers[i].name;
	return NULL;
}

static int open_elf(struct core *core)
{
	unsigned char start[4] = {0};
	const char *packer;
	GElf_Ehdr header;
	struct stat stat;

	if (fstat(core->fd, &stat) != 0)
		return nm_error_set_errno(core->err, NM_E_IO, errno, "cannot read %s", core->path);
	if (!S_ISREG(stat.st_mode))
		return fail(core, NM_E_UNSUPPORTED, "it is no file");
	core->size = core->info->size = (uint64_t)stat.st_size;
	if (pread(core->fd, start, sizeof(start), 0) < 0)
		return nm_error_set_errno(core->err, NM_E_IO, errno, "cannot read %s", core->path);
	packer = find_packer(start);
	if (packer)
		return nm_error_set(core->err, NM_E_UNSUPPORTED,
				    "cannot read %s: it is packed by %s (unpack it first)",
				    core->path, packer);
	if (elf_version(EV_CURRENT) == EV_NONE)
		return nm_error_set(core->err, NM_E_IO, "cannot use libelf: %s", elf_errmsg(-1));
	core->elf = elf_begin(core->fd, ELF_C_READ, NULL);
	if (!core->elf || elf_kind(core->elf) != ELF_K_ELF || !gelf_getehdr(core->elf, &header) ||
	    header.e_type != ET_CORE)
		return fail(core, NM_E_UNSUPPORTED, "it is no core file");
	if (header.e_machine != EM_X86_64 || header.e_ident[EI_CLASS] != ELFCLASS64)
		return fail(core, NM_E_UNSUPPORTED, "it is not of a 64-bit x86 process");
	return NM_OK;
}

/* ---- segments and notes ------------------------------------------------------------------ */

/* How many of `size` bytes at `offset` the file still has. */
static uint64_t count_there(const struct core *core, uint64_t offset, uint64_t size)
{
	uint64_t there = offset < core->size ? core->size - offset : 0;

	return there < size ? there : size;
}

static int read_notes(struct core *core, const GElf_Phdr *header)
{
	uint64_t size = count_there(core, header->p_offset, header->p_filesz);
	ssize_t got;

	if (core->notes_bytes || size == 0)
		return NM_OK;
	if (size > NOTES_MAX)
		return fail(core, NM_E_LIMIT, "its notes are too large");
	core->notes_bytes = malloc(size);
	if (!core->notes_bytes)
		return nm_error_nomem(core->err);
	got = pread(core->fd, core->notes_bytes, size, (off_t)header->p_offset);
	if (got < 0)
		return nm_error_set_errno(core->err, NM_E_IO, errno, "cannot read %s", core->path);
	core->info->missing_bytes += header->p_filesz - (uint64_t)got;
	return nm_core_notes_add(&core->notes, (struct nm_bytes){core->notes_bytes, (size_t)got},
				 core->err);
}

static int add_segment(struct core *core, const GElf_Phdr *header)
{
	if (header->p_vaddr >= NM_ADDR_MAX || header->p_memsz == 0)
		return NM_OK; /* the kernel's own page */
	if (header->p_memsz > NM_ADDR_MAX - header->p_vaddr || header->p_filesz > header->p_memsz ||
	    header->p_filesz > UINT64_MAX - header->p_offset)
		return fail(core, NM_E_CORRUPT, "a segment of it is larger than memory");
	core->segments[core->count++] = (struct segment){
		.start = header->p_vaddr,
		.size = header->p_memsz,
		.offset = header->p_offset,
		.in_file = header->p_filesz,
		.access = (header->p_flags & PF_R ? NM_MAP_READ : 0u) |
			  (header->p_flags & PF_W ? NM_MAP_WRITE : 0u) |
			  (header->p_flags & PF_X ? NM_MAP_EXECUTE : 0u),
	};
	return NM_OK;
}

static int by_start(const void *a, const void *b)
{
	const struct segment *left = a, *right = b;

	return left->start < right->start ? -1 : left->start > right->start;
}

static int read_headers(struct core *core)
{
	size_t count;
	int status = NM_OK;

	if (elf_getphdrnum(core->elf, &count) != 0 || count == 0)
		return fail(core, NM_E_CORRUPT, "its table of segments is cut, or none");
	if (count > NM_MAPS_MAX)
		return fail(core, NM_E_LIMIT, "it has too many segments");
	core->segments = calloc(count, sizeof(*core->segments));
	if (!core->segments)
		return nm_error_nomem(core->err);
	for (size_t i = 0; i < count && status == NM_OK; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(core->elf, (int)i, &header))
			return fail(core, NM_E_CORRUPT, "its table of segments is cut");
		if (header.p_type == PT_NOTE)
			status = read_notes(core, &header);
		else if (header.p_type == PT_LOAD)
			status = add_segment(core, &header);
	}
	if (status != NM_OK)
		return status;
	qsort(core->segments, core->count, sizeof(*core->segments), by_start);
	for (size_t i = 1; i < core->count; i++)
		if (core->segments[i].start <
		    core->segments[i - 1].start + core->segments[i - 1].size)
			return fail(core, NM_E_CORRUPT, "two segments of it overlap");
	return NM_OK;
}

/* ---- mappings ---------------------------------------------------------------------------- */

/* Files that no segment stands for: gdb leaves out what the file has anyway. */
static int add_files(struct core *core, size_t *at, nm_addr before)
{
	const struct nm_core_notes *notes = &core->notes;
	int status = NM_OK;

	for (; *at < notes->file_count && notes->files[*at].end <= before && status == NM_OK;
	     ++*at) {
		const struct nm_core_file *file = &notes->files[*at];
		nm_addr last = core->maps.count ? core->maps.items[core->maps.count - 1].end : 0;

		if (file->start >= last)
			status = nm_maps_add(&core->maps,
					     &(struct nm_map){file->start, file->end, file->offset,
							      1, NM_MAP_READ, file->path});
	}
	return status;
}

static int make_maps(struct core *core)
{
	size_t file_at = 0;
	int status = NM_OK;

	for (size_t i = 0; i < core->count && status == NM_OK; i++) {
		const struct segment *segment = &core->segments[i];
		const struct nm_core_file *file = nm_core_notes_file(&core->notes, segment->start);
		struct nm_map map = {.start = segment->start,
				     .end = segment->start + segment->size,
				     .access = segment->access,
				     .path = ""};

		if (file) {
			/* Which inode is not told; none is for memory of no file. */
			map.inode = 1;
			map.offset = file->offset + (segment->start - file->start);
			map.path = file->path;
		}
		status = add_files(core, &file_at, segment->start);
		while (file_at < core->notes.file_count &&
		       core->notes.files[file_at].start < map.end)
			file_at++;
		if (status == NM_OK)
			status = nm_maps_add(&core->maps, &map);
	}
	if (status == NM_OK)
		status = add_files(core, &file_at, NM_ADDR_MAX);
	if (status == NM_E_LIMIT)
		return fail(core, status, "it has too many mappings");
	return status == NM_OK ? NM_OK : nm_error_nomem(core->err);
}

/* The paths are to live as long as the image does. */
static int keep_paths(struct core *core)
{
	struct nm_maps *maps = &core->maps;
	size_t at = 0;

	for (size_t i = 0; i < maps->count; i++)
		nm_strbuf_add(&maps->text, maps->items[i].path, strlen(maps->items[i].path) + 1);
	if (maps->text.failed)
		return nm_error_nomem(core->err);
	for (size_t i = 0; i < maps->count; i++) {
		size_t length = strlen(maps->items[i].path);

		maps->items[i].path = maps->text.text + at;
		at += length + 1;
	}
	return NM_OK;
}

/* ---- memory ------------------------------------------------------------------------------ */

static bool is_zero(const unsigned char *page, uint64_t size)
{
	return page[0] == 0 && memcmp(page, page + 1, size - 1) == 0;
}

/* Is there memory for more? Asked now and then. */
static int check_left(struct core *core)
{
	uint64_t left;
	char text[32];

	if (core->used - core->checked < LEFT_CHECK_BYTES)
		return NM_OK;
	core->checked = core->used;
	left = nm_room_left(0);
	if (left >= LEFT_MIN)
		return NM_OK;
	return nm_error_set(core->err, NM_E_LIMIT,
			    "cannot hold %s: %s are read, and there is no memory left for more "
			    "(give this program more, or run it elsewhere)",
			    core->path, nm_units_words(core->used, text, sizeof(text)));
}

/* What of a segment is kept; it grows until zeros end it. */
struct range {
	nm_addr start;
	uint64_t size;	/* in the room, up to what is used of it */
	uint64_t zeros; /* behind that, so far */
};

static int end_range(struct core *core, struct range *range)
{
	int status = nm_image_lend(core->image, range->start, range->size,
				   core->room.bytes + core->used - range->size);

	*range = (struct range){0};
	return status == NM_OK ? NM_OK : nm_error_nomem(core->err);
}

static int pass_zeros(struct core *core, struct range *range, uint64_t size)
{
	range->zeros += range->size > 0 ? size : 0;
	return range->zeros > ZEROS_MAX ? end_range(core, range) : NM_OK;
}

/* Take `size` bytes which are at `addr` in the process. */
static int keep_page(struct core *core, struct range *range, nm_addr addr,
		     const unsigned char *bytes, uint64_t size)
{
	if (is_zero(bytes, size))
		return pass_zeros(core, range, size);
	if (range->size == 0)
		range->start = addr;
	/* The room is zero where nothing was written. */
	core->used += range->zeros;
	memcpy(core->room.bytes + core->used, bytes, size);
	core->used += size;
	range->size += range->zeros + size;
	range->zeros = 0;
	core->info->copied_bytes += size;
	return NM_OK;
}

/* How many of the next bytes the file has no blocks for: they are zeros. */
static uint64_t count_hole(const struct core *core, uint64_t offset, uint64_t size)
{
	off_t data = lseek(core->fd, (off_t)offset, SEEK_DATA);
	struct stat stat;

	if (data < 0 && errno == ENXIO && fstat(core->fd, &stat) == 0)
		data = stat.st_size; /* none up to its end, which may be nearer than before */
	if (data < (off_t)offset)
		return 0;
	return (uint64_t)data - offset < size ? (uint64_t)data - offset : size;
}

static int read_segment(struct core *core, const struct segment *segment)
{
	uint64_t there = count_there(core, segment->offset, segment->in_file), at = 0;
	struct range range = {0};
	int status = check_left(core);

	while (at < there && status == NM_OK) {
		uint64_t hole = count_hole(core, segment->offset + at, there - at) / PAGE * PAGE;
		uint64_t wanted = there - at - hole < BLOCK ? there - at - hole : BLOCK;
		ssize_t got;

		at += hole;
		status = pass_zeros(core, &range, hole);
		if (wanted == 0 || status != NM_OK)
			break;
		got = pread(core->fd, core->block, wanted, (off_t)(segment->offset + at));
		if (got <= 0) /* shorter by now, or a bad sector */
			break;
		for (uint64_t in = 0; in < (uint64_t)got && status == NM_OK; in += PAGE) {
			uint64_t size = (uint64_t)got - in < PAGE ? (uint64_t)got - in : PAGE;

			status = keep_page(core, &range, segment->start + at + in, core->block + in,
					   size);
		}
		at += (uint64_t)got;
		if (status == NM_OK)
			status = check_left(core);
	}
	core->info->missing_bytes += segment->in_file - at;
	if (status == NM_OK && range.size > 0)
		status = end_range(core, &range);
	/* Words of the process are at such addresses here too. */
	core->used = (core->used + PAGE - 1) / PAGE * PAGE;
	return status;
}

static int read_memory(struct core *core)
{
	uint64_t size = 0;
	int status;

	for (size_t i = 0; i < core->count; i++)
		size += count_there(core, core->segments[i].offset, core->segments[i].in_file);
	if (size > core->size)
		return fail(core, NM_E_CORRUPT, "two segments of it share bytes of the file");
	core->block = malloc(size < BLOCK ? size + 1 : BLOCK);
	if (!core->block)
		return nm_error_nomem(core->err);
	status = nm_room_reserve(size + core->count * PAGE, &core->room, core->err);
	for (size_t i = 0; i < core->count && status == NM_OK; i++) {
		const struct nm_map *map = nm_maps_find(&core->maps, core->segments[i].start);

		if (map && nm_copy_wants(map))
			status = read_segment(core, &core->segments[i]);
		else
			core->info->missing_bytes += core->segments[i].in_file -
						     count_there(core, core->segments[i].offset,
								 core->segments[i].in_file);
	}
	return status;
}

/* ---- together ---------------------------------------------------------------------------- */

static void fill_info(struct core *core)
{
	const struct nm_core_notes *notes = &core->notes;
	const struct nm_core_file *program = nm_core_notes_file(notes, notes->entry);
	struct nm_core_info *info = core->info;

	info->pid = notes->pid ? notes->pid : notes->thread_count ? notes->threads[0].id : 0;
	info->signal = notes->signal;
	info->entry = notes->entry;
	info->has_notes = notes->thread_count > 0;
	info->is_truncated = info->missing_bytes > 0;
	memcpy(info->command, notes->command, sizeof(info->command));
	if (program && strlen(program->path) < sizeof(info->executable))
		memcpy(info->executable, program->path, strlen(program->path) + 1);
}

static int finish(struct core *core)
{
	int status = keep_paths(core);

	for (size_t i = 0; i < core->notes.thread_count && status == NM_OK; i++)
		status = nm_image_add_thread(core->image, core->notes.threads[i].id,
					     core->notes.threads[i].sp);
	nm_room_cut(&core->room, core->used);
	if (status == NM_OK)
		status = nm_image_keep(core->image, core->room.size, core->room.bytes);
	if (status != NM_OK)
		return nm_error_nomem(core->err);
	core->room = (struct nm_room){NULL, 0};
	fill_info(core);
	nm_image_set_maps(core->image, &core->maps);
	return nm_image_seal(core->image);
}

int nm_core_open_fd(int fd, const char *path, struct nm_image **out, struct nm_core_info *info,
		    struct nm_error *err)
{
	struct core core = {.fd = fd, .path = path, .info = info, .err = err};
	int status;

	memset(info, 0, sizeof(*info));
	nm_core_notes_init(&core.notes);
	nm_maps_init(&core.maps);
	core.image = nm_image_new();
	status = core.image ? open_elf(&core) : nm_error_nomem(err);
	if (status == NM_OK)
		status = read_headers(&core);
	if (status == NM_OK)
		status = make_maps(&core);
	if (status == NM_OK)
		status = read_memory(&core);
	if (status == NM_OK)
		status = finish(&core);
	if (status == NM_OK) {
		*out = core.image;
		core.image = NULL;
	}
	elf_end(core.elf);
	nm_image_free(core.image);
	nm_room_done(&core.room);
	nm_maps_done(&core.maps);
	nm_core_notes_done(&core.notes);
	free(core.notes_bytes);
	free(core.segments);
	free(core.block);
	return status;
}

int nm_core_open(const char *path, struct nm_image **out, struct nm_core_info *info,
		 struct nm_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), status;

	if (fd < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot open %s", path);
	status = nm_core_open_fd(fd, path, out, info, err);
	close(fd);
	return status;
}
