/*
 * test_interfaces.c - classes for plain objects, by their properties
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "graphs.h"
#include "model/heap/interfaces.h"

/* The name of the interface of each plain object, separated by '|'; "-" for none. */
static void assert_interfaces(struct nm_graph *graph, const struct nm_interfaces *given,
			      const char *wanted)
{
	struct nm_interfaces *own = NULL;
	struct nm_shapes shapes;
	uint32_t matches[256];
	char text[4096] = "";
	size_t length = 0;

	assert_int_equal(nm_graph_finish(graph, NULL), NM_OK);
	assert_int_equal(nm_shapes_make(&shapes, graph, NULL), NM_OK);
	assert_true(shapes.count < 256);
	assert_int_equal(nm_interfaces_infer(&shapes, &own, NULL), NM_OK);
	if (!given)
		given = own;
	assert_int_equal(nm_interfaces_match(given, &shapes, matches, NULL), NM_OK);
	for (uint32_t i = 0; i < shapes.object_count; i++) {
		const uint32_t match = matches[shapes.of[i]];

		length += (size_t)snprintf(
			text + length, sizeof(text) - length, "%s%s", i > 0 ? "|" : "",
			match == NM_NO_INTERFACE
				? "-"
				: nm_intern_get(&given->names, given->items[match].name, NULL));
	}
	assert_string_equal(text, wanted);
	nm_interfaces_free(own);
	nm_shapes_done(&shapes);
	nm_graph_free(graph);
}

static void the_one_with_most_properties_wins(void **state)
{
	struct nm_graph *graph = graph_with_root();

	(void)state;
	graph_object(graph, "a");
	graph_object(graph, "a");
	graph_object(graph, "b a");
	graph_object(graph, "b a");
	graph_object(graph, "c a b");
	graph_object(graph, "c");
	assert_interfaces(graph, NULL, "{a}|{a}|{b, a}|{b, a}|{b, a}|-");
}

static void of_as_many_the_most_frequent_wins(void **state)
{
	struct nm_graph *graph = graph_with_root();

	(void)state;
	graph_object(graph, "a b");
	graph_object(graph, "a b");
	graph_object(graph, "b a");
	graph_object(graph, "b a");
	graph_object(graph, "b a");
	graph_object(graph, "c d");
	graph_object(graph, "c d");
	graph_object(graph, "c d a b");
	assert_interfaces(graph, NULL, "{b, a}|{b, a}|{b, a}|{b, a}|{b, a}|{c, d}|{c, d}|{b, a}");
}

static void a_property_can_be_there_twice(void **state)
{
	struct nm_graph *graph = graph_with_root();

	(void)state;
	graph_object(graph, "a a");
	graph_object(graph, "a a");
	graph_object(graph, "a");
	graph_object(graph, "a b a");
	assert_interfaces(graph, NULL, "{a, a}|{a, a}|-|{a, a}");
}

static void what_all_objects_have_makes_none(void **state)
{
	struct nm_graph *graph = graph_with_root();

	(void)state;
	graph_object(graph, "__proto__");
	graph_object(graph, "__proto__");
	graph_object(graph, "__proto__ a");
	graph_object(graph, "a __proto__");
	graph_node(graph, NM_NODE_OBJECT, "Object", 16);
	graph_edge(graph, NM_EDGE_INTERNAL, "a", 0);
	/* Not plain ones. */
	graph_node(graph, NM_NODE_OBJECT, "Objects", 16);
	graph_node(graph, NM_NODE_CLOSURE, "Object", 16);
	assert_interfaces(graph, NULL, "-|-|{a}|{a}|-");
}

static void names_end_before_they_are_too_long(void **state)
{
	struct nm_graph *graph = graph_with_root();
	char first[116], long_one[202];

	(void)state;
	/* 1 + 114 + 5 are 120, the ", " not counted. */
	memset(first, 'f', 114);
	snprintf(first + 114, 2, " ");
	for (int i = 0; i < 2; i++) {
		char properties[140];

		snprintf(properties, sizeof(properties), "%s%s", first, i ? "123 a" : "12345");
		graph_object(graph, properties);
		graph_object(graph, properties);
	}
	/* The first is always there. */
	memset(long_one, 'g', 200);
	long_one[200] = '\0';
	graph_object(graph, long_one);
	graph_object(graph, long_one);
	first[114] = '\0';
	{
		char wanted[2048];

		snprintf(wanted, sizeof(wanted),
			 "{%s, 12345}|{%s, 12345}|{%s, 123}|{%s, 123}|{%s}|{%s}", first, first,
			 first, first, long_one, long_one);
		assert_interfaces(graph, NULL, wanted);
	}
}

static void rare_ones_make_none(void **state)
{
	struct nm_graph *graph = graph_with_root();
	struct nm_interfaces *interfaces;
	struct nm_shapes shapes;

	(void)state;
	for (int i = 0; i < 2998; i++)
		graph_object(graph, "many");
	for (int i = 0; i < 2; i++)
		graph_object(graph, "two");
	assert_int_equal(nm_graph_finish(graph, NULL), NM_OK);
	assert_int_equal(nm_shapes_make(&shapes, graph, NULL), NM_OK);
	assert_int_equal(shapes.object_count, 3000);
	assert_int_equal(shapes.count, 2);
	assert_int_equal(nm_interfaces_infer(&shapes, &interfaces, NULL), NM_OK);
	/* 3 would be a thousandth. */
	assert_int_equal(interfaces->count, 1);
	nm_interfaces_free(interfaces);
	nm_shapes_done(&shapes);
	nm_graph_free(graph);
}

static void names_that_separate_are_quoted(void **state)
{
	struct nm_graph *graph = graph_with_root();

	(void)state;
	graph_object(graph, "a,b it's");
	graph_object(graph, "a,b it's");
	graph_object(graph, "\"\\\t{");
	graph_object(graph, "\"\\\t{");
	assert_interfaces(graph, NULL,
			  "{\"a,b\", \"it's\"}|{\"a,b\", \"it's\"}|"
			  "{\"\\\"\\\\\\t{\"}|{\"\\\"\\\\\\t{\"}");
}

static void a_graph_without_plain_objects_has_none(void **state)
{
	(void)state;
	assert_interfaces(graph_with_root(), NULL, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_with_most_properties_wins),
		cmocka_unit_test(of_as_many_the_most_frequent_wins),
		cmocka_unit_test(a_property_can_be_there_twice),
		cmocka_unit_test(what_all_objects_have_makes_none),
		cmocka_unit_test(names_end_before_they_are_too_long),
		cmocka_unit_test(rare_ones_make_none),
		cmocka_unit_test(names_that_separate_are_quoted),
		cmocka_unit_test(a_graph_without_plain_objects_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
