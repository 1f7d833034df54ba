/*
 * read.h - a .heapsnapshot file as a graph
 *
 * Written by V8 (Node.js 18 to 26, Chrome), by nodemem dump, or by others; plain, gzip or zstd, found by
 * the content. Where fields are is read from the file, not assumed; sections that are not known are
 * passed over.
 *
 * Costs    the graph, 1 MiB, and no page of the file.
 * Source   V8's src/profiler/heap-snapshot-generator.cc: HeapSnapshotJSONSerializer.
 */
#ifndef NM_SNAPSHOT_READ_H
#define NM_SNAPSHOT_READ_H

#include "model/heap/graph.h"

/* The graph is freed by nm_graph_free(). NM_E_CORRUPT: what is wrong, at which byte; NM_E_LIMIT: more
   nodes or edges than 32 bits can count; NM_E_IO, NM_E_UNSUPPORTED, NM_E_NOMEM. */
int nm_snapshot_read(const char *path, struct nm_graph **out, struct nm_error *err);

/* Does the file begin as a snapshot does? To tell it from others, by 64 KiB of it. */
bool nm_snapshot_is_one(const char *path);

#endif
