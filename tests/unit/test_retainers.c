/*
 * test_retainers.c - paths to objects and their groups, and the upper part of the dominator tree
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "model/heap/dominated.h"
#include "model/heap/object_name.h"
#include "model/heap/retainers.h"

/* Enough that any way back and forth for each would not end. */
#define LONG 300000
#define MANY 1000

struct made {
	struct nm_graph *graph;
	struct nm_heap *heap;
	struct nm_constructors *classes;
};

static uint32_t name_of(struct nm_graph *graph, const char *name)
{
	return nm_graph_name(graph, name, strlen(name));
}

/* Node n has the id 2 n + 1. */
static nm_node object(struct nm_graph *graph, const char *name, uint64_t size)
{
	nm_graph_add_node(graph, NM_NODE_OBJECT, name_of(graph, name), 2 * graph->node_count + 1,
			  size);
	return graph->node_count - 1;
}

static void edge(struct nm_graph *graph, enum nm_edge_kind kind, const char *name, nm_node to)
{
	nm_graph_add_edge(graph, kind, name_of(graph, name), to);
}

/* The root, and a global object whose edges come next. */
static struct nm_graph *make_graph(void)
{
	struct nm_graph *graph = nm_graph_new();

	nm_graph_add_node(graph, NM_NODE_SYNTHETIC, name_of(graph, ""), 1, 0);
	edge(graph, NM_EDGE_SHORTCUT, "1", 1);
	object(graph, "global", 8);
	return graph;
}

static struct made make(struct nm_graph *graph)
{
	struct made made = {.graph = graph};

	assert_int_equal(nm_graph_finish(graph, NULL), NM_OK);
	assert_int_equal(nm_heap_make(graph, &made.heap, NULL), NM_OK);
	assert_int_equal(nm_constructors_make(made.heap, NULL, &made.classes, NULL), NM_OK);
	return made;
}

static void done(struct made *made)
{
	nm_constructors_free(made->classes);
	nm_heap_free(made->heap);
	nm_graph_free(made->graph);
}

static void a_list_is_two_ways_however_long(void **state)
{
	struct nm_graph *graph = make_graph();
	struct nm_retainers found;
	struct nm_retainer_path path;
	struct made made;

	(void)state;
	edge(graph, NM_EDGE_PROPERTY, "list", 2);
	for (nm_node i = 0; i < LONG; i++) {
		object(graph, "Node", 16);
		if (i + 1 < LONG)
			edge(graph, NM_EDGE_PROPERTY, "next", 3 + i);
	}
	made = make(graph);
	assert_int_equal(nm_retainers_of_class(made.classes, "Node", &found, NULL), NM_OK);
	assert_int_equal(found.objects, LONG);
	assert_int_equal(found.retained, 16 * LONG);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.groups[0].count, 1);
	assert_int_equal(found.groups[0].example, 2);
	assert_int_equal(found.groups[1].count, LONG - 1);
	/* Each retains the next one: none is counted twice. */
	assert_int_equal(found.groups[1].retained, 16 * (LONG - 1));
	assert_int_equal(found.groups[1].distance, 3);
	assert_int_equal(found.groups[1].farthest, LONG + 1);
	nm_retainers_done(&found);

	assert_int_equal(nm_retainers_of_node(made.classes, LONG + 1, &found, NULL), NM_OK);
	assert_int_equal(found.count, 1);
	nm_retainers_path(&found, &found.groups[0], &path);
	assert_int_equal(path.start, 0);
	assert_int_equal(path.count, NM_PATH_HEAD + NM_PATH_TAIL);
	assert_int_equal(path.left_out, LONG + 1 - NM_PATH_HEAD - NM_PATH_TAIL);
	for (nm_node i = 0; i < NM_PATH_HEAD; i++)
		assert_int_equal(graph->edge_to[path.edges[i]], i + 1);
	for (nm_node i = 0; i < NM_PATH_TAIL; i++)
		assert_int_equal(graph->edge_to[path.edges[path.count - 1 - i]], LONG + 1 - i);
	nm_retainers_done(&found);
	done(&made);
}

