/*
 * gather.h - a fixed set of words of a target, read again and again in one system call
 *
 * Fill it with nm_gather_add(), seal it once, then read as often as wanted. Words of one page are
 * read as one piece. Pieces with a word marked as a guard come first, and the guards are read
 * once more after all others, so that a change in between shows.
 *
 * Costs    a read is one system call per IOV_MAX pieces; nothing is allocated.
 */
#ifndef NM_REMOTE_GATHER_H
#define NM_REMOTE_GATHER_H

#include "source/remote/reader.h"

struct nm_gather;

/* Names a word of the set; stays valid when the set grows and is sealed. */
typedef uint32_t nm_word;

struct nm_gather *nm_gather_new(void); /* NULL: out of memory */

/* Failures are remembered until nm_gather_seal(). */
nm_word nm_gather_add(struct nm_gather *gather, nm_addr addr);
nm_word nm_gather_add_guard(struct nm_gather *gather, nm_addr addr);

/* NM_E_NOMEM. */
int nm_gather_seal(struct nm_gather *gather);

/* 0, or -errno when not all of it could be read; the words then mean nothing. */
int nm_gather_read(struct nm_gather *gather, struct nm_reader *reader);

/* Of the last read. */
uint64_t nm_gather_get(const struct nm_gather *gather, nm_word word);

/* A guard's word as it was after all others were read. */
uint64_t nm_gather_get_after(const struct nm_gather *gather, nm_word word);

/* Did a guard among the words from `first` to before `end` change while the others were read? */
bool nm_gather_has_changed(const struct nm_gather *gather, nm_word first, nm_word end);

/* How many words it has: the name of the next one. */
nm_word nm_gather_count(const struct nm_gather *gather);

void nm_gather_free(struct nm_gather *gather);

#endif
