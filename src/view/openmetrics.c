#include "view/openmetrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"

#define LABELS_MAX 4096

/* The series of one family: each text of labels once. */
struct family {
	struct nm_intern labels;
	struct nm_point *values; /* by the number of the text */
	size_t room;
};

/* ---- labels ------------------------------------------------------------------------------ */

/* How many bytes a character has that begins here; 0 when it is none of UTF-8 (RFC 3629). */
static size_t character_length(const unsigned char *text)
{
	size_t length = text[0] < 0x80	 ? 1
			: text[0] < 0xc2 ? 0
			: text[0] < 0xe0 ? 2
			: text[0] < 0xf0 ? 3
			: text[0] < 0xf5 ? 4
					 : 0;

	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return length;
}

static void add_escaped(struct nm_strbuf *out, const char *text)
{
	while (*text) {
		const size_t length = character_length((const unsigned char *)text);

		if (*text == '\\' || *text == '"')
			nm_strbuf_add(out, "\\", 1);
		if (*text == '\n')
			nm_strbuf_add(out, "\\n", 2);
		else if (length == 0)
			nm_strbuf_add(out, "?", 1);
		else
			nm_strbuf_add(out, text, length);
		text += length ? length : 1;
	}
}

static void add_label(struct nm_strbuf *out, const char *name, const char *value)
{
	nm_strbuf_adds(out, out->length > 0 ? "," : "");
	nm_strbuf_adds(out, name);
	nm_strbuf_add(out, "=\"", 2);
	add_escaped(out, value);
	nm_strbuf_add(out, "\"", 1);
}

/* Prometheus' clients write "old" for V8's "old_space". */
static void add_space(struct nm_strbuf *out, const char *space)
{
	const char *tail = strstr(space, "_space");
	char name[64];
	const size_t length = tail ? (size_t)(tail - space) : strlen(space);

	if (length >= sizeof(name)) {
		add_label(out, "space", space);
		return;
	}
	memcpy(name, space, length);
	name[length] = '\0';
	add_label(out, "space", name);
}

static void add_labels(struct nm_strbuf *out, const struct nm_point *point,
		       const struct nm_fleet *fleet, bool no_pid)
{
	if (point->process != NM_POINT_OF_NONE) {
		const struct nm_fleet_process *process = &fleet->processes[point->process];
		char pid[16];

		snprintf(pid, sizeof(pid), "%d", (int)process->pid);
		if (process->app[0])
			add_label(out, "app", process->app);
		if (!no_pid)
			add_label(out, "pid", pid);
		if (process->container.id[0])
			add_label(out, "container_id", process->container.id);
		if (process->container.pod[0])
			add_label(out, "pod_uid", process->container.pod);
	}
	for (unsigned i = 0; i < point->label_count; i++) {
		if (point->labels[i].id == NM_LABEL_SPACE)
			add_space(out, point->labels[i].value);
		else
			add_label(out, nm_label_name(point->labels[i].id), point->labels[i].value);
	}
}

/* ---- series ------------------------------------------------------------------------------ */

static bool is_less(const struct nm_point *a, const struct nm_point *b)
{
	return a->is_real ? a->real < b->real : a->whole < b->whole;
}

static void merge(struct nm_point *into, const struct nm_point *point)
{
	switch (nm_exports[point->id].merge) {
	case NM_MERGE_SUM:
		into->whole += point->whole;
		into->real += point->real;
		break;
	case NM_MERGE_LEAST:
		if (is_less(point, into))
			*into = *point;
		break;
	case NM_MERGE_MOST:
		if (is_less(into, point))
			*into = *point;
		break;
	}
}

