#include "source/snapshot/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE (1u << 20)
#define ITEM_MAX    256 /* a number, or a piece of text that is put at once */

/* Numbers of a node in the file: type, name, id, self_size, edge_count, trace_node_id, detachedness. */
#define NODE_FIELDS 7

struct writer {
	const struct nm_graph *graph;
	int fd;
	char *buffer;
	size_t used;
	uint64_t bytes;
	int os_errno;	/* of the first write that failed */
	bool *is_shown; /* by name: stands anywhere but on a string; NULL: all are shown */
};

static void flush(struct writer *writer)
{
	for (size_t at = 0; at < writer->used && writer->os_errno == 0;) {
		ssize_t done = write(writer->fd, writer->buffer + at, writer->used - at);

		if (done >= 0)
			at += (size_t)done;
		else if (errno != EINTR)
			writer->os_errno = errno;
	}
	writer->bytes += writer->used;
	writer->used = 0;
}

static void put(struct writer *writer, const char *text, size_t length)
{
	if (BUFFER_SIZE - writer->used < length)
		flush(writer);
	memcpy(writer->buffer + writer->used, text, length);
	writer->used += length;
}

static void put_text(struct writer *writer, const char *text)
{
	size_t length = strlen(text);

	for (size_t at = 0; at < length; at += ITEM_MAX)
		put(writer, text + at, length - at < ITEM_MAX ? length - at : ITEM_MAX);
}

static void put_number(struct writer *writer, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	put(writer, digits + at, sizeof(digits) - at);
}

static void put_numbers(struct writer *writer, const uint64_t *numbers, size_t count, bool is_first)
{
	put(writer, is_first ? "" : ",\n", is_first ? 0 : 2);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			put(writer, ",", 1);
		put_number(writer, numbers[i]);
	}
}

static void put_head(struct writer *writer)
{
	put_text(writer, "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\","
			 "\"self_size\",\"edge_count\",\"trace_node_id\",\"detachedness\"],"
			 "\"node_types\":[[");
	for (int i = 0; i < NM_NODE_KIND_COUNT; i++) {
		put_text(writer, i ? ",\"" : "\"");
		put_text(writer, nm_node_kind_name((enum nm_node_kind)i));
		put_text(writer, "\"");
	}
	put_text(writer, "],\"string\",\"number\",\"number\",\"number\",\"number\",\"number\"],"
			 "\"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"],"
			 "\"edge_types\":[[");
	for (int i = 0; i < NM_EDGE_KIND_COUNT; i++) {
		put_text(writer, i ? ",\"" : "\"");
		put_text(writer, nm_edge_kind_name((enum nm_edge_kind)i));
		put_text(writer, "\"");
	}
	put_text(writer, "],\"string_or_number\",\"node\"],\"trace_function_info_fields\":["
			 "\"function_id\",\"name\",\"script_name\",\"script_id\",\"line\","
			 "\"column\"],\"trace_node_fields\":[\"id\",\"function_info_index\","
			 "\"count\",\"size\",\"children\"],\"sample_fields\":[\"timestamp_us\","
			 "\"last_assigned_id\"],\"location_fields\":[\"object_index\","
			 "\"script_id\",\"line\",\"column\"]},\"node_count\":");
	put_number(writer, writer->graph->node_count);
	put_text(writer, ",\"edge_count\":");
	put_number(writer, writer->graph->edge_count);
	put_text(writer, ",\"trace_function_count\":0},\n");
}

