/*
 * recorder.h - what goes into a recording of watched processes, and when
 *
 * The numbers at every interval; spaces, limits, swap and pressure every ten seconds; the ledger, read
 * without stopping the process, every minute; findings at the start. A zeroed recorder is one that records
 * nothing, and every call on it is allowed.
 */
#ifndef NM_CMD_RECORDER_H
#define NM_CMD_RECORDER_H

#include "cmd/family.h"
#include "cmd/flight.h"
#include "cmd/follow.h"
#include "model/ending.h"
#include "source/recording/write.h"

struct nm_recorder_process;

struct nm_recorder {
	struct nm_recording *recording; /* NULL: nothing is recorded */
	struct nm_recording_bounds bounds;
	uint64_t interval_ms; /* between two samples of a process */
	int proc;	      /* /proc, borrowed from the family */
	struct nm_recorder_process *processes;
	size_t process_count;
	int64_t commit_ms, thin_ms; /* when that was last done */
};

/* The time in ms since 1970. */
int64_t nm_recorder_now_ms(void);

/* Begin, or go on with a recording that is there. As nm_recording_create(). */
int nm_recorder_open(struct nm_recorder *recorder, const char *path, struct nm_error *err);

/* The last sample of a member, whose `record` tells processes apart. */
void nm_recorder_sample(struct nm_recorder *recorder, struct nm_member *member);

/* Hand the last sample of a member on to what follows it, and record the collections that it shows. */
void nm_recorder_follow(struct nm_recorder *recorder, struct nm_follow *follow,
			struct nm_member *member);

void nm_recorder_histogram(struct nm_recorder *recorder, const struct nm_flight_result *result);

/* A collection of the process `record` which --trace-gc printed. From the first one on, those that samples show are
   not recorded any more, as they are the same. */
void nm_recorder_traced(struct nm_recorder *recorder, size_t record, const char *isolate,
			const struct nm_gc *gc);

/* What V8 said of the process `record`'s last collections when it died. */
void nm_recorder_last_words(struct nm_recorder *recorder, size_t record,
			    const struct nm_last_words *words);

void nm_recorder_end(struct nm_recorder *recorder, size_t record, const struct nm_history_end *end);

/* Make all of it last, about once a second. What went wrong is told once, and ends the recording. */
int nm_recorder_tick(struct nm_recorder *recorder, struct nm_error *err);

/* NM_OK, or what went wrong at the last moment. */
int nm_recorder_close(struct nm_recorder *recorder, struct nm_error *err);

#endif
