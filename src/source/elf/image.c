#include "source/elf/image.h"

#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"

#define BUILD_ID_MAX 20
#define SEGMENTS_MAX 64
#define CHAIN_MAX    100000

struct nm_elf {
	Elf *elf;
	struct nm_bytes file;
	struct nm_bytes hash;	 /* .gnu.hash */
	struct nm_bytes symbols; /* .dynsym */
	struct nm_bytes names;	 /* .dynstr */
	GElf_Phdr segments[SEGMENTS_MAX];
	size_t segment_count;
	uint64_t first;
	uint64_t end;
	bool is_movable;
	char build_id[2 * BUILD_ID_MAX + 1];
};

static struct nm_bytes part_of_file(const struct nm_elf *elf, uint64_t offset, uint64_t size)
{
	if (offset > elf->file.size || elf->file.size - offset < size)
		return (struct nm_bytes){NULL, 0};
	return (struct nm_bytes){elf->file.data + offset, size};
}

static void take_sections(struct nm_elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf->elf, section)) != NULL) {
		if (!gelf_getshdr(section, &header))
			continue;
		if (header.sh_type == SHT_GNU_HASH) {
			elf->hash = part_of_file(elf, header.sh_offset, header.sh_size);
		} else if (header.sh_type == SHT_DYNSYM) {
			Elf_Scn *names = elf_getscn(elf->elf, header.sh_link);
			GElf_Shdr names_header;

			elf->symbols = part_of_file(elf, header.sh_offset, header.sh_size);
			if (names && gelf_getshdr(names, &names_header))
				elf->names = part_of_file(elf, names_header.sh_offset,
							  names_header.sh_size);
		}
	}
}

/* The GNU build-id note, from the bytes of a PT_NOTE segment. */
static void take_build_id(struct nm_elf *elf, struct nm_bytes notes)
{
	uint64_t at = 0;
	uint32_t name_size, size, type;

	while (nm_bytes_u32(notes, at, &name_size) && nm_bytes_u32(notes, at + 4, &size) &&
	       nm_bytes_u32(notes, at + 8, &type)) {
		uint64_t content = at + 12 + ((uint64_t)name_size + 3) / 4 * 4;
		unsigned char id[BUILD_ID_MAX];

		if (type == NT_GNU_BUILD_ID && size <= BUILD_ID_MAX &&
		    nm_bytes_is_text(notes, at + 12, "GNU") &&
		    nm_bytes_get(notes, content, id, size)) {
			for (uint32_t i = 0; i < size; i++)
				snprintf(elf->build_id + 2 * i, 3, "%02x", id[i]);
			return;
		}
		at = content + ((uint64_t)size + 3) / 4 * 4;
	}
}

static void take_segments(struct nm_elf *elf)
{
	size_t count = 0;

	elf->first = UINT64_MAX;
	if (elf_getphdrnum(elf->elf, &count) != 0)
		return;
	for (size_t i = 0; i < count && i < SEGMENTS_MAX; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(elf->elf, (int)i, &segment))
			continue;
		if (segment.p_type == PT_NOTE && !elf->build_id[0])
			take_build_id(elf, part_of_file(elf, segment.p_offset, segment.p_filesz));
		if (segment.p_type != PT_LOAD || segment.p_memsz > UINT64_MAX - segment.p_vaddr)
			continue;
		elf->segments[elf->segment_count++] = segment;
		if (segment.p_vaddr < elf->first)
			elf->first = segment.p_vaddr;
		if (segment.p_vaddr + segment.p_memsz > elf->end)
			elf->end = segment.p_vaddr + segment.p_memsz;
	}
}

int nm_elf_open(int fd, const char *name, struct nm_elf **out, struct nm_error *err)
{
	struct nm_elf *elf;
	GElf_Ehdr header;
	char *raw;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return nm_error_set(err, NM_E_IO, "cannot use libelf: %s", elf_errmsg(-1));
	elf = calloc(1, sizeof(*elf));
	if (!elf)
		return nm_error_nomem(err);
	elf->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	raw = elf->elf ? elf_rawfile(elf->elf, &elf->file.size) : NULL;
	if (!raw || elf_kind(elf->elf) != ELF_K_ELF || !gelf_getehdr(elf->elf, &header) ||
	    header.e_machine != EM_X86_64 || header.e_ident[EI_CLASS] != ELFCLASS64) {
		nm_elf_close(elf);
		return nm_error_set(err, NM_E_CORRUPT,
				    "cannot read %s: not a program for 64-bit x86", name);
	}
	elf->file.data = (const unsigned char *)raw;
	elf->is_movable = header.e_type == ET_DYN;
	take_segments(elf);
	take_sections(elf);
	*out = elf;
	return NM_OK;
}

