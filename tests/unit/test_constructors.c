/*
 * test_constructors.c - nodes grouped by class
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "graphs.h"
#include "model/heap/constructors.h"
#include "model/heap/detached.h"

static struct nm_constructors *classes_of(const struct nm_heap *heap)
{
	struct nm_constructors *classes = NULL;

	assert_int_equal(nm_constructors_make(heap, NULL, &classes, NULL), NM_OK);
	return classes;
}

/* The row with the key; NULL when there is none with nodes. */
static const struct nm_constructor *row_of(const struct nm_constructors *classes, const char *key)
{
	const struct nm_constructor *found = NULL;
	struct nm_strbuf text;

	nm_strbuf_init(&text, 4096);
	for (uint32_t i = 0; i < classes->count; i++) {
		nm_strbuf_clear(&text);
		nm_class_key_write(&text, &classes->rows[i].key);
		if (strcmp(text.text, key) == 0) {
			assert_null(found);
			found = &classes->rows[i];
		}
	}
	nm_strbuf_done(&text);
	return found;
}

static void assert_row(const struct nm_constructors *classes, const char *key, uint64_t count,
		       uint64_t shallow, uint64_t retained, int32_t distance)
{
	const struct nm_constructor *row = row_of(classes, key);

	assert_non_null(row);
	assert_int_equal(row->count, count);
	assert_int_equal(row->shallow, shallow);
	assert_int_equal(row->retained, retained);
	assert_int_equal(row->distance, distance);
}

static void kinds_have_classes_and_objects_their_names(void **state)
{
	struct nm_graph *graph = graph_with_root();
	struct nm_constructors *classes;
	struct nm_heap *heap;

	(void)state;
	graph_node(graph, NM_NODE_HIDDEN, "system / Map", 80);
	graph_node(graph, NM_NODE_CODE, "f", 100);
	graph_node(graph, NM_NODE_CLOSURE, "f", 64);
	graph_node(graph, NM_NODE_REGEXP, "a+", 56);
	graph_node(graph, NM_NODE_CONCATENATED, "", 32);
	graph_node(graph, NM_NODE_OBJECT, "Session", 24);
	graph_node(graph, NM_NODE_OBJECT, "Session", 8);
	graph_node(graph, NM_NODE_NATIVE, "system / JSArrayBufferData", 4096);
	graph_node(graph, NM_NODE_OBJECT, "Session", 0);
	graph_node(graph, NM_NODE_ARRAY, "", 0);
	heap = heap_of(graph, NULL);
	classes = classes_of(heap);
	assert_int_equal(classes->count, 7);
	assert_row(classes, ",(system)", 1, 80, 80, 1);
	assert_row(classes, ",(compiled code)", 1, 100, 100, 2);
	assert_row(classes, ",Function", 1, 64, 64, 3);
	assert_row(classes, ",RegExp", 1, 56, 56, 4);
	assert_row(classes, ",(concatenated string)", 1, 32, 32, 5);
	assert_row(classes, ",Session", 2, 32, 32, 6);
	assert_row(classes, ",system / JSArrayBufferData", 1, 4096, 4096, 8);
	/* The largest comes first; those without bytes are there, uncounted. */
	assert_string_equal(classes->rows[0].key.name, "system / JSArrayBufferData");
	assert_int_equal(classes->class_of[9], classes->class_of[6]);
	assert_false(nm_constructors_counts(classes, 9));
	assert_true(classes->class_of[10] >= classes->count);
	nm_constructors_free(classes);
	heap_end(heap);
}

static void a_name_and_a_kind_of_one_text_are_one_class(void **state)
{
	struct nm_graph *graph = graph_with_root();
	struct nm_constructors *classes;
	struct nm_heap *heap;
	static const nm_node dominator[] = {0, 0, 1};

	(void)state;
	graph_node(graph, NM_NODE_CLOSURE, "f", 64);
	graph_node(graph, NM_NODE_OBJECT, "Function", 104);
	heap = heap_of(graph, dominator);
	classes = classes_of(heap);
	assert_row(classes, ",Function", 2, 168, 168, 1);
	nm_constructors_free(classes);
	heap_end(heap);
}

