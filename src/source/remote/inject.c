#include "source/remote/inject.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "source/proc/file.h"

/* The kernel's own results of a system call that is to be begun again, which no program sees:
   include/linux/errno.h. */
#define ERESTARTSYS	      512
#define ERESTARTNOHAND	      514
#define ERESTART_RESTARTBLOCK 516

#define RED_ZONE     128
#define STATE_MAX    16384 /* of the vector registers: 11 KiB with AMX */
#define USER_CODE    0x33  /* cs of 64-bit programs */
#define TRAP_FLAG    UINT64_C(0x100)
#define ALL_SIGNALS  (~UINT64_C(0))
#define STACK_MARGIN 4096 /* stays free below what is written */
#define POLL_US	     5
#define WAIT_MAX_US  10000000
#define SYSCALL_STOP (SIGTRAP | 0x80)

/* struct ucontext and struct sigcontext as the kernel reads them. */
struct frame {
	uint64_t flags;
	uint64_t link;
	uint64_t stack_pointer;
	uint32_t stack_flags;
	uint32_t pad;
	uint64_t stack_size;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trap, old_mask, cr2;
	uint64_t state; /* address of the vector registers */
	uint64_t reserved[8];
	uint64_t mask; /* of signals */
};

/* A frame and, behind it, the place to return to from the call it makes. */
struct link {
	struct frame frame;
	uint64_t restore;
};

/* UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS */
#define FRAME_FLAGS 7
/* No mode of an alternate signal stack: the kernel refuses it, goes on, and the thread keeps what it
   has (restore_altstack). */
#define NO_STACK_MODE 3

/* In the area of the vector registers that is left to software: struct _fpx_sw_bytes. */
#define SOFTWARE_AT	464
#define STATE_MAGIC	0x46505853
#define STATE_MAGIC_END 0x46505845

/* What is written into the target, from its lowest address up. */
struct layout {
	nm_addr links; /* one a call, and the last to go back */
	nm_addr child; /* the stack of a child */
	nm_addr state;
	nm_addr end;
};

struct chain {
	struct nm_stopped_thread *thread;
	const struct nm_inject_code *code;
	struct nm_inject_call *calls;
	size_t count;
	struct user_regs_struct regs; /* as it was */
	uint64_t mask;
	size_t state_size;
	struct layout layout;
	pid_t child;
	struct nm_error *err;
	/* What is written. */
	struct link links[NM_INJECT_CALLS_MAX + 1];
	struct {
		uint64_t restore;
		struct frame frame;
	} child_stack;
	unsigned char state[STATE_MAX] __attribute__((aligned(64)));
};

/* ---- the code ---------------------------------------------------------------------------- */

static const unsigned char call_bytes[] = {0x0f, 0x05, 0xc3};
static const unsigned char restore_bytes[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};

static bool is_in_target(pid_t pid, nm_addr addr, const unsigned char *bytes, size_t size)
{
	unsigned char there[16];
	struct iovec local = {there, size};
	struct iovec remote = {(void *)(uintptr_t)addr, size};

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)size &&
	       memcmp(there, bytes, size) == 0;
}

static void look_for(pid_t pid, const unsigned char *block, size_t length, nm_addr at,
		     const unsigned char *bytes, size_t size, nm_addr *out)
{
	const unsigned char *found = *out ? NULL : memmem(block, length, bytes, size);

	if (found && is_in_target(pid, at + (nm_addr)(found - block), bytes, size))
		*out = at + (nm_addr)(found - block);
}

/* Search the file, not the memory: reading it there would bring its pages into the target. */
static void search_file(pid_t pid, int fd, const struct nm_map *map, struct nm_inject_code *out)
{
	unsigned char block[64 * 1024];
	uint64_t size = map->end - map->start;

	for (uint64_t at = 0; at < size && (!out->call || !out->restore);) {
		ssize_t got = pread(fd, block, sizeof(block), (off_t)(map->offset + at));

		if (got < (ssize_t)sizeof(restore_bytes))
			return;
		if ((uint64_t)got > size - at)
			got = (ssize_t)(size - at);
		look_for(pid, block, (size_t)got, map->start + at, call_bytes, sizeof(call_bytes),
			 &out->call);
		look_for(pid, block, (size_t)got, map->start + at, restore_bytes,
			 sizeof(restore_bytes), &out->restore);
		at += (uint64_t)got - sizeof(restore_bytes) + 1;
	}
}

