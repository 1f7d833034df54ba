/*
 * test_heap.c - shallow and retained sizes, distances, dominators: each rule by itself, and all of
 * them against a slow way that is easy to believe
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/heap/heap.h"

static uint32_t name_of(struct nm_graph *graph, const char *name)
{
	return nm_graph_name(graph, name, strlen(name));
}

/* Node n has the id 2 n + 1. */
static void node(struct nm_graph *graph, enum nm_node_kind kind, const char *name, uint64_t size)
{
	nm_graph_add_node(graph, kind, name_of(graph, name), 2 * graph->node_count + 1, size);
}

static void object(struct nm_graph *graph, uint64_t size)
{
	node(graph, NM_NODE_OBJECT, "Object", size);
}

static void edge(struct nm_graph *graph, enum nm_edge_kind kind, const char *name, nm_node to)
{
	nm_graph_add_edge(graph, kind, name_of(graph, name), to);
}

static void property(struct nm_graph *graph, nm_node to)
{
	edge(graph, NM_EDGE_PROPERTY, "p", to);
}

/* The root, which leads to a global object that has to come next. */
static struct nm_graph *make_graph(void)
{
	struct nm_graph *graph = nm_graph_new();

	node(graph, NM_NODE_SYNTHETIC, "", 0);
	edge(graph, NM_EDGE_SHORTCUT, "global", 1);
	return graph;
}

static struct nm_heap *make_heap(struct nm_graph *graph)
{
	struct nm_heap *heap;

	assert_int_equal(nm_graph_finish(graph, NULL), NM_OK);
	assert_int_equal(nm_heap_make(graph, &heap, NULL), NM_OK);
	return heap;
}

static void done(struct nm_heap *heap, struct nm_graph *graph)
{
	nm_heap_free(heap);
	nm_graph_free(graph);
}

static void one_node_is_a_heap(void **state)
{
	struct nm_graph *graph = nm_graph_new();
	struct nm_heap *heap;

	(void)state;
	object(graph, 7);
	graph->extra_bytes = 5;
	heap = make_heap(graph);
	assert_int_equal(heap->shallow[0], 7);
	assert_int_equal(heap->retained[0], 7);
	assert_int_equal(heap->distance[0], 0);
	assert_int_equal(heap->dominator[0], 0);
	assert_int_equal(heap->total, 12);
	done(heap, graph);
}

