/*
 * test_snapshot_read.c - heap snapshots read, and whatever else somebody may hand over as one
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "source/snapshot/read.h"
#include "source/snapshot/write.h"
#include "tree.h"

#define HEAD                                                                         \
	"{\"snapshot\":{\"meta\":{"                                                  \
	"\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\",\"edge_count\"],"   \
	"\"node_types\":[[\"synthetic\",\"object\",\"string\"],\"string\"],"         \
	"\"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"],"                  \
	"\"edge_types\":[[\"element\",\"property\"],\"string_or_number\",\"node\"]," \
	"\"location_fields\":[\"object_index\",\"script_id\",\"line\",\"column\"]}," \
	"\"node_count\":3,\"edge_count\":2,\"extra_native_bytes\":77},"
#define NODES	"\"nodes\":[0,0,1,0,1,\n1,1,3,16,1\n,2,2,5,24,0],"
#define EDGES	"\"edges\":[0,7,5,1,3,10],"
#define STRINGS "\"strings\":[\"\",\"Thing\",\"caf\\u00e9 \\uD83D\\uDE00 \\udead\\n\",\"key\"]}"

static char folder[64];
static int root = -1;

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static const char *put(const void *bytes, size_t size)
{
	const char *path = path_of("a.heapsnapshot");
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
	return path;
}

static struct nm_graph *read_good(const void *bytes, size_t size)
{
	struct nm_graph *graph;
	struct nm_error err = {.message = ""};

	if (nm_snapshot_read(put(bytes, size), &graph, &err) != NM_OK)
		fail_msg("%s", err.message);
	return graph;
}

static void check_small(struct nm_graph *graph)
{
	size_t length;

	assert_int_equal(graph->node_count, 3);
	assert_int_equal(graph->edge_count, 2);
	assert_int_equal(graph->extra_bytes, 77);
	assert_int_equal(graph->kind[0], NM_NODE_SYNTHETIC);
	assert_int_equal(graph->kind[1], NM_NODE_OBJECT);
	assert_int_equal(graph->id[2], 5);
	assert_int_equal(graph->size[1], 16);
	assert_int_equal(graph->edge_kind[0], NM_EDGE_ELEMENT);
	assert_int_equal(graph->edge_name[0], 7);
	assert_int_equal(graph->edge_to[0], 1);
	assert_int_equal(graph->edge_to[1], 2);
	assert_string_equal(nm_graph_text(graph, graph->edge_name[1]), "key");
	assert_string_equal(nm_graph_text(graph, graph->name[1]), "Thing");
	/* The half of a surrogate pair stays one. */
	assert_string_equal(nm_intern_get(&graph->names, 2, &length),
			    "caf\xc3\xa9 \xf0\x9f\x98\x80 \xed\xba\xad\n");
	assert_int_equal(length, 15);
	nm_graph_free(graph);
}

static void fields_are_found_by_their_names(void **state)
{
	static const char usual[] = HEAD NODES EDGES STRINGS;
	static const char other[] =
		"{ \"snapshot\" : {\"meta\":{"
		"\"node_fields\":[\"id\",\"new\",\"type\",\"edge_count\",\"name\",\"self_size\"],"
		"\"node_types\":[0,0,[\"string\",\"object\",\"synthetic\"]],"
		"\"edge_fields\":[\"to_node\",\"name_or_index\",\"type\"],"
		"\"edge_types\":[0,0,[\"property\",\"element\"]]},"
		"\"node_count\":3,\"edge_count\":2,\"extra_native_bytes\":77},\r\n"
		"\"unknown\":{\"a\":[1,\"]}\\\"\",{}],\"b\":-1.5e3},\"more\":null,"
		"\"nodes\":[ 1 ,9,2,1,0,0, 3,9,1,1,1,16, 5,9,0,0,2,24 ],"
		"\"edges\":[6,7,1,12,3,0],\"trace_tree\":[],\"locations\":[1,2,3],"
		"\"strings\":[\"\",\"Thing\",\"caf\xc3\xa9 \xf0\x9f\x98\x80 \\uDEAD\\n\",\"key\"] } ";

	(void)state;
	check_small(read_good(usual, strlen(usual)));
	check_small(read_good(other, strlen(other)));
}

static void compressed_ones_are_read(void **state)
{
	static const char text[] = HEAD NODES EDGES STRINGS;
	unsigned char packed[4096];
	z_stream gzip = {.next_in = (unsigned char *)(uintptr_t)text,
			 .avail_in = sizeof(text) - 1,
			 .next_out = packed,
			 .avail_out = sizeof(packed)};
	struct nm_error err;
	struct nm_graph *graph;
	size_t size;

	(void)state;
	assert_int_equal(deflateInit2(&gzip, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&gzip, Z_FINISH), Z_STREAM_END);
	size = gzip.total_out;
	deflateEnd(&gzip);
	check_small(read_good(packed, size));
	assert_int_equal(nm_snapshot_read(put(packed, size / 2), &graph, &err), NM_E_CORRUPT);
	assert_non_null(strstr(err.message, "end too early"));
	packed[size - 6] ^= 1; /* of the checksum */
	assert_int_equal(nm_snapshot_read(put(packed, size), &graph, &err), NM_E_CORRUPT);
	assert_non_null(strstr(err.message, "gzip data are broken"));
	size = ZSTD_compress(packed, sizeof(packed), text, sizeof(text) - 1, 3);
	check_small(read_good(packed, size));
	assert_int_equal(nm_snapshot_read(put(packed, size / 2), &graph, &err), NM_E_CORRUPT);
	assert_non_null(strstr(err.message, "end too early"));
}

