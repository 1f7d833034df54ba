/*
 * write.h - a recording being written: one SQLite file
 *
 * What was added is in the file after nm_recording_commit(), whatever happens to this program then;
 * call it once a second. The first thing that goes wrong (a full disk) ends the recording: what was
 * committed stays readable, later calls do nothing, and the commit says what it was.
 *
 * docs/recording-format.md has the tables. Times are milliseconds since 1970.
 */
#ifndef NM_RECORDING_WRITE_H
#define NM_RECORDING_WRITE_H

#include "model/history.h"

struct nm_recording;

/* A process, or an isolate of one, in the recording. 0: none. */
typedef int64_t nm_recorded;

/*
 * Make the file at `path`, or go on with the recording that is there. NM_E_BUSY: another program
 * records into it; NM_E_CORRUPT: the file is something else; NM_E_UNSUPPORTED: a recording of a newer
 * format; NM_E_IO, NM_E_NOMEM.
 */
int nm_recording_create(const char *path, int64_t now_ms, struct nm_recording **out,
			struct nm_error *err);

/* The process; the one that is there when it was recorded before. */
nm_recorded nm_recording_process(struct nm_recording *recording, const struct nm_target_info *info,
				 const char *label);

/* Of what kind a sample is. */
enum nm_recording_pace {
	NM_RECORDING_NUMBERS, /* what process.memoryUsage() tells */
	NM_RECORDING_SPACES,  /* and the spaces, as far as they changed */
};

/* `swap` is NM_UNKNOWN when it was not looked at. */
void nm_recording_sample(struct nm_recording *recording, nm_recorded process,
			 const struct nm_sample *sample, uint64_t swap,
			 enum nm_recording_pace pace);

/* Its isolate is one of the process's that had a sample, by name. */
void nm_recording_gc(struct nm_recording *recording, nm_recorded process, const char *isolate,
		     const struct nm_history_gc *gc);

/* The limits where they changed, and what is used under them. `pressure` as in nm_history_use. */
void nm_recording_limits(struct nm_recording *recording, nm_recorded process, int64_t time_ms,
			 const struct nm_limits *limits, double pressure);

void nm_recording_ledger(struct nm_recording *recording, nm_recorded process, int64_t time_ms,
			 const struct nm_ledger *ledger);

/* Of small classes only the sum is kept. */
void nm_recording_histogram(struct nm_recording *recording, nm_recorded process, int64_t time_ms,
			    const char *reason, const struct nm_classes *classes);

void nm_recording_finding(struct nm_recording *recording, nm_recorded process,
			  const struct nm_history_finding *finding);

void nm_recording_end(struct nm_recording *recording, nm_recorded process,
		      const struct nm_history_end *end);

/* Make what was added last. NM_E_IO, NM_E_NOMEM: the recording has ended, and why. */
int nm_recording_commit(struct nm_recording *recording, struct nm_error *err);

/* What to keep. */
struct nm_recording_bounds {
	uint64_t keep_ms;  /* all samples for so long, then one a minute; 0: for ever */
	uint64_t max_size; /* of the file; beyond it the oldest samples are thinned more; 0: none */
};

/*
 * Thin old samples, a bounded piece of work each time: call it after a commit. NM_E_LIMIT: the file is at
 * its greatest size and nothing more can be thinned; otherwise as nm_recording_commit().
 */
int nm_recording_thin(struct nm_recording *recording, const struct nm_recording_bounds *bounds,
		      int64_t now_ms, struct nm_error *err);

/* NM_OK, or what ended it; `is_complete`: the recorder ended in peace. Frees it all the same. */
int nm_recording_close(struct nm_recording *recording, int64_t now_ms, struct nm_error *err);

#endif
