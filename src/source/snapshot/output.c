#include "source/snapshot/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define BUFFER_SIZE (1u << 20)
/* Level 3 makes a snapshot a tenth of its size and is faster than most disks. */
#define ZSTD_LEVEL 3

struct nm_output {
	char *path;
	char *part;
	int fd;
	char *buffer;
	size_t used;
	uint64_t bytes;	    /* in the file */
	int os_errno;	    /* of the first write that failed */
	ZSTD_CStream *zstd; /* NULL: not compressed */
	char *packed;
	size_t packed_room;
};

static void write_out(struct nm_output *output, const char *bytes, size_t size)
{
	for (size_t at = 0; at < size && output->os_errno == 0;) {
		ssize_t done = write(output->fd, bytes + at, size - at);

		if (done >= 0)
			at += (size_t)done;
		else if (errno != EINTR)
			output->os_errno = errno;
	}
	output->bytes += size;
}

static void pack(struct nm_output *output, ZSTD_EndDirective mode)
{
	ZSTD_inBuffer in = {output->buffer, output->used, 0};
	size_t left = 1;

	while (output->os_errno == 0 && (in.pos < in.size || (mode == ZSTD_e_end && left > 0))) {
		ZSTD_outBuffer out = {output->packed, output->packed_room, 0};

		left = ZSTD_compressStream2(output->zstd, &out, &in, mode);
		if (ZSTD_isError(left))
			output->os_errno = EIO;
		else
			write_out(output, output->packed, out.pos);
	}
}

static void flush(struct nm_output *output, bool is_last)
{
	if (output->zstd)
		pack(output, is_last ? ZSTD_e_end : ZSTD_e_continue);
	else
		write_out(output, output->buffer, output->used);
	output->used = 0;
}

void nm_output_put(struct nm_output *output, const char *text, size_t length)
{
	while (length > 0) {
		size_t part = BUFFER_SIZE - output->used;

		if (part > length)
			part = length;
		memcpy(output->buffer + output->used, text, part);
		output->used += part;
		text += part;
		length -= part;
		if (output->used == BUFFER_SIZE)
			flush(output, false);
	}
}

void nm_output_text(struct nm_output *output, const char *text)
{
	nm_output_put(output, text, strlen(text));
}

void nm_output_number(struct nm_output *output, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	nm_output_put(output, digits + at, sizeof(digits) - at);
}

bool nm_output_is_good(const struct nm_output *output)
{
	return output->os_errno == 0;
}

static void free_output(struct nm_output *output)
{
	ZSTD_freeCStream(output->zstd);
	free(output->packed);
	free(output->buffer);
	free(output->part);
	free(output->path);
	free(output);
}

static bool ends_in_zst(const char *path)
{
	size_t length = strlen(path);

	return length > 4 && strcmp(path + length - 4, ".zst") == 0;
}

static bool make_room(struct nm_output *output, const char *path)
{
	size_t length = strlen(path);

	output->path = strdup(path);
	output->part = malloc(length + sizeof(".part"));
	output->buffer = malloc(BUFFER_SIZE);
	if (!output->path || !output->part || !output->buffer)
		return false;
	memcpy(output->part, path, length);
	memcpy(output->part + length, ".part", sizeof(".part"));
	if (!ends_in_zst(path))
		return true;
	output->packed_room = ZSTD_CStreamOutSize();
	output->packed = malloc(output->packed_room);
	output->zstd = ZSTD_createCStream();
	return output->packed && output->zstd &&
	       !ZSTD_isError(ZSTD_initCStream(output->zstd, ZSTD_LEVEL));
}

/* A device or a pipe must not be replaced. */
static bool can_replace(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) != 0 || S_ISREG(stat.st_mode);
}

/* Does the name still lead to the open file? Who had it locked has renamed it. */
static bool is_still_named(int fd, const char *path)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* Only one writes it at a time. One that was left by somebody who was killed is nobody's. */
static int open_part(struct nm_output *output, struct nm_error *err)
{
	for (;;) {
		/* What is in a heap is nobody else's. */
		output->fd = open(output->part, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (output->fd < 0)
			return nm_error_set_errno(err, NM_E_IO, errno, "cannot create %s",
						  output->part);
		if (flock(output->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
			close(output->fd);
			return nm_error_set(err, NM_E_BUSY,
					    "cannot write %s: another process is writing it",
					    output->path);
		}
		if (is_still_named(output->fd, output->part))
			break;
		close(output->fd);
	}
	if (ftruncate(output->fd, 0) == 0)
		return NM_OK;
	close(output->fd);
	return nm_error_set_errno(err, NM_E_IO, errno, "cannot write %s", output->part);
}

int nm_output_open(const char *path, struct nm_output **out, struct nm_error *err)
{
	struct nm_output *output = calloc(1, sizeof(*output));
	int status;

	if (!output || !make_room(output, path)) {
		if (output)
			free_output(output);
		return nm_error_nomem(err);
	}
	if (!can_replace(path)) {
		status = nm_error_set(err, NM_E_IO, "cannot write %s: it is no plain file", path);
		free_output(output);
		return status;
	}
	status = open_part(output, err);
	if (status != NM_OK) {
		free_output(output);
		return status;
	}
	*out = output;
	return NM_OK;
}

int nm_output_close(struct nm_output *output, uint64_t *out_bytes, struct nm_error *err)
{
	int status = NM_OK;

	flush(output, true);
	/* The lock ends with the descriptor: first the name. What close() could still tell, of
	   file systems that write late, fsync() tells. */
	if (output->os_errno == 0 && fsync(output->fd) != 0 && errno != EINVAL && errno != EROFS)
		output->os_errno = errno;
	if (output->os_errno == 0 && rename(output->part, output->path) != 0)
		output->os_errno = errno;
	if (output->os_errno != 0)
		unlink(output->part);
	close(output->fd);
	if (output->os_errno != 0) {
		status = nm_error_set_errno(err, NM_E_IO, output->os_errno, "cannot write %s",
					    output->path);
	} else {
		*out_bytes = output->bytes;
	}
	free_output(output);
	return status;
}
