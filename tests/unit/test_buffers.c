/*
 * test_buffers.c - graphs with ArrayBuffers in them, and the ways to those
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "model/heap/buffers.h"

/* Nodes by name, edges behind each: "to:kind:name". */
struct made_edge {
	enum nm_edge_kind kind;
	const char *name;
	nm_node to;
};

struct made_node {
	enum nm_node_kind kind;
	const char *name;
	uint64_t size;
	struct made_edge edges[4]; /* ended by one without a name */
};

enum {
	ROOT,
	GLOBAL,
	CACHE,
	SLICE,
	WHOLE,
	SLAB,
	OWN,
	SLAB_DATA,
	OWN_DATA,
	SHARED,
	SHARED_DATA,
	LOST,
	LOST_DATA,
	NODES
};

static const struct made_node nodes[NODES] = {
	[ROOT] = {NM_NODE_SYNTHETIC, "", 0, {{NM_EDGE_SHORTCUT, "global", GLOBAL}}},
	[GLOBAL] = {NM_NODE_OBJECT,
		    "global",
		    8,
		    {{NM_EDGE_PROPERTY, "cache", CACHE},
		     {NM_EDGE_WEAK, "weak", LOST},
		     {NM_EDGE_PROPERTY, "shared", SHARED}}},
	[CACHE] = {NM_NODE_OBJECT,
		   "Cache",
		   8,
		   {{NM_EDGE_PROPERTY, "slice", SLICE},
		    {NM_EDGE_PROPERTY, "other", SLICE},
		    {NM_EDGE_PROPERTY, "whole", WHOLE}}},
	[SLICE] = {NM_NODE_OBJECT, "Buffer", 80, {{NM_EDGE_INTERNAL, "buffer", SLAB}}},
	[WHOLE] = {NM_NODE_OBJECT, "Buffer", 80, {{NM_EDGE_INTERNAL, "buffer", OWN}}},
	[SLAB] = {NM_NODE_OBJECT,
		  "ArrayBuffer",
		  80,
		  {{NM_EDGE_INTERNAL, "backing_store", SLAB_DATA}}},
	[OWN] = {NM_NODE_OBJECT,
		 "ArrayBuffer",
		 80,
		 {{NM_EDGE_INTERNAL, "backing_store", OWN_DATA}}},
	[SLAB_DATA] = {NM_NODE_NATIVE, "system / JSArrayBufferData", 8192, {{0}}},
	[OWN_DATA] = {NM_NODE_NATIVE, "system / JSArrayBufferData", 100000, {{0}}},
	[SHARED] = {NM_NODE_OBJECT,
		    "SharedArrayBuffer",
		    80,
		    {{NM_EDGE_INTERNAL, "backing_store", SHARED_DATA}}},
	[SHARED_DATA] = {NM_NODE_NATIVE, "system / JSArrayBufferData", 50, {{0}}},
	[LOST] = {NM_NODE_OBJECT,
		  "ArrayBuffer",
		  80,
		  {{NM_EDGE_INTERNAL, "backing_store", LOST_DATA}}},
	[LOST_DATA] = {NM_NODE_NATIVE, "system / JSArrayBufferData", 7, {{0}}},
};

static struct nm_graph *make_graph(void)
{
	struct nm_graph *graph = nm_graph_new();

	for (size_t i = 0; i < NODES; i++) {
		const struct made_node *node = &nodes[i];

		nm_graph_add_node(graph, node->kind,
				  nm_graph_name(graph, node->name, strlen(node->name)),
				  (uint32_t)(2 * i + 1), node->size);
		for (size_t k = 0; k < 4 && node->edges[k].name; k++)
			nm_graph_add_edge(graph, node->edges[k].kind,
					  nm_graph_name(graph, node->edges[k].name,
							strlen(node->edges[k].name)),
					  node->edges[k].to);
	}
	assert_int_equal(nm_graph_finish(graph, NULL), NM_OK);
	return graph;
}

