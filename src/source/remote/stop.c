#include "source/remote/stop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "source/proc/file.h"
#include "source/proc/stat.h"

#define SETTLE_US 50000 /* unless the caller says */
#define POLL_US	  20
#define NICE_MIN  (-20)
/* Threads that start threads while being stopped: each round finds those of the round before. */
#define ROUNDS_MAX 64

struct job {
	struct nm_stop *stop;
	void (*work)(void *context);
	void (*then)(void *context);
	void *context;
	struct nm_error *err;
	int status;
	pid_t last_tracer;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int nm_stop_init(struct nm_stop *stop, pid_t pid, int pid_dir, struct nm_error *err)
{
	memset(stop, 0, sizeof(*stop));
	stop->pid = pid;
	stop->pid_dir = pid_dir;
	stop->settle_us = SETTLE_US;
	stop->threads = calloc(NM_STOP_THREADS_MAX, sizeof(*stop->threads));
	return stop->threads ? NM_OK : nm_error_nomem(err);
}

void nm_stop_done(struct nm_stop *stop)
{
	free(stop->threads);
	stop->threads = NULL;
}

uint64_t nm_stop_took_us(const struct nm_stop *stop)
{
	return stop->begun_us ? now_us() - stop->begun_us : 0;
}

static bool is_known(const struct nm_stop *stop, pid_t thread)
{
	for (size_t i = 0; i < stop->thread_count; i++)
		if (stop->threads[i].id == thread)
			return true;
	return false;
}

/* Who traces the process, or 0. */
static int find_tracer(const struct nm_stop *stop)
{
	uint64_t tracer = 0;
	char text[4096];

	if (nm_proc_read(stop->pid_dir, "status", text, sizeof(text)) > 0)
		nm_proc_status_find(text, "TracerPid:", &tracer);
	return (int)tracer;
}

/* A thread that is about to end cannot be seized any more. */
static bool is_ending(const struct nm_stop *stop, pid_t thread)
{
	struct nm_proc_stat stat;
	char name[48], text[512];

	snprintf(name, sizeof(name), "task/%d/stat", (int)thread);
	return nm_proc_read(stop->pid_dir, name, text, sizeof(text)) <= 0 ||
	       nm_proc_stat_parse(text, &stat) != NM_OK || strchr("ZXx", stat.state) != NULL;
}

static int fail_seize(const struct job *job, int os_errno)
{
	int pid = (int)job->stop->pid, tracer = find_tracer(job->stop);

	/* The kernel lets go of what a thread held a moment after that thread is gone. */
	if (os_errno == EPERM && tracer != 0 && tracer == job->last_tracer)
		return nm_error_set(job->err, NM_E_BUSY,
				    "cannot stop process %d: the last stop is not over (try again)",
				    pid);
	if (os_errno == EPERM && tracer != 0)
		return nm_error_set(job->err, NM_E_PERM,
				    "cannot stop process %d: process %d traces it already "
				    "(a debugger or strace: end that first)",
				    pid, tracer);
	if (os_errno == EPERM)
		return nm_error_set(
			job->err, NM_E_PERM,
			"cannot stop process %d: not permitted (ptrace: run as root, or "
			"with CAP_SYS_PTRACE)",
			pid);
	return nm_error_set_errno(job->err, NM_E_IO, os_errno, "cannot stop process %d", pid);
}

/* Seize and interrupt the threads that are not yet known. Returns how many, or an error. */
static int seize_new(struct job *job, DIR *tasks)
{
	struct nm_stop *stop = job->stop;
	struct dirent *entry;
	int count = 0;

	rewinddir(tasks);
	while ((entry = readdir(tasks)) != NULL) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (thread <= 0 || is_known(stop, thread))
			continue;
		if (stop->thread_count == NM_STOP_THREADS_MAX)
			return nm_error_set(job->err, NM_E_LIMIT,
					    "cannot stop process %d: it has more than %d threads",
					    (int)stop->pid, NM_STOP_THREADS_MAX);
		if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) != 0) {
			int os_errno = errno;

			if (os_errno == ESRCH || is_ending(stop, thread))
				continue;
			return fail_seize(job, os_errno);
		}
		stop->threads[stop->thread_count++] = (struct nm_stopped_thread){.id = thread};
		count++;
	}
	for (size_t i = stop->thread_count - (size_t)count; i < stop->thread_count; i++) {
		if (stop->begun_us == 0)
			stop->begun_us = now_us();
		ptrace(PTRACE_INTERRUPT, stop->threads[i].id, NULL, NULL);
	}
	return count;
}

/*
 * Whether the thread stands: 1, and how in `out_how`; 0 not yet; -1 it has ended. The stop is looked at and
 * not collected (WNOWAIT): once a tracer has collected a stop on the way to a handler, the signal is
 * its alone to deliver, and would be lost if it were killed (wait_task_stopped in kernel/exit.c).
 */
