/*
 * test_node_text.c - what a node is shown as
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "graphs.h"
#include "model/heap/node_text.h"

static void assert_shown(struct nm_graph *graph, nm_node node, const char *wanted, size_t length)
{
	struct nm_strbuf text;

	assert_int_equal(nm_graph_finish(graph, NULL), NM_OK);
	nm_strbuf_init(&text, SIZE_MAX / 2);
	nm_text_add_node(&text, graph, node);
	assert_false(text.failed);
	assert_int_equal(text.length, length);
	assert_memory_equal(nm_strbuf_get(&text), wanted, length);
	nm_strbuf_done(&text);
}

#define assert_object(properties, wanted)                               \
	do {                                                            \
		struct nm_graph *graph_ = graph_with_root();            \
		const nm_node node_ = graph_object(graph_, properties); \
		assert_shown(graph_, node_, wanted, strlen(wanted));    \
		nm_graph_free(graph_);                                  \
	} while (0)

static void objects_are_shown_by_properties_of_both_ends(void **state)
{
	char many[1024] = "";
	size_t length = 0;

	(void)state;
	assert_object("", "{}");
	assert_object("a", "{a}");
	assert_object("a b", "{a, b}");
	assert_object("a b c __proto__", "{a, b, c}");
	assert_object("a,b c", "{\"a,b\", c}");
	for (int i = 10; i < 99; i++)
		length += (size_t)snprintf(many + length, sizeof(many) - length, "name%d ", i);
	assert_object(many,
		      "{name10, name11, name12, name13, name14, name15, name16, \xe2\x80\xa6, "
		      "name93, name94, name95, name96, name97, name98}");
}

static nm_node two_parts(struct nm_graph *graph, const char *first, const char *second)
{
	const nm_node node = graph_node(graph, NM_NODE_STRING, first, 16);

	graph_node(graph, NM_NODE_STRING, second, 16);
	graph_node(graph, NM_NODE_CONCATENATED, "", 32);
	graph_edge(graph, NM_EDGE_INTERNAL, "second", node + 1);
	graph_edge(graph, NM_EDGE_INTERNAL, "first", node);
	return node + 2;
}

static void strings_of_parts_are_shown_whole(void **state)
{
	struct nm_graph *graph = graph_with_root();
	nm_node node = two_parts(graph, "ab", "cd");

	(void)state;
	assert_shown(graph, node, "abcd", 4);
	graph_node(graph, NM_NODE_CONCATENATED, "", 32);
	graph_edge(graph, NM_EDGE_INTERNAL, "first", node);
	/* The second part is not there. */
	assert_shown(graph, node + 1, "abcd", 4);
	nm_graph_free(graph);
}

static void halves_of_a_character_meet(void **state)
{
	struct nm_graph *graph = graph_with_root();
	nm_node node;

	(void)state;
	/* U+1F600 is D83D DE00. */
	node = two_parts(graph, "a\xed\xa0\xbd", "\xed\xb8\x80z");
	assert_shown(graph, node, "a\xf0\x9f\x98\x80z", 6);
	node = two_parts(graph, "\xed\xb8\x80", "\xed\xa0\xbd");
	assert_shown(graph, node, "\xed\xb8\x80\xed\xa0\xbd", 6);
	nm_graph_free(graph);
	assert_object("'\xed\xa0\xbd", "{\"'\\ud83d\"}");
}

static void parts_are_taken_until_there_are_enough(void **state)
{
	struct nm_graph *graph = graph_with_root();
	char half[1025];
	nm_node node;

	(void)state;
	memset(half, 'h', sizeof(half));
	half[1023] = '\0';
	node = two_parts(graph, half, "1234");
	half[1023] = '1';
	{
		char wanted[1028];

		memset(wanted, 'h', 1023);
		memcpy(wanted + 1023, "1234", 5);
		assert_shown(graph, node, wanted, 1027);
	}
	half[1023] = 'h';
	half[1024] = '\0';
	node = two_parts(graph, half, "1234");
	assert_shown(graph, node, half, 1024);
	nm_graph_free(graph);
}

static void a_name_can_have_anything_in_it(void **state)
{
	struct nm_graph *graph = graph_with_root();

	(void)state;
	nm_graph_add_node(graph, NM_NODE_STRING, nm_graph_name(graph, "a\0b", 3), 3, 16);
	assert_shown(graph, 1, "a\0b", 3);
	assert_false(nm_name_is(graph, graph->name[1], "a"));
	nm_graph_free(graph);
}

static void units_are_those_of_utf_16(void **state)
{
	(void)state;
	assert_int_equal(nm_text_units("abc", 3), 3);
	assert_int_equal(nm_text_units("\xc3\xa4\xe2\x82\xac", 5), 2);
	assert_int_equal(nm_text_units("\xf0\x9f\x98\x80", 4), 2);
	assert_int_equal(nm_text_units("\xed\xa0\xbd", 3), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_shown_by_properties_of_both_ends),
		cmocka_unit_test(strings_of_parts_are_shown_whole),
		cmocka_unit_test(halves_of_a_character_meet),
		cmocka_unit_test(parts_are_taken_until_there_are_enough),
		cmocka_unit_test(a_name_can_have_anything_in_it),
		cmocka_unit_test(units_are_those_of_utf_16),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
