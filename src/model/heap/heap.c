#include "model/heap/heap.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/huge.h"
#include "model/heap/distances.h"
#include "model/heap/dominators.h"
#include "model/heap/essential.h"
#include "model/heap/shallow.h"

/* What needs no dominators, done beside them. */
struct beside {
	struct nm_heap *heap;
	const struct nm_weakmap *weakmap;
	int code;
};

static void *work_beside(void *data)
{
	struct beside *beside = data;
	struct nm_heap *heap = beside->heap;

	beside->code = nm_shallow_find(heap->graph, heap->shallow, NULL);
	if (beside->code == NM_OK)
		beside->code =
			nm_distances_find(heap->graph, beside->weakmap, heap->distance, NULL);
	return NULL;
}

static int find_dominators(struct nm_heap *heap, const struct nm_weakmap *weakmap, nm_node *order,
			   struct nm_error *err)
{
	uint64_t *essential;
	int code = nm_essential_find(heap->graph, weakmap, &essential, err);

	if (code != NM_OK)
		return code;
	code = nm_dominators_find(heap->graph, essential, heap->dominator, order, err);
	free(essential);
	return code;
}

/* A second thread is a gain of time, and done without where there is none. */
static int find_columns(struct nm_heap *heap, nm_node *order, struct nm_error *err)
{
	struct nm_weakmap weakmap;
	struct beside beside = {.heap = heap, .weakmap = &weakmap};
	pthread_t second;
	bool has_second;
	int code = nm_weakmap_find(heap->graph, &weakmap, err);

	if (code != NM_OK)
		return code;
	has_second = pthread_create(&second, NULL, work_beside, &beside) == 0;
	code = find_dominators(heap, &weakmap, order, err);
	if (has_second)
		pthread_join(second, NULL);
	else if (code == NM_OK)
		work_beside(&beside);
	nm_weakmap_done(&weakmap);
	if (code == NM_OK && beside.code != NM_OK)
		code = nm_error_nomem(err);
	return code;
}

/* A node comes after its dominator in `order`. */
static void sum_retained(struct nm_heap *heap, const nm_node *order)
{
	memcpy(heap->retained, heap->shallow, heap->graph->node_count * sizeof(*heap->retained));
	for (uint32_t i = heap->graph->node_count - 1; i > 0; i--)
		heap->retained[heap->dominator[order[i]]] += heap->retained[order[i]];
	heap->total = heap->retained[0] + heap->graph->extra_bytes;
}

int nm_heap_make(const struct nm_graph *graph, struct nm_heap **out, struct nm_error *err)
{
	const size_t nodes = graph->node_count;
	struct nm_heap *heap = calloc(1, sizeof(*heap));
	nm_node *order = nm_huge_new(nodes, sizeof(*order));
	int code = NM_E_NOMEM;

	if (heap) {
		heap->graph = graph;
		heap->shallow = nm_huge_new(nodes, sizeof(*heap->shallow));
		heap->distance = nm_huge_new(nodes, sizeof(*heap->distance));
		heap->dominator = nm_huge_new(nodes, sizeof(*heap->dominator));
	}
	if (!heap || !order || !heap->shallow || !heap->distance || !heap->dominator)
		nm_error_nomem(err);
	else
		code = find_columns(heap, order, err);
	/* Only now, when the room for the dominators is free again. */
	if (code == NM_OK) {
		heap->retained = nm_huge_new(nodes, sizeof(*heap->retained));
		if (heap->retained)
			sum_retained(heap, order);
		else
			code = nm_error_nomem(err);
	}
	free(order);
	if (code == NM_OK)
		*out = heap;
	else
		nm_heap_free(heap);
	return code;
}

void nm_heap_free(struct nm_heap *heap)
{
	if (!heap)
		return;
	free(heap->shallow);
	free(heap->retained);
	free(heap->distance);
	free(heap->dominator);
	free(heap);
}
