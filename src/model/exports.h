/*
 * exports.h - THE TABLE OF EXPORTS: what other systems get of the numbers, and by which names
 *
 * A row is a family of series. Its first name is the one that dashboards for Prometheus already use, of prom-client
 * where that has one; the second that of the OpenTelemetry semantic conventions. Ours begin with nodemem.
 */
#ifndef NM_MODEL_EXPORTS_H
#define NM_MODEL_EXPORTS_H

#include <stddef.h>

enum nm_export_kind { NM_EXPORT_GAUGE, NM_EXPORT_COUNTER, NM_EXPORT_INFO };
enum nm_export_unit { NM_UNIT_NONE, NM_UNIT_BYTES, NM_UNIT_SECONDS, NM_UNIT_BYTES_PER_SECOND };

/* What becomes of the numbers of several processes that cannot be told apart by their labels. */
enum nm_export_merge { NM_MERGE_SUM, NM_MERGE_LEAST, NM_MERGE_MOST };

/* id, name, kind, unit, merge, name of OpenTelemetry (NULL: not there), help */
#define NM_EXPORT_LIST(X)                                                                          \
	X(UP, "nodemem_up", GAUGE, NONE, LEAST, "nodemem.up",                                      \
	  "1 when the memory of the process can be read, 0 when not.")                             \
	X(RSS, "process_resident_memory_bytes", GAUGE, BYTES, SUM, "process.memory.usage",         \
	  "Memory of the whole process that is in RAM now.")                                       \
	X(VIRTUAL, "process_virtual_memory_bytes", GAUGE, BYTES, SUM, "process.memory.virtual",    \
	  "Address space of the process, used or not.")                                            \
	X(DATA, "process_heap_bytes", GAUGE, BYTES, SUM, NULL,                                     \
	  "Private writable address space of the process (VmData), used or not.")                  \
	X(START, "process_start_time_seconds", GAUGE, SECONDS, LEAST, NULL,                        \
	  "When the process was started, since 1970.")                                             \
	X(UPTIME, NULL, GAUGE, SECONDS, MOST, "process.uptime", "How long the process runs.")      \
	X(NODE, "nodejs_version_info", INFO, NONE, MOST, NULL, "The release of Node.js.")          \
	X(HEAP_TOTAL, "nodejs_heap_size_total_bytes", GAUGE, BYTES, SUM, NULL,                     \
	  "Memory that V8 holds for the JavaScript heap of the isolate.")                          \
	X(HEAP_USED, "nodejs_heap_size_used_bytes", GAUGE, BYTES, SUM, NULL,                       \
	  "The part of it taken by objects, garbage not yet collected included.")                  \
	X(HEAP_LIMIT, "nodejs_heap_size_limit_bytes", GAUGE, BYTES, SUM, "nodemem.v8.heap.limit",  \
	  "What the heap may grow to before V8 ends the process.")                                 \
	X(EXTERNAL, "nodejs_external_memory_bytes", GAUGE, BYTES, SUM, "nodemem.external",         \
	  "Memory outside the heap that belongs to JavaScript objects.")                           \
	X(ARRAY_BUFFERS, "nodejs_array_buffers_bytes", GAUGE, BYTES, SUM, "nodemem.array_buffers", \
	  "The part of external memory held by ArrayBuffers.")                                     \
	X(MALLOCED, "nodemem_v8_malloced_bytes", GAUGE, BYTES, SUM, "nodemem.v8.malloced",         \
	  "Memory by malloc that V8 itself uses beside the heap.")                                 \
	X(SPACE_SIZE, "nodejs_heap_space_size_total_bytes", GAUGE, BYTES, SUM,                     \
	  "v8js.memory.heap.space.size", "Memory that V8 holds for a space of the heap.")          \
	X(SPACE_USED, "nodejs_heap_space_size_used_bytes", GAUGE, BYTES, SUM,                      \
	  "v8js.memory.heap.used", "The part of the space taken by objects.")                      \
	X(SPACE_AVAILABLE, "nodejs_heap_space_size_available_bytes", GAUGE, BYTES, SUM,            \
	  "v8js.memory.heap.space.available_size",                                                 \
	  "The part of the space that objects can still take, as V8 counts it.")                   \
	X(GCS, "nodemem_gc_total", COUNTER, NONE, SUM, "nodemem.gc.count",                         \
	  "Garbage collections since the isolate began.")                                          \
	X(LIMIT, "nodemem_limit_bytes", GAUGE, BYTES, LEAST, "nodemem.limit.size",                 \
	  "A limit above the process.")                                                            \
	X(LIMIT_USED, "nodemem_limit_used_bytes", GAUGE, BYTES, MOST, "nodemem.limit.used",        \
	  "What is used under the limit, page cache left out.")                                    \
	X(HEADROOM, "nodemem_headroom_bytes", GAUGE, BYTES, LEAST, "nodemem.limit.headroom",       \
	  "What is left under the limit.")                                                         \
	X(DISTANCE, "nodemem_limit_distance_bytes", GAUGE, BYTES, LEAST, "nodemem.limit.distance", \
	  "What the process can take from the kernel until the limit ends it: the least one "      \
	  "comes first.")                                                                          \
	X(FORECAST, "nodemem_forecast_seconds", GAUGE, SECONDS, LEAST, "nodemem.forecast.time",    \
	  "When the limit is reached, from now on. Not there when that cannot be said.")           \
	X(FORECAST_LOW, "nodemem_forecast_low_seconds", GAUGE, SECONDS, LEAST,                     \
	  "nodemem.forecast.time.low", "When the limit is reached at the earliest.")               \
	X(FORECAST_HIGH, "nodemem_forecast_high_seconds", GAUGE, SECONDS, LEAST,                   \
	  "nodemem.forecast.time.high", "When the limit is reached at the latest.")                \
	X(GROWTH, "nodemem_growth_bytes_per_second", GAUGE, BYTES_PER_SECOND, MOST,                \
	  "nodemem.growth", "How fast what counts for the limit grows, if it steadily does.")      \
	X(OOM_KILLS, "nodemem_cgroup_oom_kills_total", COUNTER, NONE, MOST,                        \
	  "nodemem.cgroup.oom_kills",                                                              \
	  "Processes that the kernel killed in the control group for want of memory.")             \
	X(BUILD, "nodemem_build_info", INFO, NONE, MOST, NULL, "The version of nodemem.")          \
	X(PROCESSES, "nodemem_processes", GAUGE, NONE, SUM, "nodemem.processes",                   \
	  "Node.js processes that are watched.")                                                   \
	X(HIDDEN, "nodemem_hidden_processes", GAUGE, NONE, SUM, "nodemem.hidden_processes",        \
	  "Processes of other users, which may not be looked at and do not call themselves node.") \
	X(SAMPLING, "nodemem_sampling_duration_seconds", GAUGE, SECONDS, SUM,                      \
	  "nodemem.sampling.duration", "How long taking these numbers took.")                      \
	X(DROPPED, "nodemem_series_dropped", GAUGE, NONE, SUM, "nodemem.series.dropped",           \
	  "Series left out because there would be more than --max-series.")

