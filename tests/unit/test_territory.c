/*
 * test_territory.c - areas of the dominator tree
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "graphs.h"
#include "model/heap/territory.h"

/* The root holds a Server of 10, which holds two Sessions of 100 and 50, each with a string of 1,000 and 2,000;
   and three small ones of classes of their own. */
static struct nm_heap *make_heap(struct nm_graph *graph)
{
	static const nm_node dominator[] = {0, 0, 1, 1, 2, 3, 0, 0, 0};
	struct nm_heap *heap;

	graph_edge(graph, NM_EDGE_PROPERTY, "server", 1);
	for (nm_node small = 6; small <= 8; small++)
		graph_edge(graph, NM_EDGE_PROPERTY, "small", small);
	graph_node(graph, NM_NODE_OBJECT, "Server", 10);
	graph_edge(graph, NM_EDGE_PROPERTY, "a", 2);
	graph_edge(graph, NM_EDGE_PROPERTY, "b", 3);
	graph_node(graph, NM_NODE_OBJECT, "Session", 100);
	graph_edge(graph, NM_EDGE_PROPERTY, "text", 4);
	graph_node(graph, NM_NODE_OBJECT, "Session", 50);
	graph_edge(graph, NM_EDGE_PROPERTY, "text", 5);
	graph_node(graph, NM_NODE_STRING, "x", 1000);
	graph_node(graph, NM_NODE_STRING, "y", 2000);
	graph_node(graph, NM_NODE_OBJECT, "A", 1);
	graph_node(graph, NM_NODE_OBJECT, "B", 2);
	graph_node(graph, NM_NODE_OBJECT, "C", 0);
	heap = heap_of(graph, dominator);
	return heap;
}

static void assert_area(const struct nm_territory *territory, uint32_t index, const char *name,
			uint32_t parent, uint64_t count, uint64_t shallow, uint64_t retained)
{
	const struct nm_area *area = &territory->areas[index];

	assert_true(index < territory->count);
	if (name)
		assert_string_equal(territory->classes->rows[area->class].key.name, name);
	else
		assert_int_equal(area->class, NM_TERRITORY_NONE);
	assert_int_equal(area->parent, parent);
	assert_int_equal(area->count, count);
	assert_int_equal(area->shallow, shallow);
	assert_int_equal(area->retained, retained);
}

static void with_limits(const struct nm_territory_limits *limits,
			void (*check)(const struct nm_territory *territory))
{
	struct nm_graph *graph = graph_with_root();
	struct nm_heap *heap = make_heap(graph);
	struct nm_constructors *classes;
	struct nm_territory territory;

	assert_int_equal(nm_constructors_make(heap, NULL, &classes, NULL), NM_OK);
	assert_int_equal(nm_territory_make(classes, limits, &territory, NULL), NM_OK);
	check(&territory);
	nm_territory_done(&territory);
	nm_constructors_free(classes);
	heap_end(heap);
}

static void check_all(const struct nm_territory *territory)
{
	assert_int_equal(territory->count, 6);
	assert_area(territory, 0, "(synthetic)", NM_TERRITORY_NONE, 1, 0, 3163);
	assert_area(territory, 1, "Server", 0, 1, 10, 3160);
	assert_area(territory, 2, "Session", 1, 2, 150, 3150);
	assert_int_equal(territory->areas[2].largest, 3);
	assert_area(territory, 3, "(string)", 2, 2, 3000, 3000);
	assert_int_equal(territory->areas[3].depth, 3);
	assert_area(territory, 4, "B", 0, 1, 2, 2);
	assert_area(territory, 5, "A", 0, 1, 1, 1);
}

static void nodes_of_one_class_below_one_area_are_one(void **state)
{
	const struct nm_territory_limits limits = {.most = 100, .depth = 10, .least = 0.0001};

	(void)state;
	with_limits(&limits, check_all);
}

static void check_small(const struct nm_territory *territory)
{
	assert_int_equal(territory->count, 5);
	assert_area(territory, 4, NULL, 0, 2, 0, 3);
	assert_int_equal(territory->areas[4].parts, 2);
}

static void small_ones_are_put_together(void **state)
{
	const struct nm_territory_limits limits = {.most = 100, .depth = 10, .least = 0.01};

	(void)state;
	with_limits(&limits, check_small);
}

static void check_few(const struct nm_territory *territory)
{
	assert_int_equal(territory->count, 4);
	assert_area(territory, 1, "Server", 0, 1, 10, 3160);
	assert_area(territory, 2, NULL, 0, 2, 0, 3);
	assert_area(territory, 3, NULL, 1, 2, 0, 3150);
}

static void the_largest_are_taken_where_there_is_no_room_for_all(void **state)
{
	const struct nm_territory_limits limits = {.most = 2, .depth = 10, .least = 0.0001};

	(void)state;
	with_limits(&limits, check_few);
}

static void check_flat(const struct nm_territory *territory)
{
	assert_int_equal(territory->count, 4);
	assert_area(territory, 1, "Server", 0, 1, 10, 3160);
	assert_area(territory, 3, "A", 0, 1, 1, 1);
}

static void what_is_too_deep_is_not_looked_into(void **state)
{
	const struct nm_territory_limits limits = {.most = 100, .depth = 1, .least = 0.0001};

	(void)state;
	with_limits(&limits, check_flat);
}

static void a_list_is_one_area(void **state)
{
	static const nm_node dominator[] = {0, 0, 1, 2, 3};
	const struct nm_territory_limits limits = {.most = 100, .depth = 10, .least = 0.0001};
	struct nm_graph *graph = graph_with_root();
	struct nm_constructors *classes;
	struct nm_territory territory;
	struct nm_heap *heap;

	(void)state;
	graph_edge(graph, NM_EDGE_PROPERTY, "list", 1);
	for (nm_node node = 1; node <= 3; node++) {
		graph_node(graph, NM_NODE_OBJECT, "Link", 10);
		graph_edge(graph, NM_EDGE_PROPERTY, "next", node + 1);
	}
	graph_node(graph, NM_NODE_STRING, "end", 100);
	heap = heap_of(graph, dominator);
	assert_int_equal(nm_constructors_make(heap, NULL, &classes, NULL), NM_OK);
	assert_int_equal(nm_territory_make(classes, &limits, &territory, NULL), NM_OK);
	assert_int_equal(territory.count, 3);
	assert_area(&territory, 1, "Link", 0, 3, 30, 130);
	assert_area(&territory, 2, "(string)", 1, 1, 100, 100);
	nm_territory_done(&territory);
	nm_constructors_free(classes);
	heap_end(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_of_one_class_below_one_area_are_one),
		cmocka_unit_test(small_ones_are_put_together),
		cmocka_unit_test(the_largest_are_taken_where_there_is_no_room_for_all),
		cmocka_unit_test(what_is_too_deep_is_not_looked_into),
		cmocka_unit_test(a_list_is_one_area),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
