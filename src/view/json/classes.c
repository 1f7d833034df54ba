#include "view/json/classes.h"

#include <string.h>

#include "model/heap/classes.h"
#include "view/json/write.h"

static json_t *make_class(const struct nm_view_classes *view, const struct nm_class_row *row)
{
	json_t *one = json_object();

	json_object_set_new(one, "name", nm_json_foreign(row->one.name));
	json_object_set_new(one, "count", nm_json_number(true, row->one.count));
	json_object_set_new(one, "bytes", nm_json_number(true, row->one.bytes));
	if (view->with_garbage) {
		json_object_set_new(one, "garbageCount",
				    nm_json_number(true, row->one.garbage_count));
		json_object_set_new(one, "garbageBytes",
				    nm_json_number(true, row->one.garbage_bytes));
	}
	if (view->is_compared) {
		json_object_set_new(one, "countDelta", json_integer(row->count_delta));
		json_object_set_new(one, "bytesDelta", json_integer(row->bytes_delta));
	}
	return one;
}

static json_t *make_isolates(const struct nm_classes *classes)
{
	json_t *array = json_array();

	for (size_t i = 0; i < classes->isolate_count; i++) {
		const struct nm_classes_isolate *isolate = &classes->isolates[i];
		json_t *one = json_object();

		if (classes->isolate[0] && strcmp(classes->isolate, isolate->name) != 0) {
			json_decref(one);
			continue;
		}
		json_object_set_new(one, "name", json_string(isolate->name));
		json_object_set_new(one, "liveBytes", nm_json_number(true, isolate->live_bytes));
		json_object_set_new(one, "garbageBytes",
				    nm_json_number(true, isolate->garbage_bytes));
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *milliseconds(uint64_t us)
{
	return json_real((double)us / 1000);
}

void nm_json_classes(const struct nm_view_options *how, const struct nm_view_classes *view)
{
	const struct nm_classes *classes = view->classes;
	/* A snapshot tells only what lives. */
	const bool is_image = classes->via != NM_VIA_SNAPSHOT;
	json_t *document = nm_json_document("nodemem/histo/1"), *array = json_array();

	json_object_set_new(document, "pid", json_integer(classes->pid));
	json_object_set_new(document, "node", nm_json_text(classes->node));
	json_object_set_new(document, "v8", nm_json_text(classes->v8));
	json_object_set_new(document, "liveBytes", nm_json_number(true, classes->live_bytes));
	json_object_set_new(document, "liveCount", nm_json_number(true, classes->live_count));
	json_object_set_new(document, "garbageBytes",
			    nm_json_number(is_image, classes->garbage_bytes));
	json_object_set_new(document, "garbageCount",
			    nm_json_number(is_image, classes->garbage_count));
	json_object_set_new(document, "stoppedMs", milliseconds(classes->stopped_us));
	json_object_set_new(document, "longestStopMs", milliseconds(classes->longest_stop_us));
	json_object_set_new(document, "stops", json_integer(classes->stops));
	json_object_set_new(document, "via", json_string(nm_via_name(classes->via)));
	json_object_set_new(document, "copiedBytes",
			    nm_json_number(is_image, classes->copied_bytes));
	json_object_set_new(document, "missingBytes",
			    nm_json_number(is_image, classes->missing_bytes));
	json_object_set_new(document, "walkedBytes",
			    nm_json_number(is_image, classes->walked_bytes));
	json_object_set_new(document, "unexplainedBytes",
			    nm_json_number(is_image, classes->unexplained_bytes));
	json_object_set_new(document, "pointers", nm_json_number(is_image, classes->pointers));
	json_object_set_new(document, "missedPointers",
			    nm_json_number(is_image, classes->missed_pointers));
	json_object_set_new(document, "readOnlyBytes",
			    nm_json_number(is_image, classes->read_only_bytes));
	json_object_set_new(document, "isolates", make_isolates(classes));
	for (size_t i = 0; i < view->row_count && (view->top == 0 || i < view->top); i++)
		json_array_append_new(array, make_class(view, &view->rows[i]));
	json_object_set_new(document, "classes", array);
	nm_json_write(how->out, document);
}

void nm_json_dump(const struct nm_view_options *how, const char *path, const struct nm_dump *dump)
{
	json_t *document = nm_json_document("nodemem/dump/1");

	json_object_set_new(document, "file", nm_json_foreign(path));
	json_object_set_new(document, "nodes", nm_json_number(true, dump->nodes));
	json_object_set_new(document, "edges", nm_json_number(true, dump->edges));
	json_object_set_new(document, "bytes", nm_json_number(true, dump->bytes));
	json_object_set_new(document, "via", json_string(nm_via_name(dump->via)));
	json_object_set_new(document, "stoppedMs", milliseconds(dump->stopped_us));
	json_object_set_new(document, "longestStopMs", milliseconds(dump->longest_stop_us));
	json_object_set_new(document, "copiedBytes", nm_json_number(true, dump->copied_bytes));
	json_object_set_new(document, "missingBytes", nm_json_number(true, dump->missing_bytes));
	nm_json_write(how->out, document);
}
