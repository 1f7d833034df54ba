/*
 * A still heap as a .heapsnapshot file.
 */
#include <string.h>
#include <time.h>

#include "source/snapshot/write.h"
#include "source/still.h"
#include "source/v8/graph.h"

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int write_still(struct nm_still *still, const char *path,
		       const struct nm_dump_options *options, struct nm_dump *out,
		       struct nm_error *err)
{
	struct nm_snapshot_written written;
	struct nm_graph *graph = NULL;
	nm_addr only;
	int status = nm_still_find_isolate(still, options->isolate, &only, err);

	if (status == NM_OK)
		status = nm_v8_graph_make(still->heap, &still->names, only, &graph, err);
	if (status == NM_OK)
		status = nm_snapshot_write(graph, path, options->redact, &written, err);
	if (status == NM_OK) {
		out->nodes = graph->node_count;
		out->edges = graph->edge_count;
		out->bytes = written.bytes;
	}
	nm_graph_free(graph);
	return status;
}

/* Ends the still. */
static int dump_still(struct nm_still *still, const char *path,
		      const struct nm_dump_options *options, struct nm_dump *out,
		      struct nm_error *err)
{
	uint64_t begun = now_us();
	int status;

	memset(out, 0, sizeof(*out));
	out->via = still->info.via;
	out->stops = still->info.stops;
	out->stopped_us = still->info.stopped_us;
	out->longest_stop_us = still->info.longest_us;
	out->copied_bytes = still->info.copied_bytes;
	memcpy(out->why_not_fork, still->info.why_not_fork, sizeof(out->why_not_fork));
	out->missing_bytes = still->missing_bytes;
	out->image_us = still->image_us;
	out->walk_us = still->walk_us;
	status = write_still(still, path, options, out, err);
	out->write_us = now_us() - begun;
	nm_still_done(still);
	return status;
}

int nm_dump_write(struct nm_target *target, const char *path, const struct nm_dump_options *options,
		  struct nm_dump *out, struct nm_error *err)
{
	struct nm_still still;
	int status = nm_still_take(target, options->via, options->max_stop_us, &still, err);

	return status == NM_OK ? dump_still(&still, path, options, out, err) : status;
}

int nm_dump_write_core(const char *core, const char *exe, const char *path,
		       const struct nm_dump_options *options, struct nm_dump *out,
		       struct nm_error *err)
{
	struct nm_still still;
	int status = nm_still_open_core(core, exe, &still, err);

	return status == NM_OK ? dump_still(&still, path, options, out, err) : status;
}
