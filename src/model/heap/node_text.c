#include "model/heap/node_text.h"

#include <stdlib.h>

/* V8 writes the parts of a string among its first few edges; a file may have any number. */
#define PART_EDGES 64

/* DevTools shows plain objects by names of properties that take so many units with what is between. */
#define OBJECT_UNITS 100

size_t nm_text_units(const char *text, size_t length)
{
	size_t units = 0;

	/* One for each character, and one more for those of 4 bytes. */
	for (size_t i = 0; i < length; i++) {
		const unsigned char byte = (unsigned char)text[i];

		units += (size_t)((byte & 0xc0) != 0x80) + (byte >= 0xf0);
	}
	return units;
}

/* Is there, in WTF-8, half of a pair, and which one? */
static bool is_half(const char *text, unsigned char low, unsigned char high)
{
	const unsigned char second = (unsigned char)text[1];

	return (unsigned char)text[0] == 0xed && second >= low && second <= high;
}

/* As JSON.stringify() quotes. */
static void add_quoted(struct nm_strbuf *out, const char *text, size_t length)
{
	static const char plain[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";

	nm_strbuf_adds(out, "\"");
	for (size_t i = 0; i < length; i++) {
		const unsigned char byte = (unsigned char)text[i];
		const char *found = byte ? strchr(plain, byte) : NULL;

		if (found) {
			nm_strbuf_addf(out, "\\%c", letters[found - plain]);
		} else if (byte < 0x20) {
			nm_strbuf_addf(out, "\\u%04x", byte);
		} else if (length - i >= 3 && is_half(text + i, 0xa0, 0xbf)) {
			nm_strbuf_addf(out, "\\u%04x",
				       0xd000u | ((unsigned char)text[i + 1] & 0x3fu) << 6 |
					       ((unsigned char)text[i + 2] & 0x3fu));
			i += 2;
		} else {
			nm_strbuf_add(out, text + i, 1);
		}
	}
	nm_strbuf_adds(out, "\"");
}

void nm_text_add_property(struct nm_strbuf *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] != '\0' && strchr(",'\"{}", text[i])) {
			add_quoted(out, text, length);
			return;
		}
	nm_strbuf_add(out, text, length);
}

static void add_edge_name(struct nm_strbuf *out, const struct nm_graph *graph, uint32_t edge)
{
	size_t length;
	const char *text = nm_intern_get(&graph->names, graph->edge_name[edge], &length);

	nm_text_add_property(out, text, length);
}

/* The properties which still fit, taken from the front and the back in turn. `back` has those of the
   back, the last one first. */
static void choose_properties(const struct nm_graph *graph, nm_node node, struct nm_strbuf *front,
			      struct nm_strbuf *one, uint32_t *from, uint32_t *back,
			      size_t *back_count)
{
	uint32_t start = graph->first_edge[node], end = graph->first_edge[node + 1];
	size_t units = 2;
	bool is_back = false;

	while (start < end) {
		const uint32_t edge = is_back ? end - 1 : start;
		const bool counts = nm_is_own_property(graph, edge);

		if (counts) {
			const size_t separator =
				(is_back ? *back_count > 0 : front->length > 1) ? 2 : 0;
			size_t more;

			nm_strbuf_clear(one);
			add_edge_name(one, graph, edge);
			more = nm_text_units(nm_strbuf_get(one), one->length);
			if (front->length > 1 && units + more > OBJECT_UNITS)
				break;
			units += more + separator;
			if (is_back) {
				back[(*back_count)++] = edge;
			} else {
				nm_strbuf_add(front, ", ", separator);
				nm_strbuf_add(front, nm_strbuf_get(one), one->length);
			}
		}
		if (is_back)
			end--;
		else
			start++;
		/* Empty names take no room: more of them than there is room for separators say nothing. */
		if (*back_count == OBJECT_UNITS)
			break;
		is_back ^= counts;
	}
	*from = end - start;
}

static void add_object(struct nm_strbuf *out, const struct nm_graph *graph, nm_node node)
{
	struct nm_strbuf front, one;
	uint32_t back[OBJECT_UNITS], left;
	size_t back_count = 0;

	nm_strbuf_init(&front, SIZE_MAX / 2);
	nm_strbuf_init(&one, SIZE_MAX / 2);
	nm_strbuf_adds(&front, "{");
	choose_properties(graph, node, &front, &one, &left, back, &back_count);
	nm_strbuf_add(out, nm_strbuf_get(&front), front.length);
	if (left > 0)
		nm_strbuf_adds(out, ", \xe2\x80\xa6");
	for (size_t i = back_count; i > 0; i--) {
		nm_strbuf_adds(out, ", ");
		add_edge_name(out, graph, back[i - 1]);
	}
	nm_strbuf_adds(out, "}");
	out->failed |= front.failed || one.failed;
	nm_strbuf_done(&front);
	nm_strbuf_done(&one);
}

