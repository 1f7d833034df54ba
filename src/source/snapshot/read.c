#include "source/snapshot/read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "source/snapshot/meta.h"
#include "source/snapshot/scan.h"

/* Of what a file claims to hold, so much gets room before it is seen. */
#define ROOM_FIRST (1u << 20)
#define META_MAX   ((size_t)1 << 20)
#define KEY_MAX	   256
/* V8 cuts texts off at 1,024 characters, unless it is told otherwise. */
#define TEXT_MAX ((size_t)1 << 30)

struct reading {
	struct nm_scan scan;
	struct nm_snapshot_meta meta;
	struct nm_graph *graph;
	bool has_meta, has_nodes, has_edges, has_strings;
	bool is_out_of_memory;
	uint64_t edges_claimed;	    /* by all nodes */
	uint64_t name_max, name_at; /* the highest number of a text, and where in the file */
};

static bool fail(struct reading *reading, const char *wrong)
{
	return nm_scan_fail(&reading->scan, wrong);
}

static bool lack_memory(struct reading *reading)
{
	reading->is_out_of_memory = true;
	return fail(reading, "out of memory");
}

static bool read_meta(struct reading *reading)
{
	struct nm_strbuf text;
	const char *wrong = NULL;
	bool is_good = nm_scan_copy(&reading->scan, META_MAX, &text);

	if (is_good)
		wrong = nm_snapshot_meta_parse(nm_strbuf_get(&text), text.length, &reading->meta);
	nm_strbuf_done(&text);
	reading->has_meta = is_good && !wrong;
	reading->graph->extra_bytes = reading->meta.extra_bytes;
	reading->graph->has_stable_ids = reading->meta.has_stable_ids;
	return is_good && (!wrong || fail(reading, wrong));
}

/* The number at `*at`, which is moved on, and the comma behind it, which only the last has not. */
static bool read_careful(struct nm_scan *scan, bool is_last, const unsigned char **at,
			 uint64_t *out)
{
	bool is_good;

	scan->at = *at;
	is_good = nm_scan_number(scan, INT64_MAX, out) &&
		  (is_last || nm_scan_goes_on(scan, ']') ||
		   nm_scan_fail(scan, "there are fewer than were announced"));
	*at = scan->at;
	return is_good;
}

/* The numbers of one record. `is_last`: of all. */
static inline bool read_record(struct nm_scan *scan, unsigned fields, bool is_last, uint64_t *out)
{
	const unsigned char *at = scan->at;

	for (unsigned i = 0; i < fields; i++) {
		const bool has_comma = i + 1 < fields || !is_last;
		const unsigned char *next = has_comma ? nm_scan_quick(at, &out[i]) : NULL;

		if (!next && !read_careful(scan, !has_comma, &at, &out[i]))
			return false;
		if (next)
			at = next;
	}
	scan->at = at;
	return true;
}

static void note_name(struct reading *reading, uint64_t name)
{
	if (name < reading->name_max)
		return;
	reading->name_max = name + 1;
	reading->name_at = nm_scan_offset(&reading->scan);
}

static bool add_node(struct reading *reading, uint32_t node, const uint64_t *record)
{
	const struct nm_snapshot_meta *meta = &reading->meta;
	struct nm_graph *graph = reading->graph;
	const uint64_t type = record[meta->node_type];
	const uint8_t kind =
		type < NM_SNAPSHOT_TYPES_MAX ? meta->node_kinds[type] : NM_SNAPSHOT_NO_TYPE;

	if (kind == NM_SNAPSHOT_NO_TYPE)
		return fail(reading, "the type of a node is not known");
	if (record[meta->node_id] > UINT32_MAX || record[meta->node_name] > UINT32_MAX)
		return fail(reading, "the id or the name of a node is too large a number");
	reading->edges_claimed += record[meta->node_edges];
	if (record[meta->node_edges] > NM_EDGES_MAX || reading->edges_claimed > meta->edge_count)
		return fail(reading, "the nodes have more edges than the file");
	note_name(reading, record[meta->node_name]);
	graph->kind[node] = kind;
	graph->name[node] = (uint32_t)record[meta->node_name];
	graph->id[node] = (uint32_t)record[meta->node_id];
	graph->size[node] = record[meta->node_size];
	graph->detachedness[node] = 0;
	if (meta->node_detachedness != NM_SNAPSHOT_NO_FIELD)
		graph->detachedness[node] = (uint8_t)(record[meta->node_detachedness] & 3);
	graph->first_edge[node + 1] = (uint32_t)reading->edges_claimed;
	graph->node_count = node + 1;
	return true;
}

