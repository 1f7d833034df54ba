/*
 * image.h - an executable or library: its dynamic symbols, code bytes and build-id
 *
 * Owns     the mapped file until nm_elf_close(). Symbols are found through the GNU hash table:
 *          a Node binary has up to 90,000 of them and a look-up touches a few pages only.
 * Trusts   nothing in the file.
 */
#ifndef NM_ELF_IMAGE_H
#define NM_ELF_IMAGE_H

#include "base/error.h"

struct nm_elf;

struct nm_elf_symbol {
	uint64_t addr; /* as in the file: add where it was loaded, if it is not fixed */
	uint64_t size;
};

/* `fd` stays the caller's and may be closed after. `name` is for messages. NM_E_IO,
   NM_E_CORRUPT (no 64-bit x86 ELF file). */
int nm_elf_open(int fd, const char *name, struct nm_elf **out, struct nm_error *err);

/* A defined dynamic symbol. */
bool nm_elf_symbol(const struct nm_elf *elf, const char *name, struct nm_elf_symbol *out);

/*
 * The next defined dynamic symbol whose name begins with `prefix`, or false when there is no more.
 * `*cursor` is 0 at first. The name is borrowed.
 */
bool nm_elf_next_symbol(const struct nm_elf *elf, uint64_t *cursor, const char *prefix,
			const char **out_name, struct nm_elf_symbol *out);

/* Bytes of the file which will be loaded at `addr`; returns how many, at most `room`. */
size_t nm_elf_code(const struct nm_elf *elf, uint64_t addr, unsigned char *out, size_t room);

/* The addresses of the file's own from the first to behind the last byte loaded. */
uint64_t nm_elf_first(const struct nm_elf *elf);
uint64_t nm_elf_end(const struct nm_elf *elf);

/* Loaded anywhere (PIE, library) rather than at its own addresses. */
bool nm_elf_is_movable(const struct nm_elf *elf);

/* Hexadecimal, "" when the file has none. */
const char *nm_elf_build_id(const struct nm_elf *elf);

/* Let go of the memory that the file takes; what is needed again comes back by itself. */
void nm_elf_relax(struct nm_elf *elf);

void nm_elf_close(struct nm_elf *elf);

#endif
