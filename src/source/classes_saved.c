#include "source/classes_saved.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/heap/classes.h"
#include "source/proc/file.h"

#define TEXT_MAX (UINT64_C(64) << 20)
#define SCHEMA	 "nodemem/histo/1"

static bool get_number(const json_t *object, const char *key, uint64_t *out)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*out = (uint64_t)json_integer_value(value);
	return true;
}

static int add_class(struct nm_classes *out, const json_t *item, size_t index, const char *name,
		     struct nm_error *err)
{
	const char *class_name = json_string_value(json_object_get(item, "name"));
	struct nm_class numbers;

	memset(&numbers, 0, sizeof(numbers));
	if (!class_name || !get_number(item, "count", &numbers.count) ||
	    !get_number(item, "bytes", &numbers.bytes))
		return nm_error_set(err, NM_E_CORRUPT, "%s: class %zu has no name, count or bytes",
				    name, index);
	return nm_classes_add(out, class_name, &numbers) == NM_OK ? NM_OK : nm_error_nomem(err);
}

static int take(const json_t *document, const char *name, struct nm_classes *out,
		struct nm_error *err)
{
	const char *schema = json_string_value(json_object_get(document, "schema"));
	const json_t *classes = json_object_get(document, "classes"), *item;
	uint64_t pid = 0;
	int status = NM_OK;
	size_t i;

	if (!schema || strcmp(schema, SCHEMA) != 0)
		return nm_error_set(err, NM_E_CORRUPT,
				    "%s is no histogram: its schema is %s%s%s (write one with "
				    "nodemem histo --json)",
				    name, schema ? "\"" : "", schema ? schema : "not there",
				    schema ? "\"" : "");
	if (!json_is_array(classes))
		return nm_error_set(err, NM_E_CORRUPT, "%s has no classes", name);
	get_number(document, "pid", &pid);
	out->pid = (pid_t)pid;
	json_array_foreach(classes, i, item)
	{
		status = add_class(out, item, i, name, err);
		if (status != NM_OK)
			break;
	}
	nm_classes_finish(out);
	return status;
}

int nm_classes_parse(const char *text, size_t size, const char *name, struct nm_classes *out,
		     struct nm_error *err)
{
	json_error_t wrong;
	json_t *document = json_loadb(text, size, JSON_REJECT_DUPLICATES, &wrong);
	int status;

	memset(out, 0, sizeof(*out));
	if (!document)
		return nm_error_set(err, NM_E_CORRUPT, "%s is no JSON: %s, at byte %d", name,
				    wrong.text, wrong.position);
	status = take(document, name, out, err);
	json_decref(document);
	if (status != NM_OK)
		nm_classes_done(out);
	return status;
}

int nm_classes_load(const char *path, struct nm_classes *out, struct nm_error *err)
{
	struct nm_strbuf text;
	int status;

	nm_strbuf_init(&text, TEXT_MAX);
	status = nm_proc_read_all(AT_FDCWD, path, &text);
	if (status == -EFBIG)
		status = nm_error_set(err, NM_E_LIMIT, "%s is too large to be a histogram", path);
	else if (status != 0)
		status = nm_error_set_errno(err, NM_E_IO, -status, "cannot read %s", path);
	else
		status = nm_classes_parse(nm_strbuf_get(&text), text.length, path, out, err);
	nm_strbuf_done(&text);
	return status;
}
