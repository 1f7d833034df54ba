/*
 * room.h - memory of ours, made ready before another process has to wait for it
 *
 * The kernel gives memory when it is first touched, which takes longer than filling it: so that is
 * done before the stop. More than the machine or our own control group has left is refused.
 *
 * Owns     the memory, until nm_room_done(), or until an image takes it.
 */
#ifndef NM_REMOTE_ROOM_H
#define NM_REMOTE_ROOM_H

#include "base/error.h"

struct nm_room {
	unsigned char *bytes; /* zeros; NULL when there is none */
	uint64_t size;
};

/* What is left for process `pid`, or with 0 for us: of the machine, and under each limit of its
   control groups. */
uint64_t nm_room_left(pid_t pid);

/* `what` is for the message: "a copy of process 12". NM_E_LIMIT (not enough memory left),
   NM_E_NOMEM. */
int nm_room_make(uint64_t size, const char *what, struct nm_room *out, struct nm_error *err);

/* As large, but without memory until it is written to. NM_E_NOMEM. */
int nm_room_reserve(uint64_t size, struct nm_room *out, struct nm_error *err);

/* Give back what is behind the first `size` bytes. */
void nm_room_cut(struct nm_room *room, uint64_t size);

void nm_room_done(struct nm_room *room);

#endif
