/*
 * test_inject.c - system calls that a stopped thread is made to do, and of which it notices nothing
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/syscall.h>

#include "still.h"

#include "source/proc/children.h"
#include "source/remote/inject.h"

#define ALT_SIZE 65536

/* ---- the child --------------------------------------------------------------------------- */

static struct still_words *child_words;

static void on_signal(int signal)
{
	(void)signal;
	child_words->signals++;
}

/* A read during which the vector registers and those that a call keeps hold known values. */
static long read_byte(int fd, char *byte, bool *out_same)
{
	const uint64_t first = 0x1122334455667788, second = 0x99aabbccddeeff00;
	uint64_t xmm = first, r12 = second;
	long result;

	__asm__ volatile("movq %[xmm], %%xmm15\n\t"
			 "movq %[r12], %%r12\n\t"
			 "syscall\n\t"
			 "movq %%xmm15, %[xmm]\n\t"
			 "movq %%r12, %[r12]\n\t"
			 : "=a"(result), [xmm] "+m"(xmm), [r12] "+m"(r12)
			 : "a"(SYS_read), "D"(fd), "S"(byte), "d"(1)
			 : "rcx", "r11", "r12", "xmm15", "memory");
	*out_same = xmm == first && r12 == second;
	return result;
}

static bool has_own_state(const stack_t *alt)
{
	sigset_t blocked;
	stack_t now;

	sigaltstack(NULL, &now);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	return now.ss_sp == alt->ss_sp && now.ss_size == alt->ss_size &&
	       now.ss_flags == alt->ss_flags && sigismember(&blocked, SIGUSR2) &&
	       !sigismember(&blocked, SIGUSR1) && !sigismember(&blocked, SIGTERM);
}

static void answer(struct still_words *words, int from, int to)
{
	stack_t alt = {.ss_sp = still_map(ALT_SIZE, MAP_PRIVATE), .ss_size = ALT_SIZE};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
	sigset_t blocked;
	bool is_same;
	char byte;

	child_words = words;
	sigaltstack(&alt, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	while (read_byte(from, &byte, &is_same) == 1) {
		words->is_changed |= !is_same || !has_own_state(&alt);
		words->answers++;
		if (write(to, &byte, 1) != 1)
			return;
	}
	words->is_changed = true;
}

/* ---- calls ------------------------------------------------------------------------------- */

struct work {
	struct nm_stop stop;
	struct nm_maps maps;
	struct nm_inject_code code;
	struct nm_inject_call calls[4];
	size_t count;
	pid_t child;
	pid_t signalled;
	int status;
	struct nm_error err;
};

static void make_calls(void *context)
{
	struct work *work = context;
	struct nm_stopped_thread *thread;

	thread = nm_inject_choose(&work->stop, &work->maps, work->count);
	if (work->signalled)
		kill(work->signalled, SIGUSR1);
	work->child = 0;
	work->status = NM_E_UNSUPPORTED;
	if (thread)
		work->status = nm_inject(thread, &work->code, work->calls, work->count,
					 &work->child, &work->err);
}

/* As soon as the child waits for us again: it may still be on its way there. */
static int call(struct work *work, void (*then)(void *context))
{
	int status = NM_OK;

	work->status = NM_E_UNSUPPORTED;
	for (int i = 0; i < 1000 && status == NM_OK && work->status == NM_E_UNSUPPORTED; i++) {
		status = nm_stop_call_then(&work->stop, make_calls, then, work, NULL);
		work->signalled = 0;
		usleep(500);
	}
	return status == NM_OK ? work->status : status;
}

/* By the tracer, as it has caught the child. */
static void end_caught_child(void *context)
{
	struct work *work = context;
	int status;

	if (work->child <= 0)
		return;
	waitpid(work->child, &status, __WALL);
	kill(work->child, SIGKILL);
	waitpid(work->child, &status, __WALL);
}

static void begin(struct work *work, struct still *still)
{
	memset(work, 0, sizeof(*work));
	still_start(still, answer);
	assert_true(still_ask(still));
	assert_int_equal(nm_stop_init(&work->stop, still->pid, still->dir, NULL), NM_OK);
	nm_maps_init(&work->maps);
	assert_int_equal(nm_maps_read(still->dir, &work->maps), 0);
	assert_true(nm_inject_find_code(still->pid, still->dir, &work->maps, &work->code));
}

static void end(struct work *work, struct still *still)
{
	assert_true(still_ask(still));
	assert_false(still->words->is_changed);
	nm_stop_done(&work->stop);
	nm_maps_done(&work->maps);
	still_end(still);
}

static size_t count_zombies(const struct still *still, pid_t *out)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t count = nm_proc_silent_zombies(proc, still->pid, out, 4);

	close(proc);
	return count;
}

static void reap(struct work *work, pid_t pid)
{
	work->calls[0] =
		(struct nm_inject_call){.number = SYS_wait4, .args = {(uint64_t)pid, 0, __WALL}};
	work->count = 1;
	assert_int_equal(call(work, NULL), NM_OK);
	assert_int_equal(work->calls[0].result, pid);
}

