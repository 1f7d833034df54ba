/*
 * look.h - what takes longer than a screen may stand still for: the ledger and the classes of a process
 *
 * A thread opens the process anew and reads; the caller's loop goes on and is told in the end. One look of each kind
 * at a time.
 */
#ifndef NM_CMD_TOP_LOOK_H
#define NM_CMD_TOP_LOOK_H

#include <uv.h>

#include "nodemem.h"

enum nm_top_look_kind { NM_TOP_LEDGER, NM_TOP_CLASSES, NM_TOP_LOOK_COUNT };

struct nm_top_look_result {
	enum nm_top_look_kind kind;
	pid_t pid;
	int64_t started_ms; /* when the process began: tells apart those of one number */
	int status;
	struct nm_error err;
	struct nm_ledger ledger; /* or */
	struct nm_classes classes;
};

struct nm_top_looks {
	uv_loop_t *loop;
	/* The receiver may take ownership of what was read, and zeroes it then. */
	void (*done)(void *context, struct nm_top_look_result *result);
	void *context;
	struct nm_top_look_job *jobs[NM_TOP_LOOK_COUNT]; /* under way */
};

/* Begin, unless a look of the kind is under way. The ledger never stops the process; the classes do. False when
   nothing was begun. */
bool nm_top_look(struct nm_top_looks *looks, enum nm_top_look_kind kind,
		 const struct nm_target_info *info, uint64_t rss);

/* Wait for what is under way. */
void nm_top_looks_finish(struct nm_top_looks *looks);

#endif
