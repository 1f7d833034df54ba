#include "source/remote/core_notes.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* struct elf_prstatus and elf_prpsinfo of x86-64. */
#define PRSTATUS_SIZE	 336
#define PRSTATUS_SIGNAL	 12 /* short */
#define PRSTATUS_PID	 32
#define PRSTATUS_RSP	 264 /* the registers begin at 112; rsp is the twentieth */
#define PRPSINFO_SIZE	 136
#define PRPSINFO_PID	 24
#define PRPSINFO_COMMAND 56
#define COMMAND_SIZE	 80
#define FILE_ENTRY_SIZE	 24

void nm_core_notes_init(struct nm_core_notes *notes)
{
	memset(notes, 0, sizeof(*notes));
}

static int take_thread(struct nm_core_notes *notes, struct nm_bytes note, struct nm_error *err)
{
	size_t count = notes->thread_count;
	uint16_t signal;
	uint32_t id;
	uint64_t sp;

	if (note.size < PRSTATUS_SIZE || count == NM_CORE_THREADS_MAX ||
	    !nm_bytes_get(note, PRSTATUS_SIGNAL, &signal, sizeof(signal)) ||
	    !nm_bytes_u32(note, PRSTATUS_PID, &id) || !nm_bytes_u64(note, PRSTATUS_RSP, &sp))
		return NM_OK;
	if ((count & (count - 1)) == 0) { /* none, or a power of two: full */
		struct nm_image_thread *grown =
			realloc(notes->threads, (count ? 2 * count : 1) * sizeof(*grown));

		if (!grown)
			return nm_error_nomem(err);
		notes->threads = grown;
	}
	if (count == 0)
		notes->signal = signal;
	notes->threads[notes->thread_count++] = (struct nm_image_thread){(pid_t)id, sp};
	return NM_OK;
}

static void take_process(struct nm_core_notes *notes, struct nm_bytes note)
{
	uint32_t pid;

	if (note.size < PRPSINFO_SIZE || !nm_bytes_u32(note, PRPSINFO_PID, &pid) ||
	    !nm_bytes_get(note, PRPSINFO_COMMAND, notes->command, COMMAND_SIZE))
		return;
	notes->command[COMMAND_SIZE] = '\0';
	notes->pid = (pid_t)pid;
}

static void take_auxv(struct nm_core_notes *notes, struct nm_bytes note)
{
	uint64_t key, value;

	for (uint64_t at = 0; nm_bytes_u64(note, at, &key) && nm_bytes_u64(note, at + 8, &value);
	     at += 16)
		if (key == AT_ENTRY)
			notes->entry = value;
}

static int by_start(const void *a, const void *b)
{
	const struct nm_core_file *left = a, *right = b;

	return left->start < right->start ? -1 : left->start > right->start;
}

/* Counts, then the ranges, then as many names. */
static int take_files(struct nm_core_notes *notes, struct nm_bytes note, struct nm_error *err)
{
	uint64_t count, page, name_at;

	if (notes->files || !nm_bytes_u64(note, 0, &count) || !nm_bytes_u64(note, 8, &page) ||
	    count > NM_CORE_FILES_MAX)
		return NM_OK;
	notes->files = calloc(count + 1, sizeof(*notes->files));
	if (!notes->files)
		return nm_error_nomem(err);
	name_at = 16 + count * FILE_ENTRY_SIZE;
	for (uint64_t i = 0; i < count; i++) {
		struct nm_core_file file = {0};
		uint64_t at = 16 + i * FILE_ENTRY_SIZE, length;

		if (name_at >= note.size || !nm_bytes_u64(note, at, &file.start) ||
		    !nm_bytes_u64(note, at + 8, &file.end) ||
		    !nm_bytes_u64(note, at + 16, &file.offset))
			break;
		length = strnlen((const char *)note.data + name_at, note.size - name_at);
		if (length == note.size - name_at)
			break;
		file.path = (const char *)note.data + name_at;
		name_at += length + 1;
		if (__builtin_mul_overflow(file.offset, page, &file.offset) ||
		    file.end <= file.start)
			continue;
		notes->files[notes->file_count++] = file;
	}
	if (notes->file_count > 0)
		qsort(notes->files, notes->file_count, sizeof(*notes->files), by_start);
	return NM_OK;
}

static int take_note(struct nm_core_notes *notes, uint32_t type, struct nm_bytes note,
		     struct nm_error *err)
{
	switch (type) {
	case NT_PRSTATUS:
		return take_thread(notes, note, err);
	case NT_FILE:
		return take_files(notes, note, err);
	case NT_PRPSINFO:
		take_process(notes, note);
		return NM_OK;
	case NT_AUXV:
		take_auxv(notes, note);
		return NM_OK;
	default:
		return NM_OK;
	}
}

int nm_core_notes_add(struct nm_core_notes *notes, struct nm_bytes bytes, struct nm_error *err)
{
	uint32_t name_size, size, type;
	int status = NM_OK;

	for (uint64_t at = 0; status == NM_OK && nm_bytes_u32(bytes, at, &name_size) &&
			      nm_bytes_u32(bytes, at + 4, &size) &&
			      nm_bytes_u32(bytes, at + 8, &type);) {
		uint64_t content = at + 12 + ((uint64_t)name_size + 3) / 4 * 4;

		if (content > bytes.size || bytes.size - content < size)
			break;
		/* Other owners count their types for themselves. */
		if (nm_bytes_is_text(bytes, at + 12, "CORE"))
			status = take_note(notes, type,
					   (struct nm_bytes){bytes.data + content, size}, err);
		at = content + ((uint64_t)size + 3) / 4 * 4;
	}
	return status;
}

const struct nm_core_file *nm_core_notes_file(const struct nm_core_notes *notes, nm_addr addr)
{
	size_t low = 0, high = notes->file_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addr < notes->files[middle].start)
			high = middle;
		else if (addr >= notes->files[middle].end)
			low = middle + 1;
		else
			return &notes->files[middle];
	}
	return NULL;
}

void nm_core_notes_done(struct nm_core_notes *notes)
{
	free(notes->files);
	free(notes->threads);
	nm_core_notes_init(notes);
}