/* ---- cases ------------------------------------------------------------------------------- */

static void calls_are_made_and_nothing_is_changed(void **state)
{
	struct still still;
	struct work work;

	(void)state;
	begin(&work, &still);
	for (int i = 0; i < 20; i++) {
		work.calls[0] = (struct nm_inject_call){.number = SYS_getpid};
		work.calls[1] = (struct nm_inject_call){.number = SYS_dup, .args = {9999}};
		work.calls[2] = (struct nm_inject_call){.number = SYS_getppid};
		work.count = 3;
		assert_int_equal(call(&work, NULL), NM_OK);
		assert_int_equal(work.calls[0].result, still.pid);
		assert_int_equal(work.calls[1].result, -EBADF);
		assert_int_equal(work.calls[2].result, getpid());
		assert_true(still_ask(&still));
		assert_false(still.words->is_changed);
	}
	end(&work, &still);
}

static void a_signal_meanwhile_comes_after(void **state)
{
	struct still still;
	struct work work;

	(void)state;
	begin(&work, &still);
	for (uint64_t i = 1; i <= 20; i++) {
		work.calls[0] = (struct nm_inject_call){.number = SYS_getpid};
		work.count = 1;
		work.signalled = still.pid;
		assert_int_equal(call(&work, NULL), NM_OK);
		assert_int_equal(work.calls[0].result, still.pid);
		while (still.words->signals < i)
			usleep(100);
		assert_true(still_ask(&still));
	}
	end(&work, &still);
}

static void a_child_is_caught_before_it_runs_and_reaped(void **state)
{
	struct still still;
	struct work work;
	pid_t zombies[4];

	(void)state;
	begin(&work, &still);
	for (int i = 0; i < 5; i++) {
		work.calls[0] = (struct nm_inject_call){.number = SYS_clone};
		work.count = 1;
		assert_int_equal(
			nm_stop_call_then(&work.stop, make_calls, end_caught_child, &work, NULL),
			NM_OK);
		assert_int_equal(work.status, NM_OK);
		assert_true(work.child > 0);
		assert_int_equal(work.calls[0].result, work.child);
		assert_int_equal(count_zombies(&still, zombies), 1);
		assert_int_equal(zombies[0], work.child);
		reap(&work, zombies[0]);
		assert_int_equal(count_zombies(&still, zombies), 0);
	}
	end(&work, &still);
}

/* A tracer that makes children over and over, until it is killed. */
static pid_t start_tracer(struct work *work)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (;;) {
		for (size_t i = 0; i < 3; i++)
			work->calls[i] = (struct nm_inject_call){.number = SYS_getpid};
		work->calls[1].number = SYS_clone;
		work->count = 3;
		nm_stop_call_then(&work->stop, make_calls, end_caught_child, work, NULL);
	}
}

static void a_killed_tracer_leaves_it_as_it_was(void **state)
{
	struct still still;
	struct work work;
	pid_t zombies[4];
	size_t count, reaped = 0;

	(void)state;
	begin(&work, &still);
	for (int i = 0; i < 100; i++) {
		pid_t tracer = start_tracer(&work);

		usleep((useconds_t)(500 + (i * 7919) % 6000));
		kill(tracer, SIGKILL);
		waitpid(tracer, NULL, 0);
		assert_true(still_ask(&still));
		assert_false(still.words->is_changed);
	}
	while ((count = count_zombies(&still, zombies)) > 0) {
		for (size_t i = 0; i < count; i++)
			reap(&work, zombies[i]);
		reaped += count;
	}
	assert_true(reaped > 0);
	assert_int_equal(still.words->answers, 101);
	end(&work, &still);
}

static void spin(struct still_words *words, int from, int to)
{
	(void)from;
	(void)to;
	for (;;)
		words->answers++;
}

static void one_that_computes_is_not_chosen(void **state)
{
	struct still still;
	struct work work = {.count = 1};

	(void)state;
	still_start(&still, spin);
	while (still.words->answers == 0)
		usleep(100);
	assert_int_equal(nm_stop_init(&work.stop, still.pid, still.dir, NULL), NM_OK);
	nm_maps_init(&work.maps);
	assert_int_equal(nm_maps_read(still.dir, &work.maps), 0);
	assert_int_equal(nm_stop_call(&work.stop, make_calls, &work, NULL), NM_OK);
	assert_int_equal(work.status, NM_E_UNSUPPORTED);
	nm_stop_done(&work.stop);
	nm_maps_done(&work.maps);
	still_end(&still);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_made_and_nothing_is_changed),
		cmocka_unit_test(a_signal_meanwhile_comes_after),
		cmocka_unit_test(a_child_is_caught_before_it_runs_and_reaped),
		cmocka_unit_test(a_killed_tracer_leaves_it_as_it_was),
		cmocka_unit_test(one_that_computes_is_not_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