void nm_cons_parts(const struct nm_graph *graph, nm_node node, nm_node parts[2])
{
	const uint32_t first = graph->first_edge[node];
	uint32_t end = graph->first_edge[node + 1];

	if (end - first > PART_EDGES)
		end = first + PART_EDGES;
	parts[0] = parts[1] = 0;
	for (uint32_t i = first; i < end; i++) {
		if (graph->edge_kind[i] != NM_EDGE_INTERNAL)
			continue;
		if (nm_name_is(graph, graph->edge_name[i], "first"))
			parts[0] = graph->edge_to[i];
		else if (nm_name_is(graph, graph->edge_name[i], "second"))
			parts[1] = graph->edge_to[i];
		if (parts[0] != 0 && parts[1] != 0)
			return;
	}
}

/* Append; two halves of a pair that meet become the character. */
static void add_part(struct nm_strbuf *out, const char *text, size_t length)
{
	if (length >= 3 && out->length >= 3 && is_half(text, 0xb0, 0xbf) &&
	    is_half(out->text + out->length - 3, 0xa0, 0xaf)) {
		const unsigned char *high = (unsigned char *)out->text + out->length - 3;
		const uint32_t code =
			0x10000 + (((high[1] & 0x0fu) << 6 | (high[2] & 0x3fu)) << 10 |
				   ((unsigned char)text[1] & 0x0fu) << 6 |
				   ((unsigned char)text[2] & 0x3fu));
		const char pair[4] = {(char)(0xf0 | code >> 18), (char)(0x80 | (code >> 12 & 0x3f)),
				      (char)(0x80 | (code >> 6 & 0x3f)),
				      (char)(0x80 | (code & 0x3f))};

		out->length -= 3;
		nm_strbuf_add(out, pair, sizeof(pair));
		text += 3;
		length -= 3;
	}
	nm_strbuf_add(out, text, length);
}

static bool reserve_waiting(struct nm_flatten *flatten)
{
	nm_node *more;

	if (flatten->depth + 2 <= flatten->room)
		return true;
	more = realloc(flatten->waiting, (2 * flatten->room + 64) * sizeof(*more));
	if (!more) {
		flatten->failed = true;
		return false;
	}
	flatten->waiting = more;
	flatten->room = 2 * flatten->room + 64;
	return true;
}

size_t nm_flatten_add(struct nm_flatten *flatten, struct nm_strbuf *out, nm_node node, size_t steps)
{
	const struct nm_graph *graph = flatten->graph;
	size_t units = 0;

	flatten->depth = 0;
	if (!reserve_waiting(flatten))
		return 0;
	flatten->waiting[flatten->depth++] = node;
	while (flatten->depth > 0 && units < NM_TEXT_UNITS) {
		nm_node at = flatten->waiting[--flatten->depth], parts[2];

		if (flatten->same && flatten->same[at] != NM_NO_NODE)
			at = flatten->same[at];
		if (graph->kind[at] != NM_NODE_CONCATENATED) {
			size_t length;
			const char *text = nm_intern_get(&graph->names, graph->name[at], &length);

			add_part(out, text, length);
			units += nm_text_units(text, length);
			continue;
		}
		if (steps-- == 0 || !reserve_waiting(flatten))
			break;
		nm_cons_parts(graph, at, parts);
		flatten->waiting[flatten->depth++] = parts[1];
		flatten->waiting[flatten->depth++] = parts[0];
	}
	return units;
}

void nm_flatten_done(struct nm_flatten *flatten)
{
	free(flatten->waiting);
	memset(flatten, 0, sizeof(*flatten));
}

void nm_text_add_node(struct nm_strbuf *out, const struct nm_graph *graph, nm_node node)
{
	if (graph->kind[node] == NM_NODE_CONCATENATED) {
		struct nm_flatten flatten = {.graph = graph};

		/* No part of a string of so few units is met more often than there are nodes. */
		nm_flatten_add(&flatten, out, node,
			       (size_t)graph->node_count + UINT64_C(8) * NM_TEXT_UNITS);
		out->failed |= flatten.failed;
		nm_flatten_done(&flatten);
	} else if (nm_is_plain_object(graph, node)) {
		add_object(out, graph, node);
	} else {
		size_t length;
		const char *text = nm_intern_get(&graph->names, graph->name[node], &length);

		nm_strbuf_add(out, text, length);
	}
}
