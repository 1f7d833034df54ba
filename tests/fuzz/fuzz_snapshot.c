/*
 * fuzz_snapshot.c - a heap snapshot that somebody else has written, and all that is told of one
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "model/heap/duplicates.h"
#include "model/heap/heap_diff.h"
#include "model/heap/leaks.h"
#include "model/heap/paths.h"
#include "model/heap/statistics.h"
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

static void compare(const struct nm_constructors *classes)
{
	const struct nm_constructors *const sides[] = {classes, classes};
	struct nm_heap_statistics statistics;
	struct nm_duplicates duplicates;
	struct nm_heap_diff diff;
	struct nm_leaks leaks;
	struct nm_paths paths;

	MUST(nm_heap_statistics(classes->heap, &statistics, NULL) == NM_OK);
	MUST(nm_duplicates_make(classes->heap, &duplicates, NULL) == NM_OK);
	nm_duplicates_done(&duplicates);
	MUST(nm_heap_diff_make(classes, classes, &diff, NULL) == NM_OK);
	nm_heap_diff_done(&diff);
	MUST(nm_leaks_find(sides, 2, &leaks, NULL) == NM_OK && leaks.count == 0);
	nm_leaks_done(&leaks);
	MUST(nm_paths_by_distance(classes->heap, &paths, NULL) == NM_OK);
	nm_paths_done(&paths);
}

static void understand(const struct nm_graph *graph)
{
	struct nm_constructors *classes;
	struct nm_heap *heap;

	MUST(nm_heap_make(graph, &heap, NULL) == NM_OK);
	for (nm_node i = 0; i < graph->node_count; i++)
		MUST(heap->dominator[i] < graph->node_count);
	MUST(nm_constructors_make(heap, NULL, &classes, NULL) == NM_OK);
	compare(classes);
	nm_constructors_free(classes);
	nm_heap_free(heap);
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
		understand(graph);
		nm_graph_free(graph);
	} else {
		MUST(err.code != NM_OK && err.message[0] != '\0');
	}
	return 0;
}
