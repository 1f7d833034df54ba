/*
 * stop.h - something done while a process stands still
 *
 * All threads are stopped by PTRACE_SEIZE and PTRACE_INTERRUPT, so that no signal is sent and no
 * parent or shell is told, and let go again as soon as the work is done. The tracer is a thread
 * that lives only as long as the stop: when it ends, or this whole program is killed, the kernel
 * itself lets go of everything that is still held (ptrace(2), kernel/ptrace.c: exit_ptrace).
 *
 * Costs    0.1 ms for the threads of an idle Node.js; -v of the commands shows what it was.
 */
#ifndef NM_REMOTE_STOP_H
#define NM_REMOTE_STOP_H

#include "base/error.h"

#define NM_STOP_THREADS_MAX 16384

struct nm_stopped_thread {
	pid_t id;
	bool is_waited_for;    /* it stands, and how it came to that is known */
	int signal;	       /* which was on its way to it, and is delivered when it goes on */
	bool is_group_stopped; /* by a signal, before and after */
};

struct nm_stop {
	pid_t pid;
	int pid_dir; /* borrowed */
	/* How long its threads may take to stop, before all are let go again: the caller sets it. */
	uint64_t settle_us;
	uint64_t begun_us; /* of the stop that is or was last, by CLOCK_MONOTONIC */
	/* How long the stops so far were, from the first thread's to the last one's going on. */
	unsigned count;
	uint64_t total_us;
	uint64_t longest_us;
	pid_t tracer; /* the thread of ours that made the last stop; it has ended */
	struct nm_stopped_thread *threads; /* owned */
	size_t thread_count;
};

/* NM_E_NOMEM. */
int nm_stop_init(struct nm_stop *stop, pid_t pid, int pid_dir, struct nm_error *err);

/*
 * Run `work` while the process stands still; it should not allocate or wait. Not run when this
 * fails: NM_E_PERM (no right to, or somebody else traces it), NM_E_GONE, NM_E_BUSY (a thread
 * did not stop in time: it waits inside the kernel, or for a processor), NM_E_LIMIT (too many threads), NM_E_IO.
 */
int nm_stop_call(struct nm_stop *stop, void (*work)(void *context), void *context,
		 struct nm_error *err);

/* The same, and when the process runs again, `then`, in the same thread: so it may still use ptrace
   on what is left to the tracer, as a child that it caught. It has all the time it wants. */
int nm_stop_call_then(struct nm_stop *stop, void (*work)(void *context),
		      void (*then)(void *context), void *context, struct nm_error *err);

/* Since the stop that is under way began. */
uint64_t nm_stop_took_us(const struct nm_stop *stop);

void nm_stop_done(struct nm_stop *stop);

#endif
