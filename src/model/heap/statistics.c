#include "model/heap/statistics.h"

#include <stdlib.h>
#include <string.h>

#include "model/heap/node_text.h"

/* How many edges lead to each node: 0, 1, or 2 for more. NULL: out of memory. */
static uint8_t *count_retainers(const struct nm_graph *graph)
{
	uint8_t *retainers = calloc(graph->node_count, sizeof(*retainers));

	if (!retainers)
		return NULL;
	for (uint32_t edge = 0; edge < graph->edge_count; edge++) {
		uint8_t *one = &retainers[graph->edge_to[edge]];

		*one = (uint8_t)(*one + (*one < 2));
	}
	return retainers;
}

/* What an array has its elements in; NM_NO_NODE when it has none. */
static nm_node elements_of(const struct nm_graph *graph, nm_node node)
{
	for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++)
		if (graph->edge_kind[i] == NM_EDGE_INTERNAL &&
		    nm_name_is(graph, graph->edge_name[i], "elements"))
			return graph->edge_to[i];
	return NM_NO_NODE;
}

static uint64_t array_size(const struct nm_heap *heap, const uint8_t *retainers, nm_node node)
{
	const nm_node elements = elements_of(heap->graph, node);
	uint64_t size = heap->shallow[node];

	if (elements != NM_NO_NODE && retainers[elements] == 1)
		size += heap->shallow[elements];
	return size;
}

int nm_heap_statistics(const struct nm_heap *heap, struct nm_heap_statistics *out,
		       struct nm_error *err)
{
	const struct nm_graph *graph = heap->graph;
	uint8_t *retainers = count_retainers(graph);

	if (!retainers)
		return nm_error_nomem(err);
	memset(out, 0, sizeof(*out));
	out->total = heap->total;
	out->native = graph->extra_bytes;
	for (nm_node node = 0; node < graph->node_count; node++) {
		switch ((enum nm_node_kind)graph->kind[node]) {
		case NM_NODE_HIDDEN:
			out->system += heap->shallow[node];
			break;
		case NM_NODE_NATIVE:
			out->native += heap->shallow[node];
			if (nm_name_is(graph, graph->name[node], "system / JSArrayBufferData"))
				out->typed_arrays += heap->shallow[node];
			break;
		case NM_NODE_CODE:
			out->code += heap->shallow[node];
			break;
		case NM_NODE_STRING:
		case NM_NODE_CONCATENATED:
		case NM_NODE_SLICED:
			out->strings += heap->shallow[node];
			break;
		default:
			/* By the name alone, so that the function Array is one too: so does DevTools. */
			if (nm_name_is(graph, graph->name[node], "Array"))
				out->js_arrays += array_size(heap, retainers, node);
		}
	}
	out->v8 = out->total - out->native;
	free(retainers);
	return NM_OK;
}