static void put_nodes(struct writer *writer)
{
	const struct nm_graph *graph = writer->graph;

	put_text(writer, "\"nodes\":[");
	for (uint32_t i = 0; i < graph->node_count && writer->os_errno == 0; i++) {
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
	put_text(writer, "],\n\"edges\":[");
	for (uint32_t i = 0; i < graph->edge_count && writer->os_errno == 0; i++) {
		const uint64_t numbers[] = {graph->edge_kind[i], graph->edge_name[i],
					    UINT64_C(1) * NODE_FIELDS * graph->edge_to[i]};

		put_numbers(writer, numbers, 3, i == 0);
	}
}

static void put_escaped(struct writer *writer, const char *text, size_t length)
{
	char escape[8];

	put(writer, "\"", 1);
	for (size_t at = 0, start = 0; at <= length; at++) {
		const unsigned char c = (unsigned char)text[at];
		const bool is_end = at == length || at - start == ITEM_MAX;
		const bool is_special = at < length && (c < 0x20 || c == '"' || c == '\\');

		if (!is_end && !is_special)
			continue;
		put(writer, text + start, at - start);
		start = at;
		if (!is_special)
			continue;
		snprintf(escape, sizeof(escape), c < 0x20 ? "\\u%04x" : "\\%c", c);
		put(writer, escape, strlen(escape));
		start = at + 1;
	}
	put(writer, "\"", 1);
}

static void put_strings(struct writer *writer)
{
	const struct nm_intern *names = &writer->graph->names;

	put_text(writer, "],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n"
			 "\"locations\":[],\n\"strings\":[");
	for (uint32_t i = 0; i < names->count && writer->os_errno == 0; i++) {
		size_t length;
		const char *text = nm_intern_get(names, i, &length);

		put(writer, ",\n", i ? 2 : 0);
		if (writer->is_shown && !writer->is_shown[i])
			put_escaped(writer, "(redacted)", 10);
		else
			put_escaped(writer, text, length);
	}
	put_text(writer, "]}\n");
}

static bool is_string(enum nm_node_kind kind)
{
	return kind == NM_NODE_STRING || kind == NM_NODE_SLICED || kind == NM_NODE_CONCATENATED;
}

/* Names of classes, functions and properties are the graph; what only strings say is not. */
static bool find_shown(struct writer *writer)
{
	const struct nm_graph *graph = writer->graph;

	writer->is_shown = calloc((size_t)graph->names.count + 1, sizeof(*writer->is_shown));
	if (!writer->is_shown)
		return false;
	for (uint32_t i = 0; i < graph->node_count; i++)
		if (!is_string((enum nm_node_kind)graph->kind[i]))
			writer->is_shown[graph->name[i]] = true;
	for (uint32_t i = 0; i < graph->edge_count; i++)
		if (!nm_edge_has_index((enum nm_edge_kind)graph->edge_kind[i]))
			writer->is_shown[graph->edge_name[i]] = true;
	return true;
}

static int write_all(struct writer *writer, const char *path, const char *part,
		     struct nm_error *err)
{
	put_head(writer);
	put_nodes(writer);
	put_strings(writer);
	flush(writer);
	if (writer->os_errno == 0 && close(writer->fd) != 0)
		writer->os_errno = errno;
	else if (writer->os_errno != 0)
		close(writer->fd);
	if (writer->os_errno == 0 && rename(part, path) != 0)
		writer->os_errno = errno;
	if (writer->os_errno == 0)
		return NM_OK;
	unlink(part);
	return nm_error_set_errno(err, NM_E_IO, writer->os_errno, "cannot write %s", path);
}

/* A device or a pipe must not be replaced. */
static bool can_replace(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) != 0 || S_ISREG(stat.st_mode);
}

int nm_snapshot_write(const struct nm_graph *graph, const char *path, bool redact,
		      struct nm_snapshot_written *out, struct nm_error *err)
{
	struct writer writer = {.graph = graph, .buffer = malloc(BUFFER_SIZE)};
	char *part = malloc(strlen(path) + sizeof(".part"));
	int status;

	if (!writer.buffer || !part || (redact && !find_shown(&writer))) {
		status = nm_error_nomem(err);
		goto out;
	}
	if (!can_replace(path)) {
		status = nm_error_set(err, NM_E_IO, "cannot write %s: it is no plain file", path);
		goto out;
	}
	memcpy(part, path, strlen(path));
	memcpy(part + strlen(path), ".part", sizeof(".part"));
	/* What is in a heap is nobody else's. */
	writer.fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (writer.fd < 0) {
		status = nm_error_set_errno(err, NM_E_IO, errno, "cannot create %s", part);
		goto out;
	}
	status = write_all(&writer, path, part, err);
	out->bytes = writer.bytes;
out:
	free(writer.is_shown);
	free(writer.buffer);
	free(part);
	return status;
}
