#include "model/metrics.h"

#include <string.h>

#define OF_PROCESS(field) \
	NM_METRIC_PROCESS, NM_METRIC_BYTES, true, NM_HAS_RSS, offsetof(struct nm_sample, field)
#define OF_ISOLATE(field, has_bit, five) \
	NM_METRIC_ISOLATE, NM_METRIC_BYTES, five, has_bit, offsetof(struct nm_isolate, field)
#define OF_ISOLATE_TIMES(field, has_bit) \
	NM_METRIC_ISOLATE, NM_METRIC_TIMES, false, has_bit, offsetof(struct nm_isolate, field)

const struct nm_metric nm_metrics[] = {
	{"rss", "rss", "memory of the whole process that is in RAM now", NM_EXPORT_RSS, NULL,
	 OF_PROCESS(rss)},
	{"heapTotal", "heapTotal", "memory V8 holds for the JavaScript heap", NM_EXPORT_HEAP_TOTAL,
	 NULL, OF_ISOLATE(heap_total, NM_HAS_HEAP_TOTAL, true)},
	{"heapUsed", "heapUsed",
	 "part of heapTotal taken by objects, garbage not yet collected included",
	 NM_EXPORT_HEAP_USED, NULL, OF_ISOLATE(heap_used, NM_HAS_HEAP_USED, true)},
	{"external", "external", "memory outside the heap that belongs to JavaScript objects",
	 NM_EXPORT_EXTERNAL, NULL, OF_ISOLATE(external, NM_HAS_EXTERNAL, true)},
	{"arrayBuffers", "arrayBuffers", "part of external held by ArrayBuffers and Buffers",
	 NM_EXPORT_ARRAY_BUFFERS, NULL, OF_ISOLATE(array_buffers, NM_HAS_ARRAY_BUFFERS, true)},
	{"heapSizeLimit", "limit", "what the heap may grow to before V8 ends the process",
	 NM_EXPORT_HEAP_LIMIT, NULL, OF_ISOLATE(heap_size_limit, NM_HAS_HEAP_SIZE_LIMIT, false)},
	{"mallocedMemory", "malloced", "malloc memory V8 itself uses beside the heap",
	 NM_EXPORT_MALLOCED, NULL, OF_ISOLATE(malloced_memory, NM_HAS_MALLOCED_MEMORY, false)},
	{"majorGcs", "majors", "garbage collections of the whole heap since the isolate began",
	 NM_EXPORT_GCS, "major", OF_ISOLATE_TIMES(major_gcs, NM_HAS_GC_COUNTS)},
	{"minorGcs", "minors", "garbage collections of young objects alone", NM_EXPORT_GCS, "minor",

	 OF_ISOLATE_TIMES(minor_gcs, NM_HAS_GC_COUNTS)},
};

const size_t nm_metric_count = sizeof(nm_metrics) / sizeof(nm_metrics[0]);

bool nm_metric_get(const struct nm_metric *metric, const struct nm_sample *sample,
		   const struct nm_isolate *isolate, uint64_t *out)
{
	const char *base;
	unsigned has;

	if (metric->scope == NM_METRIC_PROCESS) {
		base = (const char *)sample;
		has = sample->has;
	} else {
		if (!isolate)
			return false;
		base = (const char *)isolate;
		has = isolate->has;
	}
	if (!(has & metric->has))
		return false;
	memcpy(out, base + metric->offset, sizeof(*out));
	return true;
}
