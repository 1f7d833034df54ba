/*
 * snapshot.c - writes large heap snapshots as V8 would, of objects that nobody has
 *
 *   bench-snapshot records NODES   objects with arrays, strings, closures and a list a million deep
 *   bench-snapshot strings BYTES   few objects, and that much text
 *
 * On its standard output. The same arguments make the same file.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HIDDEN, ARRAY, STRING, OBJECT, CODE, CLOSURE, REGEXP, NUMBER, NATIVE, SYNTHETIC };
enum { CONTEXT, ELEMENT, PROPERTY, INTERNAL, HIDDEN_EDGE, SHORTCUT, WEAK };

#define FIELDS	     6
#define CLASSES	     200 /* each with an object shape and code */
#define PER_CHUNK    1000
#define RECORD_NODES 8
#define LIST_LENGTH  1000000

/* The first names of the file; those of classes, and the texts of records, follow. */
static const char *const names[] = {"",
				    "(GC roots)",
				    "global",
				    "map",
				    "elements",
				    "name",
				    "value",
				    "nested",
				    "onDone",
				    "context",
				    "previous",
				    "owner",
				    "next",
				    "Chunk",
				    "Object",
				    "ListNode",
				    "list",
				    "code",
				    "system / Context",
				    "heap number",
				    "system / Map",
				    "(code of a class)"};
enum {
	EMPTY,
	ROOTS,
	GLOBAL,
	MAP,
	ELEMENTS,
	NAME,
	VALUE,
	NESTED,
	ON_DONE,
	CTX,
	PREVIOUS,
	OWNER,
	NEXT,
	CHUNK,
	PLAIN,
	LIST_NODE,
	LIST,
	CODE_EDGE,
	SYSTEM_CONTEXT,
	HEAP_NUMBER,
	SYSTEM_MAP,
	CLASS_CODE,
	NAME_COUNT
};

/* Where in the file the nodes of each sort begin. */
struct plan {
	uint64_t records, chunks;
	uint64_t shapes, codes, first_chunk, first_record, first_list, count;
	uint64_t edges, nodes_written;
	bool is_edges; /* the second time: now the edges are written */
	bool is_first;
};

static uint64_t chunk_of(uint64_t record)
{
	return record / PER_CHUNK;
}

static void node(struct plan *plan, int type, uint64_t name, uint64_t size, uint64_t edges)
{
	if (plan->is_edges)
		return;
	printf("%s%d,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",0", plan->is_first ? "" : ",",
	       type, name, 2 * plan->nodes_written + 1, size, edges);
	plan->is_first = false;
	plan->nodes_written++;
	plan->edges += edges;
}

static void edge(struct plan *plan, int type, uint64_t name, uint64_t to)
{
	if (!plan->is_edges)
		return;
	printf("%s%d,%" PRIu64 ",%" PRIu64, plan->is_first ? "" : ",", type, name, to * FIELDS);
	plan->is_first = false;
}

static void write_head(struct plan *plan)
{
	node(plan, SYNTHETIC, EMPTY, 0, 2);
	edge(plan, ELEMENT, 1, 1);
	edge(plan, SHORTCUT, GLOBAL, 2);
	node(plan, SYNTHETIC, ROOTS, 0, 2 * CLASSES);
	for (uint64_t i = 0; i < 2 * CLASSES; i++)
		edge(plan, ELEMENT, i, plan->shapes + i);
	node(plan, OBJECT, GLOBAL, 64, plan->chunks + 1);
	for (uint64_t i = 0; i < plan->chunks; i++)
		edge(plan, ELEMENT, i, plan->first_chunk + 2 * i);
	edge(plan, PROPERTY, LIST, plan->first_list);
	for (uint64_t i = 0; i < CLASSES; i++)
		node(plan, HIDDEN, SYSTEM_MAP, 80, 0);
	for (uint64_t i = 0; i < CLASSES; i++)
		node(plan, CODE, CLASS_CODE, 320, 0);
}