static uint32_t room_after(uint32_t room, uint32_t claimed)
{
	uint64_t more = room ? 2 * (uint64_t)room : ROOM_FIRST;

	return more < claimed ? (uint32_t)more : claimed;
}

static bool make_node_room(struct reading *reading, uint32_t node)
{
	struct nm_graph *graph = reading->graph;

	if (node + UINT64_C(1) < graph->node_room)
		return true;
	return nm_graph_reserve(graph, room_after(node, reading->meta.node_count), 0) ||
	       lack_memory(reading);
}

static bool read_nodes(struct reading *reading)
{
	const uint32_t count = reading->meta.node_count;
	uint64_t record[NM_SNAPSHOT_FIELDS_MAX];

	if (!reading->has_meta || reading->has_nodes)
		return fail(reading, "the nodes come twice, or before the description of the file");
	if (count == 0)
		return fail(reading, "there are no nodes");
	if (!nm_scan_take(&reading->scan, '[', "a list of nodes was expected"))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!make_node_room(reading, i))
			return false;
		if (i == 0)
			reading->graph->first_edge[0] = 0;
		if (!read_record(&reading->scan, reading->meta.node_fields, i + 1 == count,
				 record) ||
		    !add_node(reading, i, record))
			return false;
	}
	reading->has_nodes = true;
	if (reading->edges_claimed != reading->meta.edge_count)
		return fail(reading, "the nodes have fewer edges than the file");
	return nm_scan_take(&reading->scan, ']', "there are more nodes than were announced");
}

/* The node whose first number is at that place of the list; constants divide fast. */
static inline uint64_t node_at(uint64_t place, unsigned fields, uint64_t *out_rest)
{
	uint64_t node;

	switch (fields) {
	case 6:
		node = place / 6;
		break;
	case 7:
		node = place / 7;
		break;
	default:
		node = place / fields;
		break;
	}
	*out_rest = place - node * fields;
	return node;
}

static bool add_edge(struct reading *reading, uint32_t edge, const uint64_t *record)
{
	const struct nm_snapshot_meta *meta = &reading->meta;
	struct nm_graph *graph = reading->graph;
	const uint64_t type = record[meta->edge_type], name = record[meta->edge_name];
	const uint8_t kind =
		type < NM_SNAPSHOT_TYPES_MAX ? meta->edge_kinds[type] : NM_SNAPSHOT_NO_TYPE;
	uint64_t rest, to = node_at(record[meta->edge_to], meta->node_fields, &rest);

	if (kind == NM_SNAPSHOT_NO_TYPE)
		return fail(reading, "the type of an edge is not known");
	if (rest != 0 || to >= meta->node_count)
		return fail(reading, "an edge leads to no node");
	if (name > UINT32_MAX)
		return fail(reading, "the name of an edge is too large a number");
	if (!nm_edge_has_index((enum nm_edge_kind)kind))
		note_name(reading, name);
	graph->edge_kind[edge] = kind;
	graph->edge_name[edge] = (uint32_t)name;
	graph->edge_to[edge] = (nm_node)to;
	graph->edge_count = edge + 1;
	return true;
}

static bool make_edge_room(struct reading *reading, uint32_t edge)
{
	struct nm_graph *graph = reading->graph;

	if (edge + UINT64_C(1) < graph->edge_room)
		return true;
	return nm_graph_reserve(graph, 0, room_after(edge, reading->meta.edge_count)) ||
	       lack_memory(reading);
}

