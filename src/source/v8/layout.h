/*
 * layout.h - where one version of V8 keeps its counters
 *
 * A layout is data: offsets and nothing else. It comes from a row of the layout table, overlaid
 * with what the binary tells by itself (nm_v8_layout_complete), or from a calibration. It is
 * used only after the isolates found with it have proved it (isolate.h).
 *
 * Sources  V8's src/heap/heap.h, spaces.h, new-spaces.h, heap-allocator.h, execution/isolate.h of
 *          the release; the offsets were found by calibration (calibrate.h).
 */
#ifndef NM_V8_LAYOUT_H
#define NM_V8_LAYOUT_H

#include "source/elf/image.h"
#include "source/remote/reader.h"

/* A version of V8, or of the part of one that is known: 11.3.244.8. */
struct nm_v8_version {
	uint32_t major;
	uint32_t minor;
	uint32_t build;
	uint32_t patch;
};

/* How the header of a page of the heap is laid out. */
enum nm_v8_page_form {
	NM_V8_PAGE_SIZE_FIRST, /* size, flags, Heap*, area_start, area_end, allocated, .., owner */
	NM_V8_PAGE_SELF,       /* flags, self, size, Heap*, area_start, area_end, allocated, .. */
	NM_V8_PAGE_METADATA,   /* flags, pointer to metadata, which points back */
	NM_V8_PAGE_FORM_COUNT,
};

/* The spaces, by the names of v8.getHeapSpaceStatistics(). */
#define NM_V8_SPACES(X)                                              \
	X(READ_ONLY, "read_only_space")                              \
	X(NEW, "new_space")                                          \
	X(OLD, "old_space")                                          \
	X(CODE, "code_space")                                        \
	X(MAP, "map_space")                                          \
	X(SHARED, "shared_space")                                    \
	X(TRUSTED, "trusted_space")                                  \
	X(SHARED_TRUSTED, "shared_trusted_space")                    \
	X(NEW_LARGE, "new_large_object_space")                       \
	X(LARGE, "large_object_space")                               \
	X(CODE_LARGE, "code_large_object_space")                     \
	X(SHARED_LARGE, "shared_large_object_space")                 \
	X(SHARED_TRUSTED_LARGE, "shared_trusted_large_object_space") \
	X(TRUSTED_LARGE, "trusted_large_object_space")

enum nm_v8_space {
#define X(name, text) NM_V8_SPACE_##name,
	NM_V8_SPACES(X)
#undef X
		NM_V8_SPACE_COUNT,
};

const char *nm_v8_space_name(enum nm_v8_space space);
bool nm_v8_space_is_large(enum nm_v8_space space);

/* The space of that name; false for one that is not known. */
bool nm_v8_space_find(const char *name, enum nm_v8_space *out);

#define NM_V8_NONE   (-1) /* no such field in this version */
#define NM_V8_BINARY (-2) /* moves from release to release: read from the code of the binary */

/* A word: *(base + at), or *(*(base + at) + then) when `then` is not NM_V8_NONE. */
struct nm_v8_path {
	int32_t at;
	int32_t then;
};

/* A linear allocation area {start, top, limit}: its address is in HeapAllocator at `pointer`. */
struct nm_v8_area {
	enum nm_v8_space space;
	int32_t pointer;
};

#define NM_V8_AREAS_MAX 4

struct nm_v8_layout {
	char name[48];		    /* "V8 11.3 (Node 20)" */
	struct nm_v8_version first; /* the first release it is for ... */
	struct nm_v8_version last;  /* ... and the last one seen to fit */
	enum nm_v8_page_form page_form;

	/* From an Isolate. */
	int32_t isolate_heap;	   /* the Heap is inside the Isolate, here */
	int32_t isolate_allocator; /* pointer to the ArrayBuffer allocator */
	int32_t allocator_total;   /* bytes it has given out, from the allocator's start;
				      NM_V8_BINARY: told by the words around it (isolate.c) */
	int32_t isolate_stack;	   /* StackGuard's limit, an address in the isolate's stack */

	/* From a Heap. */
	int32_t heap_isolate;	/* pointer back */
	int32_t heap_spaces;	/* array of pointers to the spaces, in the order of `spaces` */
	int32_t heap_gc_state;	/* 32 bits; 0 outside a collection */
	int32_t heap_gc_counts; /* 32 bits: mark-compacts; then 32 bits: all collections */
	int32_t heap_allocator; /* pointer to the HeapAllocator */
	struct nm_v8_path external;
	struct nm_v8_path external_more; /* to be added */
	struct nm_v8_path max_semi_space;
	struct nm_v8_path max_old_generation;
	struct nm_v8_path read_only; /* pointer to read_only_space where that counts as heap */
	int32_t read_only_used;	     /* in that space */
	uint32_t space_count;
	enum nm_v8_space spaces[NM_V8_SPACE_COUNT];

	/* From a space. */
	int32_t paged_used;
	int32_t large_used;
	int32_t new_committed[2];  /* new_space only: their sum */
	int32_t new_capacity;	   /* pages in use by new_space, in bytes */
	struct nm_v8_path new_top; /* where new_space allocates next */
	int32_t new_more_used;	   /* to be added */

	/* What is left in a space; not known in calibrations. */
	int32_t free_list;	    /* of paged spaces but new_space: pointer to a FreeList ... */
	int32_t free_list_bytes;    /* ... which holds so much */
	int32_t new_target;	    /* new_space: pages that it may take, in bytes */
	int32_t new_large_capacity; /* new_large_object_space: the same, in bytes of objects */

	/* The unused rest of these does not count as used. */
	uint32_t area_count;
	struct nm_v8_area areas[NM_V8_AREAS_MAX];
};

/* A space begins {vtable, Heap*, ...} and has its committed size here, in every version. */
#define NM_V8_SPACE_HEAP      8
#define NM_V8_SPACE_COMMITTED 0x18

/* Every version's pages lie on this boundary. */
#define NM_V8_PAGE_SIZE (UINT64_C(256) << 10)

extern const struct nm_v8_layout nm_v8_layouts[];
extern const size_t nm_v8_layout_count;

/* The oldest V8 in the table. */
struct nm_v8_version nm_v8_oldest(void);

int nm_v8_version_compare(const struct nm_v8_version *a, const struct nm_v8_version *b);

/* "11.3.244.8-node.38" -> version; false when it does not begin with four numbers. */
bool nm_v8_version_parse(const char *text, struct nm_v8_version *out);

/* The row for `version`, or NULL. */
const struct nm_v8_layout *nm_v8_layout_find(const struct nm_v8_version *version);

/* Fill what a row marks NM_V8_BINARY, from the code of three functions that every Node exports.
   NM_E_UNSUPPORTED when they do not look as expected. */
int nm_v8_layout_complete(struct nm_v8_layout *layout, const struct nm_elf *elf,
			  struct nm_error *err);

/* The offset of the Heap in the Isolate as the binary's code has it, or NM_V8_NONE. */
int32_t nm_v8_code_isolate_heap(const struct nm_elf *elf);

#endif
