/*
 * Running the statements of a recording.
 */
#include "source/recording/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define KEY_MAX 512

void nm_recording_fail(struct nm_recording *recording, int code)
{
	const char *what =
		code == SQLITE_FULL ? "no room is left on its disk" : sqlite3_errmsg(recording->db);

	if (recording->has_failed)
		return;
	recording->has_failed = true;
	if (code == SQLITE_NOMEM)
		nm_error_nomem(&recording->why);
	else
		nm_error_set(&recording->why, NM_E_IO,
			     "cannot write the recording %s: %s (it can be read up to here)",
			     recording->path, what);
}

struct nm_recording_value nm_recording_integer(int64_t number)
{
	return (struct nm_recording_value){.type = NM_RECORDING_INTEGER, .integer = number};
}

struct nm_recording_value nm_recording_size(uint64_t size)
{
	if (size > INT64_MAX)
		return (struct nm_recording_value){.type = NM_RECORDING_NULL};
	return nm_recording_integer((int64_t)size);
}

struct nm_recording_value nm_recording_text(const char *text)
{
	return (struct nm_recording_value){.type = NM_RECORDING_TEXT, .text = text};
}

struct nm_recording_value nm_recording_real(double number)
{
	if (!(number >= 0))
		return (struct nm_recording_value){.type = NM_RECORDING_NULL};
	return (struct nm_recording_value){.type = NM_RECORDING_REAL, .real = number};
}

static int bind(sqlite3_stmt *statement, int at, const struct nm_recording_value *value)
{
	switch (value->type) {
	case NM_RECORDING_NULL:
		return sqlite3_bind_null(statement, at);
	case NM_RECORDING_INTEGER:
		return sqlite3_bind_int64(statement, at, value->integer);
	case NM_RECORDING_REAL:
		return sqlite3_bind_double(statement, at, value->real);
	case NM_RECORDING_TEXT:
		return sqlite3_bind_text(statement, at, value->text, -1, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

static const char *find_text(enum nm_recording_statement which)
{
	switch (which) {
#define X(name, sql)              \
	case NM_RECORDING_##name: \
		return sql;
		NM_RECORDING_STATEMENTS(X)
#undef X
	case NM_RECORDING_STATEMENT_COUNT:
		break;
	}
	return "";
}

static sqlite3_stmt *prepare(struct nm_recording *recording, enum nm_recording_statement which)
{
	sqlite3_stmt **statement = &recording->statements[which];
	int code;

	if (*statement)
		return *statement;
	code = sqlite3_prepare_v3(recording->db, find_text(which), -1, SQLITE_PREPARE_PERSISTENT,
				  statement, NULL);
	if (code != SQLITE_OK)
		nm_recording_fail(recording, code);
	return *statement;
}

static int64_t step(struct nm_recording *recording, sqlite3_stmt *statement)
{
	int64_t found = -1;
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		found = sqlite3_column_int64(statement, 0);
	else if (code == SQLITE_DONE)
		found = sqlite3_stmt_readonly(statement) ? -1
							 : sqlite3_last_insert_rowid(recording->db);
	else
		nm_recording_fail(recording, code);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return found;
}

int64_t nm_recording_run(struct nm_recording *recording, enum nm_recording_statement which,
			 const struct nm_recording_value *values, int count)
{
	sqlite3_stmt *statement;

	if (!recording->in_transaction && which != NM_RECORDING_BEGIN && !recording->has_failed) {
		nm_recording_run(recording, NM_RECORDING_BEGIN, NULL, 0);
		recording->in_transaction = !recording->has_failed;
	}
	if (recording->has_failed)
		return -1;
	statement = prepare(recording, which);
	if (!statement)
		return -1;
	for (int i = 0; i < count; i++) {
		int code = bind(statement, i + 1, &values[i]);

		if (code != SQLITE_OK)
			nm_recording_fail(recording, code);
	}
	return recording->has_failed ? -1 : step(recording, statement);
}

static struct nm_recording_name *remember(struct nm_recording *recording, const char *key,
					  int64_t id)
{
	struct nm_recording_name *name = calloc(1, sizeof(*name));

	if (name)
		name->key = strdup(key);
	if (!name || !name->key) {
		free(name);
		nm_recording_fail(recording, SQLITE_NOMEM);
		return NULL;
	}
	name->id = id;
	HASH_ADD_KEYPTR(hh, recording->names, name->key, strlen(name->key), name);
	return name;
}

struct nm_recording_name *nm_recording_find(struct nm_recording *recording,
					    enum nm_recording_statement find,
					    enum nm_recording_statement make, int64_t owner,
					    const char *name, const char *more)
{
	const struct nm_recording_value values[] = {
		nm_recording_integer(owner), nm_recording_text(name), nm_recording_text(more)};
	struct nm_recording_name *known;
	int count = more ? 3 : 2;
	char key[KEY_MAX];
	int64_t id;

	snprintf(key, sizeof(key), "%d/%lld/%s/%s", (int)find, (long long)owner, name,
		 more ? more : "");
	HASH_FIND_STR(recording->names, key, known);
	if (known || recording->has_failed)
		return known;
	id = nm_recording_run(recording, find, values, count);
	if (id < 0)
		id = nm_recording_run(recording, make, values, count);
	return id < 0 ? NULL : remember(recording, key, id);
}