static bool read_edges(struct reading *reading)
{
	const uint32_t count = reading->meta.edge_count;
	uint64_t record[NM_SNAPSHOT_FIELDS_MAX];

	if (!reading->has_nodes || reading->has_edges)
		return fail(reading, "the edges come twice, or before the nodes");
	if (!nm_scan_take(&reading->scan, '[', "a list of edges was expected"))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!make_edge_room(reading, i) ||
		    !read_record(&reading->scan, reading->meta.edge_fields, i + 1 == count,
				 record) ||
		    !add_edge(reading, i, record))
			return false;
	reading->has_edges = true;
	return nm_scan_take(&reading->scan, ']', "there are more edges than were announced");
}

/* Lines and columns are below 0 where they are not known. */
static bool read_location_number(struct nm_scan *scan, uint64_t *out)
{
	bool is_negative = nm_scan_peek(scan) == '-';

	if (is_negative)
		scan->at++;
	if (!nm_scan_number(scan, INT64_MAX, out))
		return false;
	if (is_negative)
		*out = UINT64_MAX;
	return true;
}

static bool add_location(struct reading *reading, const uint64_t *record)
{
	const struct nm_snapshot_meta *meta = &reading->meta;
	uint64_t rest, node = node_at(record[meta->location_node], meta->node_fields, &rest);
	const uint64_t script = record[meta->location_script], line = record[meta->location_line],
		       column = record[meta->location_column];

	if (rest != 0 || node >= meta->node_count)
		return fail(reading, "a location is of no node");
	if (script > UINT32_MAX || line > UINT32_MAX || column > UINT32_MAX)
		return true;
	nm_graph_put_location(reading->graph,
			      &(struct nm_graph_location){.node = (nm_node)node,
							  .script_id = (uint32_t)script,
							  .line = (uint32_t)line,
							  .column = (uint32_t)column});
	return !reading->graph->failed || lack_memory(reading);
}

static bool read_locations(struct reading *reading)
{
	struct nm_scan *scan = &reading->scan;
	uint64_t record[NM_SNAPSHOT_FIELDS_MAX];
	const unsigned fields = reading->meta.location_fields;
	bool goes_on;

	if (!reading->has_nodes || fields == 0)
		return nm_scan_skip(scan);
	if (!nm_scan_take(scan, '[', "a list of locations was expected"))
		return false;
	goes_on = nm_scan_peek(scan) != ']';
	if (!goes_on)
		scan->at++;
	while (goes_on) {
		for (unsigned i = 0; i < fields; i++) {
			if (!read_location_number(scan, &record[i]))
				return false;
			goes_on = nm_scan_goes_on(scan, ']');
			if (scan->wrong || (!goes_on && i + 1 < fields))
				return fail(reading, "a location is not whole");
		}
		if (!add_location(reading, record))
			return false;
	}
	return true;
}

static bool read_string(struct reading *reading, struct nm_strbuf *escaped)
{
	const char *text;
	size_t length;

	if (!nm_scan_plain_text(&reading->scan, &text, &length)) {
		nm_strbuf_clear(escaped);
		if (!nm_scan_text(&reading->scan, escaped))
			return false;
		if (escaped->failed)
			return lack_memory(reading);
		text = nm_strbuf_get(escaped);
		length = escaped->length;
	}
	return nm_intern_append(&reading->graph->names, text, length) != NM_INTERN_NONE ||
	       lack_memory(reading);
}

static bool read_strings(struct reading *reading)
{
	struct nm_scan *scan = &reading->scan;
	struct nm_strbuf escaped;
	bool is_good = true;

	if (!nm_scan_take(scan, '[', "a list of texts was expected"))
		return false;
	reading->has_strings = true;
	if (nm_scan_peek(scan) == ']') {
		scan->at++;
		return true;
	}
	nm_strbuf_init(&escaped, TEXT_MAX);
	do
		is_good = read_string(reading, &escaped);
	while (is_good && nm_scan_goes_on(scan, ']'));
	nm_strbuf_done(&escaped);
	return is_good && !scan->wrong;
}

