#include "source/deaths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "source/crashlog/log.h"
#include "source/crashlog/report.h"
#include "source/snapshot/input.h"

#define PIECE	   ((size_t)256 << 10)
#define REPORT_MAX ((size_t)64 << 20)
/* By so much it is known what a file is. */
#define HEAD 4096

/* A file, perhaps compressed; or a pipe, which is read as it is. */
struct text {
	const char *name;
	struct nm_input *input; /* NULL: of `fd` */
	int fd;
	char *piece; /* of PIECE bytes */
};

static int open_text(const char *path, struct text *text, struct nm_error *err)
{
	struct stat status;

	text->name = path;
	text->input = NULL;
	text->fd = STDIN_FILENO;
	text->piece = malloc(PIECE);
	if (!text->piece)
		return nm_error_nomem(err);
	if (strcmp(path, "-") == 0) {
		text->name = "stdin";
		return NM_OK;
	}
	if (stat(path, &status) != 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot read %s", path);
	if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))
		return nm_input_open(path, &text->input, err);
	text->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (text->fd < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot read %s", path);
	return NM_OK;
}

static void close_text(struct text *text)
{
	nm_input_close(text->input);
	if (text->fd > STDIN_FILENO)
		close(text->fd);
	free(text->piece);
}

/* Up to `room` bytes to `out`; 0 at the end; -1 with `err` set. */
static long read_some(struct text *text, char *out, size_t room, struct nm_error *err)
{
	long got;

	if (text->input) {
		got = nm_input_read(text->input, (unsigned char *)out, room);
		if (got < 0)
			nm_input_fail(text->input, err);
		return got;
	}
	do
		got = read(text->fd, out, room);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		nm_error_set_errno(err, NM_E_IO, errno, "cannot read %s", text->name);
	return got;
}

static int read_report(struct text *text, size_t length, struct nm_deaths *out,
		       struct nm_error *err)
{
	struct nm_strbuf whole;
	int status = NM_OK;

	nm_strbuf_init(&whole, REPORT_MAX);
	while (length > 0 && !whole.failed) {
		long got;

		nm_strbuf_add(&whole, text->piece, length);
		got = read_some(text, text->piece, PIECE, err);
		if (got < 0)
			status = err->code;
		length = got > 0 ? (size_t)got : 0;
	}
	if (whole.failed)
		status = nm_error_set(err, NM_E_LIMIT, "%s is too large to be a diagnostic report",
				      text->name);
	if (status == NM_OK)
		status = nm_report_read(nm_strbuf_get(&whole), whole.length, text->name, out, err);
	nm_strbuf_done(&whole);
	return status;
}

static int read_log(struct text *text, size_t length, struct nm_deaths *out, struct nm_error *err)
{
	struct nm_log *log = nm_log_open(out);
	int status = NM_OK;

	if (!log)
		return nm_error_nomem(err);
	while (length > 0) {
		long got;

		nm_log_feed(log, text->piece, length);
		got = read_some(text, text->piece, PIECE, err);
		if (got < 0)
			status = err->code;
		length = got > 0 ? (size_t)got : 0;
	}
	nm_log_end(log);
	nm_log_close(log);
	return status;
}

static bool begins_with(const char *bytes, size_t length, const char *start, size_t size)
{
	return length >= size && memcmp(bytes, start, size) == 0;
}

/* What can be known to be something else, by its first bytes. */
static int refuse_others(const struct text *text, size_t length, struct nm_deaths *out,
			 struct nm_error *err)
{
	const char *bytes = text->piece;

	if (begins_with(bytes, length, "SQLite format 3", 16)) {
		out->kind = NM_FILE_RECORDING;
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "%s is a database: it is no recording that can be read",
				    text->name);
	}
	if (begins_with(bytes, length, "\177ELF", 4))
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "%s is a program or a core file, not a log (of a core, "
				    "'nodemem heap' shows what its heap held)",
				    text->name);
	if (begins_with(bytes, length, "{\"snapshot\"", 11))
		return nm_error_set(
			err, NM_E_UNSUPPORTED,
			"%s is a heap snapshot, not a log ('nodemem heap' shows what it "
			"holds)",
			text->name);
	if (begins_with(bytes, length, "\x1f\x8b", 2) ||
	    begins_with(bytes, length, "\x28\xb5\x2f\xfd", 4))
		return nm_error_set(
			err, NM_E_UNSUPPORTED,
			"%s is compressed, which is read from files only (name the file, "
			"or decompress it before)",
			text->name);
	if (memchr(bytes, '\0', length < HEAD ? length : HEAD))
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "%s is no text: it is neither a log nor a diagnostic report",
				    text->name);
	return NM_OK;
}

static int read_text(struct text *text, struct nm_deaths *out, struct nm_error *err)
{
	size_t length = 0;
	int status;

	/* A pipe gives a little at a time. */
	while (length < HEAD) {
		long got = read_some(text, text->piece + length, PIECE - length, err);

		if (got < 0)
			return err->code;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	status = refuse_others(text, length, out, err);
	if (status != NM_OK)
		return status;
	return nm_report_is_one(text->piece, length) ? read_report(text, length, out, err)
						     : read_log(text, length, out, err);
}

int nm_deaths_read(const char *path, struct nm_deaths *out, struct nm_error *err)
{
	struct text text;
	int status;

	nm_deaths_init(out);
	status = open_text(path, &text, err);
	if (status == NM_OK)
		status = read_text(&text, out, err);
	close_text(&text);
	if (status != NM_OK) {
		enum nm_file_kind kind = out->kind;

		nm_deaths_done(out);
		out->kind = kind;
	}
	return status;
}
