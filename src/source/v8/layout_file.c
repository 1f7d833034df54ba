#include "source/v8/layout_file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"

#define FORMAT	   "nodemem/layout/1"
#define OFFSET_MAX (1 << 20)
#define PATH_ROOM  512
#define FILE_MAX   65536

/* Every field that is one or more 32-bit offsets in a row. */
static const struct field {
	const char *name;
	size_t at;
	int count;
} fields[] = {
#define FIELD(name, count)                                        \
	{                                                         \
#name, offsetof(struct nm_v8_layout, name), count \
	}
	FIELD(isolate_heap, 1),	      FIELD(isolate_allocator, 1), FIELD(allocator_total, 1),
	FIELD(isolate_stack, 1),      FIELD(heap_isolate, 1),	   FIELD(heap_gc_state, 1),
	FIELD(heap_gc_counts, 1),     FIELD(heap_allocator, 1),	   FIELD(heap_spaces, 1),
	FIELD(external, 2),	      FIELD(external_more, 2),	   FIELD(max_semi_space, 2),
	FIELD(max_old_generation, 2), FIELD(read_only, 2),	   FIELD(read_only_used, 1),
	FIELD(paged_used, 1),	      FIELD(large_used, 1),	   FIELD(new_committed, 2),
	FIELD(new_capacity, 1),	      FIELD(new_top, 2),	   FIELD(new_more_used, 1),
	FIELD(free_list, 1),	      FIELD(free_list_bytes, 1),   FIELD(new_target, 1),
	FIELD(new_large_capacity, 1),
#undef FIELD
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static int32_t get_offset(const struct nm_v8_layout *layout, const struct field *field, int i)
{
	int32_t value;

	memcpy(&value, (const char *)layout + field->at + (size_t)i * sizeof(value), sizeof(value));
	return value;
}

static void set_offset(struct nm_v8_layout *layout, const struct field *field, int i, int32_t value)
{
	memcpy((char *)layout + field->at + (size_t)i * sizeof(value), &value, sizeof(value));
}

/* ---- reading ------------------------------------------------------------------------------ */

static bool take_offset(const json_t *value, int32_t *out)
{
	json_int_t number = json_integer_value(value);

	/* The only negative one is NM_V8_NONE. */
	if (!json_is_integer(value) || number < NM_V8_NONE || number > OFFSET_MAX ||
	    (number >= 0 && number % 4 != 0))
		return false;
	*out = (int32_t)number;
	return true;
}

/* Files from before these fields were are good too: they are then not known. */
static bool may_be_absent(const char *name)
{
	static const char *const names[] = {"heap_gc_counts", "free_list", "free_list_bytes",
					    "new_target", "new_large_capacity"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool take_fields(const json_t *document, struct nm_v8_layout *out)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const json_t *array = json_object_get(document, fields[i].name);

		if (!array && may_be_absent(fields[i].name)) {
			set_offset(out, &fields[i], 0, NM_V8_NONE);
			continue;
		}
		if (json_array_size(array) != (size_t)fields[i].count)
			return false;
		for (int k = 0; k < fields[i].count; k++) {
			int32_t value;

			if (!take_offset(json_array_get(array, (size_t)k), &value))
				return false;
			set_offset(out, &fields[i], k, value);
		}
	}
	return true;
}

static bool take_space(const json_t *value, enum nm_v8_space *out)
{
	const char *name = json_string_value(value);

	return name && nm_v8_space_find(name, out);
}

static bool take_lists(const json_t *document, struct nm_v8_layout *out)
{
	const json_t *spaces = json_object_get(document, "spaces");
	const json_t *areas = json_object_get(document, "areas");

	out->space_count = (uint32_t)json_array_size(spaces);
	out->area_count = (uint32_t)json_array_size(areas);
	if (out->space_count == 0 || out->space_count > NM_V8_SPACE_COUNT ||
	    out->area_count > NM_V8_AREAS_MAX)
		return false;
	for (uint32_t i = 0; i < out->space_count; i++)
		if (!take_space(json_array_get(spaces, i), &out->spaces[i]))
			return false;
	for (uint32_t i = 0; i < out->area_count; i++) {
		const json_t *area = json_array_get(areas, i);

		if (!take_space(json_array_get(area, 0), &out->areas[i].space) ||
		    !take_offset(json_array_get(area, 1), &out->areas[i].pointer))
			return false;
	}
	return true;
}

bool nm_v8_layout_parse(const char *text, size_t length, struct nm_v8_layout *out)
{
	json_t *document = json_loadb(text, length, 0, NULL);
	const char *format = json_string_value(json_object_get(document, "format"));
	const char *name = json_string_value(json_object_get(document, "name"));
	json_int_t form = json_integer_value(json_object_get(document, "page_form"));
	struct nm_v8_layout layout = {.space_count = 0};
	bool good = format && strcmp(format, FORMAT) == 0 && name && form >= 0 &&
		    form < NM_V8_PAGE_FORM_COUNT && take_fields(document, &layout) &&
		    take_lists(document, &layout);

	if (good) {
		layout.page_form = (enum nm_v8_page_form)form;
		snprintf(layout.name, sizeof(layout.name), "%s", name);
		*out = layout;
	}
	json_decref(document);
	return good;
}

/* The folder of layouts, or the file of one. False without a home. */
static bool make_path(const char *build_id, const char *suffix, char *out, size_t room)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int length;

	if (cache && cache[0] == '/')
		length = snprintf(out, room, "%s/nodemem/layouts/%s%s", cache, build_id, suffix);
	else if (home && home[0] == '/')
		length = snprintf(out, room, "%s/.cache/nodemem/layouts/%s%s", home, build_id,
				  suffix);
	else
		return false;
	return length > 0 && (size_t)length < room;
}

