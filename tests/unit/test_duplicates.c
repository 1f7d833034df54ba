/*
 * test_duplicates.c - texts that a heap has more than once
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "graphs.h"
#include "model/heap/duplicates.h"
#include "model/heap/node_text.h"

static nm_node cons(struct nm_graph *graph, nm_node first, nm_node second)
{
	const nm_node node = graph_node(graph, NM_NODE_CONCATENATED, "(concatenated string)", 32);

	graph_edge(graph, NM_EDGE_INTERNAL, "map", 0);
	graph_edge(graph, NM_EDGE_INTERNAL, "first", first);
	graph_edge(graph, NM_EDGE_INTERNAL, "second", second);
	return node;
}

static struct nm_duplicates duplicates_of(const struct nm_heap *heap)
{
	struct nm_duplicates duplicates;

	assert_int_equal(nm_duplicates_make(heap, &duplicates, NULL), NM_OK);
	return duplicates;
}

static void assert_text(const struct nm_heap *heap, const struct nm_duplicate *row,
			const char *wanted)
{
	struct nm_strbuf text;

	nm_strbuf_init(&text, SIZE_MAX / 2);
	nm_text_add_node(&text, heap->graph, row->node);
	assert_int_equal(text.length, strlen(wanted));
	assert_string_equal(nm_strbuf_get(&text), wanted);
	nm_strbuf_done(&text);
}

static void strings_of_one_text_are_a_row(void **state)
{
	struct nm_graph *graph = graph_with_root();
	struct nm_duplicates found;
	struct nm_heap *heap;

	(void)state;
	graph_node(graph, NM_NODE_STRING, "once", 24);
	graph_node(graph, NM_NODE_STRING, "twice", 24);
	graph_node(graph, NM_NODE_STRING, "thrice", 16);
	graph_node(graph, NM_NODE_STRING, "twice", 40);
	graph_node(graph, NM_NODE_STRING, "thrice", 16);
	graph_node(graph, NM_NODE_STRING, "thrice", 16);
	/* No strings of the program's, or no bytes of their own. */
	graph_node(graph, NM_NODE_STRING, "once", 0);
	graph_node(graph, NM_NODE_SYMBOL, "once", 24);
	graph_node(graph, NM_NODE_SLICED, "once", 24);
	heap = heap_of(graph, NULL);
	found = duplicates_of(heap);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.node_count, 5);
	assert_text(heap, &found.rows[0], "twice");
	assert_int_equal(found.rows[0].node, 2);
	assert_int_equal(found.rows[0].count, 2);
	assert_int_equal(found.rows[0].size, 64);
	assert_int_equal(found.rows[0].retained, 64);
	assert_int_equal(found.rows[0].wasted, 24);
	assert_text(heap, &found.rows[1], "thrice");
	assert_int_equal(found.rows[1].wasted, 32);
	nm_duplicates_done(&found);
	heap_end(heap);
}

static void strings_of_parts_count_by_their_text(void **state)
{
	struct nm_graph *graph = graph_with_root();
	struct nm_duplicates found;
	struct nm_heap *heap;
	nm_node foo, bar, empty, o, f;

	(void)state;
	foo = graph_node(graph, NM_NODE_STRING, "foo", 16);
	bar = graph_node(graph, NM_NODE_STRING, "bar", 16);
	empty = graph_node(graph, NM_NODE_STRING, "", 16);
	f = graph_node(graph, NM_NODE_STRING, "fo", 16);
	o = graph_node(graph, NM_NODE_STRING, "o", 16);
	cons(graph, foo, bar);
	cons(graph, cons(graph, f, o), bar);
	graph_node(graph, NM_NODE_STRING, "foobar", 24);
	/* Flat already: has what "bar" has. */
	cons(graph, bar, empty);
	cons(graph, empty, bar);
	heap = heap_of(graph, NULL);
	found = duplicates_of(heap);
	assert_int_equal(found.count, 2);
	assert_text(heap, &found.rows[0], "foobar");
	assert_int_equal(found.rows[0].count, 3);
	assert_int_equal(found.rows[0].size, 88);
	assert_int_equal(found.rows[0].wasted, 56);
	assert_text(heap, &found.rows[1], "foo");
	assert_int_equal(found.rows[1].count, 2);
	nm_duplicates_done(&found);
	heap_end(heap);
}

static void cut(struct nm_graph *graph, nm_node is_cut, nm_node length, nm_node hash)
{
	graph_node(graph, NM_NODE_STRING, "long", 24);
	graph_edge(graph, NM_EDGE_INTERNAL, "truncated", is_cut);
	graph_edge(graph, NM_EDGE_INTERNAL, "length", length);
	graph_edge(graph, NM_EDGE_INTERNAL, "hash", hash);
}

static nm_node value(struct nm_graph *graph, const char *type, const char *text)
{
	const nm_node node = graph_node(graph, NM_NODE_STRING, text, 0);

	graph_node(graph, NM_NODE_NUMBER, type, 0);
	graph_edge(graph, NM_EDGE_INTERNAL, "value", node);
	return node + 1;
}