static void the_shortest_way_is_found_and_no_weak_one(void **state)
{
	struct nm_graph *graph = make_graph();
	struct nm_paths paths;
	uint32_t edges[8];

	(void)state;
	assert_int_equal(nm_paths_find(graph, &paths, NULL), NM_OK);
	assert_int_equal(nm_paths_get(&paths, ROOT, edges, 8), 0);
	assert_int_equal(nm_paths_get(&paths, SLAB_DATA, edges, 8), 5);
	assert_int_equal(graph->edge_to[edges[0]], GLOBAL);
	assert_int_equal(graph->edge_to[edges[4]], SLAB_DATA);
	/* Of a way that is too long, its end. */
	assert_int_equal(nm_paths_get(&paths, SLAB_DATA, edges, 2), 2);
	assert_int_equal(graph->edge_to[edges[0]], SLAB);
	assert_int_equal(nm_paths_get(&paths, LOST, edges, 8), 0);
	nm_paths_done(&paths);
	nm_graph_free(graph);
}

static void kinds_sizes_and_holders_are_told(void **state)
{
	struct nm_graph *graph = make_graph();
	/* Two views which overlap, and one that claims more than there is. */
	struct nm_buffer_span spans[] = {{SLAB_DATA, 150, 100},
					 {SLAB_DATA, 100, 100},
					 {OWN_DATA, 0, UINT64_MAX},
					 {NM_NO_NODE, 0, 5}};
	struct nm_buffers buffers;
	char holder[NM_BUFFER_STEP_MAX];

	(void)state;
	assert_int_equal(nm_buffers_find(graph, spans, 4, NULL, NULL, &buffers, NULL), NM_OK);
	assert_int_equal(buffers.count, 4);
	assert_int_equal(buffers.total, 100000 + 8192 + 50 + 7);
	assert_int_equal(buffers.items[0].kind, NM_BUFFER_BUFFER);
	assert_int_equal(buffers.items[0].used, 100000);
	assert_int_equal(buffers.items[1].kind, NM_BUFFER_SLAB);
	assert_int_equal(buffers.items[1].used, 150);
	assert_int_equal(buffers.items[2].kind, NM_BUFFER_SHARED);
	assert_int_equal(buffers.items[3].kind, NM_BUFFER_PLAIN);
	assert_int_equal(buffers.slabs_retained, 8192);
	assert_int_equal(buffers.slabs_used, 150);
	nm_buffers_holder(&buffers, 0, holder, sizeof(holder));
	assert_string_equal(holder, "Cache.whole");
	nm_buffers_holder(&buffers, 1, holder, sizeof(holder));
	assert_string_equal(holder, "Cache.slice");
	nm_buffers_holder(&buffers, 2, holder, sizeof(holder));
	assert_string_equal(holder, "global.shared");
	nm_buffers_holder(&buffers, 3, holder, sizeof(holder));
	assert_string_equal(holder, "");
	nm_buffers_done(&buffers);
	nm_graph_free(graph);
}

static void without_spans_what_is_used_is_not_known(void **state)
{
	struct nm_graph *graph = make_graph();
	struct nm_buffer_step steps[NM_BUFFER_STEPS_MAX];
	struct nm_buffers buffers;

	(void)state;
	assert_int_equal(nm_buffers_find(graph, NULL, 0, NULL, NULL, &buffers, NULL), NM_OK);
	assert_false(buffers.knows_used);
	assert_int_equal(buffers.items[1].kind, NM_BUFFER_BUFFER); /* as far as one can see */
	assert_int_equal(nm_buffers_path(&buffers, 0, steps), 5);
	assert_string_equal(steps[1].text, ".cache: Cache");
	assert_string_equal(steps[3].text, "(buffer): ArrayBuffer");
	nm_buffers_done(&buffers);
	nm_graph_free(graph);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shortest_way_is_found_and_no_weak_one),
		cmocka_unit_test(kinds_sizes_and_holders_are_told),
		cmocka_unit_test(without_spans_what_is_used_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
