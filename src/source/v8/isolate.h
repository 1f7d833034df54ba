/*
 * isolate.h - finding the isolates of a process and proving that the layout fits them
 *
 * The heaps are those of the isolates in node's own list; where there is none, those that pages
 * name. Each has passed these tests on the running process:
 *   - its Isolate and Heap lie at the distance that the binary's own code has, and the Heap points
 *     back to the Isolate;
 *   - at least five spaces stand in the array, each points back to the Heap, and the vtable of
 *     each lies in the binary;
 *   - for most spaces the committed size equals the pages found in memory that name the space; of
 *     a heap with thousands of pages a part is looked at, and must not be more than committed.
 * A heap that fails any is no isolate; if all fail, the layout is wrong and nothing is shown.
 */
#ifndef NM_V8_ISOLATE_H
#define NM_V8_ISOLATE_H

#include "source/v8/pages.h"
#include "source/v8/process.h"

struct nm_v8_isolate {
	nm_addr isolate;
	nm_addr heap;
	nm_addr spaces[NM_V8_SPACE_COUNT]; /* as in the layout's order; 0 for an absent one */
	nm_addr read_only; /* the space that all isolates share; not among `spaces` */
	nm_addr allocator; /* 0: not known */
	int32_t allocator_total;
	bool is_main;
	pid_t thread;	      /* 0: not known */
	nm_addr stack;	      /* an address in its thread's stack */
	uint64_t area_offset; /* where objects begin in a page */
	uint64_t area_size;   /* and how many bytes of them fit */
	unsigned number;      /* for its name: 0 for main, else counted from 1 */
};

struct nm_v8_isolates {
	struct nm_v8_isolate *items; /* main first, then by thread */
	size_t count;
};

#define NM_V8_ISOLATES_MAX 1024

/* Replaces what `out` held. Reads the mappings anew. NM_E_GONE, NM_E_PERM, NM_E_UNSUPPORTED
   (no heap passed the tests; the message names the test that failed last). */
int nm_v8_isolates_find(struct nm_v8_process *process, struct nm_v8_isolates *out,
			struct nm_error *err);

/* Does the page owner `owner` belong to the space at `space`? Each half of new_space owns its pages
   itself. */
bool nm_v8_space_owns(const struct nm_v8_layout *layout, enum nm_v8_space kind, nm_addr space,
		      nm_addr owner);

/* "main", "worker-1". */
void nm_v8_isolate_name(const struct nm_v8_isolate *isolate, char *out, size_t room);

void nm_v8_isolates_done(struct nm_v8_isolates *isolates);

#endif