static bool is_c_library(const struct nm_map *map)
{
	const char *name = strrchr(map->path, '/');

	return name && (strncmp(name, "/libc.", 6) == 0 || strncmp(name, "/libc-", 6) == 0 ||
			strncmp(name, "/ld-musl", 8) == 0);
}

bool nm_inject_find_code(pid_t pid, int pid_dir, const struct nm_maps *maps,
			 struct nm_inject_code *out)
{
	*out = (struct nm_inject_code){0, 0};
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < maps->count && (!out->call || !out->restore); i++) {
			const struct nm_map *map = &maps->items[i];
			int fd;

			if (!(map->access & NM_MAP_EXECUTE) || map->inode == 0 ||
			    is_c_library(map) != (pass == 0))
				continue;
			fd = nm_map_open(map, pid_dir);
			if (fd < 0)
				continue;
			search_file(pid, fd, map, out);
			close(fd);
		}
	return out->call && out->restore;
}

/* ---- the thread -------------------------------------------------------------------------- */

const char *nm_inject_find_objection(int pid_dir, pid_t task)
{
	char name[40], text[8192];
	const char *line;

	snprintf(name, sizeof(name), "task/%d/status", (int)task);
	if (nm_proc_read(pid_dir, name, text, sizeof(text)) <= 0)
		return "its status cannot be read";
	line = strstr(text, "\nSeccomp:\t");
	if (line && line[strlen("\nSeccomp:\t")] != '0')
		return "a seccomp filter watches its system calls";
	line = strstr(text, "\nx86_Thread_features:\t");
	if (line) {
		char features[64];

		snprintf(features, sizeof(features), "%.60s", line + 1);
		features[strcspn(features, "\n")] = '\0';
		if (strstr(features, "shstk"))
			return "it has a shadow stack";
	}
	return NULL;
}

static bool read_regs(pid_t thread, struct user_regs_struct *out)
{
	struct iovec room = {out, sizeof(*out)};

	return ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &room) == 0 &&
	       room.iov_len == sizeof(*out);
}

/* 2: in a call that is simply begun again. 1: at the end of a call, whose result is there. 0: in
   code of its own, or in a call that the kernel alone can go on with. */
static int rate(const struct user_regs_struct *regs)
{
	long result = (long)regs->rax;

	if (regs->cs != USER_CODE || (long)regs->orig_rax < 0)
		return 0;
	if (result <= -ERESTARTSYS && result >= -ERESTARTNOHAND)
		return 2;
	return result != -ERESTART_RESTARTBLOCK;
}

static uint64_t space_for(size_t count)
{
	return RED_ZONE + STATE_MAX + 128 + (count + 2) * sizeof(struct link) + STACK_MARGIN;
}

static bool has_space(const struct nm_maps *maps, const struct user_regs_struct *regs, size_t count)
{
	const struct nm_map *map = nm_maps_find(maps, regs->rsp);

	return map && (map->access & NM_MAP_WRITE) && !(map->access & NM_MAP_SHARED) &&
	       regs->rsp - map->start >= space_for(count);
}

struct nm_stopped_thread *nm_inject_choose(struct nm_stop *stop, const struct nm_maps *maps,
					   size_t call_count)
{
	struct nm_stopped_thread *best = NULL;
	int best_rating = 0;

	for (size_t i = 0; i < stop->thread_count && best_rating < 2; i++) {
		struct nm_stopped_thread *thread = &stop->threads[i];
		struct user_regs_struct regs;
		int rating;

		if (thread->signal || thread->is_group_stopped || !read_regs(thread->id, &regs))
			continue;
		rating = rate(&regs);
		if (rating > best_rating && has_space(maps, &regs, call_count) &&
		    !nm_inject_find_objection(stop->pid_dir, thread->id)) {
			best = thread;
			best_rating = rating;
		}
	}
	return best;
}