bool nm_v8_layout_load(const char *build_id, struct nm_v8_layout *out)
{
	char path[PATH_ROOM], text[FILE_MAX];
	struct stat stat;
	ssize_t length = -1;
	int fd;

	if (!build_id[0] || !make_path(build_id, ".json", path, sizeof(path)))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_uid == geteuid() &&
	    (stat.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		length = read(fd, text, sizeof(text));
	close(fd);
	return length > 0 && nm_v8_layout_parse(text, (size_t)length, out);
}

/* ---- writing ------------------------------------------------------------------------------ */

static json_t *make_document(const struct nm_v8_layout *layout)
{
	json_t *document = json_object(), *spaces = json_array(), *areas = json_array();

	json_object_set_new(document, "format", json_string(FORMAT));
	json_object_set_new(document, "name", json_string(layout->name));
	json_object_set_new(document, "page_form", json_integer(layout->page_form));
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		json_t *array = json_array();

		for (int k = 0; k < fields[i].count; k++)
			json_array_append_new(array,
					      json_integer(get_offset(layout, &fields[i], k)));
		json_object_set_new(document, fields[i].name, array);
	}
	for (uint32_t i = 0; i < layout->space_count; i++)
		json_array_append_new(spaces, json_string(nm_v8_space_name(layout->spaces[i])));
	json_object_set_new(document, "spaces", spaces);
	for (uint32_t i = 0; i < layout->area_count; i++)
		json_array_append_new(areas,
				      json_pack("[s,i]", nm_v8_space_name(layout->areas[i].space),
						(int)layout->areas[i].pointer));
	json_object_set_new(document, "areas", areas);
	return document;
}

/* Make the folders above `path`, readable by their owner only. */
static void make_folders(const char *path)
{
	char folder[PATH_ROOM];

	snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(folder, 0700); /* that it exists is fine; that it cannot, the open says */
		*slash = '/';
	}
}