static int add_point(struct family *family, const struct nm_point *point,
		     const struct nm_strbuf *labels)
{
	const uint32_t before = family->labels.count;
	const uint32_t id = nm_intern_add(&family->labels, nm_strbuf_get(labels), labels->length);

	if (id == NM_INTERN_NONE || labels->failed)
		return NM_E_NOMEM;
	if (id < before) {
		merge(&family->values[id], point);
		return NM_OK;
	}
	if (id >= family->room) {
		const size_t room = family->room ? 2 * family->room : 64;
		struct nm_point *grown = realloc(family->values, room * sizeof(*grown));

		if (!grown)
			return NM_E_NOMEM;
		family->values = grown;
		family->room = room;
	}
	family->values[id] = *point;
	return NM_OK;
}

static int collect(struct family *family, enum nm_export_id id, const struct nm_points *points,
		   const struct nm_fleet *fleet, bool no_pid)
{
	struct nm_strbuf labels;
	int status = NM_OK;

	nm_strbuf_init(&labels, LABELS_MAX);
	for (size_t i = 0; i < points->count && status == NM_OK; i++) {
		if (points->items[i].id != id)
			continue;
		nm_strbuf_clear(&labels);
		add_labels(&labels, &points->items[i], fleet, no_pid);
		status = add_point(family, &points->items[i], &labels);
	}
	nm_strbuf_done(&labels);
	return status;
}

static void add_series(struct nm_strbuf *out, const struct family *family, const char *name)
{
	for (uint32_t i = 0; i < family->labels.count; i++) {
		const struct nm_point *point = &family->values[i];
		size_t length;
		const char *labels = nm_intern_get(&family->labels, i, &length);

		nm_strbuf_adds(out, name);
		if (length > 0) {
			nm_strbuf_add(out, "{", 1);
			nm_strbuf_add(out, labels, length);
			nm_strbuf_add(out, "}", 1);
		}
		if (point->is_real)
			nm_strbuf_addf(out, " %.15g\n", point->real);
		else
			nm_strbuf_addf(out, " %" PRIu64 "\n", point->whole);
	}
}

/* ---- families ---------------------------------------------------------------------------- */

static void add_head(struct nm_strbuf *out, const struct nm_export *family, bool is_open)
{
	static const char *const kinds[] = {"gauge", "counter", "info"};
	static const char *const units[] = {
		[NM_UNIT_BYTES] = "bytes",
		[NM_UNIT_SECONDS] = "seconds",
		[NM_UNIT_BYTES_PER_SECOND] = "bytes_per_second",
	};
	/* OpenMetrics names a family without what its kind adds to each series. */
	const char *tail = family->kind == NM_EXPORT_COUNTER ? "_total"
			   : family->kind == NM_EXPORT_INFO  ? "_info"
							     : "";
	const int length = (int)(strlen(family->name) - (is_open ? strlen(tail) : 0));
	const char *kind =
		!is_open && family->kind == NM_EXPORT_INFO ? "gauge" : kinds[family->kind];

	nm_strbuf_addf(out, "# HELP %.*s %s\n", length, family->name, family->help);
	nm_strbuf_addf(out, "# TYPE %.*s %s\n", length, family->name, kind);
	if (is_open && family->unit != NM_UNIT_NONE)
		nm_strbuf_addf(out, "# UNIT %.*s %s\n", length, family->name, units[family->unit]);
}

int nm_openmetrics_write(const struct nm_points *points, const struct nm_fleet *fleet,
			 const struct nm_openmetrics_options *options, struct nm_strbuf *out)
{
	int status = NM_OK;

	for (size_t id = 0; id < NM_EXPORT_COUNT && status == NM_OK; id++) {
		struct family family = {.room = 0};

		if (!nm_exports[id].name)
			continue;
		status = collect(&family, (enum nm_export_id)id, points, fleet,
				 options->no_pid_label);
		if (status == NM_OK && family.labels.count > 0) {
			add_head(out, &nm_exports[id], options->is_open);
			add_series(out, &family, nm_exports[id].name);
		}
		nm_intern_done(&family.labels);
		free(family.values);
	}
	if (options->is_open)
		nm_strbuf_adds(out, "# EOF\n");
	return out->failed ? NM_E_NOMEM : status;
}
