/*
 * flight.h - the flight recorder: what fills a heap that is about to reach its limit
 *
 * Looks at samples of processes; when a heap comes near its limit, and at most a few times a process, a
 * thread takes a histogram of it from outside, while the caller's loop goes on. One at a time.
 *
 * While there is a job, a caller that is the process's parent must not wait for it by wait(2) but when it has
 * ended: the stops would be told to it instead of to the thread.
 */
#ifndef NM_CMD_FLIGHT_H
#define NM_CMD_FLIGHT_H

#include <uv.h>

#include "nodemem.h"
#include "model/last_heap.h"

struct nm_flight_job;

/* Heaps of a process that are looked at: the main one and the first workers'. */
#define NM_FLIGHT_ISOLATES 8

/* What one process came to. */
struct nm_flight_state {
	struct nm_last_heap_watch watches[NM_FLIGHT_ISOLATES];
	unsigned taken;
};

/* What was taken; the receiver may take ownership of the classes, which are freed otherwise. */
struct nm_flight_result {
	pid_t pid;
	size_t record;	  /* the caller's number for the process */
	char isolate[24]; /* whose heap it is */
	int64_t time_ms;
	uint64_t heap_used;
	int status; /* of the histogram */
	struct nm_classes classes;
	struct nm_error err;
	char dump_path[4200]; /* "" when no dump was wanted */
	int dump_status;
	struct nm_dump dump;
	struct nm_error dump_err;
};

struct nm_flight {
	uv_loop_t *loop;
	void (*taken)(void *context, struct nm_flight_result *result);
	void *context;
	const char *dump_path; /* of the dump near the limit; NULL for none */
	bool is_off;
	bool has_dumped;
	struct nm_flight_job *job; /* under way; NULL */
};

/* Look at the last sample of a process, and begin when it is time. */
void nm_flight_look(struct nm_flight *flight, struct nm_flight_state *state,
		    const struct nm_target_info *info, size_t record,
		    const struct nm_sample *sample);

/* Is the memory there that an image of a process with so much in RAM takes, in our control groups and in the process's?
   Else looking at it could be what ends it. NM_E_LIMIT when it is not. */
int nm_flight_check_room(pid_t pid, uint64_t rss, struct nm_error *err);

/* Of whom, while there is a job. */
size_t nm_flight_record(const struct nm_flight *flight);

/* Wait for what is under way; its result is told. Not from within the loop. */
void nm_flight_finish(struct nm_flight *flight);

#endif