static void write_chunk(struct plan *plan, uint64_t chunk)
{
	uint64_t first = chunk * PER_CHUNK, end = first + PER_CHUNK;

	if (end > plan->records)
		end = plan->records;
	node(plan, OBJECT, CHUNK, 32, 2);
	edge(plan, INTERNAL, MAP, plan->shapes);
	edge(plan, INTERNAL, ELEMENTS, plan->first_chunk + 2 * chunk + 1);
	node(plan, ARRAY, EMPTY, 16 + 8 * PER_CHUNK, end - first);
	for (uint64_t i = first; i < end; i++)
		edge(plan, INTERNAL, NAME_COUNT, plan->first_record + i * RECORD_NODES);
}

/* An object, its elements, name, value, nested object, closure and context. */
static void write_record(struct plan *plan, uint64_t i)
{
	const uint64_t at = plan->first_record + i * RECORD_NODES, class = i % CLASSES;
	const uint64_t other = plan->first_record + i * 7919 % plan->records * RECORD_NODES;

	node(plan, OBJECT, NAME_COUNT + class, 56, 6);
	edge(plan, INTERNAL, MAP, plan->shapes + class);
	edge(plan, INTERNAL, ELEMENTS, at + 1);
	edge(plan, PROPERTY, NAME, at + 2);
	edge(plan, PROPERTY, VALUE, at + 3);
	edge(plan, PROPERTY, NESTED, at + 4);
	edge(plan, PROPERTY, ON_DONE, at + 5);
	node(plan, ARRAY, EMPTY, 48, 2);
	edge(plan, INTERNAL, NAME_COUNT, at + 2);
	edge(plan, INTERNAL, NAME_COUNT + 1, at + 7);
	node(plan, STRING, NAME_COUNT + CLASSES + i, 40, 1);
	edge(plan, HIDDEN_EDGE, 0, plan->shapes + 1);
	node(plan, NUMBER, HEAP_NUMBER, 16, 1);
	edge(plan, INTERNAL, MAP, plan->shapes + 2);
	node(plan, OBJECT, PLAIN, 40, 4);
	edge(plan, INTERNAL, MAP, plan->shapes + 3);
	edge(plan, PROPERTY, OWNER, at);
	edge(plan, PROPERTY, NAME, at + 2);
	edge(plan, PROPERTY, VALUE, other + 3);
	node(plan, CLOSURE, ON_DONE, 64, 4);
	edge(plan, INTERNAL, MAP, plan->shapes + 4);
	edge(plan, INTERNAL, CTX, at + 6);
	edge(plan, INTERNAL, CODE_EDGE, plan->codes + class);
	edge(plan, WEAK, VALUE, other);
	node(plan, OBJECT, SYSTEM_CONTEXT, 40, 4);
	edge(plan, INTERNAL, MAP, plan->shapes + 5);
	edge(plan, INTERNAL, PREVIOUS, plan->first_chunk + 2 * chunk_of(i));
	edge(plan, CONTEXT, OWNER, at);
	edge(plan, CONTEXT, VALUE, at + 4);
	node(plan, OBJECT, PLAIN, 24, 2);
	edge(plan, INTERNAL, MAP, plan->shapes + 6);
	edge(plan, PROPERTY, NEXT, other + 2);
}

static void write_list(struct plan *plan, uint64_t i)
{
	const bool is_last = i + 1 == LIST_LENGTH;

	node(plan, OBJECT, LIST_NODE, 32, is_last ? 2 : 3);
	edge(plan, INTERNAL, MAP, plan->shapes + 7);
	edge(plan, PROPERTY, VALUE, plan->first_record + 3);
	if (!is_last)
		edge(plan, PROPERTY, NEXT, plan->first_list + i + 1);
}

static void write_all(struct plan *plan)
{
	plan->is_first = true;
	write_head(plan);
	for (uint64_t i = 0; i < plan->chunks; i++)
		write_chunk(plan, i);
	for (uint64_t i = 0; i < plan->records; i++)
		write_record(plan, i);
	for (uint64_t i = 0; i < LIST_LENGTH; i++)
		write_list(plan, i);
}

