/*
 * reader.h - bytes of another address space
 *
 * A reader is a live process, or a still image of one. Everything read through it is hostile: the
 * target can hold any bytes and, when it lives, can change them while being read.
 *
 * Costs    one system call per call, whatever the number of pieces; none for an image.
 */
#ifndef NM_REMOTE_READER_H
#define NM_REMOTE_READER_H

#include <sys/uio.h>

#include "base/error.h"

/* An address in the target; never a pointer here. */
typedef uint64_t nm_addr;

#define NM_ADDR_MAX (UINT64_C(1) << 47) /* user space on x86-64 with four-level page tables */

/* An address that can be that of an aligned object. */
static inline bool nm_addr_is_plausible(nm_addr addr)
{
	return addr >= 0x1000 && addr < NM_ADDR_MAX && addr % 8 == 0;
}

struct nm_reader;

/* NM_E_NOMEM. */
int nm_reader_open_live(pid_t pid, struct nm_reader **out, struct nm_error *err);

struct nm_image;

/* Of an image, which is borrowed. NM_E_NOMEM. */
int nm_reader_open_image(const struct nm_image *image, struct nm_reader **out,
			 struct nm_error *err);

/* All of [addr, addr + size) into `out`, or false. */
bool nm_reader_get(struct nm_reader *reader, nm_addr addr, void *out, size_t size);

/* A 64-bit word. False when it cannot be read; `*out` is then untouched. */
bool nm_reader_word(struct nm_reader *reader, nm_addr addr, uint64_t *out);

/* At most `room` - 1 bytes up to a zero byte; false when unreadable or longer. */
bool nm_reader_text(struct nm_reader *reader, nm_addr addr, char *out, size_t room);

/*
 * Many pieces in one call: `local` and `remote` have `count` elements of pairwise equal length.
 * They are read in order up to the first that cannot be read whole. Returns how many bytes came,
 * or -errno when none did.
 */
ssize_t nm_reader_gather(struct nm_reader *reader, const struct iovec *local,
			 const struct iovec *remote, size_t count);

/* System calls and bytes since it was opened. */
uint64_t nm_reader_calls(const struct nm_reader *reader);
uint64_t nm_reader_bytes(const struct nm_reader *reader);

void nm_reader_close(struct nm_reader *reader);

#endif