/* ---- the chain --------------------------------------------------------------------------- */

static int fail(const struct chain *chain, const char *what)
{
	return nm_error_set_errno(chain->err, errno == ESRCH ? NM_E_GONE : NM_E_IO, errno,
				  "cannot %s thread %d", what, (int)chain->thread->id);
}

/* Its registers, vector registers and signal mask. */
static int read_thread(struct chain *chain)
{
	pid_t thread = chain->thread->id;
	struct iovec room = {chain->state, sizeof(chain->state) - 64};

	if (!read_regs(thread, &chain->regs) ||
	    ptrace(PTRACE_GETREGSET, thread, (void *)NT_X86_XSTATE, &room) != 0 ||
	    ptrace(PTRACE_GETSIGMASK, thread, (void *)sizeof(chain->mask), &chain->mask) != 0)
		return fail(chain, "read the registers of");
	chain->state_size = room.iov_len;
	if (chain->state_size < SOFTWARE_AT + 48)
		return nm_error_set(chain->err, NM_E_UNSUPPORTED,
				    "cannot read the registers of thread %d: they are in a form "
				    "that is not known",
				    (int)thread);
	return NM_OK;
}

/* As the kernel itself leaves them in the frame of a signal. */
static void mark_state(struct chain *chain)
{
	struct {
		uint32_t magic, extended_size;
		uint64_t features;
		uint32_t size, pad[7];
	} software = {.magic = STATE_MAGIC,
		      .extended_size = (uint32_t)(chain->state_size + sizeof(uint32_t)),
		      .size = (uint32_t)chain->state_size};
	uint32_t end = STATE_MAGIC_END;

	memcpy(&software.features, chain->state + SOFTWARE_AT, sizeof(software.features));
	memcpy(chain->state + SOFTWARE_AT, &software, sizeof(software));
	memcpy(chain->state + chain->state_size, &end, sizeof(end));
}

static void place(struct chain *chain)
{
	struct layout *layout = &chain->layout;

	layout->end = (chain->regs.rsp - RED_ZONE) & ~UINT64_C(63);
	layout->state = (layout->end - chain->state_size - sizeof(uint32_t)) & ~UINT64_C(63);
	layout->child = (layout->state - sizeof(chain->child_stack)) & ~UINT64_C(15);
	layout->links = (layout->child - (chain->count + 1) * sizeof(struct link)) & ~UINT64_C(15);
}

/* The registers that it has, but for what a call changes. */
static struct frame make_frame(const struct chain *chain)
{
	const struct user_regs_struct *regs = &chain->regs;

	return (struct frame){
		.flags = FRAME_FLAGS,
		.stack_flags = NO_STACK_MODE,
		.r8 = regs->r8,
		.r9 = regs->r9,
		.r10 = regs->r10,
		.r11 = regs->r11,
		.r12 = regs->r12,
		.r13 = regs->r13,
		.r14 = regs->r14,
		.r15 = regs->r15,
		.rdi = regs->rdi,
		.rsi = regs->rsi,
		.rbp = regs->rbp,
		.rbx = regs->rbx,
		.rdx = regs->rdx,
		.rax = regs->rax,
		.rcx = regs->rcx,
		.rsp = regs->rsp,
		.rip = regs->rip,
		.eflags = regs->eflags,
		.cs = (uint16_t)regs->cs,
		.ss = (uint16_t)regs->ss,
		.state = chain->layout.state,
		.mask = chain->mask,
	};
}

