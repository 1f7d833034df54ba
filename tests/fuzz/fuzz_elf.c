/*
 * fuzz_elf.c - an executable: its symbols, code and build-id
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "source/elf/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"v8dbg_frametype_EntryFrame", "_ZN2v87Isolate3NewEv",
					    ""};
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct nm_elf_symbol symbol;
	unsigned char code[64];
	struct nm_elf *elf;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	if (nm_elf_open(fd, "fuzz", &elf, NULL) == NM_OK) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (nm_elf_symbol(elf, names[i], &symbol))
				nm_elf_code(elf, symbol.addr, code, sizeof(code));
		nm_elf_code(elf, nm_elf_first(elf), code, sizeof(code));
		nm_elf_code(elf, nm_elf_end(elf) - 1, code, sizeof(code));
		MUST(strlen(nm_elf_build_id(elf)) <= 40);
		nm_elf_close(elf);
	}
	close(fd);
	return 0;
}
