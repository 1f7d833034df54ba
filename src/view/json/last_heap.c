#include "view/json/last_heap.h"

#include "view/json/write.h"

/* The rest is summed up in liveBytes. */
#define CLASSES_MAX 50

json_t *nm_json_last_heap(const struct nm_last_heap *heap)
{
	json_t *document, *array;
	const struct nm_class_row *suspect;
	const struct nm_classes *now;

	if (!heap)
		return json_null();
	suspect = nm_last_heap_suspect(heap);
	document = json_object();
	array = json_array();
	now = heap->taken > 1 ? &heap->last : &heap->first;
	json_object_set_new(document, "isolate", nm_json_foreign(heap->isolate));
	json_object_set_new(document, "histograms", json_integer(heap->taken));
	json_object_set_new(document, "timeMs", json_integer(heap->last_ms));
	json_object_set_new(document, "sinceMs",
			    heap->taken > 1 ? json_integer(heap->first_ms) : json_null());
	json_object_set_new(document, "heapUsed", nm_json_number(true, heap->last_used));
	json_object_set_new(document, "liveBytes", nm_json_number(true, now->live_bytes));
	json_object_set_new(document, "stoppedMs", json_real((double)heap->stopped_us / 1000));
	for (size_t i = 0; i < heap->row_count && i < CLASSES_MAX; i++) {
		const struct nm_class_row *row = &heap->rows[i];
		json_t *one = json_object();

		json_object_set_new(one, "name", nm_json_foreign(row->one.name));
		json_object_set_new(one, "count", nm_json_number(true, row->one.count));
		json_object_set_new(one, "bytes", nm_json_number(true, row->one.bytes));
		if (heap->taken > 1) {
			json_object_set_new(one, "countDelta", json_integer(row->count_delta));
			json_object_set_new(one, "bytesDelta", json_integer(row->bytes_delta));
		}
		json_array_append_new(array, one);
	}
	json_object_set_new(document, "suspect",
			    suspect ? nm_json_foreign(suspect->one.name) : json_null());
	json_object_set_new(document, "classes", array);
	return document;
}