static int look_at(pid_t pid, pid_t thread, int *out_how)
{
	siginfo_t info = {.si_pid = 0};

	if (waitid(P_PID, (id_t)thread, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) !=
	    0)
		return -1;
	if (info.si_pid == 0)
		return 0;
	*out_how = info.si_status;
	if (info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED)
		return 1;
	/* How a process ended is its parent's to collect, which may be another thread of ours. */
	if (thread != pid)
		waitpid(thread, NULL, __WALL | WNOHANG);
	return -1;
}

/* Wait until the threads from `first` on stand still; those that ended are dropped. */
static int wait_for(struct job *job, size_t first)
{
	struct nm_stop *stop = job->stop;
	uint64_t until = stop->begun_us + stop->settle_us;

	for (size_t i = first; i < stop->thread_count;) {
		int how = 0, got = look_at(stop->pid, stop->threads[i].id, &how);

		if (got == 0 && now_us() < until) {
			usleep(POLL_US);
		} else if (got == 0) {
			return nm_error_set(
				job->err, NM_E_BUSY,
				"cannot stop process %d: its thread %d does not stop in "
				"time (try again, or with a larger --max-stop)",
				(int)stop->pid, (int)stop->threads[i].id);
		} else if (got < 0) {
			stop->threads[i] = stop->threads[--stop->thread_count];
		} else {
			stop->threads[i].is_waited_for = true;
			/* Not by our interrupt but on the way to a handler: no event is told. */
			stop->threads[i].signal = how >> 8 == 0 ? how : 0;
			stop->threads[i].is_group_stopped =
				how >> 8 == PTRACE_EVENT_STOP && (how & 0xff) != SIGTRAP;
			i++;
		}
	}
	return NM_OK;
}

static int stop_all(struct job *job)
{
	struct nm_stop *stop = job->stop;
	int fd = openat(stop->pid_dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *tasks = fd < 0 ? NULL : fdopendir(fd);
	int status = NM_OK, count = 1;

	if (!tasks) {
		status = nm_error_set(job->err, NM_E_GONE, "process %d has ended", (int)stop->pid);
		if (fd >= 0)
			close(fd);
		return status;
	}
	for (int round = 0; count > 0 && status == NM_OK; round++) {
		size_t known = stop->thread_count;

		count = round < ROUNDS_MAX ? seize_new(job, tasks) : 0;
		status = count < 0 ? count : wait_for(job, known);
	}
	closedir(tasks);
	if (status == NM_OK && stop->thread_count == 0)
		status = nm_error_set(job->err, NM_E_GONE, "process %d has ended", (int)stop->pid);
	return status;
}

/* One that has not been waited for may have stopped since on the way to a handler: to let it go here would
   lose the signal. The end of this thread lets it go with that. */
static void let_go(const struct nm_stop *stop)
{
	for (size_t i = 0; i < stop->thread_count; i++)
		if (stop->threads[i].is_waited_for)
			ptrace(PTRACE_DETACH, stop->threads[i].id, NULL,
			       (void *)(intptr_t)stop->threads[i].signal);
}

/* While the process stands still nothing else is more urgent. Without the right to say so it takes
   its turn. */
static void hurry(void)
{
	struct sched_param first = {.sched_priority = 1};

	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &first) != 0)
		setpriority(PRIO_PROCESS, (id_t)gettid(), NICE_MIN);
}

/* The hurry is over. */
static void calm_down(void)
{
	struct sched_param usual = {.sched_priority = 0};

	pthread_setschedparam(pthread_self(), SCHED_OTHER, &usual);
	setpriority(PRIO_PROCESS, (id_t)gettid(), 0);
}

static void *run_job(void *context)
{
	struct job *job = context;
	struct nm_stop *stop = job->stop;
	uint64_t took;

	hurry();
	job->last_tracer = stop->tracer;
	stop->tracer = gettid();
	stop->thread_count = 0;
	stop->begun_us = 0;
	job->status = stop_all(job);
	if (job->status == NM_OK)
		job->work(job->context);
	let_go(stop);
	took = nm_stop_took_us(stop);
	stop->count += stop->begun_us != 0;
	stop->total_us += took;
	if (took > stop->longest_us)
		stop->longest_us = took;
	if (job->status == NM_OK && job->then) {
		calm_down();
		job->then(job->context);
	}
	return NULL;
}

int nm_stop_call(struct nm_stop *stop, void (*work)(void *context), void *context,
		 struct nm_error *err)
{
	return nm_stop_call_then(stop, work, NULL, context, err);
}

int nm_stop_call_then(struct nm_stop *stop, void (*work)(void *context),
		      void (*then)(void *context), void *context, struct nm_error *err)
{
	struct job job = {.stop = stop, .work = work, .then = then, .context = context, .err = err};
	pthread_t tracer;
	int failed = pthread_create(&tracer, NULL, run_job, &job);

	if (failed)
		return nm_error_set_errno(err, NM_E_IO, failed, "cannot start a thread");
	pthread_join(tracer, NULL);
	return job.status;
}
