/*
 * test_leaks.c - what grows from one graph to the next, and on what it hangs
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "graphs.h"
#include "model/heap/leaks.h"
#include "model/heap/script_place.h"

#define LIST_LENGTH 300000
#define SCRIPT	    7

/* A program: global holds an array that holds requests, each with a text, and a page of a cache. */
struct program {
	struct nm_graph *graph;
	struct nm_heap *heap;
	struct nm_constructors *classes;
};

static void add(struct program *program, uint32_t id, enum nm_node_kind kind, const char *name)
{
	const nm_node node = graph_node(program->graph, kind, name, 16);

	program->graph->id[node] = id;
}

/* Requests begin at id 100 and pages at `page`, so that the same are the same in the next one. */
static struct program make_program(unsigned requests, uint32_t page)
{
	struct program program = {.graph = graph_with_root()};
	const nm_node first = 4;

	graph_edge(program.graph, NM_EDGE_SHORTCUT, "global", 1);
	add(&program, 1, NM_NODE_OBJECT, "global");
	graph_edge(program.graph, NM_EDGE_PROPERTY, "log", 2);
	graph_edge(program.graph, NM_EDGE_PROPERTY, "page", first + 2 * requests);
	add(&program, 3, NM_NODE_OBJECT, "Array");
	graph_edge(program.graph, NM_EDGE_INTERNAL, "elements", 3);
	/* An array that has grown is another one. */
	add(&program, 50000 + requests, NM_NODE_ARRAY, "");
	for (unsigned i = 0; i < requests; i++)
		nm_graph_add_edge(program.graph, NM_EDGE_ELEMENT, i, first + 2 * i);
	for (unsigned i = 0; i < requests; i++) {
		add(&program, 100 + 4 * i, NM_NODE_OBJECT, "Request");
		nm_graph_add_location(
			program.graph,
			&(struct nm_graph_location){.script_id = SCRIPT, .line = 9, .column = 2});
		graph_edge(program.graph, NM_EDGE_PROPERTY, "url", first + 2 * i + 1);
		add(&program, 102 + 4 * i, NM_NODE_STRING, "/orders");
	}
	add(&program, page, NM_NODE_OBJECT, "Page");
	return program;
}

static void understand(struct program *program, const struct nm_interfaces *interfaces)
{
	program->graph->has_stable_ids = true;
	assert_int_equal(nm_graph_finish(program->graph, NULL), NM_OK);
	assert_int_equal(nm_heap_make(program->graph, &program->heap, NULL), NM_OK);
	assert_int_equal(nm_constructors_make(program->heap, interfaces, &program->classes, NULL),
			 NM_OK);
}

static void end_program(struct program *program)
{
	nm_constructors_free(program->classes);
	nm_heap_free(program->heap);
	nm_graph_free(program->graph);
}

static void what_piles_up_is_found(void **state)
{
	struct program programs[3] = {make_program(5, 9001), make_program(25, 9003),
				      make_program(65, 9005)};
	const struct nm_constructors *sides[3];
	const struct nm_leak *leak;
	struct nm_leaks leaks;

	(void)state;
	understand(&programs[2], NULL);
	understand(&programs[1], programs[2].classes->interfaces);
	understand(&programs[0], programs[2].classes->interfaces);
	for (int i = 0; i < 3; i++)
		sides[i] = programs[i].classes;
	assert_int_equal(nm_leaks_find(sides, 3, &leaks, NULL), NM_OK);
	assert_int_equal(leaks.count, 2);
	leak = &leaks.items[0];
	assert_string_equal(programs[2].classes->rows[leak->class].key.name, "Request");
	assert_int_equal(leak->counts[0], 5);
	assert_int_equal(leak->counts[1], 25);
	assert_int_equal(leak->counts[2], 65);
	assert_int_equal(leak->shallow_delta, 60 * 16);
	assert_int_equal(leak->retained_delta, 60 * 32);
	/* That came with the second and stayed. */
	assert_int_equal(leak->born, 20);
	/* The array's elements were born after the second: what they hang on is older. */
	assert_int_equal(leak->held, 20);
	assert_true(leak->holder == 2 || leak->holder == 3);
	assert_true(leak->has_place);
	assert_int_equal(leak->script_id, SCRIPT);
	assert_int_equal(leak->line, 9);
	assert_int_equal(leak->within, NM_NO_LEAK);
	/* The texts go when the requests do; the page is one, as it always was. */
	assert_string_equal(programs[2].classes->rows[leaks.items[1].class].key.name, "(string)");
	assert_int_equal(leaks.items[1].within, 0);
	nm_leaks_done(&leaks);

	assert_int_equal(nm_leaks_find((const struct nm_constructors *const[]){sides[2], sides[1]},
				       2, &leaks, NULL),
			 NM_OK);
	assert_int_equal(leaks.count, 0);
	nm_leaks_done(&leaks);
	for (int i = 0; i < 3; i++)
		end_program(&programs[i]);
}