int nm_v8_layout_save(const char *build_id, const struct nm_v8_layout *layout, char *out_path,
		      size_t room, struct nm_error *err)
{
	char path[PATH_ROOM], part[PATH_ROOM];
	json_t *document;
	int fd, failed;

	if (!build_id[0])
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "cannot keep the layout: the binary has no build-id to know "
				    "it by");
	if (!make_path(build_id, ".json", path, sizeof(path)) ||
	    !make_path(build_id, ".json.part", part, sizeof(part)))
		return nm_error_set(err, NM_E_IO,
				    "cannot keep the layout: no cache folder (set HOME or "
				    "XDG_CACHE_HOME)");
	make_folders(path);
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot write %s", part);
	document = make_document(layout);
	errno = ENOSPC;
	failed = json_dumpfd(document, fd, JSON_INDENT(1)) != 0 || fsync(fd) != 0 ? errno : 0;
	json_decref(document);
	if (close(fd) != 0 && failed == 0)
		failed = errno;
	if (failed == 0 && rename(part, path) != 0)
		failed = errno;
	if (failed) {
		unlink(part);
		return nm_error_set_errno(err, NM_E_IO, failed, "cannot write %s", path);
	}
	snprintf(out_path, room, "%s", path);
	return NM_OK;
}

/* ---- as source ---------------------------------------------------------------------------- */

/* "OLD" of "old_space": the word of the enum. */
static const char *space_word(enum nm_v8_space space)
{
	static const char *const words[] = {
#define X(name, text) #name,
		NM_V8_SPACES(X)
#undef X
	};

	return words[space];
}

static void add_offset(struct nm_strbuf *row, int32_t value)
{
	if (value == NM_V8_NONE)
		nm_strbuf_adds(row, "NM_V8_NONE");
	else
		nm_strbuf_addf(row, "0x%x", (unsigned)value);
}

static bool is_told_by_binary(const char *name)
{
	return strcmp(name, "isolate_heap") == 0 || strcmp(name, "isolate_allocator") == 0 ||
	       strcmp(name, "allocator_total") == 0;
}

void nm_v8_layout_row(const struct nm_v8_layout *layout, const char *node, char *out, size_t room)
{
	static const char *const forms[] = {"SIZE_FIRST", "SELF", "METADATA"};
	struct nm_strbuf row;

	nm_strbuf_init(&row, room);
	nm_strbuf_addf(&row, "{ /* %s */\n .name = \"%s\",\n .page_form = NM_V8_PAGE_%s,\n", node,
		       layout->name, forms[layout->page_form]);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		nm_strbuf_addf(&row, " .%s = %s", fields[i].name, fields[i].count > 1 ? "{" : "");
		for (int k = 0; k < fields[i].count; k++) {
			nm_strbuf_adds(&row, k ? ", " : "");
			if (is_told_by_binary(fields[i].name))
				nm_strbuf_adds(&row, "NM_V8_BINARY");
			else
				add_offset(&row, get_offset(layout, &fields[i], k));
		}
		nm_strbuf_adds(&row, fields[i].count > 1 ? "},\n" : ",\n");
	}
	nm_strbuf_addf(&row, " .space_count = %u, .spaces = {", layout->space_count);
	for (uint32_t i = 0; i < layout->space_count; i++)
		nm_strbuf_addf(&row, "%sS(%s)", i ? ", " : "", space_word(layout->spaces[i]));
	nm_strbuf_addf(&row, "},\n .area_count = %u, .areas = {", layout->area_count);
	for (uint32_t i = 0; i < layout->area_count; i++)
		nm_strbuf_addf(&row, "%s{S(%s), 0x%x}", i ? ", " : "",
			       space_word(layout->areas[i].space),
			       (unsigned)layout->areas[i].pointer);
	nm_strbuf_adds(&row, "},\n},\n");
	snprintf(out, room, "%s", nm_strbuf_get(&row));
	nm_strbuf_done(&row);
}
