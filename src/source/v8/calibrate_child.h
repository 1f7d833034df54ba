/*
 * calibrate_child.h - an unknown Node.js binary, run step by step
 *
 * The child runs calibrate.js as the calling user, without the caller's NODE_* settings. At each
 * step it has printed its own numbers and is blocked, so that its memory can be compared.
 */
#ifndef NM_V8_CALIBRATE_CHILD_H
#define NM_V8_CALIBRATE_CHILD_H

#include "source/v8/layout.h"

/* The heap limits of a child that is started `limited`: unlike those that V8 chooses. */
#define NM_V8_CALIBRATE_OLD_MIB	 777
#define NM_V8_CALIBRATE_SEMI_MIB 8

/* What the child says of itself at one step. */
struct nm_v8_truth {
	uint64_t heap_total;
	uint64_t heap_used;
	uint64_t external;
	uint64_t array_buffers;
	uint64_t heap_size_limit;
	uint32_t space_count;
	enum nm_v8_space spaces[NM_V8_SPACE_COUNT];
	uint64_t size[NM_V8_SPACE_COUNT];
	uint64_t used[NM_V8_SPACE_COUNT];
	uint64_t major_gcs; /* that it has asked for so far ... */
	uint64_t minor_gcs;
	bool only_collected; /* ... and all that it had since the step before */
	char node[32];
	char v8[40];
};

struct nm_v8_child;

/* `limited`: with flags for other heap limits than V8 would choose. NM_E_IO when it cannot be
   started. */
int nm_v8_child_open(const char *path, bool limited, struct nm_v8_child **out,
		     struct nm_error *err);

pid_t nm_v8_child_pid(const struct nm_v8_child *child);

/*
 * Let it take a step. Returns 1 when it stands at the next step, with `out` filled; 0 when it
 * has taken all; NM_E_NOT_NODE, NM_E_UNSUPPORTED (a space of V8's that nodemem does not know)
 * or NM_E_IO (no answer in time).
 */
int nm_v8_child_step(struct nm_v8_child *child, struct nm_v8_truth *out, struct nm_error *err);

/* Ends the child. */
void nm_v8_child_close(struct nm_v8_child *child);

#endif
