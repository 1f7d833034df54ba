#include "source/snapshot/meta.h"

#include <jansson.h>
#include <string.h>

/* How many, or 0 when there are none or too many. */
static unsigned count_fields(const json_t *fields)
{
	size_t count = json_array_size(fields);

	return count <= NM_SNAPSHOT_FIELDS_MAX ? (unsigned)count : 0;
}

static unsigned find_field(const json_t *fields, const char *name)
{
	for (unsigned i = 0; i < count_fields(fields); i++) {
		const char *text = json_string_value(json_array_get(fields, i));

		if (text && strcmp(text, name) == 0)
			return i;
	}
	return NM_SNAPSHOT_NO_FIELD;
}

static bool has_all(const unsigned *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fields[i] == NM_SNAPSHOT_NO_FIELD)
			return false;
	return true;
}

static uint8_t find_node_kind(const char *name)
{
	for (int i = 0; i < NM_NODE_KIND_COUNT; i++)
		if (strcmp(nm_node_kind_name((enum nm_node_kind)i), name) == 0)
			return (uint8_t)i;
	return NM_SNAPSHOT_NO_TYPE;
}

static uint8_t find_edge_kind(const char *name)
{
	for (int i = 0; i < NM_EDGE_KIND_COUNT; i++)
		if (strcmp(nm_edge_kind_name((enum nm_edge_kind)i), name) == 0)
			return (uint8_t)i;
	return NM_SNAPSHOT_NO_TYPE;
}

/* The names of the types are a list in the place of the field "type". */
static void map_types(const json_t *types, unsigned field, uint8_t (*find)(const char *name),
		      uint8_t out[NM_SNAPSHOT_TYPES_MAX])
{
	const json_t *names = json_array_get(types, field);

	memset(out, NM_SNAPSHOT_NO_TYPE, NM_SNAPSHOT_TYPES_MAX);
	for (size_t i = 0; i < json_array_size(names) && i < NM_SNAPSHOT_TYPES_MAX; i++) {
		const char *name = json_string_value(json_array_get(names, i));

		if (name)
			out[i] = find(name);
	}
}

static bool parse_nodes(const json_t *meta, struct nm_snapshot_meta *out)
{
	const json_t *fields = json_object_get(meta, "node_fields");

	out->node_fields = count_fields(fields);
	out->node_type = find_field(fields, "type");
	out->node_name = find_field(fields, "name");
	out->node_id = find_field(fields, "id");
	out->node_size = find_field(fields, "self_size");
	out->node_edges = find_field(fields, "edge_count");
	out->node_detachedness = find_field(fields, "detachedness");
	map_types(json_object_get(meta, "node_types"), out->node_type, find_node_kind,
		  out->node_kinds);
	return has_all((const unsigned[]){out->node_type, out->node_name, out->node_id,
					  out->node_size, out->node_edges},
		       5);
}

static bool parse_edges(const json_t *meta, struct nm_snapshot_meta *out)
{
	const json_t *fields = json_object_get(meta, "edge_fields");

	out->edge_fields = count_fields(fields);
	out->edge_type = find_field(fields, "type");
	out->edge_name = find_field(fields, "name_or_index");
	out->edge_to = find_field(fields, "to_node");
	map_types(json_object_get(meta, "edge_types"), out->edge_type, find_edge_kind,
		  out->edge_kinds);
	return has_all((const unsigned[]){out->edge_type, out->edge_name, out->edge_to}, 3);
}

/* These need not be there. */
static void parse_locations(const json_t *meta, struct nm_snapshot_meta *out)
{
	const json_t *fields = json_object_get(meta, "location_fields");

	out->location_fields = count_fields(fields);
	out->location_node = find_field(fields, "object_index");
	out->location_script = find_field(fields, "script_id");
	out->location_line = find_field(fields, "line");
	out->location_column = find_field(fields, "column");
	if (!has_all((const unsigned[]){out->location_node, out->location_script,
					out->location_line, out->location_column},
		     4))
		out->location_fields = 0;
}

static bool get_count(const json_t *snapshot, const char *name, uint32_t maximum, uint32_t *out)
{
	const json_t *value = json_object_get(snapshot, name);
	json_int_t count = json_integer_value(value);

	if (!json_is_integer(value) || count < 0 || (uint64_t)count > maximum)
		return false;
	*out = (uint32_t)count;
	return true;
}

static const char *parse(const json_t *snapshot, struct nm_snapshot_meta *out)
{
	const json_t *meta = json_object_get(snapshot, "meta");
	const json_t *extra = json_object_get(snapshot, "extra_native_bytes");

	if (!json_is_object(meta))
		return "it has no \"meta\"";
	if (!parse_nodes(meta, out))
		return "its \"node_fields\" lack one of type, name, id, self_size, edge_count";
	if (!parse_edges(meta, out))
		return "its \"edge_fields\" lack one of type, name_or_index, to_node";
	parse_locations(meta, out);
	if (!get_count(snapshot, "node_count", NM_NODES_MAX, &out->node_count))
		return "its \"node_count\" is no number up to 4,294,967,294";
	if (!get_count(snapshot, "edge_count", NM_EDGES_MAX, &out->edge_count))
		return "its \"edge_count\" is no number up to 4,294,967,294";
	/* Of nodemem dump, which cannot know V8's. */
	out->has_stable_ids = !json_object_get(json_object_get(snapshot, "nodemem"), "ids");
	if (json_integer_value(extra) > 0)
		out->extra_bytes = (uint64_t)json_integer_value(extra);
	return NULL;
}

const char *nm_snapshot_meta_parse(const char *text, size_t length, struct nm_snapshot_meta *out)
{
	json_t *snapshot = json_loadb(text, length, 0, NULL);
	const char *wrong;

	memset(out, 0, sizeof(*out));
	wrong = json_is_object(snapshot) ? parse(snapshot, out) : "it is no JSON object";
	json_decref(snapshot);
	return wrong;
}
