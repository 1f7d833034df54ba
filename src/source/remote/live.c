#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "source/remote/image.h"
#include "source/remote/reader.h"

struct nm_reader {
	pid_t pid;
	const struct nm_image *image; /* NULL: the process itself */
	uint64_t calls;
	uint64_t bytes;
};

int nm_reader_open_live(pid_t pid, struct nm_reader **out, struct nm_error *err)
{
	struct nm_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return nm_error_nomem(err);
	reader->pid = pid;
	*out = reader;
	return NM_OK;
}

int nm_reader_open_image(const struct nm_image *image, struct nm_reader **out, struct nm_error *err)
{
	int status = nm_reader_open_live(0, out, err);

	if (status == NM_OK)
		(*out)->image = image;
	return status;
}

/* As the kernel would: in order, up to the first piece that is not there. */
static ssize_t gather_from_image(struct nm_reader *reader, const struct iovec *local,
				 const struct iovec *remote, size_t count)
{
	ssize_t total = 0;

	for (size_t i = 0; i < count; i++) {
		const unsigned char *bytes = nm_image_at(
			reader->image, (nm_addr)(uintptr_t)remote[i].iov_base, remote[i].iov_len);

		if (!bytes)
			return total > 0 ? total : -EFAULT;
		memcpy(local[i].iov_base, bytes, remote[i].iov_len);
		total += (ssize_t)remote[i].iov_len;
	}
	reader->bytes += (uint64_t)total;
	return total;
}

ssize_t nm_reader_gather(struct nm_reader *reader, const struct iovec *local,
			 const struct iovec *remote, size_t count)
{
	size_t at = 0, wanted, batch;
	ssize_t total = 0, got;

	if (reader->image)
		return gather_from_image(reader, local, remote, count);
	while (at < count) {
		batch = count - at < IOV_MAX ? count - at : IOV_MAX;
		wanted = 0;
		for (size_t i = 0; i < batch; i++)
			wanted += local[at + i].iov_len;
		got = process_vm_readv(reader->pid, local + at, batch, remote + at, batch, 0);
		reader->calls++;
		if (got < 0)
			return total > 0 ? total : -errno;
		reader->bytes += (uint64_t)got;
		total += got;
		if ((size_t)got < wanted)
			break;
		at += batch;
	}
	return total;
}

bool nm_reader_get(struct nm_reader *reader, nm_addr addr, void *out, size_t size)
{
	struct iovec local = {.iov_base = out, .iov_len = size};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)addr, .iov_len = size};

	return nm_reader_gather(reader, &local, &remote, 1) == (ssize_t)size;
}

bool nm_reader_word(struct nm_reader *reader, nm_addr addr, uint64_t *out)
{
	uint64_t word;

	if (!nm_reader_get(reader, addr, &word, sizeof(word)))
		return false;
	*out = word;
	return true;
}

bool nm_reader_text(struct nm_reader *reader, nm_addr addr, char *out, size_t room)
{
	struct iovec local = {.iov_base = out, .iov_len = room};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)addr, .iov_len = room};
	ssize_t got = nm_reader_gather(reader, &local, &remote, 1);

	return got > 0 && memchr(out, '\0', (size_t)got) != NULL;
}

uint64_t nm_reader_calls(const struct nm_reader *reader)
{
	return reader->calls;
}

uint64_t nm_reader_bytes(const struct nm_reader *reader)
{
	return reader->bytes;
}

void nm_reader_close(struct nm_reader *reader)
{
	free(reader);
}
