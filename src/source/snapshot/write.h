/*
 * write.h - a graph as a .heapsnapshot file, which Chrome DevTools and others read
 *
 * Costs    a buffer; nothing of the file is kept. It has its name only when it is whole.
 * Source   V8's src/profiler/heap-snapshot-generator.cc: HeapSnapshotJSONSerializer.
 */
#ifndef NM_SNAPSHOT_WRITE_H
#define NM_SNAPSHOT_WRITE_H

#include "model/heap/graph.h"

struct nm_snapshot_written {
	uint64_t bytes;
};

/* `redact`: the texts of strings are left out. The file appears under `path` when all of it has been
   written, in place of one that was there. NM_E_IO, NM_E_NOMEM. */
int nm_snapshot_write(const struct nm_graph *graph, const char *path, bool redact,
		      struct nm_snapshot_written *out, struct nm_error *err);

#endif