/* 4 is held by the global object and by a handle, whichever edge makes 1 a global object. */
static void a_handle_does_not_share_what_the_page_holds(void **state)
{
	static const struct {
		enum nm_edge_kind kind;
		enum nm_node_kind target;
		const char *name;
		nm_node dominator;
	} rows[] = {
		{NM_EDGE_SHORTCUT, NM_NODE_OBJECT, "global", 1},
		{NM_EDGE_ELEMENT, NM_NODE_SYNTHETIC, "(Document DOM trees)", 1},
		{NM_EDGE_ELEMENT, NM_NODE_SYNTHETIC, "(other)", 0},
		{NM_EDGE_ELEMENT, NM_NODE_OBJECT, "(Document DOM trees)", 0},
		{NM_EDGE_PROPERTY, NM_NODE_OBJECT, "global", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nm_graph *graph = nm_graph_new();
		struct nm_heap *heap;

		node(graph, NM_NODE_SYNTHETIC, "", 0);
		nm_graph_add_edge(graph, rows[i].kind, name_of(graph, ""), 1);
		nm_graph_add_edge(graph, NM_EDGE_ELEMENT, 2, 2);
		node(graph, rows[i].target, rows[i].name, 1);
		property(graph, 4);
		edge(graph, NM_EDGE_WEAK, "w", 5);
		node(graph, NM_NODE_SYNTHETIC, "(GC roots)", 2);
		nm_graph_add_edge(graph, NM_EDGE_ELEMENT, 1, 3);
		node(graph, NM_NODE_SYNTHETIC, "(Handle scope)", 4);
		nm_graph_add_edge(graph, NM_EDGE_ELEMENT, 1, 4);
		nm_graph_add_edge(graph, NM_EDGE_ELEMENT, 2, 5);
		object(graph, 8);
		property(graph, 4);
		edge(graph, NM_EDGE_SHORTCUT, "s", 5);
		object(graph, 16);
		heap = make_heap(graph);
		assert_int_equal(heap->dominator[4], rows[i].dominator);
		assert_int_equal(heap->dominator[3], 2);
		/* Of two shortcuts which lead to 5 through 4 none counts, nor does the weak edge;
		   but a shortcut makes its target the page's. */
		assert_int_equal(heap->retained[1], rows[i].dominator ? 9 : 1);
		assert_int_equal(heap->retained[0], 31);
		done(heap, graph);
	}
}

/* The value is held by a key at distance 2 and a table at distance 3, both below the global object. */
static void check_entry(const char *from_key, const char *from_table, nm_node dominator,
			int32_t distance)
{
	struct nm_graph *graph = make_graph();
	struct nm_heap *heap;

	object(graph, 1);
	property(graph, 2);
	property(graph, 3);
	node(graph, NM_NODE_OBJECT, "Key", 2);
	edge(graph, NM_EDGE_INTERNAL, from_key, 5);
	object(graph, 4);
	property(graph, 4);
	node(graph, NM_NODE_ARRAY, "table", 8);
	edge(graph, NM_EDGE_INTERNAL, from_table, 5);
	node(graph, NM_NODE_OBJECT, "Value", 16);
	heap = make_heap(graph);
	assert_int_equal(heap->dominator[5], dominator);
	assert_int_equal(heap->distance[5], distance);
	done(heap, graph);
}

#define OF_K  " / part of key (K @5) -> value ("
#define ENTRY " / part of key (Key @5) -> value (Value @11) pair in WeakMap (table @9)"

static void an_entry_of_a_weakmap_is_the_keys(void **state)
{
	static const char *const others[] = {
		"x",
		"1",
		ENTRY,
		("1" ENTRY "."),
		"1 / part of key (Key @) -> value (Value @11) pair in WeakMap (table @9)",
		"1 / part of key (Key @5) -> value (Value) pair in WeakMap (table @9)",
		"1 / part of key (Key @5) -> value (Value @11) pair in WeakMap (table @)",
		"1 / part of key (K\ney @5) -> value (Value @11) pair in WeakMap (table @9)",
		"1 / part of key (Key @5) -> value (V\xe2\x80\xa8 @11) pair in WeakMap (table @9)",
	};
	static const char *const entries[] = {
		" / part of key ( @5) -> value ( @11) pair in WeakMap (table @9)",
		" / part of key (a @1) -> valu @5) -> value (Value @11) pair in WeakMap (table @9)",
		/* Values with the name of the end, the last of them cut into the real one. */
		(OF_K "V @11) pair in WeakMap (table @7) @11) pair in WeakMap (table @9)"),
		(OF_K "V @11) pair in WeakMap (table @11) pair in WeakMap (table @9)"),
		(OF_K
		 "V @99999999999999999999999) pair in WeakMap (table @0000000000000000000009)"),
	};

	(void)state;
	check_entry("12" ENTRY, "13" ENTRY, 2, 4);
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		char key[300], table[300];

		snprintf(key, sizeof(key), "1%s", entries[i]);
		snprintf(table, sizeof(table), "22222222222222222222222%s", entries[i]);
		check_entry(key, table, 2, 4);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		check_entry(others[i], others[i], 1, 3);
	/* A table that no node is: both edges count, but are still a pair. */
	check_entry("1 / part of key (K @5) -> value (V @11) pair in WeakMap (table @4294967305)",
		    "2 / part of key (K @5) -> value (V @11) pair in WeakMap (table @4294967305)",
		    1, 4);
	/* Not a pair, and neither edge is taken. */
	check_entry("1 / part of key (K @5) -> value (V @11) pair in WeakMap (table @9)",
		    "1 / part of key (K @5) -> value (W @11) pair in WeakMap (table @9)", 2,
		    NM_DISTANCE_NONE);
}

static void what_nothing_leads_to_hangs_below_the_root(void **state)
{
	struct nm_graph *graph = nm_graph_new();
	struct nm_heap *heap;

	(void)state;
	/* No shortcut: nothing may share what is the page's. */
	node(graph, NM_NODE_SYNTHETIC, "", 0);
	property(graph, 1);
	object(graph, 1);
	property(graph, 2);
	object(graph, 2);
	property(graph, 3);
	object(graph, 4);
	object(graph, 8); /* 4, which shares 3 */
	property(graph, 3);
	property(graph, 5);
	object(graph, 16);
	property(graph, 6);
	object(graph, 32);
	property(graph, 5);
	object(graph, 64); /* 7 and 8, a cycle; 9 behind it; none shares 2 */
	property(graph, 8);
	property(graph, 2);
	object(graph, 128);
	property(graph, 7);
	property(graph, 9);
	object(graph, 256);
	heap = make_heap(graph);
	for (nm_node i = 3; i < 10; i++)
		assert_int_equal(heap->dominator[i], i == 5 ? 4 : i == 6 ? 5 : 0);
	assert_int_equal(heap->dominator[2], 1);
	assert_int_equal(heap->retained[1], 3);
	assert_int_equal(heap->retained[4], 56);
	assert_int_equal(heap->retained[7], 64);
	assert_int_equal(heap->retained[0], 511);
	assert_int_equal(heap->distance[4], NM_DISTANCE_NONE);
	assert_int_equal(heap->distance[3], 3);
	done(heap, graph);
}

static struct nm_graph *make_parts(enum nm_node_kind first)
{
	struct nm_graph *graph = nm_graph_new();

	node(graph, NM_NODE_SYNTHETIC, "", 0);
	nm_graph_add_edge(graph, NM_EDGE_ELEMENT, 1, 1);
	nm_graph_add_edge(graph, NM_EDGE_ELEMENT, 2, 9);
	node(graph, first, "Owner", 1);
	property(graph, 2);
	property(graph, 5);
	property(graph, 6);
	edge(graph, NM_EDGE_WEAK, "w", 8);
	node(graph, NM_NODE_HIDDEN, "part", 2);
	property(graph, 3);
	property(graph, 4);
	node(graph, NM_NODE_ARRAY, "part", 4);
	property(graph, 2);
	node(graph, NM_NODE_NATIVE, "system / ExternalStringData", 8);
	node(graph, NM_NODE_NATIVE, "system / JSArrayBufferData", 16);
	node(graph, NM_NODE_OBJECT, "Other", 32);
	property(graph, 7);
	node(graph, NM_NODE_ARRAY, "shared", 64);
	property(graph, 10);
	node(graph, NM_NODE_ARRAY, "weakly held", 128);
	property(graph, 7);
	node(graph, NM_NODE_HIDDEN, "root's", 256);
	node(graph, NM_NODE_HIDDEN, "part of what is shared", 512);
	node(graph, NM_NODE_CLOSURE, "Third", 1024);
	property(graph, 7);
	property(graph, 12);
	node(graph, NM_NODE_SYMBOL, "held by 11", 2048);
	return graph;
}

static void hidden_parts_are_their_owners(void **state)
{
	static const uint64_t moved[] = {0, 15, 0, 0, 0, 16, 32, 64, 128, 256, 512, 1024, 2048};
	struct nm_graph *graph = make_parts(NM_NODE_OBJECT);
	struct nm_heap *heap = make_heap(graph);

	(void)state;
	for (nm_node i = 0; i < graph->node_count; i++)
		assert_int_equal(heap->shallow[i], moved[i]);
	assert_int_equal(heap->retained[0], 4095);
	done(heap, graph);
	/* 9 alone is still one: a part that the root leads to; but nothing goes to what is synthetic. */
	graph = make_parts(NM_NODE_SYNTHETIC);
	heap = make_heap(graph);
	for (nm_node i = 0; i < graph->node_count; i++)
		assert_int_equal(heap->shallow[i], graph->size[i]);
	done(heap, graph);
}

/* An object has a part, and lies below a synthetic node. */
static void nothing_is_moved_without_a_root_of_the_program(void **state)
{
	(void)state;
	for (int has_user_root = 0; has_user_root < 2; has_user_root++) {
		struct nm_graph *graph = nm_graph_new();
		struct nm_heap *heap;

		node(graph, NM_NODE_SYNTHETIC, "", 0);
		nm_graph_add_edge(graph, NM_EDGE_ELEMENT, 1, 1);
		node(graph, NM_NODE_SYNTHETIC,
		     has_user_root ? "(Document DOM trees)" : "(GC roots)", 0);
		property(graph, 2);
		object(graph, 1);
		property(graph, 3);
		node(graph, NM_NODE_ARRAY, "part", 2);
		heap = make_heap(graph);
		assert_int_equal(heap->shallow[2], has_user_root ? 3 : 1);
		assert_int_equal(heap->distance[0], has_user_root ? NM_DISTANCE_SYSTEM : 0);
		assert_int_equal(heap->distance[3], 3);
		done(heap, graph);
	}
}

static void a_contexts_function_map_is_no_way(void **state)
{
	static const struct {
		enum nm_node_kind kind;
		const char *name, *edge;
		int32_t distance;
	} rows[] = {
		{NM_NODE_HIDDEN, "system / NativeContext", "sloppy_function_map", NM_DISTANCE_NONE},
		{NM_NODE_HIDDEN, "system / NativeContext", "function_map", 2},
		{NM_NODE_HIDDEN, "system / Context", "sloppy_function_map", 2},
		{NM_NODE_OBJECT, "system / NativeContext", "sloppy_function_map", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nm_graph *graph = make_graph();
		struct nm_heap *heap;

		node(graph, rows[i].kind, rows[i].name, 1);
		edge(graph, NM_EDGE_INTERNAL, rows[i].edge, 2);
		object(graph, 2);
		heap = make_heap(graph);
		assert_int_equal(heap->distance[2], rows[i].distance);
		done(heap, graph);
	}
}

static void of_map_descriptors_some_are_no_way(void **state)
{
	static const struct {
		const char *name;
		bool is_way;
	} rows[] = {
		{"0", true},  {"1", true},   {"2", true},
		{"3", true},  {"4", false},  {" +7px", false},
		{"-4", true}, {"", true},    {"map", true},
		{"8", true},  {"10", false}, {"100000000000000000000000000000", true},
	};
	const uint32_t count = sizeof(rows) / sizeof(rows[0]);
	struct nm_graph *graph = make_graph();
	struct nm_heap *heap;

	(void)state;
	node(graph, NM_NODE_ARRAY, "(map descriptors)", 1);
	for (uint32_t i = 0; i < count; i++)
		edge(graph, NM_EDGE_INTERNAL, rows[i].name, 2 + i);
	nm_graph_add_edge(graph, NM_EDGE_ELEMENT, 4, 2 + count);
	nm_graph_add_edge(graph, NM_EDGE_HIDDEN, 5, 3 + count);
	for (uint32_t i = 0; i < count + 2; i++)
		object(graph, 1);
	heap = make_heap(graph);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(heap->distance[2 + i], rows[i].is_way ? 2 : NM_DISTANCE_NONE);
	assert_int_equal(heap->distance[2 + count], NM_DISTANCE_NONE);
	assert_int_equal(heap->distance[3 + count], 2);
	done(heap, graph);
}

/* The program's objects first, though the way from the root is shorter. */
static void what_only_v8_holds_is_far_away(void **state)
{
	struct nm_graph *graph = make_graph();
	struct nm_heap *heap;

	(void)state;
	nm_graph_add_edge(graph, NM_EDGE_ELEMENT, 1, 3);
	edge(graph, NM_EDGE_WEAK, "w", 5);
	object(graph, 1);
	property(graph, 2);
	object(graph, 1);
	node(graph, NM_NODE_SYNTHETIC, "(GC roots)", 0);
	property(graph, 2);
	property(graph, 4);
	object(graph, 1);
	object(graph, 1);
	heap = make_heap(graph);
	assert_int_equal(heap->distance[0], NM_DISTANCE_SYSTEM);
	assert_int_equal(heap->distance[1], 1);
	assert_int_equal(heap->distance[2], 2);
	assert_int_equal(heap->distance[3], NM_DISTANCE_SYSTEM + 1);
	assert_int_equal(heap->distance[4], NM_DISTANCE_SYSTEM + 2);
	assert_int_equal(heap->distance[5], 1);
	done(heap, graph);
}

/* Sets of at most 64 nodes, for the slow way. */
struct small {
	uint32_t count;
	uint64_t to[64];	/* essential edges */
	uint64_t dominates[64]; /* and itself */
};

static uint64_t flood(const struct small *small, uint64_t from, uint64_t without)
{
	uint64_t reached = from & ~without, before;

	do {
		before = reached;
		for (uint32_t i = 0; i < small->count; i++)
			if (reached >> i & 1)
				reached |= small->to[i] & ~without;
	} while (reached != before);
	return reached;
}

static void find_essential(const struct nm_graph *graph, struct small *small)
{
	struct small strong = {.count = graph->node_count};
	uint64_t page = 0;

	for (nm_node n = 0; n < graph->node_count; n++)
		for (uint32_t i = graph->first_edge[n]; i < graph->first_edge[n + 1]; i++) {
			if (graph->edge_kind[i] != NM_EDGE_WEAK)
				strong.to[n] |= UINT64_C(1) << graph->edge_to[i];
			if (n == 0 && graph->edge_kind[i] == NM_EDGE_SHORTCUT)
				page |= UINT64_C(1) << graph->edge_to[i];
		}
	page = flood(&strong, page, 0);
	*small = (struct small){.count = graph->node_count};
	for (nm_node n = 0; n < graph->node_count; n++)
		for (uint32_t i = graph->first_edge[n]; i < graph->first_edge[n + 1]; i++) {
			const nm_node to = graph->edge_to[i];
			const bool enters = !(page >> n & 1) && page >> to & 1;

			if (graph->edge_kind[i] != NM_EDGE_WEAK && to != n &&
			    (n == 0 || (graph->edge_kind[i] != NM_EDGE_SHORTCUT && !enters)))
				small->to[n] |= UINT64_C(1) << to;
		}
}

/* A node dominates what is not reached without it. */
static void find_dominated(struct small *small)
{
	uint64_t reached = flood(small, 1, 0), held = 0, all;

	for (uint32_t i = 0; i < small->count; i++)
		held |= small->to[i];
	for (uint32_t i = 0; i < small->count; i++)
		if (!(reached >> i & 1) && !(held >> i & 1))
			small->to[0] |= UINT64_C(1) << i;
	all = flood(small, 1, 0);
	for (uint32_t i = 0; i < small->count; i++) {
		const uint64_t bit = UINT64_C(1) << i;

		small->dominates[i] = all & bit ? all & ~flood(small, 1, bit) : bit;
	}
	small->dominates[0] = small->count == 64 ? UINT64_MAX : (UINT64_C(1) << small->count) - 1;
}

static struct nm_graph *make_random(uint32_t seed)
{
	static const enum nm_edge_kind kinds[] = {
		NM_EDGE_CONTEXT, NM_EDGE_ELEMENT,  NM_EDGE_PROPERTY, NM_EDGE_INTERNAL,
		NM_EDGE_HIDDEN,	 NM_EDGE_SHORTCUT, NM_EDGE_PROPERTY, NM_EDGE_WEAK,
	};
	struct nm_graph *graph = nm_graph_new();
	const uint32_t count = 2 + (uint32_t)rand_r(&seed) % 63;
	/* From trees to a thicket, with parts that nothing leads to. */
	const uint32_t edges = 1 + (uint32_t)rand_r(&seed) % 5;

	name_of(graph, "x");
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t own = (uint32_t)rand_r(&seed) % (edges + 1) + (i == 0);

		node(graph, i == 0 ? NM_NODE_SYNTHETIC : (enum nm_node_kind)(rand_r(&seed) % 4),
		     "x", (uint32_t)rand_r(&seed) % 1000);
		for (uint32_t k = 0; k < own; k++)
			nm_graph_add_edge(graph, kinds[(uint32_t)rand_r(&seed) % 8], 0,
					  (uint32_t)rand_r(&seed) % count);
	}
	return graph;
}

static void any_graph_is_as_the_slow_way_says(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 4000; seed++) {
		struct nm_graph *graph = make_random(seed);
		struct nm_heap *heap = make_heap(graph);
		struct small small;

		find_essential(graph, &small);
		find_dominated(&small);
		for (nm_node i = 0; i < small.count; i++) {
			uint64_t retained = 0;
			nm_node nearest = 0;

			for (nm_node k = 0; k < small.count; k++) {
				if (small.dominates[i] >> k & 1)
					retained += heap->shallow[k];
				/* Of two dominators the nearer one is dominated by the other. */
				if (k != i && small.dominates[k] >> i & 1 &&
				    small.dominates[nearest] >> k & 1)
					nearest = k;
			}
			assert_int_equal(heap->retained[i], retained);
			assert_int_equal(heap->dominator[i], nearest);
		}
		done(heap, graph);
	}
}