static struct frame make_call(const struct chain *chain, const struct nm_inject_call *call,
			      nm_addr stack)
{
	struct frame frame = make_frame(chain);

	frame.rax = (uint64_t)call->number;
	frame.rdi = call->args[0];
	frame.rsi = call->number == SYS_clone ? chain->layout.child : call->args[1];
	frame.rdx = call->args[2];
	frame.r10 = call->args[3];
	frame.r8 = call->args[4];
	frame.r9 = call->args[5];
	frame.rip = chain->code->call;
	frame.rsp = stack;
	frame.eflags &= ~TRAP_FLAG;
	frame.mask = ALL_SIGNALS;
	return frame;
}

/* A system call that was interrupted is begun again, as the kernel would do it. */
static struct frame make_return(const struct chain *chain)
{
	struct frame frame = make_frame(chain);

	if (rate(&chain->regs) == 2) {
		frame.rip -= sizeof(call_bytes) - 1;
		frame.rax = chain->regs.orig_rax;
	}
	return frame;
}

static int write_chain(struct chain *chain)
{
	const struct nm_inject_call leave = {.number = SYS_exit_group};
	const struct layout *layout = &chain->layout;
	size_t links_size = (chain->count + 1) * sizeof(struct link);
	struct iovec local[] = {{chain->links, links_size},
				{&chain->child_stack, sizeof(chain->child_stack)},
				{chain->state, chain->state_size + sizeof(uint32_t)}};
	struct iovec remote[] = {
		{(void *)(uintptr_t)layout->links, links_size},
		{(void *)(uintptr_t)layout->child, sizeof(chain->child_stack)},
		{(void *)(uintptr_t)layout->state, chain->state_size + sizeof(uint32_t)}};
	const size_t parts = sizeof(local) / sizeof(local[0]);
	size_t size = 0;

	for (size_t i = 0; i < chain->count; i++) {
		/* The call returns to the word behind its frame, and the next frame lies there. */
		nm_addr stack = layout->links + i * sizeof(struct link) + sizeof(struct frame);

		chain->links[i] = (struct link){make_call(chain, &chain->calls[i], stack),
						chain->code->restore};
	}
	chain->links[chain->count] = (struct link){make_return(chain), 0};
	chain->child_stack.restore = chain->code->restore;
	chain->child_stack.frame = make_call(chain, &leave, layout->child);
	for (size_t i = 0; i < parts; i++)
		size += local[i].iov_len;
	if (process_vm_writev(chain->thread->id, local, parts, remote, parts, 0) != (ssize_t)size)
		return fail(chain, "write to the stack of");
	return NM_OK;
}

/* From here on the thread needs nobody. */
static int set_off(struct chain *chain)
{
	pid_t thread = chain->thread->id;
	struct user_regs_struct regs = chain->regs;
	struct iovec room = {&regs, sizeof(regs)};
	uint64_t mask = ALL_SIGNALS;

	regs.rip = chain->code->restore;
	regs.rsp = chain->layout.links;
	regs.rax = 0;
	regs.orig_rax = (uint64_t)-1; /* nothing is begun again before */
	regs.eflags &= ~TRAP_FLAG;
	if (ptrace(PTRACE_SETOPTIONS, thread, NULL,
		   (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE)) != 0 ||
	    ptrace(PTRACE_SETREGSET, thread, (void *)NT_PRSTATUS, &room) != 0)
		return fail(chain, "set the registers of");
	/* Not before the registers: the chain ends with the mask that the thread has. */
	ptrace(PTRACE_SETSIGMASK, thread, (void *)sizeof(mask), &mask);
	return NM_OK;
}

