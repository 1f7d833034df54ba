#include "model/heap/node_kind.h"

#include <stddef.h>

const char *nm_node_kind_name(enum nm_node_kind kind)
{
	static const char *const names[] = {
#define X(name, text, label) text,
		NM_NODE_KINDS(X)
#undef X
	};

	return names[kind];
}

const char *nm_node_kind_class(enum nm_node_kind kind)
{
	static const char *const labels[] = {
#define X(name, text, label) label,
		NM_NODE_KINDS(X)
#undef X
	};

	return labels[kind];
}