static void strings_that_were_cut_count_by_length_and_hash_too(void **state)
{
	struct nm_graph *graph = graph_with_root();
	struct nm_duplicates found;
	struct nm_heap *heap;
	nm_node yes, no, a, b;

	(void)state;
	yes = value(graph, "bool", "true");
	no = value(graph, "bool", "false");
	a = value(graph, "int", "5000");
	b = value(graph, "int", "-6000");
	cut(graph, yes, a, b);
	cut(graph, yes, a, a);
	cut(graph, no, a, b);
	cut(graph, yes, b, b);
	cut(graph, yes, a, b);
	cut(graph, yes, a, yes); /* of no known hash */
	graph_node(graph, NM_NODE_STRING, "long", 24);
	heap = heap_of(graph, NULL);
	found = duplicates_of(heap);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.rows[0].count, 2);
	assert_false(found.rows[0].is_cut);
	assert_int_equal(found.rows[1].count, 2);
	assert_true(found.rows[1].is_cut);
	assert_true(found.rows[1].has_length);
	assert_int_equal(found.rows[1].length, 5000);
	nm_duplicates_done(&found);
	heap_end(heap);
}

/* Each of the million is a string; from the 1024th on they are shown alike. */
static void a_text_can_be_appended_to_a_million_times(void **state)
{
	enum { DEPTH = 1000000 };
	struct nm_graph *graph = graph_with_root();
	struct nm_duplicates found;
	struct nm_heap *heap;
	nm_node x, last;

	(void)state;
	x = last = graph_node(graph, NM_NODE_STRING, "x", 16);
	for (int i = 0; i < DEPTH; i++)
		last = cons(graph, last, x);
	/* And appended itself, to something short. */
	for (int i = 0; i < 3; i++)
		cons(graph, x, last);
	heap = heap_of(graph, NULL);
	found = duplicates_of(heap);
	assert_int_equal(found.count, 1);
	/* All of 1024 and more, and the last three, show 1024 of it. */
	assert_int_equal(found.rows[0].count, DEPTH + 1 - NM_TEXT_UNITS + 1 + 3);
	assert_int_equal(found.rows[0].wasted, 32 * (found.rows[0].count - 1));
	nm_duplicates_done(&found);
	heap_end(heap);
}

static void strings_in_themselves_come_to_an_end(void **state)
{
	struct nm_graph *graph = graph_with_root();
	struct nm_duplicates found;
	struct nm_heap *heap;
	nm_node x, empty;

	(void)state;
	x = graph_node(graph, NM_NODE_STRING, "x", 16);
	empty = graph_node(graph, NM_NODE_SYMBOL, "", 16);
	cons(graph, 3, x);
	cons(graph, x, 4);
	cons(graph, 6, 6);
	cons(graph, 5, 5);
	cons(graph, empty, 7);
	graph_node(graph, NM_NODE_CONCATENATED, "", 32);
	graph->kind[0] = NM_NODE_CONCATENATED;
	heap = heap_of(graph, NULL);
	found = duplicates_of(heap);
	nm_duplicates_done(&found);
	for (nm_node node = 0; node < graph->node_count; node++) {
		struct nm_strbuf text;

		nm_strbuf_init(&text, SIZE_MAX / 2);
		nm_text_add_node(&text, graph, node);
		nm_strbuf_done(&text);
	}
	heap_end(heap);
}

/* The names of a graph need not be there once. */
static void equal_names_of_two_numbers_are_one_text(void **state)
{
	struct nm_graph *graph = graph_with_root();
	struct nm_duplicates found;
	struct nm_heap *heap;

	(void)state;
	graph_node(graph, NM_NODE_STRING, "same", 16);
	graph_node(graph, NM_NODE_STRING, "sane", 16);
	heap = heap_of(graph, NULL);
	graph->names.bytes[graph->names.starts[graph->name[2]] + 2] = 'm';
	found = duplicates_of(heap);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.rows[0].count, 2);
	nm_duplicates_done(&found);
	heap_end(heap);
}

static void no_strings_no_rows(void **state)
{
	struct nm_heap *heap = heap_of(graph_with_root(), NULL);
	struct nm_duplicates found = duplicates_of(heap);

	(void)state;
	assert_int_equal(found.count, 0);
	nm_duplicates_done(&found);
	heap_end(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_of_one_text_are_a_row),
		cmocka_unit_test(strings_of_parts_count_by_their_text),
		cmocka_unit_test(strings_that_were_cut_count_by_length_and_hash_too),
		cmocka_unit_test(a_text_can_be_appended_to_a_million_times),
		cmocka_unit_test(strings_in_themselves_come_to_an_end),
		cmocka_unit_test(equal_names_of_two_numbers_are_one_text),
		cmocka_unit_test(no_strings_no_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
