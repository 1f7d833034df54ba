/*
 * test_heap_diff.c - what came and went between snapshots
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "graphs.h"
#include "model/heap/heap_diff.h"

static struct nm_graph *graph_of_v8(void)
{
	struct nm_graph *graph = graph_with_root();

	graph->has_stable_ids = true;
	return graph;
}

static nm_node add(struct nm_graph *graph, uint32_t id, const char *name, uint64_t size)
{
	const nm_node node = graph_node(graph, NM_NODE_OBJECT, name, size);

	graph->id[node] = id;
	return node;
}

static struct nm_constructors *classes_of(const struct nm_heap *heap,
					  const struct nm_interfaces *interfaces)
{
	struct nm_constructors *classes = NULL;

	assert_int_equal(nm_constructors_make(heap, interfaces, &classes, NULL), NM_OK);
	return classes;
}

static void assert_diff(const struct nm_diff_row *row, const char *name, uint64_t added_count,
			uint64_t added_size, uint64_t removed_count, uint64_t removed_size)
{
	assert_string_equal(row->key.name, name);
	assert_int_equal(row->added_count, added_count);
	assert_int_equal(row->added_size, added_size);
	assert_int_equal(row->removed_count, removed_count);
	assert_int_equal(row->removed_size, removed_size);
	assert_int_equal(row->count_delta, (int64_t)added_count - (int64_t)removed_count);
	assert_int_equal(row->size_delta, (int64_t)added_size - (int64_t)removed_size);
}

static void objects_are_told_apart_by_id(void **state)
{
	struct nm_graph *before = graph_of_v8(), *after = graph_of_v8();
	struct nm_constructors *base, *now;
	struct nm_heap *old, *new;
	struct nm_heap_diff diff;

	(void)state;
	add(before, 9, "Stays", 10);
	add(before, 3, "Gone", 20);
	add(before, 5, "Shrinks", 40);
	add(before, 7, "Shrinks", 40);
	add(before, 15, "Changes", 7);
	add(before, 17, "Empty", 0);
	/* In another order, and the one that stays has grown. */
	add(after, 4000000001, "New", 100);
	add(after, 2049, "New", 1);
	add(after, 5, "Shrinks", 40);
	add(after, 9, "Stays", 30);
	add(after, 15, "Changed", 8);
	add(after, 17, "Empty", 3);
	old = heap_of(before, NULL);
	new = heap_of(after, NULL);
	now = classes_of(new, NULL);
	base = classes_of(old, now->interfaces);
	assert_int_equal(nm_heap_diff_make(base, now, &diff, NULL), NM_OK);
	assert_int_equal(diff.count, 6);
	assert_diff(&diff.rows[0], "New", 2, 101, 0, 0);
	assert_diff(&diff.rows[1], "Changed", 1, 8, 0, 0);
	assert_diff(&diff.rows[2], "Empty", 1, 3, 0, 0);
	assert_diff(&diff.rows[3], "Changes", 0, 0, 1, 7);
	assert_diff(&diff.rows[4], "Gone", 0, 0, 1, 20);
	assert_diff(&diff.rows[5], "Shrinks", 0, 0, 1, 40);
	assert_int_equal(diff.rows[0].base_class, NM_NO_CLASS);
	assert_int_equal(diff.rows[4].now_class, NM_NO_CLASS);
	assert_string_equal(base->rows[diff.rows[4].base_class].key.name, "Gone");
	nm_heap_diff_done(&diff);

	assert_int_equal(nm_heap_diff_make(now, now, &diff, NULL), NM_OK);
	assert_int_equal(diff.count, 0);
	nm_heap_diff_done(&diff);
	nm_constructors_free(base);
	nm_constructors_free(now);
	heap_end(old);
	heap_end(new);
}

/* Those of an image: which objects came and went is not known, only how many more there are. */
static void without_ids_there_is_only_the_difference(void **state)
{
	struct nm_graph *before = graph_with_root(), *after = graph_of_v8();
	struct nm_constructors *base, *now;
	struct nm_heap *old, *new;
	struct nm_heap_diff diff;

	(void)state;
	add(before, 1, "Same", 10);
	add(before, 3, "Gone", 20);
	add(before, 5, "Shrinks", 40);
	add(before, 7, "Shrinks", 40);
	add(after, 1, "New", 100);
	add(after, 3, "Same", 10);
	add(after, 5, "Shrinks", 40);
	old = heap_of(before, NULL);
	new = heap_of(after, NULL);
	now = classes_of(new, NULL);
	base = classes_of(old, now->interfaces);
	assert_int_equal(nm_heap_diff_make(base, now, &diff, NULL), NM_OK);
	assert_false(diff.knows_both);
	assert_int_equal(diff.count, 3);
	assert_string_equal(diff.rows[0].key.name, "New");
	assert_int_equal(diff.rows[0].count_delta, 1);
	assert_int_equal(diff.rows[0].size_delta, 100);
	assert_string_equal(diff.rows[1].key.name, "Gone");
	assert_int_equal(diff.rows[1].count_delta, -1);
	assert_string_equal(diff.rows[2].key.name, "Shrinks");
	assert_int_equal(diff.rows[2].count_delta, -1);
	assert_int_equal(diff.rows[2].size_delta, -40);
	nm_heap_diff_done(&diff);
	nm_constructors_free(base);
	nm_constructors_free(now);
	heap_end(old);
	heap_end(new);
}

