/*
 * verdict_memory.h - what the numbers of a running process mean, in words
 *
 * Pure: from numbers to sentences, each one complete and fit to stand alone. The first finding
 * that holds is the verdict; verdict_memory.c has them in order, the most urgent first.
 */
#ifndef NM_MODEL_VERDICT_MEMORY_H
#define NM_MODEL_VERDICT_MEMORY_H

#include "base/strbuf.h"

/* What stands out. The names are those of the document. */
#define NM_MEMORY_KIND_LIST(X)                  \
	X(HEAP_NEARLY_FULL, "heap-nearly-full") \
	X(LIMIT_NEAR, "limit-near")             \
	X(SWAPPED, "swapped")                   \
	X(MALLOC_KEEPS, "malloc-keeps-free")    \
	X(ARRAY_BUFFERS, "array-buffers")       \
	X(HEAP_MOSTLY_FREE, "heap-mostly-free") \
	X(HEAP, "javascript-heap")              \
	X(NATIVE, "native-memory")              \
	X(PROGRAM, "nothing-unusual")           \
	X(MIXED, "mixed")

enum nm_memory_kind {
#define X(name, text) NM_MEMORY_##name,
	NM_MEMORY_KIND_LIST(X)
#undef X
};

const char *nm_memory_kind_name(enum nm_memory_kind kind);

struct nm_memory_facts {
	const struct nm_sample *sample; /* has a main isolate */
	const struct nm_ledger *ledger;
	const struct nm_limits *limits; /* NULL when they could not be read */
};

/* The five numbers, in the order of process.memoryUsage(). */
#define NM_MEMORY_NUMBERS 5

struct nm_memory_verdict {
	enum nm_memory_kind kind;
	char meanings[NM_MEMORY_NUMBERS][160]; /* what each number is here and now; no full stop */
	char summary[600];		       /* sentences: what stands out, and what it is not */
	char next[400];			       /* sentences: what to do or to look at */
};

void nm_verdict_memory(const struct nm_memory_facts *facts, struct nm_memory_verdict *out);

/* Is much of malloc's memory free but kept, which looks like a leak and is none? Adds a sentence
   that says how much, and what would give it back; adds nothing when there is nothing to say. */
void nm_verdict_malloc(const struct nm_ledger *ledger, struct nm_strbuf *out);

#endif