static void what_is_written_is_read(void **state)
{
	struct nm_graph *graph = nm_graph_new(), *back;
	const struct nm_graph_location location = {.script_id = 3, .line = 4, .column = 5};
	struct nm_snapshot_written written;
	uint32_t empty = nm_graph_name(graph, "", 0), name = nm_graph_name(graph, "a\0b\"\x01", 5);
	size_t length;

	(void)state;
	nm_graph_add_node(graph, NM_NODE_SYNTHETIC, empty, 1, 0);
	nm_graph_add_edge(graph, NM_EDGE_WEAK, name, 1);
	nm_graph_add_node(graph, NM_NODE_WASM, name, 3, UINT64_C(5) << 32);
	nm_graph_add_location(graph, &location);
	assert_int_equal(nm_graph_finish(graph, NULL), NM_OK);
	assert_int_equal(nm_snapshot_write(graph, path_of("b"), false, &written, NULL), NM_OK);
	nm_graph_free(graph);
	assert_int_equal(nm_snapshot_read(path_of("b"), &back, NULL), NM_OK);
	assert_int_equal(back->node_count, 2);
	assert_int_equal(back->kind[1], NM_NODE_WASM);
	assert_int_equal(back->size[1], UINT64_C(5) << 32);
	assert_int_equal(back->edge_kind[0], NM_EDGE_WEAK);
	assert_memory_equal(nm_intern_get(&back->names, back->name[1], &length), "a\0b\"\x01", 6);
	assert_int_equal(length, 5);
	assert_int_equal(back->location_count, 1);
	assert_int_equal(back->locations[0].node, 1);
	assert_int_equal(back->locations[0].column, 5);
	nm_graph_free(back);
}

/* Numbers and texts lie across the pieces in which a file is read. */
static void a_large_one_is_read_in_pieces(void **state)
{
	enum { COUNT = 200000 };
	const size_t room = (size_t)64 << 20;
	char *text = malloc(room);
	size_t at;
	struct nm_graph *graph;

	(void)state;
	at = (size_t)snprintf(
		text, room,
		"{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\","
		"\"edge_count\"],\"node_types\":[[\"object\"]],\"edge_fields\":[\"type\","
		"\"name_or_index\",\"to_node\"],\"edge_types\":[[\"element\"]]},\"node_count\":%d,"
		"\"edge_count\":%d},\"nodes\":[",
		COUNT, COUNT - 1);
	for (int i = 0; i < COUNT; i++)
		at += (size_t)snprintf(text + at, room - at, "%s0,%d,%d,%d,%d", i ? ",\n" : "", i,
				       2 * i + 1, 3 * i, i + 1 < COUNT);
	at += (size_t)snprintf(text + at, room - at, "],\"edges\":[");
	for (int i = 0; i + 1 < COUNT; i++)
		at += (size_t)snprintf(text + at, room - at, "%s0,%d,%d", i ? "," : "", i,
				       5 * (i + 1));
	at += (size_t)snprintf(text + at, room - at, "],\"strings\":[");
	for (int i = 0; i < COUNT; i++)
		at += (size_t)snprintf(text + at, room - at, "%s\"%d is\\u0020a text %d\"",
				       i ? "," : "", i, i % 7);
	at += (size_t)snprintf(text + at, room - at, "]}");
	graph = read_good(text, at);
	assert_int_equal(graph->node_count, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		char expected[64];

		snprintf(expected, sizeof(expected), "%u is a text %u", i, i % 7);
		assert_string_equal(nm_graph_text(graph, graph->name[i]), expected);
		assert_int_equal(graph->size[i], 3 * i);
		if (i + 1 < COUNT)
			assert_int_equal(graph->edge_to[graph->first_edge[i]], i + 1);
	}
	nm_graph_free(graph);
	free(text);
}

static void one_that_was_cut_is_told_where(void **state)
{
	static const char text[] = HEAD NODES EDGES STRINGS;

	(void)state;
	for (size_t size = 0; size + 1 < sizeof(text); size++) {
		struct nm_graph *graph;
		struct nm_error err;
		char place[32];

		if (nm_snapshot_read(put(text, size), &graph, &err) != NM_E_CORRUPT)
			fail_msg("of %zu bytes it is read", size);
		snprintf(place, sizeof(place), "at byte %zu: it ends too early", size);
		if (size == 0)
			snprintf(place, sizeof(place), "is empty");
		if (!strstr(err.message, place))
			fail_msg("of %zu bytes: %s", size, err.message);
	}
}