static void the_base_has_the_interfaces_of_the_new_one(void **state)
{
	struct nm_graph *before = graph_of_v8(), *after = graph_of_v8();
	struct nm_constructors *base, *now;
	struct nm_heap *old, *new;
	struct nm_heap_diff diff;

	(void)state;
	/* One alone would be an Object by itself. */
	graph_object(before, "a b");
	graph_object(after, "a b");
	graph_object(after, "a b");
	old = heap_of(before, NULL);
	new = heap_of(after, NULL);
	now = classes_of(new, NULL);
	base = classes_of(old, now->interfaces);
	assert_int_equal(nm_heap_diff_make(base, now, &diff, NULL), NM_OK);
	assert_int_equal(diff.count, 1);
	assert_diff(&diff.rows[0], "{a, b}", 1, 16, 0, 0);
	nm_heap_diff_done(&diff);
	nm_constructors_free(base);
	nm_constructors_free(now);
	heap_end(old);
	heap_end(new);
}

static void classes_of_one_name_are_told_apart(void **state)
{
	struct nm_graph *before = graph_of_v8(), *after = graph_of_v8();
	struct nm_graph_location place = {.script_id = 1, .line = 2, .column = 3};
	struct nm_constructors *base, *now;
	struct nm_heap *old, *new;
	struct nm_heap_diff diff;

	(void)state;
	add(before, 3, "A", 1);
	nm_graph_add_location(before, &place);
	add(after, 5, "A", 2);
	place.line = 4;
	nm_graph_add_location(after, &place);
	old = heap_of(before, NULL);
	new = heap_of(after, NULL);
	now = classes_of(new, NULL);
	base = classes_of(old, now->interfaces);
	assert_int_equal(nm_heap_diff_make(base, now, &diff, NULL), NM_OK);
	assert_int_equal(diff.count, 2);
	assert_diff(&diff.rows[0], "A", 1, 2, 0, 0);
	assert_int_equal(diff.rows[0].key.line, 4);
	assert_diff(&diff.rows[1], "A", 0, 0, 1, 1);
	assert_int_equal(diff.rows[1].key.line, 2);
	nm_heap_diff_done(&diff);
	nm_constructors_free(base);
	nm_constructors_free(now);
	heap_end(old);
	heap_end(new);
}

static void what_was_born_in_between_and_is_still_there(void **state)
{
	struct nm_graph *graphs[3];
	struct nm_heap *heaps[3];
	struct nm_constructors *last;
	struct nm_survivors survivors;

	(void)state;
	for (int i = 0; i < 3; i++)
		graphs[i] = graph_of_v8();
	add(graphs[0], 3, "Old", 1);
	add(graphs[0], 5, "Old", 0); /* was there, even if its bytes were another's */
	add(graphs[1], 11, "Leak", 2);
	add(graphs[1], 3, "Old", 1);
	add(graphs[1], 5, "Old", 4);
	add(graphs[1], 9, "Leak", 2);
	add(graphs[1], 7, "Soon gone", 8);
	add(graphs[1], 13, "Big leak", 16);
	add(graphs[2], 3, "Old", 1);
	add(graphs[2], 5, "Old", 4);
	add(graphs[2], 9, "Leak", 2);
	add(graphs[2], 11, "Leak", 4);
	add(graphs[2], 13, "Big leak", 16);
	add(graphs[2], 15, "New", 32);
	for (int i = 0; i < 3; i++)
		heaps[i] = heap_of(graphs[i], NULL);
	last = classes_of(heaps[2], NULL);
	assert_int_equal(nm_survivors_make(heaps[0], heaps[1], last, &survivors, NULL), NM_OK);
	assert_int_equal(survivors.count, 2);
	assert_string_equal(last->rows[survivors.rows[0].class].key.name, "Big leak");
	assert_int_equal(survivors.rows[0].count, 1);
	assert_string_equal(last->rows[survivors.rows[1].class].key.name, "Leak");
	assert_int_equal(survivors.rows[1].count, 2);
	assert_int_equal(survivors.rows[1].size, 6);
	assert_int_equal(survivors.node_count, 3);
	assert_int_equal(graphs[2]->id[survivors.nodes[0]], 9);
	nm_survivors_done(&survivors);
	nm_constructors_free(last);
	for (int i = 0; i < 3; i++)
		heap_end(heaps[i]);
}

/* Whatever a file says: no id, or all the same, is paired in order. */
static void ids_can_be_there_twice(void **state)
{
	struct nm_graph *before = graph_of_v8(), *after = graph_of_v8();
	struct nm_constructors *base, *now;
	struct nm_heap *old, *new;
	struct nm_heap_diff diff;

	(void)state;
	for (int i = 0; i < 2; i++)
		add(before, 7, "A", 1);
	for (int i = 0; i < 5; i++)
		add(after, 7, "A", 1);
	old = heap_of(before, NULL);
	new = heap_of(after, NULL);
	now = classes_of(new, NULL);
	base = classes_of(old, now->interfaces);
	assert_int_equal(nm_heap_diff_make(base, now, &diff, NULL), NM_OK);
	assert_int_equal(diff.count, 1);
	assert_diff(&diff.rows[0], "A", 3, 3, 0, 0);
	nm_heap_diff_done(&diff);
	nm_constructors_free(base);
	nm_constructors_free(now);
	heap_end(old);
	heap_end(new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_told_apart_by_id),
		cmocka_unit_test(without_ids_there_is_only_the_difference),
		cmocka_unit_test(the_base_has_the_interfaces_of_the_new_one),
		cmocka_unit_test(classes_of_one_name_are_told_apart),
		cmocka_unit_test(what_was_born_in_between_and_is_still_there),
		cmocka_unit_test(ids_can_be_there_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
