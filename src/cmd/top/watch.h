/*
 * watch.h - the Node processes of the machine, sampled and made into the rows that `top` shows
 *
 * Owns     what it knows of each process, which lives until the process has ended and nobody looks at it.
 * Costs    less than 0.5 MiB a process, most of it for reading it; there are at most NM_FAMILY_MAX.
 */
#ifndef NM_CMD_TOP_WATCH_H
#define NM_CMD_TOP_WATCH_H

#include "cmd/family.h"
#include "cmd/follow.h"
#include "model/roster.h"

struct nm_top_process {
	pid_t pid;
	pid_t parent; /* its nearest ancestor that is watched too; 0 for none */
	uint64_t
		parent_at; /* the number of the round in which that was last looked for; 0: never */
	char name[32];
	struct nm_target_info info;
	struct nm_sample sample;
	struct nm_follow follow;
	struct nm_forecast forecast;
	uint64_t forecast_at; /* the number of the round in which it was last made; 0: never */
	struct nm_trail trail;
	char problem[400]; /* why it cannot be read; "" */
	bool has_ended;
};

struct nm_top_watch {
	struct nm_family family;
	const pid_t *only; /* NULL for all there are */
	size_t only_count;
	uint64_t find_at_ms;
	uint64_t round;
	struct nm_top_process *processes[NM_FAMILY_MAX]; /* NULL: free */
	pid_t kept; /* stays known when it has ended; 0 for none */
	struct nm_roster_row rows[NM_ROSTER_MAX];
	size_t count;
};

/* `only` are the processes to watch, NULL for all. NM_E_IO. */
int nm_top_watch_init(struct nm_top_watch *watch, uv_loop_t *loop, const pid_t *only,
		      size_t only_count, struct nm_error *err);

/* One round: new processes are found, all are sampled, and the rows made. NM_E_IO, NM_E_NOMEM. */
int nm_top_watch_round(struct nm_top_watch *watch, struct nm_error *err);

/* Try those that are just starting. Returns after how many ms to do that again, 0 when there are none. */
uint64_t nm_top_watch_try(struct nm_top_watch *watch);

/* Go on knowing this process when it has ended, in place of the one before; 0 for none. */
void nm_top_watch_keep(struct nm_top_watch *watch, pid_t pid);

/* What is known of a process; NULL when nothing is. */
struct nm_top_process *nm_top_watch_find(const struct nm_top_watch *watch, pid_t pid);

/* Its row, also when it has ended. */
void nm_top_watch_row(const struct nm_top_process *process, struct nm_roster_row *out);

/* What the family has open for it; NULL when it cannot be read. */
struct nm_target *nm_top_watch_target(const struct nm_top_watch *watch, pid_t pid);

/* The loop must run once more after it. */
void nm_top_watch_done(struct nm_top_watch *watch);

#endif
