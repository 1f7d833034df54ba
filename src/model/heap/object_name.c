#include "model/heap/object_name.h"

#include <stdio.h>
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"

/* So much as there is room for, not ending within a character. */
static const char *put(char *out, const char *before, const char *text, const char *after)
{
	const size_t around = strlen(before) + strlen(after);
	size_t length = strlen(text);
	const bool is_cut = length + around >= NM_OBJECT_NAME_MAX;

	if (is_cut) {
		length = NM_OBJECT_NAME_MAX - 1 - around - strlen(ELLIPSIS);
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	snprintf(out, NM_OBJECT_NAME_MAX, "%s%.*s%s%s", before, (int)length, text,
		 is_cut ? ELLIPSIS : "", after);
	return out;
}

const char *nm_object_name(const struct nm_constructors *classes, nm_node node,
			   char out[NM_OBJECT_NAME_MAX])
{
	const struct nm_graph *graph = classes->heap->graph;
	const char *name = nm_graph_text(graph, graph->name[node]);
	const char *class = classes->rows[classes->class_of[node]].key.name;

	if (node == 0)
		return put(out, "", "(root)", "");
	switch ((enum nm_node_kind)graph->kind[node]) {
	case NM_NODE_STRING:
		return put(out, "\"", name, "\"");
	case NM_NODE_CLOSURE:
		return put(out, "", name[0] ? name : "(anonymous)", "()");
	case NM_NODE_OBJECT:
	case NM_NODE_NATIVE:
		return put(out, "", class, "");
	case NM_NODE_HIDDEN:
	case NM_NODE_ARRAY:
	case NM_NODE_SYNTHETIC:
	case NM_NODE_CODE:
	case NM_NODE_SYMBOL:
	case NM_NODE_SHAPE:
	case NM_NODE_WASM:
		return put(out, "", name[0] ? name : class, "");
	default:
		return put(out, "", class, "");
	}
}
