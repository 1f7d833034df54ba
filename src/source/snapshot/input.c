#include "source/snapshot/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define PACKED_SIZE ((size_t)256 << 10)
#define MAGIC_SIZE  4

struct nm_input {
	int fd;
	char *path;
	z_stream gzip;
	bool is_gzip;
	bool is_in_member; /* of gzip: its end has not been seen */
	ZSTD_DStream *zstd;
	bool is_in_frame;
	/* As read from the file, of compressed ones. */
	unsigned char *packed;
	size_t packed_at, packed_count;
	int failed; /* errno; 0: none */
	const char *broken;
};

static ssize_t read_file(struct nm_input *input, void *out, size_t room)
{
	ssize_t got;

	do
		got = read(input->fd, out, room);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		input->failed = errno;
	return got;
}

/* More of the compressed file. False: there is no more, or it failed. */
static bool fill(struct nm_input *input)
{
	ssize_t got;

	if (input->packed_at < input->packed_count)
		return true;
	got = read_file(input, input->packed, PACKED_SIZE);
	input->packed_at = 0;
	input->packed_count = got > 0 ? (size_t)got : 0;
	return got > 0;
}

/* What the compressed data end with, when the file ends. */
static long end_of(struct nm_input *input, bool is_inside)
{
	if (input->failed)
		return -1;
	if (!is_inside)
		return 0;
	input->broken = "the compressed data end too early";
	return -1;
}

static long read_gzip(struct nm_input *input, unsigned char *out, size_t room)
{
	z_stream *gzip = &input->gzip;

	gzip->next_out = out;
	gzip->avail_out = (uInt)room;
	while (gzip->avail_out == room) {
		int status;

		if (!fill(input))
			return end_of(input, input->is_in_member);
		gzip->next_in = input->packed + input->packed_at;
		gzip->avail_in = (uInt)(input->packed_count - input->packed_at);
		input->is_in_member = true;
		status = inflate(gzip, Z_NO_FLUSH);
		input->packed_at = input->packed_count - gzip->avail_in;
		/* A file may hold several, one behind the other. */
		if (status == Z_STREAM_END) {
			input->is_in_member = false;
			status = inflateReset(gzip);
		}
		if (status != Z_OK && status != Z_BUF_ERROR) {
			input->broken = "the gzip data are broken";
			return -1;
		}
	}
	return (long)(room - gzip->avail_out);
}

static long read_zstd(struct nm_input *input, unsigned char *out, size_t room)
{
	ZSTD_outBuffer into = {out, room, 0};

	while (into.pos == 0) {
		ZSTD_inBuffer from;
		size_t status;
		/* What does not fit into `out` stays inside the library. */
		bool has_more = fill(input);

		if (!has_more && (input->failed || !input->is_in_frame))
			return end_of(input, false);
		from = (ZSTD_inBuffer){input->packed, input->packed_count, input->packed_at};
		status = ZSTD_decompressStream(input->zstd, &into, &from);
		input->packed_at = from.pos;
		if (ZSTD_isError(status)) {
			input->broken = "the zstd data are broken";
			return -1;
		}
		input->is_in_frame = status != 0;
		if (!has_more && into.pos == 0)
			return end_of(input, input->is_in_frame);
	}
	return (long)into.pos;
}

long nm_input_read(struct nm_input *input, unsigned char *out, size_t room)
{
	if (input->failed || input->broken)
		return -1;
	if (input->is_gzip)
		return read_gzip(input, out, room);
	if (input->zstd)
		return read_zstd(input, out, room);
	return read_file(input, out, room);
}

int nm_input_fail(const struct nm_input *input, struct nm_error *err)
{
	if (input->broken)
		return nm_error_set(err, NM_E_CORRUPT, "cannot read %s: %s", input->path,
				    input->broken);
	return nm_error_set_errno(err, NM_E_IO, input->failed, "cannot read %s", input->path);
}

/* By its first bytes, never by its name. */
static int find_compression(struct nm_input *input, struct nm_error *err)
{
	static const unsigned char gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
	unsigned char magic[MAGIC_SIZE] = {0};
	ssize_t got = pread(input->fd, magic, sizeof(magic), 0);

	if (got < 0) {
		input->failed = errno;
		return nm_input_fail(input, err);
	}
	if (memcmp(magic, gzip, sizeof(gzip)) == 0) {
		/* 15: the largest window; 16: of gzip. */
		input->is_gzip = inflateInit2(&input->gzip, 15 + 16) == Z_OK;
		if (!input->is_gzip)
			return nm_error_nomem(err);
	} else if (memcmp(magic, zstd, sizeof(zstd)) == 0) {
		input->zstd = ZSTD_createDStream();
		if (!input->zstd)
			return nm_error_nomem(err);
	} else {
		return NM_OK;
	}
	input->packed = malloc(PACKED_SIZE);
	return input->packed ? NM_OK : nm_error_nomem(err);
}

static int open_file(struct nm_input *input, struct nm_error *err)
{
	struct stat status;

	input->fd = open(input->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (input->fd < 0 || fstat(input->fd, &status) != 0) {
		input->failed = errno;
		return nm_input_fail(input, err);
	}
	if (!S_ISREG(status.st_mode))
		return nm_error_set(err, NM_E_UNSUPPORTED, "cannot read %s: it is no regular file",
				    input->path);
	posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return find_compression(input, err);
}

int nm_input_open(const char *path, struct nm_input **out, struct nm_error *err)
{
	struct nm_input *input = calloc(1, sizeof(*input));
	int status;

	*out = NULL;
	if (!input)
		return nm_error_nomem(err);
	input->fd = -1;
	input->path = strdup(path);
	status = input->path ? open_file(input, err) : nm_error_nomem(err);
	if (status != NM_OK)
		nm_input_close(input);
	else
		*out = input;
	return status;
}

void nm_input_close(struct nm_input *input)
{
	if (!input)
		return;
	if (input->is_gzip)
		inflateEnd(&input->gzip);
	ZSTD_freeDStream(input->zstd);
	if (input->fd >= 0)
		close(input->fd);
	free(input->packed);
	free(input->path);
	free(input);
}