static void nonsense_is_told(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"GIF89a", "at byte 0: it begins neither as one nor as a core file"},
		{"{\"a\":1}", "it has no nodes, no edges or no texts"},
		{"{\"nodes\":[1]}", "at byte 9: the nodes come twice, or before"},
		{"{\"snapshot\":[]}", "it is no JSON object"},
		{"{\"snapshot\":{}}", "it has no \"meta\""},
		{"{\"snapshot\":{\"meta\":{}}}", "its \"node_fields\" lack one"},
		{HEAD NODES "\"edges\":[0,7,5,1,3,11]," STRINGS, "an edge leads to no node"},
		{HEAD NODES "\"edges\":[0,7,5,1,3,15]," STRINGS, "an edge leads to no node"},
		{HEAD NODES "\"edges\":[9,7,5,1,3,10]," STRINGS, "type of an edge is not known"},
		{HEAD NODES "\"edges\":[0,7,5,1,4,10]," STRINGS,
		 "text 4 is named, and there are 4"},
		{HEAD NODES "\"edges\":[0,7,5,1,3,10,0]," STRINGS,
		 "more edges than were announced"},
		{HEAD NODES "\"edges\":[0,7,5]," STRINGS, "fewer than were announced"},
		{HEAD NODES "\"edges\":[0,7,5,1,3,-10]," STRINGS, "a whole number was expected"},
		{HEAD NODES "\"edges\":[0,7,5e0,1,3,10]," STRINGS, "a comma or the end of a list"},
		{HEAD NODES "\"edges\":[0,5000000000,5,1,3,10]," STRINGS, "too large a number"},
		{HEAD NODES "\"edges\":[0,18446744073709551616,5,1,3,10]," STRINGS,
		 "a number is too large"},
		{HEAD "\"nodes\":[0,0,1,0,3,1,1,3,16,1,2,2,5,24,0]," EDGES STRINGS,
		 "more edges than the file"},
		{HEAD "\"nodes\":[0,0,1,0,0,1,1,3,16,1,2,2,5,24,0]," EDGES STRINGS,
		 "fewer edges than the file"},
		{HEAD "\"nodes\":[7,0,1,0,1,1,1,3,16,1,2,2,5,24,0]," EDGES STRINGS,
		 "type of a node is not known"},
		{HEAD "\"nodes\":[0,0,4294967296,0,1,1,1,3,16,1,2,2,5,24,0]," EDGES STRINGS,
		 "id or the name of a node is too large"},
		{HEAD "\"nodes\":[]," EDGES STRINGS, "a whole number was expected"},
		{HEAD NODES NODES EDGES STRINGS, "the nodes come twice"},
		{HEAD EDGES NODES STRINGS, "the edges come twice, or before the nodes"},
		{HEAD NODES EDGES "\"strings\":[\"\",\"\\q\"]}",
		 "an escape of a text is not known"},
		{HEAD NODES EDGES "\"strings\":[\"\",\"\\u12x4\"]}",
		 "an escape of a text is not whole"},
		{HEAD NODES EDGES "\"strings\":[\"\",7]}", "a text was expected"},
		{HEAD NODES EDGES STRINGS "}", "something follows the snapshot"},
		{HEAD NODES EDGES "\"locations\":[1,1,1,1]," STRINGS, "a location is of no node"},
		{HEAD NODES EDGES "\"locations\":[0,1,1]," STRINGS, "a location is not whole"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nm_graph *graph;
		struct nm_error err = {.message = ""};

		if (nm_snapshot_read(put(cases[i].text, strlen(cases[i].text)), &graph, &err) !=
		    NM_E_CORRUPT)
			fail_msg("case %zu is read", i);
		if (!strstr(err.message, cases[i].message))
			fail_msg("case %zu: %s", i, err.message);
	}
}

static void what_is_no_file_is_told(void **state)
{
	struct nm_graph *graph;
	struct nm_error err;

	(void)state;
	assert_int_equal(nm_snapshot_read(path_of("missing"), &graph, &err), NM_E_IO);
	assert_non_null(strstr(err.message, "No such file"));
	assert_int_equal(nm_snapshot_read(folder, &graph, &err), NM_E_UNSUPPORTED);
	assert_int_equal(nm_snapshot_read("/dev/zero", &graph, &err), NM_E_UNSUPPORTED);
}

static int set_up(void **state)
{
	(void)state;
	root = tree_make(folder, NULL);
	return root < 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(root);
	tree_remove(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_found_by_their_names),
		cmocka_unit_test(compressed_ones_are_read),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_large_one_is_read_in_pieces),
		cmocka_unit_test(one_that_was_cut_is_told_where),
		cmocka_unit_test(nonsense_is_told),
		cmocka_unit_test(what_is_no_file_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