static void objects_of_one_name_are_told_apart_by_place(void **state)
{
	struct nm_graph *graph = graph_with_root();
	struct nm_graph_location here = {.script_id = 7, .line = 2, .column = 5};
	struct nm_graph_location there = {.script_id = 7, .line = 3, .column = 5};
	struct nm_constructors *classes;
	struct nm_heap *heap;

	(void)state;
	graph_node(graph, NM_NODE_OBJECT, "Node", 10);
	nm_graph_add_location(graph, &here);
	graph_node(graph, NM_NODE_OBJECT, "Node", 20);
	nm_graph_add_location(graph, &there);
	graph_node(graph, NM_NODE_OBJECT, "Node", 40);
	nm_graph_add_location(graph, &here);
	graph_node(graph, NM_NODE_OBJECT, "Node", 80);
	graph_node(graph, NM_NODE_CLOSURE, "Node", 160);
	nm_graph_add_location(graph, &here);
	/* Of two places of one node the last counts; a node that is not there has none. */
	graph_node(graph, NM_NODE_OBJECT, "Twice", 1);
	nm_graph_add_location(graph, &here);
	nm_graph_add_location(graph, &there);
	nm_graph_add_location(graph, &here);
	graph->locations[graph->location_count - 1].node = 1000;
	heap = heap_of(graph, NULL);
	classes = classes_of(heap);
	assert_int_equal(classes->count, 5);
	assert_row(classes, "7,2,5,Node", 2, 50, 50, 1);
	assert_row(classes, "7,3,5,Node", 1, 20, 20, 2);
	assert_row(classes, ",Node", 1, 80, 80, 4);
	assert_row(classes, ",Function", 1, 160, 160, 5);
	assert_row(classes, "7,3,5,Twice", 1, 1, 1, 6);
	nm_constructors_free(classes);
	heap_end(heap);
}

static void what_another_of_the_class_retains_counts_once(void **state)
{
	struct nm_graph *graph = graph_with_root();
	/* A over B over A, and again A, all over another; beside that an A of no size over an A. */
	static const nm_node dominator[] = {0, 0, 1, 2, 1, 0, 5, 0, 7};
	struct nm_constructors *classes;
	struct nm_heap *heap;

	(void)state;
	graph_node(graph, NM_NODE_OBJECT, "A", 1);
	graph_node(graph, NM_NODE_OBJECT, "B", 10);
	graph_node(graph, NM_NODE_OBJECT, "A", 100);
	graph_node(graph, NM_NODE_OBJECT, "A", 1000);
	graph_node(graph, NM_NODE_OBJECT, "A", 0);
	graph_node(graph, NM_NODE_OBJECT, "A", 10000);
	graph_node(graph, NM_NODE_OBJECT, "B", 3);
	graph_node(graph, NM_NODE_OBJECT, "A", 5);
	heap = heap_of(graph, dominator);
	classes = classes_of(heap);
	assert_row(classes, ",A", 5, 11106, 1111 + 10000 + 5, 1);
	assert_row(classes, ",B", 2, 13, 110 + 8, 2);
	nm_constructors_free(classes);
	heap_end(heap);
}

static void a_list_can_be_a_million_deep(void **state)
{
	enum { DEPTH = 1000000 };
	struct nm_graph *graph = graph_with_root();
	nm_node *dominator = calloc(DEPTH + 1, sizeof(*dominator));
	struct nm_constructors *classes;
	struct nm_heap *heap;

	(void)state;
	for (nm_node i = 1; i <= DEPTH; i++) {
		graph_node(graph, NM_NODE_OBJECT, i % 2 ? "Odd" : "Even", 2);
		dominator[i] = i - 1;
	}
	heap = heap_of(graph, dominator);
	classes = classes_of(heap);
	assert_row(classes, ",Odd", DEPTH / 2, DEPTH, UINT64_C(2) * DEPTH, 1);
	assert_row(classes, ",Even", DEPTH / 2, DEPTH, UINT64_C(2) * DEPTH - 2, 2);
	nm_constructors_free(classes);
	heap_end(heap);
	free(dominator);
}

