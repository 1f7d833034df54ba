#include "model/heap/buffers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/heap/path_text.h"

#define DATA_NAME "system / JSArrayBufferData"
#define NONE	  UINT32_MAX

const char *nm_buffer_kind_name(enum nm_buffer_kind kind)
{
	static const char *const names[] = {
#define X(name, text) [NM_BUFFER_##name] = text,
		NM_BUFFER_KINDS(X)
#undef X
	};

	return names[kind];
}

/* While the graph is gone through: the item of a data node and of an ArrayBuffer, by node. */
struct search {
	const struct nm_graph *graph;
	struct nm_buffers *out;
	uint32_t *item_of;
	bool *is_wasm; /* by item */
};

static const char *name_of(const struct nm_graph *graph, nm_node node)
{
	return nm_graph_text(graph, graph->name[node]);
}

static bool is_data(const struct nm_graph *graph, nm_node node)
{
	return graph->kind[node] == NM_NODE_NATIVE && strcmp(name_of(graph, node), DATA_NAME) == 0;
}

static bool is_array_buffer(const struct nm_graph *graph, nm_node node)
{
	return graph->kind[node] == NM_NODE_OBJECT &&
	       (strcmp(name_of(graph, node), "ArrayBuffer") == 0 ||
		strcmp(name_of(graph, node), "SharedArrayBuffer") == 0);
}

static bool take_data(struct search *search)
{
	const struct nm_graph *graph = search->graph;
	struct nm_buffers *out = search->out;
	size_t count = 0;

	for (nm_node node = 0; node < graph->node_count; node++)
		count += is_data(graph, node);
	out->items = calloc(count + 1, sizeof(*out->items));
	search->is_wasm = calloc(count + 1, sizeof(*search->is_wasm));
	search->item_of = malloc(((size_t)graph->node_count + 1) * sizeof(*search->item_of));
	if (!out->items || !search->is_wasm || !search->item_of)
		return false;
	for (nm_node node = 0; node < graph->node_count; node++) {
		search->item_of[node] = NONE;
		if (!is_data(graph, node))
			continue;
		search->item_of[node] = (uint32_t)out->count;
		out->items[out->count++] = (struct nm_buffer){
			.data = node, .buffer = NM_NO_NODE, .bytes = graph->size[node]};
		out->total += graph->size[node];
	}
	return true;
}

/* The ArrayBuffers; several can share their data. */
static void take_array_buffers(struct search *search)
{
	const struct nm_graph *graph = search->graph;

	for (nm_node node = 0; node < graph->node_count; node++) {
		if (!is_array_buffer(graph, node))
			continue;
		for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++) {
			const nm_node to = graph->edge_to[i];

			if (!is_data(graph, to))
				continue;
			search->item_of[node] = search->item_of[to];
			search->out->items[search->item_of[to]].buffer = node;
		}
	}
}

/* A view has its ArrayBuffer in a field of V8's own, and so has a memory of WebAssembly. */
static void take_view(struct search *search, nm_node node, uint32_t edge)
{
	const struct nm_graph *graph = search->graph;
	const char *name = name_of(graph, node);
	uint32_t item = search->item_of[graph->edge_to[edge]];

	if (graph->edge_kind[edge] != NM_EDGE_INTERNAL && graph->edge_kind[edge] != NM_EDGE_HIDDEN)
		return;
	if (strcmp(name, "Memory") == 0 || strcmp(name, "WebAssembly.Memory") == 0) {
		search->is_wasm[item] = true;
		return;
	}
	search->out->items[item].views++;
	search->out->items[item].node_buffers += strcmp(name, "Buffer") == 0;
}

static void take_views(struct search *search)
{
	const struct nm_graph *graph = search->graph;

	for (nm_node node = 0; node < graph->node_count; node++) {
		if (graph->kind[node] != NM_NODE_OBJECT || is_array_buffer(graph, node))
			continue;
		for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++)
			if (is_array_buffer(graph, graph->edge_to[i]) &&
			    search->item_of[graph->edge_to[i]] != NONE)
				take_view(search, node, i);
	}
}