static bool read_section(struct reading *reading, const char *key)
{
	if (strcmp(key, "snapshot") == 0)
		return read_meta(reading);
	if (strcmp(key, "nodes") == 0)
		return read_nodes(reading);
	if (strcmp(key, "edges") == 0)
		return read_edges(reading);
	if (strcmp(key, "locations") == 0)
		return read_locations(reading);
	if (strcmp(key, "strings") == 0)
		return read_strings(reading);
	return nm_scan_skip(&reading->scan);
}

static bool read_sections(struct reading *reading)
{
	struct nm_scan *scan = &reading->scan;
	struct nm_strbuf key;
	bool is_good = nm_scan_take(scan, '{', "it begins neither as one nor as a core file");

	nm_strbuf_init(&key, KEY_MAX);
	while (is_good) {
		nm_strbuf_clear(&key);
		is_good = nm_scan_text(scan, &key) && !key.failed &&
			  nm_scan_take(scan, ':', "a colon was expected") &&
			  read_section(reading, nm_strbuf_get(&key));
		if (is_good && !nm_scan_goes_on(scan, '}'))
			break;
	}
	nm_strbuf_done(&key);
	if (!is_good || scan->wrong)
		return fail(reading, "the name of a section is not whole");
	if (!reading->has_nodes || !reading->has_edges || !reading->has_strings)
		return fail(reading, "it has no nodes, no edges or no texts");
	/* Only at their end do compressed data prove that they are whole. */
	if (nm_scan_peek(scan) != 0 || scan->has_input_failed)
		return fail(reading, "something follows the snapshot");
	return true;
}

/* Texts come last. */
static int check_names(const struct reading *reading, const char *path, struct nm_error *err)
{
	if (reading->name_max <= reading->graph->names.count)
		return NM_OK;
	return nm_error_set(err, NM_E_CORRUPT,
			    "%s is no whole heap snapshot: at byte %" PRIu64 ": text %" PRIu64
			    " is named, and there are %u",
			    path, reading->name_at, reading->name_max - 1,
			    reading->graph->names.count);
}

static bool is_empty(const struct nm_scan *scan)
{
	return scan->is_at_end && !scan->has_input_failed && nm_scan_offset(scan) == 0 &&
	       scan->at == scan->end;
}

static int read_all(struct reading *reading, const char *path, struct nm_error *err)
{
	int status;

	if (!read_sections(reading)) {
		if (reading->is_out_of_memory)
			return nm_error_nomem(err);
		return is_empty(&reading->scan)
			       ? nm_error_set(err, NM_E_CORRUPT,
					      "%s is empty: V8 writes a snapshot only when it is "
					      "complete, and was ended before that",
					      path)
			       : nm_scan_error(&reading->scan, path, err);
	}
	status = check_names(reading, path, err);
	return status == NM_OK ? nm_graph_finish(reading->graph, err) : status;
}

int nm_snapshot_read(const char *path, struct nm_graph **out, struct nm_error *err)
{
	struct reading reading = {.graph = nm_graph_new()};
	struct nm_input *input = NULL;
	int status = reading.graph ? nm_input_open(path, &input, err) : nm_error_nomem(err);

	*out = NULL;
	if (status == NM_OK)
		status = nm_scan_init(&reading.scan, input, err);
	if (status == NM_OK)
		status = read_all(&reading, path, err);
	nm_scan_done(&reading.scan);
	nm_input_close(input);
	if (status == NM_OK)
		*out = reading.graph;
	else
		nm_graph_free(reading.graph);
	return status;
}

bool nm_snapshot_is_one(const char *path)
{
	struct nm_input *input = NULL;
	struct nm_scan scan;
	const char *key;
	size_t length;
	bool is_one = false;

	if (nm_input_open(path, &input, NULL) != NM_OK)
		return false;
	if (nm_scan_init(&scan, input, NULL) == NM_OK)
		is_one = nm_scan_take(&scan, '{', "") && nm_scan_plain_text(&scan, &key, &length) &&
			 length == strlen("snapshot") && memcmp(key, "snapshot", length) == 0;
	nm_scan_done(&scan);
	nm_input_close(input);
	return is_one;
}
