/*
 * test_snapshot.c - files that are whole or not there, and texts that nobody shall read
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include "source/snapshot/output.h"
#include "source/snapshot/redact.h"
#include "source/snapshot/write.h"
#include "tree.h"

#define BIG (3u << 20)

static size_t read_file(const char *path, char *out, size_t room)
{
	FILE *file = fopen(path, "rb");
	size_t got;

	assert_non_null(file);
	got = fread(out, 1, room, file);
	fclose(file);
	return got;
}

static char *make_text(void)
{
	char *text = malloc(BIG);

	for (size_t i = 0; i < BIG; i++)
		text[i] = (char)('a' + i % 23);
	return text;
}

/* Plain, and compressed where its name says so. */
static void a_file_has_its_name_only_when_it_is_whole(void **state)
{
	char dir[64], path[128], part[160], *text = make_text(), *back = malloc(BIG + 20);
	int root = tree_make(dir, NULL);

	(void)state;
	for (int compressed = 0; compressed < 2; compressed++) {
		struct nm_output *output;
		uint64_t bytes = 0;
		size_t got;

		snprintf(path, sizeof(path), "%s/file%s", dir, compressed ? ".zst" : "");
		snprintf(part, sizeof(part), "%s.part", path);
		assert_int_equal(nm_output_open(path, &output, NULL), NM_OK);
		nm_output_put(output, text, BIG);
		nm_output_number(output, UINT64_MAX);
		assert_int_equal(access(path, F_OK), -1);
		assert_int_equal(access(part, F_OK), 0);
		assert_int_equal(nm_output_close(output, &bytes, NULL), NM_OK);
		assert_int_equal(access(part, F_OK), -1);
		got = read_file(path, back, BIG + 20);
		if (compressed) {
			char *packed = malloc(got);

			assert_int_equal(got, bytes);
			assert_true(got < BIG / 10);
			memcpy(packed, back, got);
			got = ZSTD_decompress(back, BIG + 20, packed, got);
			assert_false(ZSTD_isError(got));
			free(packed);
		}
		assert_int_equal(got, BIG + 20);
		assert_memory_equal(back, text, BIG);
		assert_memory_equal(back + BIG, "18446744073709551615", 20);
	}
	free(text);
	free(back);
	close(root);
	tree_remove(dir);
}

/* Files of this process may not be larger than what is written: as when a disk is full. */
static int write_too_much(const char *path, const char *text)
{
	const struct rlimit limit = {1 << 20, 1 << 20};
	struct nm_output *output;
	uint64_t bytes;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || nm_output_open(path, &output, NULL) != NM_OK)
		return 1;
	nm_output_put(output, text, BIG);
	return nm_output_close(output, &bytes, NULL) == NM_E_IO ? 0 : 2;
}

static void what_cannot_be_written_leaves_no_file(void **state)
{
	char dir[64], path[128], *text = make_text();
	int root = tree_make(dir, NULL), status = -1;
	struct nm_output *output;
	struct nm_error err;
	pid_t child;

	(void)state;
	assert_int_equal(nm_output_open("/no/such/folder/file", &output, &err), NM_E_IO);
	assert_non_null(strstr(err.message, "/no/such/folder/file.part"));
	assert_int_equal(nm_output_open("/dev/full", &output, &err), NM_E_IO);
	assert_non_null(strstr(err.message, "no plain file"));
	snprintf(path, sizeof(path), "%s/file", dir);
	child = fork();
	if (child == 0)
		_exit(write_too_much(path, text));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(access(path, F_OK), -1);
	strncat(path, ".part", sizeof(path) - strlen(path) - 1);
	assert_int_equal(access(path, F_OK), -1);
	free(text);
	close(root);
	tree_remove(dir);
}

static void only_one_writes_a_file_at_a_time(void **state)
{
	char dir[64], path[128], back[16];
	int root = tree_make(dir, NULL);
	struct nm_output *first, *second;
	struct nm_error err;
	uint64_t bytes;

	(void)state;
	snprintf(path, sizeof(path), "%s/file", dir);
	assert_int_equal(nm_output_open(path, &first, NULL), NM_OK);
	nm_output_text(first, "first");
	assert_int_equal(nm_output_open(path, &second, &err), NM_E_BUSY);
	assert_non_null(strstr(err.message, "another process is writing it"));
	assert_int_equal(nm_output_close(first, &bytes, NULL), NM_OK);
	assert_int_equal(read_file(path, back, sizeof(back)), 5);
	assert_memory_equal(back, "first", 5);
	assert_int_equal(nm_output_open(path, &second, NULL), NM_OK);
	nm_output_text(second, "2nd");
	assert_int_equal(nm_output_close(second, &bytes, NULL), NM_OK);
	assert_int_equal(read_file(path, back, sizeof(back)), 3);
	close(root);
	tree_remove(dir);
}