/* The same program, but with the ids that an image has: they say nothing. */
static void what_piles_up_is_found_without_ids(void **state)
{
	struct program programs[3] = {make_program(5, 9001), make_program(25, 9003),
				      make_program(65, 9005)};
	const struct nm_constructors *sides[3];
	const struct nm_leak *leak;
	struct nm_leaks leaks;

	(void)state;
	understand(&programs[2], NULL);
	understand(&programs[1], programs[2].classes->interfaces);
	understand(&programs[0], programs[2].classes->interfaces);
	for (int i = 0; i < 3; i++) {
		sides[i] = programs[i].classes;
		for (nm_node node = 0; node < programs[i].graph->node_count; node++)
			programs[i].graph->id[node] = 2 * node + 1;
	}
	programs[1].graph->has_stable_ids = false;
	assert_int_equal(nm_leaks_find(sides, 3, &leaks, NULL), NM_OK);
	assert_false(leaks.knows_born);
	assert_int_equal(leaks.count, 2);
	leak = &leaks.items[0];
	assert_string_equal(programs[2].classes->rows[leak->class].key.name, "Request");
	assert_int_equal(leak->counts[0], 5);
	assert_int_equal(leak->counts[2], 65);
	assert_int_equal(leak->retained_delta, 60 * 32);
	/* All that hang there: the array itself is one, as it was. */
	assert_int_equal(leak->born, 65);
	assert_int_equal(leak->held, 65);
	assert_int_equal(leak->holder, 2);
	assert_int_equal(leak->within, NM_NO_LEAK);
	assert_string_equal(programs[2].classes->rows[leaks.items[1].class].key.name, "(string)");
	assert_int_equal(leaks.items[1].within, 0);
	nm_leaks_done(&leaks);

	/* Fewer than before is no leak, nor is more and then fewer. */
	assert_int_equal(nm_leaks_find((const struct nm_constructors *const[]){sides[2], sides[1]},
				       2, &leaks, NULL),
			 NM_OK);
	assert_int_equal(leaks.count, 0);
	nm_leaks_done(&leaks);
	assert_int_equal(
		nm_leaks_find((const struct nm_constructors *const[]){sides[0], sides[2], sides[1]},
			      3, &leaks, NULL),
		NM_OK);
	assert_int_equal(leaks.count, 0);
	nm_leaks_done(&leaks);
	for (int i = 0; i < 3; i++)
		end_program(&programs[i]);
}

static struct program make_list(uint32_t length)
{
	struct program program = {.graph = graph_with_root()};

	graph_edge(program.graph, NM_EDGE_SHORTCUT, "global", 1);
	add(&program, 1, NM_NODE_OBJECT, "global");
	for (uint32_t i = 0; i < length; i++) {
		graph_edge(program.graph, NM_EDGE_PROPERTY, "next", i + 2);
		add(&program, 3 + 2 * i, NM_NODE_OBJECT, "Item");
	}
	return program;
}

static void a_list_may_be_long(void **state)
{
	struct program before = make_list(1), after = make_list(LIST_LENGTH);
	struct nm_leaks leaks;

	(void)state;
	understand(&after, NULL);
	understand(&before, after.classes->interfaces);
	assert_int_equal(nm_leaks_find((const struct nm_constructors *const[]){before.classes,
									       after.classes},
				       2, &leaks, NULL),
			 NM_OK);
	assert_int_equal(leaks.count, 1);
	assert_int_equal(leaks.items[0].born, LIST_LENGTH - 1);
	assert_int_equal(leaks.items[0].held, LIST_LENGTH - 1);
	assert_int_equal(leaks.items[0].holder, 2);
	nm_leaks_done(&leaks);
	end_program(&before);
	end_program(&after);
}

static void a_script_is_found_by_its_functions(void **state)
{
	struct nm_graph *graph = graph_with_root();

	(void)state;
	graph_node(graph, NM_NODE_CLOSURE, "f", 16);
	nm_graph_add_location(graph, &(struct nm_graph_location){.script_id = SCRIPT});
	graph_edge(graph, NM_EDGE_INTERNAL, "shared", 2);
	graph_node(graph, NM_NODE_CODE, "f", 16);
	graph_edge(graph, NM_EDGE_INTERNAL, "script_or_debug_info", 3);
	graph_node(graph, NM_NODE_CODE, "/app/main.js", 16);
	assert_int_equal(nm_graph_finish(graph, NULL), NM_OK);
	assert_string_equal(nm_script_name(graph, SCRIPT), "/app/main.js");
	assert_string_equal(nm_script_name(graph, 8), "");
	assert_non_null(nm_script_place(graph, 1));
	assert_null(nm_script_place(graph, 2));
	nm_graph_free(graph);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_piles_up_is_found),
		cmocka_unit_test(what_piles_up_is_found_without_ids),
		cmocka_unit_test(a_list_may_be_long),
		cmocka_unit_test(a_script_is_found_by_its_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
