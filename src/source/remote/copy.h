/*
 * copy.h - the memory of a process copied into ours: what is in memory, and nothing else
 *
 * A plan lists the pages worth having: of private memory that belongs to no file, and of what a
 * program or library may write of its own, those which are present. Room for them is made, then
 * they are read: while the process stands still, or from a copy-on-write child of it.
 *
 * Pages of one mapping that follow each other also follow each other in the copy. A gap of up to
 * 256 KiB in memory of no file, as V8 leaves inside its pages, is kept as the zeros that the
 * process would find there.
 *
 * Owns     all of it, until nm_copy_done() or nm_copy_move().
 * Costs    a plan reads /proc/PID/maps and walks the page tables: 5 ms for a gigabyte.
 */
#ifndef NM_REMOTE_COPY_H
#define NM_REMOTE_COPY_H

#include "source/proc/maps.h"
#include "source/proc/pagemap.h"
#include "source/remote/image.h"
#include "source/remote/room.h"

/* Pages to be read. */
struct nm_copy_piece {
	nm_addr start;
	uint64_t size;
	uint64_t at;	/* in the room */
	uint64_t gap;	/* so many zeros before it belong to it */
	bool is_unread; /* it could not be read */
};

struct nm_copy {
	struct nm_maps maps;
	const struct nm_maps *left_out; /* mappings that are not for this plan; NULL: none */
	struct nm_copy_piece *pieces;
	size_t count, piece_room;
	uint64_t size;	  /* of the room that the plan needs */
	uint64_t present; /* bytes to be read */
	uint64_t swapped; /* bytes of such mappings which are in swap, and left there */
	uint64_t unread;  /* bytes that the kernel did not give */
	uint64_t reached; /* bytes of the plan that the last read came to */
	struct nm_room room;
};

void nm_copy_init(struct nm_copy *copy);

/* Is this memory worth having, where it is present? */
bool nm_copy_wants(const struct nm_map *map);

/* Read the mappings and pages of a process, replacing the plan before. NM_E_GONE, NM_E_PERM,
   NM_E_IO, NM_E_NOMEM. */
int nm_copy_plan(struct nm_copy *copy, int pid_dir, struct nm_pagemap *pagemap,
		 struct nm_error *err);

/* The same from mappings in `copy->maps`, whose pages are those of another process now. */
int nm_copy_plan_pages(struct nm_copy *copy, struct nm_pagemap *pagemap, struct nm_error *err);

/* Make or enlarge the room for the plan and `spare` bytes more. NM_E_LIMIT, NM_E_NOMEM. */
int nm_copy_make_room(struct nm_copy *copy, uint64_t spare, const char *what, struct nm_error *err);

/*
 * Where to read from: the memory of `pid`; or through `mem`, an open /proc/PID/mem, if that is not -1.
 * A page that a child shares with its parent is copied for the child when process_vm_readv(2) pins
 * it (mm/gup.c: gup_must_unshare), which reading the file does not do, though it is slower.
 */
struct nm_copy_source {
	pid_t pid;
	int mem;
	unsigned threads; /* one or two */
};

/* Read all pieces; `may_go_on` is asked every 4 MiB, by one thread at a time. False when it said
   no. */
bool nm_copy_read(struct nm_copy *copy, const struct nm_copy_source *source,
		  bool (*may_go_on)(void *context), void *context);

/* Move pieces, room and mappings into `image`, which is not sealed. NM_E_NOMEM. */
int nm_copy_move(struct nm_copy *copy, struct nm_image *image, struct nm_error *err);

void nm_copy_done(struct nm_copy *copy);

#endif
