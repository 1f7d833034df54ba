/*
 * fuzz_snapshot.c - a heap snapshot that somebody else has written
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "source/snapshot/read.h"

/* Made once; a file in memory. */
static int get_file(void)
{
	static int file = -1;

	if (file < 0)
		file = memfd_create("snapshot", MFD_CLOEXEC);
	MUST(file >= 0);
	return file;
}

static void check(const struct nm_graph *graph)
{
	MUST(graph->node_count > 0 && graph->first_edge[graph->node_count] == graph->edge_count);
	for (uint32_t i = 0; i < graph->node_count; i++) {
		MUST(graph->first_edge[i] <= graph->first_edge[i + 1]);
		MUST(graph->name[i] < graph->names.count);
	}
	for (uint32_t i = 0; i < graph->edge_count; i++)
		MUST(graph->edge_to[i] < graph->node_count);
	for (uint32_t i = 0; i < graph->location_count; i++)
		MUST(graph->locations[i].node < graph->node_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nm_error err = {.code = NM_OK};
	struct nm_graph *graph;
	char path[64];
	int file = get_file();

	MUST(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (nm_snapshot_read(path, &graph, &err) == NM_OK) {
		check(graph);
		nm_graph_free(graph);
	} else {
		MUST(err.code != NM_OK && err.message[0] != '\0');
	}
	return 0;
}
