#include "source/ledger/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>

#include "base/strbuf.h"
#include "model/ledger.h"
#include "source/proc/file.h"

#define TEXT_MAX (UINT64_C(16) << 20)
#define SCHEMA	 "nodemem/rss/1"

static bool get_size(const json_t *object, const char *key, uint64_t *out)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*out = (uint64_t)json_integer_value(value);
	return true;
}

static bool find_group(const char *name, enum nm_group *out)
{
	for (int i = 0; name && i < NM_GROUP_COUNT; i++) {
		if (strcmp(nm_group_name((enum nm_group)i), name) != 0)
			continue;
		*out = (enum nm_group)i;
		return true;
	}
	return false;
}

/* A group that this nodemem does not know is of a later one. */
static bool add_part(struct nm_ledger *ledger, const json_t *part)
{
	const char *name = json_string_value(json_object_get(part, "name"));
	const char *isolate = json_string_value(json_object_get(part, "isolate"));
	enum nm_group group = NM_GROUP_OTHER;
	uint64_t rss, pss = 0, swap = 0;
	nm_part_index index;

	if (!name || !json_is_string(json_object_get(part, "group")) ||
	    !get_size(part, "rss", &rss))
		return false;
	find_group(json_string_value(json_object_get(part, "group")), &group);
	get_size(part, "pss", &pss);
	get_size(part, "swap", &swap);
	index = nm_ledger_part(ledger, group, isolate ? isolate : "", name);
	if (!ledger->parts)
		return false;
	ledger->parts[index].rss += rss;
	ledger->parts[index].pss += pss;
	ledger->parts[index].swap += swap;
	return true;
}

static int take(const json_t *document, const char *name, struct nm_ledger *out,
		struct nm_error *err)
{
	const char *schema = json_string_value(json_object_get(document, "schema"));
	const json_t *parts = json_object_get(document, "parts"), *part;
	uint64_t pid = 0;
	size_t i;

	if (!schema || strcmp(schema, SCHEMA) != 0)
		return nm_error_set(err, NM_E_CORRUPT,
				    "%s is no ledger: its schema is %s%s%s (write one with nodemem "
				    "rss --json)",
				    name, schema ? "\"" : "", schema ? schema : "not there",
				    schema ? "\"" : "");
	if (!get_size(document, "rss", &out->rss) || !json_is_array(parts))
		return nm_error_set(err, NM_E_CORRUPT, "%s has no rss or no parts", name);
	get_size(document, "pid", &pid);
	get_size(document, "pss", &out->pss);
	get_size(document, "swap", &out->swap);
	out->pid = (pid_t)pid;
	json_array_foreach(parts, i, part) if (!add_part(out, part)) return nm_error_set(
		err, NM_E_CORRUPT, "%s: part %zu has no name, group or rss", name, i);
	return NM_OK;
}

int nm_ledger_parse(const char *text, size_t size, const char *name, struct nm_ledger *out,
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
	if (status == NM_OK)
		status = nm_ledger_finish(out, err);
	if (status != NM_OK)
		nm_ledger_done(out);
	return status;
}

int nm_ledger_load(const char *path, struct nm_ledger *out, struct nm_error *err)
{
	struct nm_strbuf text;
	int status;

	nm_strbuf_init(&text, TEXT_MAX);
	status = nm_proc_read_all(AT_FDCWD, path, &text);
	if (status == -EFBIG)
		status = nm_error_set(err, NM_E_LIMIT, "%s is too large to be a ledger", path);
	else if (status != 0)
		status = nm_error_set_errno(err, NM_E_IO, -status, "cannot read %s", path);
	else
		status = nm_ledger_parse(nm_strbuf_get(&text), text.length, path, out, err);
	nm_strbuf_done(&text);
	return status;
}