/* The hash of DT_GNU_HASH, as in glibc's elf/dl-hash.h. */
static uint32_t hash_name(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

/* Is symbol `index` the defined symbol `name`? */
static bool take_symbol(const struct nm_elf *elf, uint64_t index, const char *name,
			struct nm_elf_symbol *out)
{
	Elf64_Sym symbol;

	if (!nm_bytes_get(elf->symbols, index * sizeof(symbol), &symbol, sizeof(symbol)) ||
	    symbol.st_shndx == SHN_UNDEF || !nm_bytes_is_text(elf->names, symbol.st_name, name))
		return false;
	out->addr = symbol.st_value;
	out->size = symbol.st_size;
	return true;
}

bool nm_elf_symbol(const struct nm_elf *elf, const char *name, struct nm_elf_symbol *out)
{
	uint32_t buckets, first, bloom_words, bucket, entry;
	uint32_t hash = hash_name(name);
	uint64_t buckets_at, chain_at;

	if (!nm_bytes_u32(elf->hash, 0, &buckets) || !nm_bytes_u32(elf->hash, 4, &first) ||
	    !nm_bytes_u32(elf->hash, 8, &bloom_words) || buckets == 0)
		return false;
	buckets_at = 16 + (uint64_t)bloom_words * 8;
	chain_at = buckets_at + (uint64_t)buckets * 4;
	if (!nm_bytes_u32(elf->hash, buckets_at + (uint64_t)(hash % buckets) * 4, &bucket) ||
	    bucket < first)
		return false;
	for (uint64_t index = bucket; index < (uint64_t)bucket + CHAIN_MAX; index++) {
		if (!nm_bytes_u32(elf->hash, chain_at + (index - first) * 4, &entry))
			return false;
		if ((entry | 1) == (hash | 1) && take_symbol(elf, index, name, out))
			return true;
		if (entry & 1)
			return false;
	}
	return false;
}

bool nm_elf_next_symbol(const struct nm_elf *elf, uint64_t *cursor, const char *prefix,
			const char **out_name, struct nm_elf_symbol *out)
{
	const size_t length = strlen(prefix);
	Elf64_Sym symbol;

	while (nm_bytes_get(elf->symbols, *cursor * sizeof(symbol), &symbol, sizeof(symbol))) {
		const char *name = (const char *)elf->names.data + symbol.st_name;

		++*cursor;
		if (symbol.st_shndx == SHN_UNDEF || symbol.st_name >= elf->names.size ||
		    elf->names.size - symbol.st_name <= length ||
		    memcmp(name, prefix, length) != 0 ||
		    !memchr(name, '\0', elf->names.size - symbol.st_name))
			continue;
		*out_name = name;
		out->addr = symbol.st_value;
		out->size = symbol.st_size;
		return true;
	}
	return false;
}

size_t nm_elf_code(const struct nm_elf *elf, uint64_t addr, unsigned char *out, size_t room)
{
	for (size_t i = 0; i < elf->segment_count; i++) {
		const GElf_Phdr *segment = &elf->segments[i];
		uint64_t inside = addr - segment->p_vaddr;
		size_t size = room;

		if (addr < segment->p_vaddr || inside >= segment->p_filesz)
			continue;
		if (segment->p_filesz - inside < size)
			size = segment->p_filesz - inside;
		return nm_bytes_get(elf->file, segment->p_offset + inside, out, size) ? size : 0;
	}
	return 0;
}

uint64_t nm_elf_first(const struct nm_elf *elf)
{
	return elf->first;
}

uint64_t nm_elf_end(const struct nm_elf *elf)
{
	return elf->end;
}

bool nm_elf_is_movable(const struct nm_elf *elf)
{
	return elf->is_movable;
}

const char *nm_elf_build_id(const struct nm_elf *elf)
{
	return elf->build_id;
}

void nm_elf_relax(struct nm_elf *elf)
{
	size_t size = 0;
	/* libelf has mapped it: pages of a file that nobody writes to. What malloc gave is never at a page. */
	char *bytes = elf ? elf_rawfile(elf->elf, &size) : NULL;

	if (bytes && (uintptr_t)bytes % (uintptr_t)sysconf(_SC_PAGESIZE) == 0)
		madvise(bytes, size, MADV_DONTNEED);
}

void nm_elf_close(struct nm_elf *elf)
{
	if (!elf)
		return;
	elf_end(elf->elf);
	free(elf);
}
