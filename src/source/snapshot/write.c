#include "source/snapshot/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/snapshot/output.h"
#include "source/snapshot/redact.h"

/* Numbers of a node in the file: type, name, id, self_size, edge_count, trace_node_id, detachedness. */
#define NODE_FIELDS 7

struct writer {
	const struct nm_graph *graph;
	struct nm_output *output;
	struct nm_redact redact;
	bool *is_shown; /* by name: stands anywhere but on a string; NULL: all are shown */
};

static void put_numbers(struct writer *writer, const uint64_t *numbers, size_t count, bool is_first)
{
	nm_output_put(writer->output, is_first ? "" : ",\n", is_first ? 0 : 2);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			nm_output_put(writer->output, ",", 1);
		nm_output_number(writer->output, numbers[i]);
	}
}

static void put_head(struct writer *writer)
{
	nm_output_text(writer->output,
		       "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\","
		       "\"self_size\",\"edge_count\",\"trace_node_id\",\"detachedness\"],"
		       "\"node_types\":[[");
	for (int i = 0; i < NM_NODE_KIND_COUNT; i++) {
		nm_output_text(writer->output, i ? ",\"" : "\"");
		nm_output_text(writer->output, nm_node_kind_name((enum nm_node_kind)i));
		nm_output_text(writer->output, "\"");
	}
	nm_output_text(writer->output,
		       "],\"string\",\"number\",\"number\",\"number\",\"number\",\"number\"],"
		       "\"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"],"
		       "\"edge_types\":[[");
	for (int i = 0; i < NM_EDGE_KIND_COUNT; i++) {
		nm_output_text(writer->output, i ? ",\"" : "\"");
		nm_output_text(writer->output, nm_edge_kind_name((enum nm_edge_kind)i));
		nm_output_text(writer->output, "\"");
	}
	nm_output_text(writer->output,
		       "],\"string_or_number\",\"node\"],\"trace_function_info_fields\":["
		       "\"function_id\",\"name\",\"script_name\",\"script_id\",\"line\","
		       "\"column\"],\"trace_node_fields\":[\"id\",\"function_info_index\","
		       "\"count\",\"size\",\"children\"],\"sample_fields\":[\"timestamp_us\","
		       "\"last_assigned_id\"],\"location_fields\":[\"object_index\","
		       "\"script_id\",\"line\",\"column\"]},\"node_count\":");
	nm_output_number(writer->output, writer->graph->node_count);
	nm_output_text(writer->output, ",\"edge_count\":");
	nm_output_number(writer->output, writer->graph->edge_count);
	/* For whoever looks: what DevTools shows as a comparison of two such files means nothing. */
	nm_output_text(writer->output,
		       ",\"trace_function_count\":0,\"nodemem\":{\"ids\":\"by order: not "
		       "the same in the next snapshot\"}},\n");
}

static void put_nodes(struct writer *writer)
{
	const struct nm_graph *graph = writer->graph;

	nm_output_text(writer->output, "\"nodes\":[");
	for (uint32_t i = 0; i < graph->node_count && nm_output_is_good(writer->output); i++) {
		const uint64_t numbers[NODE_FIELDS] = {
			graph->kind[i],
			graph->name[i],
			graph->id[i],
			graph->size[i],
			graph->first_edge[i + 1] - graph->first_edge[i],
			0,
			graph->detachedness[i],
		};

		put_numbers(writer, numbers, NODE_FIELDS, i == 0);
	}
	nm_output_text(writer->output, "],\n\"edges\":[");
	for (uint32_t i = 0; i < graph->edge_count && nm_output_is_good(writer->output); i++) {
		const uint64_t numbers[] = {graph->edge_kind[i], graph->edge_name[i],
					    UINT64_C(1) * NODE_FIELDS * graph->edge_to[i]};

		put_numbers(writer, numbers, 3, i == 0);
	}
}

