#include "view/html/series.h"

#include <stdlib.h>
#include <string.h>

#include "view/json/write.h"

/* Texts of one table that differ; those beyond are known by none. */
#define NAMES_MAX 256

/* ---- tables ------------------------------------------------------------------------------------ */

static json_t *make_table(size_t rows)
{
	json_t *table = json_object();

	json_object_set_new(table, "rows", json_integer((json_int_t)rows));
	json_object_set_new(table, "columns", json_array());
	return table;
}

static void begin_column(struct nm_pack *pack, json_t *table, const char *name)
{
	json_array_append_new(json_object_get(table, "columns"), json_string(name));
	nm_pack_column(pack);
}

static void add_time(struct nm_pack *pack, int64_t time_ms)
{
	nm_pack_add(pack, time_ms < 0 ? 0 : (uint64_t)time_ms);
}

/* A measure that is negative where it is not known, in thousandths. */
static void add_thousandths(struct nm_pack *pack, double value)
{
	if (value >= 0 && value < 1e12)
		nm_pack_add(pack, (uint64_t)(value * 1000 + 0.5));
	else
		nm_pack_add_unknown(pack);
}

/* Texts that stand many times in a table: a column has their numbers. */
struct names {
	char text[NAMES_MAX][300];
	size_t count;
};

static void add_name(struct nm_pack *pack, struct names *names, const char *text)
{
	size_t i = 0;

	while (i < names->count && strcmp(names->text[i], text) != 0)
		i++;
	if (i == NAMES_MAX) {
		nm_pack_add_unknown(pack);
		return;
	}
	if (i == names->count)
		snprintf(names->text[names->count++], sizeof(names->text[0]), "%s", text);
	nm_pack_add(pack, i);
}

/* What kind of table it is: its columns, and how one number of a row is put. */
struct kind {
	const char *const *columns; /* ends in NULL */
	size_t row_size;
	void (*add)(struct nm_pack *pack, struct names *names, const void *row, int column);
};

static json_t *put_table(struct nm_pack *pack, const struct kind *kind, const void *rows,
			 size_t count)
{
	struct names *names = calloc(1, sizeof(*names));
	json_t *table = make_table(names ? count : 0), *texts = json_array();

	for (int column = 0; names && kind->columns[column]; column++) {
		begin_column(pack, table, kind->columns[column]);
		for (size_t i = 0; i < count; i++)
			kind->add(pack, names, (const char *)rows + i * kind->row_size, column);
	}
	for (size_t i = 0; names && i < names->count; i++)
		json_array_append_new(texts, nm_json_foreign(names->text[i]));
	json_object_set_new(table, "names", texts);
	free(names);
	return table;
}

/* ---- samples ----------------------------------------------------------------------------------- */

static json_t *make_samples(struct nm_pack *pack, const struct nm_history_isolate *isolate)
{
	json_t *table = make_table(isolate->count);

	begin_column(pack, table, "time");
	for (size_t i = 0; i < isolate->count; i++)
		add_time(pack, isolate->time_ms[i]);
	for (int column = 0; column < NM_COLUMN_COUNT; column++) {
		const uint64_t *values = isolate->columns[column];

		if (!values)
			continue;
		begin_column(pack, table, nm_column_name((enum nm_column)column));
		for (size_t i = 0; i < isolate->count; i++)
			nm_pack_add(pack, values[i]);
	}
	return table;
}

json_t *nm_html_isolates(struct nm_pack *pack, const struct nm_history_process *process)
{
	json_t *array = json_array();

	for (size_t i = 0; i < process->isolate_count; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "name", nm_json_foreign(process->isolates[i].name));
		json_object_set_new(one, "samples", make_samples(pack, &process->isolates[i]));
		json_array_append_new(array, one);
	}
	return array;
}

/* ---- collections, use of limits, spaces --------------------------------------------------------- */

static const char *const gc_columns[] = {"time",   "isolate", "isMajor", "source", "count",
					 "before", "after",   "pauseUs", "name",   NULL};

static void add_gc(struct nm_pack *pack, struct names *names, const void *row, int column)
{
	const struct nm_history_gc *gc = row;

	switch (column) {
	case 0:
		add_time(pack, gc->time_ms);
		break;
	case 1:
		nm_pack_add(pack, gc->isolate);
		break;
	case 2:
		nm_pack_add(pack, gc->is_major);
		break;
	case 3:
		nm_pack_add(pack, (uint64_t)gc->source);
		break;
	case 4:
		nm_pack_add(pack, gc->count);
		break;
	case 5:
		nm_pack_add(pack, gc->before);
		break;
	case 6:
		nm_pack_add(pack, gc->after);
		break;
	case 7:
		add_thousandths(pack, gc->pause_ms);
		break;
	default:
		add_name(pack, names, gc->kind);
	}
}

json_t *nm_html_gcs(struct nm_pack *pack, const struct nm_history_process *process)
{
	static const struct kind kind = {gc_columns, sizeof(struct nm_history_gc), add_gc};

	return put_table(pack, &kind, process->gcs, process->gc_count);
}

static const char *const use_columns[] = {"time",  "name",     "used", "cache",
					  "kills", "pressure", NULL};

static void add_use(struct nm_pack *pack, struct names *names, const void *row, int column)
{
	const struct nm_history_use *use = row;
	char text[300];

	switch (column) {
	case 0:
		add_time(pack, use->time_ms);
		break;
	case 1:
		/* The page takes it apart at the first blank. */
		snprintf(text, sizeof(text), "%s %s", nm_limit_name(use->kind), use->scope);
		add_name(pack, names, text);
		break;
	case 2:
		nm_pack_add(pack, use->used);
		break;
	case 3:
		nm_pack_add(pack, use->cache);
		break;
	case 4:
		nm_pack_add(pack, use->kills);
		break;
	default:
		add_thousandths(pack, use->pressure);
	}
}

json_t *nm_html_uses(struct nm_pack *pack, const struct nm_history_process *process)
{
	static const struct kind kind = {use_columns, sizeof(struct nm_history_use), add_use};

	return put_table(pack, &kind, process->uses, process->use_count);
}

static const char *const space_columns[] = {"time", "isolate", "name", "size", "used", NULL};

static void add_space(struct nm_pack *pack, struct names *names, const void *row, int column)
{
	const struct nm_history_space *space = row;

	switch (column) {
	case 0:
		add_time(pack, space->time_ms);
		break;
	case 1:
		nm_pack_add(pack, space->isolate);
		break;
	case 2:
		add_name(pack, names, space->name);
		break;
	case 3:
		nm_pack_add(pack, space->size);
		break;
	default:
		nm_pack_add(pack, space->used);
	}
}

json_t *nm_html_spaces(struct nm_pack *pack, const struct nm_history_process *process)
{
	static const struct kind kind = {space_columns, sizeof(struct nm_history_space), add_space};

	return put_table(pack, &kind, process->spaces, process->space_count);
}
