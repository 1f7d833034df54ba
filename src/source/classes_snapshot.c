/*
 * The nodes of a heap snapshot, summed up by class.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/heap/classes.h"
#include "source/snapshot/read.h"

/* By the number of the name; behind these, by kind. */
struct sums {
	const struct nm_graph *graph;
	struct nm_class *items;
	size_t count;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static size_t class_of(const struct nm_graph *graph, nm_node node)
{
	const enum nm_node_kind kind = (enum nm_node_kind)graph->kind[node];

	return nm_node_kind_class(kind) ? graph->names.count + (size_t)kind : graph->name[node];
}

static const char *name_of(const struct nm_graph *graph, size_t class)
{
	return class < graph->names.count
		       ? nm_graph_text(graph, (uint32_t) class)
		       : nm_node_kind_class((enum nm_node_kind)(class - graph->names.count));
}

/* Nodes of no size are not objects: roots, and what stands for things outside the heap. */
static void count_nodes(struct sums *sums)
{
	const struct nm_graph *graph = sums->graph;

	for (nm_node i = 0; i < graph->node_count; i++) {
		struct nm_class *sum = &sums->items[class_of(graph, i)];

		sum->count += graph->size[i] > 0;
		sum->bytes += graph->size[i];
	}
}

static int add_classes(const struct sums *sums, struct nm_classes *out, struct nm_error *err)
{
	for (size_t i = 0; i < sums->count; i++)
		if (sums->items[i].count > 0 &&
		    nm_classes_add(out, name_of(sums->graph, i), &sums->items[i]) != NM_OK)
			return nm_error_nomem(err);
	nm_classes_finish(out);
	return NM_OK;
}

static int sum_up(const struct nm_graph *graph, struct nm_classes *out, struct nm_error *err)
{
	struct sums sums = {.graph = graph,
			    .count = (size_t)graph->names.count + NM_NODE_KIND_COUNT};
	int status;

	sums.items = calloc(sums.count, sizeof(*sums.items));
	if (!sums.items)
		return nm_error_nomem(err);
	count_nodes(&sums);
	status = add_classes(&sums, out, err);
	free(sums.items);
	return status;
}

int nm_classes_read_snapshot(const char *path, struct nm_classes *out, struct nm_error *err)
{
	const uint64_t begun = now_us();
	struct nm_graph *graph;
	int status;

	memset(out, 0, sizeof(*out));
	out->via = NM_VIA_SNAPSHOT;
	status = nm_snapshot_read(path, &graph, err);
	if (status != NM_OK)
		return status;
	status = sum_up(graph, out, err);
	out->walk_us = now_us() - begun;
	nm_graph_free(graph);
	if (status != NM_OK)
		nm_classes_done(out);
	return status;
}
