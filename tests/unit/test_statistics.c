/*
 * test_statistics.c - the bytes of a heap by what they are for
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "graphs.h"
#include "model/heap/statistics.h"

static void bytes_are_summed_up_by_kind(void **state)
{
	struct nm_graph *graph = graph_with_root();
	struct nm_heap_statistics sums;
	struct nm_heap *heap;

	(void)state;
	graph_node(graph, NM_NODE_HIDDEN, "system / Map", 1);
	graph_node(graph, NM_NODE_NATIVE, "system / JSArrayBufferData", 2);
	graph_node(graph, NM_NODE_NATIVE, "Node / Environment", 4);
	graph_node(graph, NM_NODE_CODE, "f", 8);
	graph_node(graph, NM_NODE_STRING, "Array", 16);
	graph_node(graph, NM_NODE_SLICED, "s", 32);
	graph_node(graph, NM_NODE_CONCATENATED, "s", 64);
	graph_node(graph, NM_NODE_OBJECT, "Session", 128);
	graph_node(graph, NM_NODE_OBJECT, "Array", 256);
	graph_edge(graph, NM_EDGE_INTERNAL, "elements", 11);
	graph_node(graph, NM_NODE_OBJECT, "Array", 512);
	graph_edge(graph, NM_EDGE_PROPERTY, "elements", 11);
	graph_edge(graph, NM_EDGE_INTERNAL, "elements", 12);
	graph_node(graph, NM_NODE_ARRAY, "", 1024); /* is held twice */
	graph_node(graph, NM_NODE_ARRAY, "", 2048);
	graph->extra_bytes = 4096;
	heap = heap_of(graph, NULL);
	assert_int_equal(nm_heap_statistics(heap, &sums, NULL), NM_OK);
	assert_int_equal(sums.total, 8191);
	assert_int_equal(sums.native, 4096 + 2 + 4);
	assert_int_equal(sums.typed_arrays, 2);
	assert_int_equal(sums.v8, 8191 - 4096 - 2 - 4);
	assert_int_equal(sums.code, 8);
	assert_int_equal(sums.strings, 16 + 32 + 64);
	assert_int_equal(sums.js_arrays, 256 + 512 + 2048);
	assert_int_equal(sums.system, 1);
	heap_end(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_summed_up_by_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