static void put_back(struct chain *chain)
{
	struct iovec room = {&chain->regs, sizeof(chain->regs)};

	ptrace(PTRACE_SETREGSET, chain->thread->id, (void *)NT_PRSTATUS, &room);
	ptrace(PTRACE_SETSIGMASK, chain->thread->id, (void *)sizeof(chain->mask), &chain->mask);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* How it ended is its parent's to collect, which may be another thread of ours. */
static bool has_ended(pid_t thread)
{
	siginfo_t info = {.si_pid = 0};

	if (waitid(P_PID, (id_t)thread, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0)
		return true;
	return info.si_pid != 0 && info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED;
}

/* Wait for the thread's next stop; with a limit, since a frozen control group does not let it run.
   The longer it has been, the rarer is the look: it may have to share a processor with us. */
static int wait_for_stop(struct chain *chain, int *out_status)
{
	uint64_t began = now_us(), waited = 0;

	while (waited < WAIT_MAX_US) {
		siginfo_t info = {.si_pid = 0};

		if (waitid(P_PID, (id_t)chain->thread->id, &info, WSTOPPED | WNOHANG | __WALL) != 0)
			return fail(chain, "wait for");
		if (info.si_pid != 0) {
			/* As waitpid() tells it, which would collect an end too. */
			*out_status = info.si_status << 8 | 0x7f;
			return NM_OK;
		}
		if (has_ended(chain->thread->id))
			return nm_error_set(chain->err, NM_E_GONE, "thread %d has ended",
					    (int)chain->thread->id);
		usleep((useconds_t)(waited / 8 + POLL_US));
		waited = now_us() - began;
	}
	return nm_error_set(chain->err, NM_E_BUSY,
			    "cannot use thread %d: it does not get to run (is its control group "
			    "frozen?)",
			    (int)chain->thread->id);
}

/* At the end of call number `at`. */
static void take_result(struct chain *chain, size_t at)
{
	struct user_regs_struct regs;

	if (read_regs(chain->thread->id, &regs)) {
		chain->calls[at].result = (long)regs.rax;
		chain->calls[at].was_made = true;
	}
}

/* A stop that is not of a system call. False: the chain is broken, and has been undone. */
static bool pass_by(struct chain *chain, int status)
{
	int signal = WSTOPSIG(status);
	unsigned long child;

	if (status >> 16 == PTRACE_EVENT_CLONE) {
		if (ptrace(PTRACE_GETEVENTMSG, chain->thread->id, NULL, &child) == 0)
			chain->child = (pid_t)child;
		return true;
	}
	if (status >> 16 != 0)
		return true;
	if (signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGTRAP) {
		put_back(chain);
		return false;
	}
	chain->thread->signal = signal; /* SIGSTOP, which no mask holds off: after all this */
	return true;
}

/* Each sigreturn and each call stops at its begin and at its end; the last is a sigreturn. */
static int follow(struct chain *chain)
{
	size_t stops = 0, last = 4 * chain->count + 2;
	int what = 0, status;

	while (stops < last) {
		if (ptrace(PTRACE_SYSCALL, chain->thread->id, NULL, NULL) != 0)
			return fail(chain, "let go on");
		status = wait_for_stop(chain, &what);
		if (status != NM_OK)
			return status;
		if (what >> 16 == 0 && WSTOPSIG(what) == SYSCALL_STOP) {
			stops++;
			if (stops % 4 == 0)
				take_result(chain, stops / 4 - 1);
		} else if (!pass_by(chain, what)) {
			return nm_error_set(chain->err, NM_E_IO,
					    "cannot use thread %d: it met signal %d",
					    (int)chain->thread->id, WSTOPSIG(what));
		}
	}
	return NM_OK;
}

int nm_inject(struct nm_stopped_thread *thread, const struct nm_inject_code *code,
	      struct nm_inject_call *calls, size_t count, pid_t *out_child, struct nm_error *err)
{
	struct chain *chain = aligned_alloc(64, (sizeof(*chain) + 63) / 64 * 64);
	int status;

	if (!chain)
		return nm_error_nomem(err);
	memset(chain, 0, sizeof(*chain));
	chain->thread = thread;
	chain->code = code;
	chain->calls = calls;
	chain->count = count < NM_INJECT_CALLS_MAX ? count : NM_INJECT_CALLS_MAX;
	chain->err = err;
	status = read_thread(chain);
	if (status == NM_OK) {
		mark_state(chain);
		place(chain);
		status = write_chain(chain);
	}
	if (status == NM_OK)
		status = set_off(chain);
	if (status == NM_OK)
		status = follow(chain);
	if (out_child)
		*out_child = chain->child;
	free(chain);
	return status;
}
