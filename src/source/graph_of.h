/*
 * graph_of.h - the objects of a process, a core file or a heap snapshot as a graph
 *
 * Of a process and a core file the graph has what nm_still_take() and nm_still_open_core() see, of a
 * snapshot what its writer saw.
 *
 * Owns     the graph, until nm_graph_of_done().
 */
#ifndef NM_SOURCE_GRAPH_OF_H
#define NM_SOURCE_GRAPH_OF_H

#include <sys/types.h>

#include "model/heap/graph.h"

struct nm_graph_of {
	struct nm_graph *graph;
	pid_t pid;	 /* 0: of a file */
	const char *via; /* how the image was taken; "" for a snapshot */
	unsigned stops;
	uint64_t stopped_us, longest_stop_us;
	uint64_t missing_bytes; /* that a core file should have and has not */
	uint64_t image_us;	/* to take the image */
	uint64_t graph_us;	/* to make the graph of it, or to read it */
};

struct nm_graph_options {
	enum nm_via via;
	uint64_t max_stop_us; /* 0: the usual */
	const char *isolate;  /* NULL: all */
	const char *exe;      /* the program of a core; NULL: where that says it was */
};

/* Fails as nm_still_take(). */
int nm_graph_of_process(struct nm_target *target, const struct nm_graph_options *options,
			struct nm_graph_of *out, struct nm_error *err);

/* What it is, a core or a snapshot, is found by its content. Fails as nm_still_open_core() and
   nm_snapshot_read(); NM_E_UNSUPPORTED: it is neither. */
int nm_graph_of_file(const char *path, const struct nm_graph_options *options,
		     struct nm_graph_of *out, struct nm_error *err);

/* Does it begin as an ELF file, of which cores are one kind? */
bool nm_file_is_elf(const char *path);

/* May it be JSON other than a heap snapshot, whose first key is "snapshot"? */
bool nm_file_is_other_json(const char *path);

/* A zeroed one is done already. */
void nm_graph_of_done(struct nm_graph_of *of);

#endif