#define LIST 1000000u
#define TAIL 200000u

/* At the end of the list hang many nodes, every second also held by the root: in the worst way their
   dominators take as many steps as the list is long, each. */
static void a_long_list_takes_no_time(void **state)
{
	struct nm_graph *graph = make_graph();
	struct nm_heap *heap;
	uint32_t x, i;

	(void)state;
	x = name_of(graph, "x");
	for (i = 0; i < TAIL / 2; i++)
		nm_graph_add_edge(graph, NM_EDGE_PROPERTY, x, 1 + LIST + 2 * i);
	for (i = 1; i <= LIST; i++) {
		nm_graph_add_node(graph, NM_NODE_OBJECT, x, i, 10);
		if (i < LIST)
			nm_graph_add_edge(graph, NM_EDGE_PROPERTY, x, i + 1);
		if (i > 1)
			nm_graph_add_edge(graph, NM_EDGE_PROPERTY, x, i - 1);
	}
	for (i = 0; i < TAIL; i++)
		nm_graph_add_edge(graph, NM_EDGE_PROPERTY, x, 1 + LIST + i);
	for (i = 0; i < TAIL; i++)
		nm_graph_add_node(graph, NM_NODE_OBJECT, x, LIST + 1 + i, 1);
	heap = make_heap(graph);
	for (i = 1; i <= LIST; i++)
		if (heap->dominator[i] != i - 1 || heap->distance[i] != (int32_t)i ||
		    heap->retained[i] != 10 * (uint64_t)(LIST + 1 - i) + TAIL / 2)
			fail_msg("node %u", i);
	for (i = 0; i < TAIL; i++)
		if (heap->dominator[LIST + 1 + i] != (i % 2 ? LIST : 0))
			fail_msg("node %u of the tail", i);
	done(heap, graph);
}

static void sizes_too_large_to_add_up_do_no_harm(void **state)
{
	struct nm_graph *graph = make_graph();
	struct nm_heap *heap;

	(void)state;
	object(graph, UINT64_MAX);
	property(graph, 2);
	node(graph, NM_NODE_ARRAY, "part", UINT64_MAX);
	heap = make_heap(graph);
	assert_int_equal(heap->dominator[2], 1);
	done(heap, graph);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_node_is_a_heap),
		cmocka_unit_test(a_handle_does_not_share_what_the_page_holds),
		cmocka_unit_test(an_entry_of_a_weakmap_is_the_keys),
		cmocka_unit_test(what_nothing_leads_to_hangs_below_the_root),
		cmocka_unit_test(hidden_parts_are_their_owners),
		cmocka_unit_test(nothing_is_moved_without_a_root_of_the_program),
		cmocka_unit_test(a_contexts_function_map_is_no_way),
		cmocka_unit_test(of_map_descriptors_some_are_no_way),
		cmocka_unit_test(what_only_v8_holds_is_far_away),
		cmocka_unit_test(any_graph_is_as_the_slow_way_says),
		cmocka_unit_test(a_long_list_takes_no_time),
		cmocka_unit_test(sizes_too_large_to_add_up_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