enum nm_export_id {
#define X(id, name, kind, unit, merge, otel, help) NM_EXPORT_##id,
	NM_EXPORT_LIST(X)
#undef X
		NM_EXPORT_COUNT,
	NM_EXPORT_NOT = NM_EXPORT_COUNT, /* of a metric: not for others */
};

struct nm_export {
	const char *name; /* for Prometheus; NULL when it is not there */
	enum nm_export_kind kind;
	enum nm_export_unit unit;
	enum nm_export_merge merge;
	const char *otel;
	const char *help; /* a sentence */
};

extern const struct nm_export nm_exports[NM_EXPORT_COUNT];

/* What tells series of one family and process apart: its name for Prometheus and as an attribute. */
#define NM_LABEL_LIST(X)                          \
	X(ISOLATE, "isolate", "nodemem.isolate")  \
	X(SPACE, "space", "v8js.heap.space.name") \
	X(KIND, "kind", "v8js.gc.type")           \
	X(LIMIT, "limit", "nodemem.limit.name")   \
	X(SCOPE, "scope", "nodemem.limit.scope")  \
	X(CGROUP, "cgroup", "nodemem.cgroup")     \
	X(REASON, "reason", "nodemem.reason")     \
	X(VERSION, "version", "version")          \
	X(MAJOR, "major", "major")                \
	X(MINOR, "minor", "minor")                \
	X(PATCH, "patch", "patch")

enum nm_label_id {
#define X(id, name, otel) NM_LABEL_##id,
	NM_LABEL_LIST(X)
#undef X
		NM_LABEL_COUNT,
};

const char *nm_label_name(enum nm_label_id id);
const char *nm_label_otel(enum nm_label_id id);

#endif
