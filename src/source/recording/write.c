#include "source/recording/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "source/recording/schema.h"
#include "source/recording/writer.h"

/* A reader (report, sqlite3) may hold the file for a moment. */
#define BUSY_MS 2000
/* Pages of 4 KiB in the log beside the file before they are moved into it. */
#define LOG_PAGES 256

/* ---- the file ------------------------------------------------------------------------------- */

/*
 * Two recorders would mix their rows. This lock is flock's: SQLite's own are fcntl's, which any close of
 * the file by this process would drop; so it is opened before SQLite opens it and closed after.
 */
static int lock_file(struct nm_recording *recording, const char *path, struct nm_error *err)
{
	recording->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (recording->lock_fd < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot write the recording %s",
					  path);
	if (flock(recording->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return NM_OK;
	if (errno == EWOULDBLOCK)
		return nm_error_set(err, NM_E_BUSY,
				    "another nodemem records into %s (choose another file)", path);
	return nm_error_set_errno(err, NM_E_IO, errno, "cannot lock the recording %s", path);
}

static int fail(struct nm_recording *recording, int code, struct nm_error *err)
{
	if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
		return nm_error_set(err, NM_E_CORRUPT,
				    "%s is there and is no recording (choose another name)",
				    recording->path);
	nm_recording_fail(recording, code);
	if (err)
		*err = recording->why;
	return recording->why.code;
}

static int read_pragma(struct nm_recording *recording, const char *text, int64_t *out)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(recording->db, text, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		*out = sqlite3_column_int64(statement, 0);
		code = SQLITE_OK;
	}
	sqlite3_finalize(statement);
	return code;
}

/* The tables of a new file; of one that is there, whether it is ours. */
static int prepare_tables(struct nm_recording *recording, bool is_empty, struct nm_error *err)
{
	int64_t application = 0, format = 0;
	char text[128];
	int code;

	if (is_empty) {
		snprintf(text, sizeof(text),
			 "PRAGMA application_id = %d; PRAGMA user_version = %d;",
			 NM_RECORDING_APPLICATION, NM_RECORDING_FORMAT);
		code = sqlite3_exec(recording->db, "BEGIN", NULL, NULL, NULL);
		if (code == SQLITE_OK)
			code = sqlite3_exec(recording->db, nm_recording_schema, NULL, NULL, NULL);
		if (code == SQLITE_OK)
			code = sqlite3_exec(recording->db, text, NULL, NULL, NULL);
		if (code == SQLITE_OK)
			code = sqlite3_exec(recording->db, "COMMIT", NULL, NULL, NULL);
		return code == SQLITE_OK ? NM_OK : fail(recording, code, err);
	}
	code = read_pragma(recording, "PRAGMA application_id", &application);
	if (code == SQLITE_OK)
		code = read_pragma(recording, "PRAGMA user_version", &format);
	if (code != SQLITE_OK)
		return fail(recording, code, err);
	if (application != NM_RECORDING_APPLICATION)
		return fail(recording, SQLITE_NOTADB, err);
	if (format != NM_RECORDING_FORMAT)
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "%s is a recording of format %lld; this nodemem writes %d",
				    recording->path, (long long)format, NM_RECORDING_FORMAT);
	return NM_OK;
}

static int open_database(struct nm_recording *recording, const char *path, struct nm_error *err)
{
	char text[160];
	struct stat stat;
	int code;

	if (fstat(recording->lock_fd, &stat) != 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot look at %s", path);
	code = sqlite3_open_v2(path, &recording->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			       NULL);
	if (code != SQLITE_OK)
		return recording->db ? fail(recording, code, err) : nm_error_nomem(err);
	sqlite3_busy_timeout(recording->db, BUSY_MS);
	/* NORMAL: a crash of the machine may take the last moments, never the file. */
	snprintf(text, sizeof(text),
		 "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		 " PRAGMA wal_autocheckpoint = %d; PRAGMA journal_size_limit = 0;",
		 LOG_PAGES);
	if (stat.st_size > 0) {
		int status = prepare_tables(recording, false, err);

		if (status != NM_OK)
			return status;
	}
	code = sqlite3_exec(recording->db, text, NULL, NULL, NULL);
	if (code != SQLITE_OK)
		return fail(recording, code, err);
	return stat.st_size > 0 ? NM_OK : prepare_tables(recording, true, err);
}

static void free_recording(struct nm_recording *recording)
{
	struct nm_recording_name *name = recording->names, *next;

	/* This ends the table and leaves what was in it. */
	HASH_CLEAR(hh, recording->names);
	for (; name; name = next) {
		next = name->hh.next;
		free(name->key);
		free(name);
	}
	for (size_t i = 0; i < NM_RECORDING_STATEMENT_COUNT; i++)
		sqlite3_finalize(recording->statements[i]);
	sqlite3_close(recording->db);
	if (recording->lock_fd >= 0)
		close(recording->lock_fd);
	free(recording);
}

int nm_recording_create(const char *path, int64_t now_ms, struct nm_recording **out,
			struct nm_error *err)
{
	struct nm_recording *recording = calloc(1, sizeof(*recording));
	char host[65] = "";
	int status;

	if (!recording)
		return nm_error_nomem(err);
	recording->lock_fd = -1;
	snprintf(recording->path, sizeof(recording->path), "%s", path);
	status = lock_file(recording, path, err);
	if (status == NM_OK)
		status = open_database(recording, path, err);
	if (status == NM_OK) {
		gethostname(host, sizeof(host) - 1);
		recording->recorder = NM_RECORDING_RUN(
			recording, NM_RECORDING_RECORDER, nm_recording_text(host),
			nm_recording_size(uv_get_total_memory()), nm_recording_integer(now_ms));
		status = nm_recording_commit(recording, err);
	}
	if (status != NM_OK) {
		free_recording(recording);
		return status;
	}
	*out = recording;
	return NM_OK;
}

int nm_recording_commit(struct nm_recording *recording, struct nm_error *err)
{
	if (recording->in_transaction && !recording->has_failed) {
		nm_recording_run(recording, NM_RECORDING_COMMIT, NULL, 0);
		recording->in_transaction = false;
	}
	if (!recording->has_failed)
		return NM_OK;
	if (err)
		*err = recording->why;
	return recording->why.code;
}

int nm_recording_close(struct nm_recording *recording, int64_t now_ms, struct nm_error *err)
{
	int status;

	if (!recording)
		return NM_OK;
	NM_RECORDING_RUN(recording, NM_RECORDING_RECORDER_END, nm_recording_integer(now_ms),
			 nm_recording_integer(recording->recorder));
	status = nm_recording_commit(recording, err);
	free_recording(recording);
	return status;
}