/* An array, an object used as a table, and two fields. */
static void alike_are_elements_and_keys_not_fields(void **state)
{
	struct nm_graph *graph = make_graph();
	struct nm_retainers found;
	struct made made;
	char key[16];

	(void)state;
	edge(graph, NM_EDGE_PROPERTY, "array", 2);
	edge(graph, NM_EDGE_PROPERTY, "table", 3);
	edge(graph, NM_EDGE_PROPERTY, "one", 4);
	edge(graph, NM_EDGE_PROPERTY, "two", 5);
	object(graph, "Array", 16);
	for (uint32_t i = 0; i < MANY; i++)
		nm_graph_add_edge(graph, NM_EDGE_ELEMENT, i, 6 + i);
	object(graph, "Table", 16);
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		edge(graph, NM_EDGE_PROPERTY, key, 6 + MANY + i);
	}
	for (uint32_t i = 0; i < 2 + 2 * MANY; i++)
		object(graph, "Item", 10);
	made = make(graph);
	assert_int_equal(nm_retainers_of_class(made.classes, "Item", &found, NULL), NM_OK);
	assert_int_equal(found.count, 4);
	assert_int_equal(found.groups[0].count, MANY);
	assert_int_equal(found.groups[0].shallow, 10 * MANY);
	assert_int_equal(found.groups[1].count, MANY);
	assert_int_equal(found.groups[1].holder, 3);
	assert_int_equal(found.groups[2].count, 1);
	assert_int_equal(found.groups[3].count, 1);
	nm_retainers_done(&found);
	/* No class has part of a name, and a node without objects none. */
	assert_int_equal(nm_retainers_of_class(made.classes, "Ite", &found, NULL), NM_OK);
	assert_int_equal(found.objects, 0);
	assert_int_equal(found.count, 0);
	nm_retainers_done(&found);
	done(&made);
}

static void weak_ones_and_cycles_come_last(void **state)
{
	struct nm_graph *graph = make_graph();
	struct nm_retainers found;
	struct nm_retainer_path path;
	struct made made;

	(void)state;
	edge(graph, NM_EDGE_WEAK, "weak", 3);
	edge(graph, NM_EDGE_PROPERTY, "far", 2);
	object(graph, "Far", 16);
	edge(graph, NM_EDGE_PROPERTY, "it", 3);
	object(graph, "It", 16);
	edge(graph, NM_EDGE_PROPERTY, "child", 4);
	edge(graph, NM_EDGE_PROPERTY, "self", 3);
	object(graph, "Child", 16);
	edge(graph, NM_EDGE_PROPERTY, "parent", 3);
	object(graph, "Lost", 16);
	edge(graph, NM_EDGE_PROPERTY, "it", 3);
	made = make(graph);
	assert_int_equal(nm_retainers_of_node(made.classes, 3, &found, NULL), NM_OK);
	assert_int_equal(found.count, 5);
	assert_int_equal(found.groups[0].state, NM_PATH_ALIVE);
	assert_int_equal(found.groups[0].example, 2);
	assert_int_equal(found.groups[0].distance, 3);
	assert_int_equal(found.groups[1].state, NM_PATH_CYCLE);
	assert_int_equal(found.groups[1].example, 3);
	assert_int_equal(found.groups[2].state, NM_PATH_CYCLE);
	nm_retainers_path(&found, &found.groups[2], &path);
	assert_int_equal(path.start, 3);
	assert_int_equal(path.count, 2);
	assert_int_equal(path.left_out, 0);
	assert_int_equal(found.groups[3].state, NM_PATH_NO_ROOT);
	assert_int_equal(found.groups[3].example, 5);
	assert_int_equal(found.groups[3].distance, NM_DISTANCE_NONE);
	assert_int_equal(found.groups[4].state, NM_PATH_WEAK);
	assert_int_equal(found.groups[4].example, 1);
	nm_retainers_done(&found);
	/* What nothing leads to has a path of no step. */
	assert_int_equal(nm_retainers_of_class(made.classes, "Lost", &found, NULL), NM_OK);
	assert_int_equal(found.groups[0].state, NM_PATH_NO_ROOT);
	nm_retainers_path(&found, &found.groups[0], &path);
	assert_int_equal(path.start, 5);
	assert_int_equal(path.count, 0);
	nm_retainers_done(&found);
	/* Only the root leads to the global object, and nothing to the root. */
	assert_int_equal(nm_retainers_of_node(made.classes, 1, &found, NULL), NM_OK);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.groups[0].holder, 0);
	nm_retainers_done(&found);
	assert_int_equal(nm_retainers_of_node(made.classes, 0, &found, NULL), NM_OK);
	assert_int_equal(found.count, 0);
	nm_retainers_done(&found);
	done(&made);
}

