/*
 * objects.h - what the commands on the objects of a heap share: their target, and how to look at it
 */
#ifndef NM_CMD_OBJECTS_H
#define NM_CMD_OBJECTS_H

#include "cmd/command.h"
#include "model/heap/constructors.h"
#include "source/graph_of.h"

/* Rows of a table of options. */
#define NM_IMAGE_OPTIONS                                                                        \
	{0, "isolate", "NAME", "of this isolate only: main, worker-1, ..."},                    \
		{0, "exe", "NODE_BINARY",                                                       \
		 "the program of a core that does not name it, or not where it is"},            \
		{0, "via", "WAY", "how to take the image: auto, copy or fork (default: auto)"}, \
	{                                                                                       \
		0, "max-stop", "MS", "stop the process no longer than this (default: 500)"      \
	}

/* Read these options. False: one is wrong, and that has been said. */
bool nm_call_image(struct nm_call *call, struct nm_graph_options *out);

/* The graph of the word `index`: a process, a core file or a heap snapshot. Returns an exit code; when it
   is not NM_EXIT_OK there is none, and why has been said. */
int nm_call_graph(struct nm_call *call, int index, struct nm_graph_of *out);

/* A graph, and what was made of it. Zeroed, it is done already. */
struct nm_heap_of {
	struct nm_graph_of of;
	struct nm_heap *heap;
	struct nm_constructors *classes; /* where they were asked for */
};

/* The same with sizes and distances; without classes. */
int nm_call_heap(struct nm_call *call, int index, struct nm_heap_of *out);

/* And with classes. */
int nm_call_classes(struct nm_call *call, int index, struct nm_heap_of *out);

/* All words, with classes; plain objects are grouped as those of the last one say. `sides` has room for
   them, and is to be done in any case. */
int nm_call_sides(struct nm_call *call, struct nm_heap_of *sides);

void nm_heap_of_done(struct nm_heap_of *of);

/* The node of an id. NM_E_UNSUPPORTED: no node has it. */
int nm_find_id(const struct nm_graph *graph, uint64_t id, nm_node *out, struct nm_error *err);

/* Where it comes from, for a view. */
struct nm_view_origin nm_origin_of(const struct nm_graph_of *of);

/* After what was shown: what is missing of a core file; with --verbose what it cost. */
void nm_print_graph_cost(const struct nm_call *call, int index, const struct nm_graph_of *of);

#endif