static void put_escaped(struct nm_output *output, const char *text, size_t length)
{
	char escape[8];
	size_t start = 0;

	nm_output_put(output, "\"", 1);
	for (size_t at = 0; at < length; at++) {
		const unsigned char c = (unsigned char)text[at];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		nm_output_put(output, text + start, at - start);
		snprintf(escape, sizeof(escape), c < 0x20 ? "\\u%04x" : "\\%c", c);
		nm_output_text(output, escape);
		start = at + 1;
	}
	nm_output_put(output, text + start, length - start);
	nm_output_put(output, "\"", 1);
}

static void put_redacted(struct writer *writer, const char *text, size_t length)
{
	char instead[NM_REDACT_ROOM];

	nm_redact_text(&writer->redact, text, length, instead);
	put_escaped(writer->output, instead, strlen(instead));
}

static void put_locations(struct writer *writer)
{
	const struct nm_graph *graph = writer->graph;

	nm_output_text(writer->output, "\"locations\":[");
	for (uint32_t i = 0; i < graph->location_count && nm_output_is_good(writer->output); i++) {
		const struct nm_graph_location *location = &graph->locations[i];
		const uint64_t numbers[] = {UINT64_C(1) * NODE_FIELDS * location->node,
					    location->script_id, location->line, location->column};

		put_numbers(writer, numbers, 4, i == 0);
	}
	nm_output_text(writer->output, "],\n");
}

static void put_strings(struct writer *writer)
{
	const struct nm_intern *names = &writer->graph->names;

	nm_output_text(writer->output,
		       "],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n");
	put_locations(writer);
	nm_output_text(writer->output, "\"strings\":[");
	for (uint32_t i = 0; i < names->count && nm_output_is_good(writer->output); i++) {
		size_t length;
		const char *text = nm_intern_get(names, i, &length);

		nm_output_put(writer->output, ",\n", i ? 2 : 0);
		if (writer->is_shown && !writer->is_shown[i])
			put_redacted(writer, text, length);
		else
			put_escaped(writer->output, text, length);
	}
	nm_output_text(writer->output, "]}\n");
}

/* Is the name what the program's data say? Of a symbol it is the description, of a regular expression
   the source. */
static bool is_named_by_data(enum nm_node_kind kind)
{
	return kind == NM_NODE_STRING || kind == NM_NODE_SLICED || kind == NM_NODE_CONCATENATED ||
	       kind == NM_NODE_SYMBOL || kind == NM_NODE_REGEXP;
}

/* Names of classes, functions and properties are the graph; what only strings say is not. */
static bool find_shown(struct writer *writer)
{
	const struct nm_graph *graph = writer->graph;

	writer->is_shown = calloc((size_t)graph->names.count + 1, sizeof(*writer->is_shown));
	if (!writer->is_shown)
		return false;
	for (uint32_t i = 0; i < graph->node_count; i++)
		if (!is_named_by_data((enum nm_node_kind)graph->kind[i]))
			writer->is_shown[graph->name[i]] = true;
	for (uint32_t i = 0; i < graph->edge_count; i++)
		if (!nm_edge_has_index((enum nm_edge_kind)graph->edge_kind[i]))
			writer->is_shown[graph->edge_name[i]] = true;
	return true;
}

int nm_snapshot_write(const struct nm_graph *graph, const char *path, bool redact,
		      struct nm_snapshot_written *out, struct nm_error *err)
{
	struct writer writer = {.graph = graph};
	int status = redact ? nm_redact_init(&writer.redact, err) : NM_OK;

	if (status != NM_OK)
		return status;
	if (redact && !find_shown(&writer))
		return nm_error_nomem(err);
	status = nm_output_open(path, &writer.output, err);
	if (status == NM_OK) {
		put_head(&writer);
		put_nodes(&writer);
		put_strings(&writer);
		status = nm_output_close(writer.output, &out->bytes, err);
	}
	free(writer.is_shown);
	return status;
}