static void what_is_held_weakly_only_says_so(void **state)
{
	struct nm_graph *graph = make_graph();
	struct nm_retainers found;
	struct made made;

	(void)state;
	edge(graph, NM_EDGE_WEAK, "target", 2);
	object(graph, "Target", 16);
	made = make(graph);
	assert_int_equal(nm_retainers_of_class(made.classes, "Target", &found, NULL), NM_OK);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.groups[0].state, NM_PATH_WEAK);
	assert_int_equal(found.groups[0].holder, 1);
	assert_int_equal(found.groups[0].retained, 16);
	nm_retainers_done(&found);
	done(&made);
}

/* global holds a large Item, many small ones which each hold a Part, and a Last. */
static void small_children_of_a_class_are_one_row(void **state)
{
	struct nm_dominated_limits limits = {.depth = 2, .top = 2, .least = 0};
	struct nm_graph *graph = make_graph();
	struct nm_dominated found;
	struct made made;

	(void)state;
	for (nm_node i = 0; i <= MANY; i++)
		nm_graph_add_edge(graph, NM_EDGE_ELEMENT, i, 2 + 2 * i);
	edge(graph, NM_EDGE_PROPERTY, "last", 2 + 2 * MANY + 1);
	for (nm_node i = 0; i < MANY; i++) {
		object(graph, "Item", 10);
		edge(graph, NM_EDGE_PROPERTY, "part", 3 + 2 * i);
		object(graph, "Part", 10);
	}
	object(graph, "Item", 100000);
	object(graph, "Last", 1);
	made = make(graph);
	assert_int_equal(nm_dominated_make(made.classes, 1, &limits, &found, NULL), NM_OK);
	assert_int_equal(found.count, 5);
	assert_int_equal(found.rows[0].node, 1);
	assert_int_equal(found.rows[1].node, 2 + 2 * MANY);
	assert_int_equal(found.rows[1].count, 1);
	assert_int_equal(found.rows[2].count, MANY);
	assert_int_equal(found.rows[2].shallow, 10 * MANY);
	assert_int_equal(found.rows[2].retained, 20 * MANY);
	assert_int_equal(found.rows[3].depth, 2);
	assert_int_equal(found.rows[3].count, MANY);
	assert_int_equal(found.rows[3].retained, 10 * MANY);
	assert_false(found.rows[3].has_more);
	assert_int_equal(found.rows[4].node, NM_NO_NODE);
	assert_int_equal(found.rows[4].depth, 1);
	assert_int_equal(found.rows[4].retained, 1);
	nm_dominated_done(&found);
	limits.depth = 0;
	assert_int_equal(nm_dominated_make(made.classes, 0, &limits, &found, NULL), NM_OK);
	assert_int_equal(found.count, 1);
	assert_true(found.rows[0].has_more);
	nm_dominated_done(&found);
	done(&made);
}

static void a_long_name_is_cut_between_characters(void **state)
{
	struct nm_graph *graph = make_graph();
	char name[NM_OBJECT_NAME_MAX], text[3 * NM_OBJECT_NAME_MAX + 2] = "x";
	struct made made;

	(void)state;
	for (size_t i = 1; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "\xe2\x82\xac", 4);
	nm_graph_add_node(graph, NM_NODE_STRING, name_of(graph, text), 5, 8);
	made = make(graph);
	nm_object_name(made.classes, 2, name);
	assert_true(strlen(name) < NM_OBJECT_NAME_MAX);
	/* A quote, x, whole characters, an ellipsis, a quote. */
	assert_int_equal((strlen(name) - 6) % 3, 0);
	assert_string_equal(name + strlen(name) - 7, "\xe2\x82\xac\xe2\x80\xa6\"");
	assert_string_equal(nm_object_name(made.classes, 0, name), "(root)");
	done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_two_ways_however_long),
		cmocka_unit_test(alike_are_elements_and_keys_not_fields),
		cmocka_unit_test(weak_ones_and_cycles_come_last),
		cmocka_unit_test(what_is_held_weakly_only_says_so),
		cmocka_unit_test(small_children_of_a_class_are_one_row),
		cmocka_unit_test(a_long_name_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
