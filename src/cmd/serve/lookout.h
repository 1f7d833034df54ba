/*
 * lookout.h - all Node processes that `serve` watches, as a fleet of their last numbers
 *
 * Looks by itself every few seconds, so that there is something to forecast from, and once more whenever somebody
 * asks and the numbers are not fresh.
 *
 * Owns     everything in the fleet, which holds until the loop goes on.
 * Costs    a process: its past (past.h), and what a forecast needs (outlook.h).
 */
#ifndef NM_CMD_SERVE_LOOKOUT_H
#define NM_CMD_SERVE_LOOKOUT_H

#include "cmd/family.h"
#include "model/fleet.h"
#include "model/outlook.h"
#include "model/past.h"

#define NM_ENDED_MAX 32
/* Numbers of that age are told once more. */
#define NM_FRESH_MS 1000
/* Between two looks: while a page is open, and while none is. */
#define NM_LIVE_MS 1000
#define NM_CALM_MS 2000

struct nm_watched {
	struct nm_member *member;
	struct nm_outlook outlook;
	struct nm_limits limits;
	bool has_limits;
	int64_t limits_ms; /* when they were read; 0: never */
	struct nm_container container;
	struct nm_forecast forecast;
	struct nm_past past;
};

struct nm_lookout {
	uv_loop_t *loop;
	struct nm_family family;
	bool is_all; /* every process of the machine, and not only those named */
	bool is_verbose;
	bool is_started;
	uv_timer_t timer, try_again;
	uint64_t looked_at_ms; /* of the loop's clock */
	uint64_t every_ms;
	uint64_t looks;				   /* so far */
	struct nm_watched *watched[NM_FAMILY_MAX]; /* by record - 1; NULL: free */
	struct nm_fleet_process *processes;	   /* of the fleet */
	struct nm_fleet fleet;
	struct nm_fleet_ended
		ended[NM_ENDED_MAX]; /* the last ones; ended_count % NM_ENDED_MAX is next */
	uint64_t ended_count;
	/* Told after each look. */
	void (*looked)(void *context);
	void *context;
};

/* Watch these and what they start, or with none all there are. NM_E_IO, NM_E_NOMEM. */
int nm_lookout_init(struct nm_lookout *lookout, uv_loop_t *loop, const pid_t *pids, size_t count,
		    struct nm_error *err);

/* From now on, with this time between two looks. */
void nm_lookout_set_pace(struct nm_lookout *lookout, uint64_t every_ms);

/* The fleet as it is, or was at most `age_ms` ago. */
struct nm_fleet *nm_lookout_fleet(struct nm_lookout *lookout, uint64_t age_ms);

/* The process, or NULL when it is not watched, or not read. */
const struct nm_watched *nm_lookout_find(const struct nm_lookout *lookout, pid_t pid);

/* Let go of the loop, which must run once more before nm_lookout_done(). */
void nm_lookout_stop(struct nm_lookout *lookout);
void nm_lookout_done(struct nm_lookout *lookout);

#endif