static void elements_are_grouped_by_tag(void **state)
{
	struct nm_graph *graph = graph_with_root();
	struct nm_constructors *classes;
	struct nm_heap *heap;

	(void)state;
	graph_node(graph, NM_NODE_NATIVE, "<div id=\"a\">", 1);
	graph_node(graph, NM_NODE_NATIVE, "<div>", 2);
	graph_node(graph, NM_NODE_NATIVE, "Detached <div class=\"b c\">", 4);
	graph_node(graph, NM_NODE_NATIVE, "Detached from it", 8);
	heap = heap_of(graph, NULL);
	classes = classes_of(heap);
	assert_row(classes, ",<div>", 2, 3, 3, 1);
	assert_row(classes, ",Detached <div>", 1, 4, 4, 3);
	assert_row(classes, ",Detached from it", 1, 8, 8, 4);
	nm_constructors_free(classes);
	heap_end(heap);
}

static void what_detached_nodes_lead_to_is_detached(void **state)
{
	struct nm_graph *graph = graph_with_root();
	struct nm_constructors *classes;
	struct nm_heap *heap;

	(void)state;
	graph_node(graph, NM_NODE_NATIVE, "<a x>", 1);
	graph_edge(graph, NM_EDGE_INTERNAL, "1", 3);
	graph_edge(graph, NM_EDGE_INTERNAL, "2", 4);
	graph_edge(graph, NM_EDGE_WEAK, "3", 5);
	graph_edge(graph, NM_EDGE_INTERNAL, "4", 6);
	graph_node(graph, NM_NODE_NATIVE, "<b>", 2);
	graph_edge(graph, NM_EDGE_INTERNAL, "1", 4);
	graph_node(graph, NM_NODE_NATIVE, "Text", 4);
	graph_node(graph, NM_NODE_NATIVE, "Shared", 8);
	graph_node(graph, NM_NODE_NATIVE, "Weak", 16);
	graph_node(graph, NM_NODE_OBJECT, "Script", 32);
	graph_edge(graph, NM_EDGE_PROPERTY, "x", 7);
	graph_node(graph, NM_NODE_NATIVE, "Behind", 64);
	graph->detachedness[1] = NM_DETACHED;
	graph->detachedness[2] = NM_ATTACHED;
	heap = heap_of(graph, NULL);
	classes = classes_of(heap);
	assert_row(classes, ",Detached <a>", 1, 1, 1, 1);
	assert_row(classes, ",<b>", 1, 2, 2, 2);
	assert_row(classes, ",Detached Text", 1, 4, 4, 3);
	assert_row(classes, ",Shared", 1, 8, 8, 4);
	assert_row(classes, ",Weak", 1, 16, 16, 5);
	assert_row(classes, ",Script", 1, 32, 32, 6);
	assert_row(classes, ",Behind", 1, 64, 64, 7);
	nm_constructors_free(classes);
	heap_end(heap);
}

static void plain_objects_are_grouped_by_interface(void **state)
{
	struct nm_graph *graph = graph_with_root();
	struct nm_constructors *classes, *other_classes;
	struct nm_heap *heap, *other;

	(void)state;
	graph_object(graph, "x y");
	graph_object(graph, "x y");
	graph_object(graph, "z");
	graph_object(graph, "");
	heap = heap_of(graph, NULL);
	classes = classes_of(heap);
	assert_row(classes, ",{x, y}", 2, 32, 32, 1);
	assert_row(classes, ",Object", 2, 32, 32, 3);

	/* Those of another heap, where it would not be one of its own. */
	graph = graph_with_root();
	graph_object(graph, "q y x");
	other = heap_of(graph, NULL);
	assert_int_equal(nm_constructors_make(other, classes->interfaces, &other_classes, NULL),
			 NM_OK);
	assert_row(other_classes, ",{x, y}", 1, 16, 16, 1);
	nm_constructors_free(other_classes);
	nm_constructors_free(classes);
	heap_end(heap);
	heap_end(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_have_classes_and_objects_their_names),
		cmocka_unit_test(a_name_and_a_kind_of_one_text_are_one_class),
		cmocka_unit_test(objects_of_one_name_are_told_apart_by_place),
		cmocka_unit_test(what_another_of_the_class_retains_counts_once),
		cmocka_unit_test(a_list_can_be_a_million_deep),
		cmocka_unit_test(elements_are_grouped_by_tag),
		cmocka_unit_test(what_detached_nodes_lead_to_is_detached),
		cmocka_unit_test(plain_objects_are_grouped_by_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