static void write_meta(uint64_t nodes, uint64_t edges)
{
	printf("{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\","
	       "\"edge_count\",\"detachedness\"],\"node_types\":[[\"hidden\",\"array\",\"string\","
	       "\"object\",\"code\",\"closure\",\"regexp\",\"number\",\"native\",\"synthetic\","
	       "\"concatenated string\",\"sliced string\",\"symbol\",\"bigint\",\"object shape\"],"
	       "\"string\",\"number\",\"number\",\"number\",\"number\"],\"edge_fields\":[\"type\","
	       "\"name_or_index\",\"to_node\"],\"edge_types\":[[\"context\",\"element\","
	       "\"property\",\"internal\",\"hidden\",\"shortcut\",\"weak\"],\"string_or_number\","
	       "\"node\"],\"trace_function_info_fields\":[],\"trace_node_fields\":[],"
	       "\"sample_fields\":[],\"location_fields\":[\"object_index\",\"script_id\",\"line\","
	       "\"column\"]},\"node_count\":%" PRIu64 ",\"edge_count\":%" PRIu64
	       ",\"trace_function_count\":0,\"extra_native_bytes\":0},\n",
	       nodes, edges);
}

static uint64_t count_edges(const struct plan *plan)
{
	return 2 + 2 * CLASSES + plan->chunks + 1 + 2 * plan->chunks + plan->records +
	       24 * plan->records + 3 * (uint64_t)LIST_LENGTH - 1;
}

static void write_names(uint64_t records)
{
	printf("\"strings\":[");
	for (int i = 0; i < NAME_COUNT; i++)
		printf("%s\"%s\"", i ? ",\n" : "", names[i]);
	for (int i = 0; i < CLASSES; i++)
		printf(",\n\"Record%d\"", i);
	/* Every tenth is there a hundred times. */
	for (uint64_t i = 0; i < records; i++)
		printf(",\n\"the \\\"name\\\" of record %" PRIu64 ", as it was given\"",
		       i % 10 == 0 ? i / 1000 : i);
	printf("]}\n");
}

static void write_records(uint64_t nodes)
{
	struct plan plan = {.shapes = 3, .codes = 3 + CLASSES, .first_chunk = 3 + 2 * CLASSES};

	plan.records = nodes > LIST_LENGTH ? (nodes - LIST_LENGTH) / RECORD_NODES : 1;
	plan.chunks = (plan.records + PER_CHUNK - 1) / PER_CHUNK;
	plan.first_record = plan.first_chunk + 2 * plan.chunks;
	plan.first_list = plan.first_record + plan.records * RECORD_NODES;
	plan.count = plan.first_list + LIST_LENGTH;
	write_meta(plan.count, count_edges(&plan));
	printf("\"nodes\":[");
	write_all(&plan);
	printf("],\n\"edges\":[");
	plan.is_edges = true;
	write_all(&plan);
	printf("],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n"
	       "\"locations\":[],\n");
	write_names(plan.records);
	if (plan.nodes_written != plan.count || plan.edges != count_edges(&plan))
		abort();
}

#define TEXT_LENGTH 1024

static void write_strings(uint64_t bytes)
{
	const uint64_t count = bytes / TEXT_LENGTH;
	char text[TEXT_LENGTH];

	write_meta(count + 2, count + 1);
	printf("\"nodes\":[9,0,1,0,1,0,3,1,3,16,%" PRIu64 ",0", count);
	for (uint64_t i = 0; i < count; i++)
		printf(",2,%" PRIu64 ",%" PRIu64 ",1040,0,0", i + 2, 2 * i + 5);
	printf("],\n\"edges\":[5,1,%d", FIELDS);
	for (uint64_t i = 0; i < count; i++)
		printf(",1,%" PRIu64 ",%" PRIu64, i, (i + 2) * FIELDS);
	printf("],\n\"strings\":[\"\",\"global\"");
	memset(text, 'x', sizeof(text));
	for (uint64_t i = 0; i < count; i++)
		printf(",\n\"%020" PRIu64 "%.*s\"", i, TEXT_LENGTH - 20, text);
	printf("]}\n");
}

int main(int argc, char **argv)
{
	static char buffer[1 << 20];
	uint64_t number = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (number == 0) {
		fprintf(stderr, "usage: bench-snapshot records NODES | strings BYTES\n");
		return 2;
	}
	if (strcmp(argv[1], "records") == 0)
		write_records(number);
	else
		write_strings(number);
	return ferror(stdout) || fflush(stdout) != 0;
}
