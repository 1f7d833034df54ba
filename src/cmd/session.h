/*
 * session.h - a command from its start to its end, watched
 *
 * Starts it, takes samples of its Node processes, shows and records them, takes histograms near the limit of
 * a heap, and says at the end how it ended.
 */
#ifndef NM_CMD_SESSION_H
#define NM_CMD_SESSION_H

#include "cmd/family.h"
#include "cmd/flight.h"
#include "cmd/hearing.h"
#include "cmd/isolate_names.h"
#include "cmd/recorder.h"
#include "cmd/run_output.h"
#include "cmd/spawn.h"
#include "model/last_heap.h"
#include "source/proc/oom.h"

/* As often as this is looked, so that peaks and the way to a limit are seen. */
#define NM_SESSION_TICK_MS 100

/* What is kept of a process beside its numbers. */
struct nm_session_process {
	struct nm_last_heap heap;
	struct nm_follow follow;
	struct nm_isolate_names isolates;
};

/* After nm_session_init() the first group may be changed; the rest is its own. */
struct nm_session {
	uint64_t interval_ms; /* between the samples that are shown */
	struct nm_run_output output;
	struct nm_flight flight;     /* .dump_path and .is_off */
	struct nm_recorder recorder; /* .bounds and .interval_ms */
	const char *record_path;     /* of the recording; NULL for none */
	bool reads_stdout;	     /* for --trace-gc, which prints there */
	bool is_verbose;

	uv_loop_t loop;
	uv_poll_t signals;
	uv_timer_t tick;
	uv_timer_t close_tick;
	uv_timer_t try_again;
	int signal_fd;
	struct nm_inherited inherited;
	struct nm_hearing hearing;
	struct nm_family family;
	struct nm_oom oom; /* at the start, or when the command went to another cgroup */
	struct nm_ending ending;
	struct nm_session_process *processes; /* beside ending.processes */
	size_t process_count;
	uint64_t begun_ns;
	pid_t pid;
	int pidfd; /* -1 where the kernel has none */
};

/* First of all: before anything is opened. */
void nm_session_init(struct nm_session *session, struct nm_call *call);

/* Where --json [FILE] of the call says, samples and the end go, and errors too. False when it cannot be
   written. */
bool nm_session_open_json(struct nm_session *session, struct nm_call *call, struct nm_error *err);

/* Run the command of the call. Returns the exit code: the command's own, or what a shell has for one that
   cannot be started. */
int nm_session_run(struct nm_session *session, struct nm_call *call);

#endif
