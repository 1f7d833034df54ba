/*
 * inject.h - system calls that a stopped thread of another process is made to do
 *
 * The calls are laid out on the thread's stack as a chain of signal frames: each rt_sigreturn loads
 * the registers of the next call, and the last one all that the thread had before, so that it goes
 * on exactly where it was. Once it has been set off the thread needs nobody: if the tracer dies at
 * any moment, the chain is finished all the same, and a child that it made leaves at once.
 *
 * Only a thread that waits in a system call which can be begun again is used, so that the program
 * sees nothing of it. What is written lies below its stack pointer, where nothing is in use.
 *
 * Costs    some 50 us a call.
 * Source   arch/x86/kernel/signal_64.c, include/uapi/asm/sigcontext.h of the kernel.
 */
#ifndef NM_REMOTE_INJECT_H
#define NM_REMOTE_INJECT_H

#include "source/proc/maps.h"
#include "source/remote/reader.h"
#include "source/remote/stop.h"

/* Two places in the target's code, found in its C library or elsewhere. */
struct nm_inject_code {
	nm_addr call;	 /* syscall; ret */
	nm_addr restore; /* mov $15, %rax; syscall: rt_sigreturn */
};

struct nm_inject_call {
	long number;
	uint64_t args[6];
	long result; /* as the kernel gives it: -errno when it failed */
	bool was_made;
};

#define NM_INJECT_CALLS_MAX 129

/* Find the two places. False when there are none. */
bool nm_inject_find_code(pid_t pid, int pid_dir, const struct nm_maps *maps,
			 struct nm_inject_code *out);

/* A reason not to try with thread `task` of the process, as its status file tells it, or NULL: a
   filter for system calls, a shadow stack. */
const char *nm_inject_find_objection(int pid_dir, pid_t task);

/* In a stop: the thread that is best made to do calls; NULL when none can be. */
struct nm_stopped_thread *nm_inject_choose(struct nm_stop *stop, const struct nm_maps *maps,
					   size_t call_count);

/*
 * In a stop, by its tracer: let `thread` make the calls. A clone among them gets a stack of its own,
 * and `out_child` the number of the child, which is traced by the caller and has not run. Each
 * call's result is for the caller to look at. NM_E_IO, NM_E_GONE, NM_E_BUSY (it did not get to
 * run; should it later, it finishes by itself).
 */
int nm_inject(struct nm_stopped_thread *thread, const struct nm_inject_code *code,
	      struct nm_inject_call *calls, size_t count, pid_t *out_child, struct nm_error *err);

#endif
