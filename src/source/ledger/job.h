/*
 * job.h - the making of one ledger: what was found out, and the steps that find it
 *
 * The steps, in order: malloc is looked into while the process stands still (inside_malloc.c);
 * then, while it runs, its mappings, V8's pages and malloc's large chunks are found, each mapping
 * is cut into extents (classify.c), and what is resident of each extent is counted (settle.c).
 * Of a process that moves meanwhile the counts of a mapping that was cut can differ from the
 * kernel's for it; the difference then goes to its largest extent, so that all adds up.
 */
#ifndef NM_LEDGER_JOB_H
#define NM_LEDGER_JOB_H

#include "model/ledger.h"
#include "source/malloc/allocator.h"
#include "source/malloc/glibc.h"
#include "source/proc/smaps.h"
#include "source/v8/backing_store.h"
#include "source/v8/isolate.h"

/* Where the memory of an ArrayBuffer was found to be. */
enum nm_store_place {
	NM_STORE_NOWHERE, /* no memory of that size begins there: no ArrayBuffer's, or an addon's */
	NM_STORE_ARENA,	  /* in a chunk of an arena */
	NM_STORE_MMAPPED, /* in a chunk with a mapping of its own */
	NM_STORE_OWN_PLACE, /* in address space that V8 reserved for it: Wasm, or resizable */
};

struct nm_store {
	struct nm_v8_backing_store memory;
	enum nm_store_place place;
};

/* A chunk that malloc got from mmap. */
struct nm_mmapped {
	nm_addr addr;
	uint64_t size;
	bool is_buffer;
};

/* What a walked heap of malloc holds, in bytes. */
struct nm_heap_sums {
	uint64_t free;		   /* of address space, the top chunk included */
	uint64_t resident_free;	   /* of that, resident */
	uint64_t resident_buffers; /* resident bytes of ArrayBuffers */
	uint64_t reclaimable;	   /* resident whole pages that malloc_trim(0) gives back */
};

struct nm_ledger_job {
	struct nm_v8_process *process;
	const struct nm_v8_isolates *isolates;
	const struct nm_ledger_options *options;
	struct nm_ledger *ledger;
	struct nm_smaps smaps;
	bool has_smaps;
	struct nm_v8_pages pages; /* by address */
	enum nm_allocator allocator;
	struct nm_glibc glibc; /* heap_count is 0 when it is not known */
	struct nm_heap_sums *heap_sums;
	bool is_walked;
	struct nm_store *stores; /* by address, once the walk is done */
	size_t store_count, store_room;
	struct nm_mmapped *mmapped; /* by address */
	size_t mmapped_count, mmapped_room;
	bool has_addon;
};

/* A stretch of a mapping, and the part of the ledger it belongs to. */
struct nm_extent {
	nm_addr start;
	nm_addr end;
	nm_part_index part;
	const struct nm_glibc_heap *heap; /* when it is a walked heap, shared out further */
};

struct nm_extents {
	struct nm_extent *items;
	size_t count;
	size_t room;
	bool failed; /* out of memory */
};

/* The kernel's count. NM_E_GONE, NM_E_IO. */
int nm_ledger_read_smaps(struct nm_ledger_job *job, struct nm_error *err);

/* Find the arenas and walk them, stopping the process; says in `missing` what could not be. Of
   errors only those that end everything: NM_E_GONE, NM_E_NOMEM. */
int nm_ledger_look_into_malloc(struct nm_ledger_job *job, struct nm_error *err);

/* Find the chunks with mappings of their own, and which memory is an ArrayBuffer's. */
int nm_ledger_find_buffers(struct nm_ledger_job *job, struct nm_error *err);

/* Sum up the walked heaps for ledger->malloc and the parts. NM_E_NOMEM. */
int nm_ledger_sum_malloc(struct nm_ledger_job *job, struct nm_error *err);

/* Cut a mapping into extents. */
void nm_ledger_classify(struct nm_ledger_job *job, size_t mapping, struct nm_extents *out);

/* Count what is resident of the extents of a mapping, and add it to their parts. */
void nm_ledger_settle(struct nm_ledger_job *job, size_t mapping, const struct nm_extents *extents);

/* Is this private memory of no file that can be read? */
bool nm_ledger_is_plain_memory(const struct nm_map *map);

/* The page of V8 that holds `addr`, or the next one behind it; NULL when there is neither. */
const struct nm_v8_page *nm_ledger_next_page(const struct nm_ledger_job *job, nm_addr addr);

/* Likewise of chunks from mmap, and of heaps. */
const struct nm_mmapped *nm_ledger_next_mmapped(const struct nm_ledger_job *job, nm_addr addr);
const struct nm_glibc_heap *nm_ledger_next_heap(const struct nm_ledger_job *job, nm_addr addr);

#endif
