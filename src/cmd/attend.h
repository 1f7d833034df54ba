/*
 * attend.h - processes that are running already, recorded to their end
 */
#ifndef NM_CMD_ATTEND_H
#define NM_CMD_ATTEND_H

#include "cmd/family.h"
#include "cmd/flight.h"
#include "cmd/recorder.h"
#include "source/proc/oom.h"

struct nm_attended;

/* A zeroed one, with the first group filled in, is ready. */
struct nm_attend {
	struct nm_call *call;
	const char *path; /* of the recording */
	uint64_t interval_ms;
	uint64_t duration_ms;	     /* 0: to the end of the processes */
	struct nm_flight flight;     /* .dump_path and .is_off */
	struct nm_recorder recorder; /* .bounds */

	uv_loop_t loop;
	uv_timer_t tick, close_tick, try_again, end;
	uv_signal_t interrupt, terminate;
	struct nm_family family;
	struct nm_attended *processes; /* in the order in which they were seen */
	size_t process_count;
	const pid_t *roots;
	size_t root_count;
	uint64_t begun_ms;
	struct nm_error failure; /* code NM_OK: none */
};

/* Record the processes and those that they start, until they have ended, the time is over, or a signal comes.
   Returns the exit code. */
int nm_attend_run(struct nm_attend *attend, const pid_t *roots, size_t root_count);

#endif