/* The example of the paper: key 00 01 .. 0f, text 00 01 .. 0e. */
static void the_hash_is_siphash(void **state)
{
	const struct nm_redact redact = {
		{UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
	const char text[] = "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16";
	struct nm_redact one, two;

	(void)state;
	assert_true(nm_redact_hash(&redact, text, 15) == UINT64_C(0xa129ca6149be45e5));
	assert_int_equal(nm_redact_init(&one, NULL), NM_OK);
	assert_int_equal(nm_redact_init(&two, NULL), NM_OK);
	assert_true(nm_redact_hash(&one, text, 15) != nm_redact_hash(&two, text, 15));
	assert_true(nm_redact_hash(&one, text, 15) == nm_redact_hash(&one, text, 15));
}

static struct nm_graph *make_graph(void)
{
	struct nm_graph *graph = nm_graph_new();
	const char secret[] = "my \"secret\"\n";

	nm_graph_add_node(graph, NM_NODE_SYNTHETIC, nm_graph_name(graph, "", 0), 1, 0);
	nm_graph_add_edge(graph, NM_EDGE_PROPERTY, nm_graph_name(graph, "key", 3), 1);
	nm_graph_add_edge(graph, NM_EDGE_ELEMENT, 7, 2);
	nm_graph_add_node(graph, NM_NODE_STRING, nm_graph_name(graph, secret, strlen(secret)), 3,
			  24);
	nm_graph_add_node(graph, NM_NODE_STRING, nm_graph_name(graph, "key", 3), 5, 16);
	nm_graph_add_node(graph, NM_NODE_SYMBOL, nm_graph_name(graph, "of a key", 8), 7, 16);
	nm_graph_add_node(graph, NM_NODE_CLOSURE, nm_graph_name(graph, "call", 4), 9, 64);
	nm_graph_add_location(
		graph, &(struct nm_graph_location){.script_id = 44, .line = 3, .column = 17});
	assert_int_equal(nm_graph_finish(graph, NULL), NM_OK);
	return graph;
}

static json_t *write_and_load(const char *dir, bool redact)
{
	struct nm_graph *graph = make_graph();
	struct nm_snapshot_written written;
	char path[128];
	json_t *document;

	snprintf(path, sizeof(path), "%s/a.heapsnapshot", dir);
	assert_int_equal(nm_snapshot_write(graph, path, redact, &written, NULL), NM_OK);
	document = json_load_file(path, 0, NULL);
	assert_non_null(document);
	nm_graph_free(graph);
	return document;
}

static const char *string_of(const json_t *document, size_t node)
{
	const json_t *nodes = json_object_get(document, "nodes");
	json_int_t name = json_integer_value(json_array_get(nodes, 7 * node + 1));

	return json_string_value(
		json_array_get(json_object_get(document, "strings"), (size_t)name));
}

static void a_graph_is_written_whole_or_without_texts(void **state)
{
	char dir[64], *locations;
	int root = tree_make(dir, NULL);
	json_t *document = write_and_load(dir, false);

	(void)state;
	assert_int_equal(json_array_size(json_object_get(document, "nodes")), 5 * 7);
	assert_int_equal(json_array_size(json_object_get(document, "edges")), 2 * 3);
	assert_string_equal(string_of(document, 1), "my \"secret\"\n");
	locations = json_dumps(json_object_get(document, "locations"), JSON_COMPACT);
	assert_string_equal(locations, "[28,44,3,17]");
	free(locations);
	json_decref(document);
	document = write_and_load(dir, true);
	assert_int_equal(strncmp(string_of(document, 1), "(12 bytes, ", 11), 0);
	assert_string_equal(string_of(document, 2), "key"); /* a property is called so */
	assert_int_equal(strncmp(string_of(document, 3), "(8 bytes, ", 10), 0);
	assert_string_equal(string_of(document, 4), "call");
	json_decref(document);
	close(root);
	tree_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_has_its_name_only_when_it_is_whole),
		cmocka_unit_test(what_cannot_be_written_leaves_no_file),
		cmocka_unit_test(only_one_writes_a_file_at_a_time),
		cmocka_unit_test(the_hash_is_siphash),
		cmocka_unit_test(a_graph_is_written_whole_or_without_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
