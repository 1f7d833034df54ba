/*
 * node_kind.h - the kinds of things in a heap, by the names of V8's heap snapshots
 *
 * Source  enum HeapEntry::Type in V8's src/profiler/heap-snapshot-generator.h.
 */
#ifndef NM_MODEL_NODE_KIND_H
#define NM_MODEL_NODE_KIND_H

/* The name of the type, and the class that DevTools shows its nodes under; NULL: their own name. */
#define NM_NODE_KINDS(X)                                                \
	X(HIDDEN, "hidden", "(system)")                                 \
	X(ARRAY, "array", "(array)")                                    \
	X(STRING, "string", "(string)")                                 \
	X(OBJECT, "object", NULL)                                       \
	X(CODE, "code", "(compiled code)")                              \
	X(CLOSURE, "closure", "(closure)")                              \
	X(REGEXP, "regexp", "(regexp)")                                 \
	X(NUMBER, "number", "(number)")                                 \
	X(NATIVE, "native", NULL)                                       \
	X(SYNTHETIC, "synthetic", "(synthetic)")                        \
	X(CONCATENATED, "concatenated string", "(concatenated string)") \
	X(SLICED, "sliced string", "(sliced string)")                   \
	X(SYMBOL, "symbol", "(symbol)")                                 \
	X(BIGINT, "bigint", "(bigint)")                                 \
	X(SHAPE, "object shape", "(object shape)")                      \
	X(WASM, "wasm object", "(wasm object)")

enum nm_node_kind {
#define X(name, text, label) NM_NODE_##name,
	NM_NODE_KINDS(X)
#undef X
		NM_NODE_KIND_COUNT,
};

/* "concatenated string" */
const char *nm_node_kind_name(enum nm_node_kind kind);

/* "(concatenated string)"; NULL for kinds whose nodes have classes of their own. */
const char *nm_node_kind_class(enum nm_node_kind kind);

#endif