static int by_data_and_offset(const void *a, const void *b)
{
	const struct nm_buffer_span *left = a, *right = b;

	if (left->data != right->data)
		return left->data < right->data ? -1 : 1;
	return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* What is covered by one or more views. */
static void cover(struct search *search, struct nm_buffer_span *spans, size_t count)
{
	uint64_t covered_to = 0;

	if (count > 0)
		qsort(spans, count, sizeof(*spans), by_data_and_offset);
	for (size_t i = 0; i < count; i++) {
		const struct nm_buffer_span *span = &spans[i];
		struct nm_buffer *item;
		uint64_t start, end;

		if (i == 0 || span->data != spans[i - 1].data)
			covered_to = 0;
		if (span->data >= search->graph->node_count || search->item_of[span->data] == NONE)
			continue;
		item = &search->out->items[search->item_of[span->data]];
		start = span->offset > covered_to ? span->offset : covered_to;
		end = span->length > item->bytes || span->offset > item->bytes - span->length
			      ? item->bytes
			      : span->offset + span->length;
		if (end > start) {
			item->used += end - start;
			covered_to = end;
		}
	}
}

static enum nm_buffer_kind kind_of(const struct search *search, size_t index, bool is_external)
{
	const struct nm_buffer *item = &search->out->items[index];
	const bool is_whole = search->out->knows_used ? item->used >= item->bytes : item->views < 2;

	if (search->is_wasm[index])
		return NM_BUFFER_WASM;
	if (item->buffer != NM_NO_NODE &&
	    strcmp(name_of(search->graph, item->buffer), "SharedArrayBuffer") == 0)
		return NM_BUFFER_SHARED;
	if (is_external)
		return NM_BUFFER_EXTERNAL;
	if (item->node_buffers == 0)
		return NM_BUFFER_PLAIN;
	return is_whole && item->node_buffers == 1 ? NM_BUFFER_BUFFER : NM_BUFFER_SLAB;
}

static int largest_first(const void *a, const void *b)
{
	const struct nm_buffer *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes > right->bytes ? -1 : 1;
	return left->data < right->data ? -1 : left->data > right->data;
}

static void sum_up(struct search *search, bool (*is_external)(void *context, nm_node data),
		   void *context)
{
	struct nm_buffers *out = search->out;

	for (size_t i = 0; i < out->count; i++) {
		struct nm_buffer *item = &out->items[i];

		item->kind = kind_of(search, i, is_external && is_external(context, item->data));
		if (item->kind != NM_BUFFER_SLAB)
			continue;
		out->slabs_retained += item->bytes;
		out->slabs_used += item->used;
	}
	if (out->count > 0)
		qsort(out->items, out->count, sizeof(*out->items), largest_first);
}

int nm_buffers_find(const struct nm_graph *graph, struct nm_buffer_span *spans, size_t span_count,
		    bool (*is_external)(void *context, nm_node data), void *context,
		    struct nm_buffers *out, struct nm_error *err)
{
	struct search search = {.graph = graph, .out = out};
	int status = NM_OK;

	memset(out, 0, sizeof(*out));
	out->graph = graph;
	out->knows_used = spans != NULL;
	if (take_data(&search)) {
		take_array_buffers(&search);
		take_views(&search);
		if (spans)
			cover(&search, spans, span_count);
		sum_up(&search, is_external, context);
		status = nm_paths_find(graph, &out->paths, err);
	} else {
		status = nm_error_nomem(err);
	}
	free(search.item_of);
	free(search.is_wasm);
	if (status != NM_OK)
		nm_buffers_done(out);
	return status;
}

size_t nm_buffers_path(const struct nm_buffers *buffers, size_t index,
		       struct nm_buffer_step out[NM_BUFFER_STEPS_MAX])
{
	const struct nm_graph *graph = buffers->graph;
	uint32_t edges[NM_BUFFER_STEPS_MAX];
	size_t count = nm_paths_get(&buffers->paths, buffers->items[index].data, edges,
				    NM_BUFFER_STEPS_MAX);

	for (size_t i = 0; i < count; i++)
		nm_path_step_text(graph, edges[i], out[i].text, sizeof(out[i].text));
	return count;
}

/* Things between a holder and the memory: they are the buffer itself. */
static bool is_buffer_itself(const struct nm_buffers *buffers, const struct nm_buffer *item,
			     nm_node node)
{
	const struct nm_graph *graph = buffers->graph;

	if (node == item->data || node == item->buffer || is_array_buffer(graph, node))
		return true;
	for (uint32_t i = graph->first_edge[node]; i < graph->first_edge[node + 1]; i++)
		if (graph->edge_to[i] == item->buffer && graph->edge_kind[i] == NM_EDGE_INTERNAL)
			return true;
	return false;
}

/* What a user knows; not V8's own arrays and cells on the way. */
static bool is_known_to_users(const struct nm_graph *graph, nm_node node)
{
	return graph->kind[node] == NM_NODE_OBJECT || graph->kind[node] == NM_NODE_CLOSURE ||
	       graph->kind[node] == NM_NODE_SYNTHETIC;
}

void nm_buffers_holder(const struct nm_buffers *buffers, size_t index, char *out, size_t room)
{
	const struct nm_graph *graph = buffers->graph;
	const struct nm_paths *paths = &buffers->paths;
	const struct nm_buffer *item = &buffers->items[index];
	nm_node node = item->data;
	char edge[NM_PATH_NAME_MAX + 8];

	out[0] = '\0';
	while (paths->from[node] != NM_NO_NODE &&
	       is_buffer_itself(buffers, item, paths->from[node]))
		node = paths->from[node];
	if (paths->from[node] == NM_NO_NODE)
		return;
	nm_path_edge_text(graph, paths->edge[node], edge, sizeof(edge));
	for (node = paths->from[node];
	     !is_known_to_users(graph, node) && paths->from[node] != NM_NO_NODE;)
		node = paths->from[node];
	snprintf(out, room, "%.*s%s", NM_PATH_NAME_MAX, nm_path_node_text(graph, node), edge);
}

void nm_buffers_done(struct nm_buffers *buffers)
{
	nm_paths_done(&buffers->paths);
	free(buffers->items);
	memset(buffers, 0, sizeof(*buffers));
}
