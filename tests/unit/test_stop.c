/*
 * test_stop.c - a process that stands still while something is done, and then goes on
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "source/remote/stop.h"

/* What the child and its threads count, each for itself, in memory that we see too. */
#define THREADS 4
#define SIGNALS 10000

static volatile uint64_t *counters;

static void *count(void *counter)
{
	for (;;)
		++*(volatile uint64_t *)counter;
	return NULL;
}

static void on_signal(int signal)
{
	(void)signal;
	counters[THREADS]++;
}

static pid_t start_child(void)
{
	pid_t pid;

	counters = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (pid == 0) {
		pthread_t thread;

		/* A failed test leaves it to itself. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGUSR1, on_signal);
		for (int i = 1; i < THREADS; i++)
			pthread_create(&thread, NULL, count, (void *)(uintptr_t)&counters[i]);
		count((void *)(uintptr_t)&counters[0]);
	}
	while (counters[0] == 0 || counters[THREADS - 1] == 0)
		usleep(100);
	return pid;
}

/* The machine may be busy with other tests: what is tested here is not how long it takes. */
static void init_stop(struct nm_stop *stop, pid_t pid, int dir)
{
	assert_int_equal(nm_stop_init(stop, pid, dir, NULL), NM_OK);
	stop->settle_us = 5000000;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap((void *)(uintptr_t)counters, 4096);
}

static int open_dir(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

struct watch {
	uint64_t before[THREADS], after[THREADS];
	unsigned calls;
	pid_t signalled;
};

/* While all stand still nothing counts on. */
static void look_twice(void *context)
{
	struct watch *watch = context;

	watch->calls++;
	if (watch->signalled)
		kill(watch->signalled, SIGUSR1);
	for (int i = 0; i < THREADS; i++)
		watch->before[i] = counters[i];
	usleep(5000);
	for (int i = 0; i < THREADS; i++)
		watch->after[i] = counters[i];
}

static void look_briefly(void *context)
{
	struct watch *watch = context;

	watch->calls++;
}

static void wait_for_counting(void)
{
	for (int i = 0; i < THREADS; i++)
		for (uint64_t was = counters[i]; counters[i] == was;)
			usleep(100);
}

static void all_threads_stand_still_and_go_on(void **state)
{
	pid_t pid = start_child();
	int dir = open_dir(pid);
	struct watch watch = {.calls = 0};
	struct nm_stop stop;

	(void)state;
	init_stop(&stop, pid, dir);
	for (unsigned i = 1; i <= 20; i++) {
		assert_int_equal(nm_stop_call(&stop, look_twice, &watch, NULL), NM_OK);
		assert_int_equal(watch.calls, i);
		assert_memory_equal(watch.before, watch.after, sizeof(watch.before));
		wait_for_counting();
	}
	assert_int_equal(stop.count, 20);
	assert_true(stop.longest_us >= 5000 && stop.total_us >= 20 * 5000);
	nm_stop_done(&stop);
	close(dir);
	end_child(pid);
}

static void a_signal_meanwhile_is_not_lost(void **state)
{
	pid_t pid = start_child();
	int dir = open_dir(pid);
	struct watch watch = {.signalled = pid};
	struct nm_stop stop;

	(void)state;
	init_stop(&stop, pid, dir);
	for (uint64_t i = 1; i <= 20; i++) {
		assert_int_equal(nm_stop_call(&stop, look_twice, &watch, NULL), NM_OK);
		while (counters[THREADS] < i)
			usleep(100);
		/* And one that is on its way when the stop begins. */
		watch.signalled = i % 2 ? 0 : pid;
		if (!watch.signalled)
			kill(pid, SIGUSR1);
	}
	nm_stop_done(&stop);
	close(dir);
	end_child(pid);
}

struct sender {
	pid_t pid;
	uint64_t sent;
	bool is_lost;
};

/* One signal after the other, each when the one before has come. */
static void *send_signals(void *context)
{
	struct sender *sender = context;

	while (sender->sent < SIGNALS && !sender->is_lost) {
		kill(sender->pid, SIGUSR1);
		sender->sent++;
		for (int waited = 0; counters[THREADS] < sender->sent; waited++) {
			sender->is_lost = waited > 100000;
			if (sender->is_lost)
				break;
			usleep(20);
		}
	}
	return NULL;
}

/* A stop is given up while a signal is on its way to a thread that has not been waited for. */
static void a_signal_is_not_lost_when_the_stop_is_given_up(void **state)
{
	pid_t pid = start_child();
	int dir = open_dir(pid);
	struct watch watch = {.calls = 0};
	struct sender sender = {.pid = pid};
	struct nm_stop stop;
	unsigned given_up = 0;
	pthread_t thread;

	(void)state;
	init_stop(&stop, pid, dir);
	assert_int_equal(pthread_create(&thread, NULL, send_signals, &sender), 0);
	for (unsigned i = 0; pthread_tryjoin_np(thread, NULL) != 0; i++) {
		stop.settle_us = i % 200;
		given_up += nm_stop_call(&stop, look_briefly, &watch, NULL) == NM_E_BUSY;
	}
	assert_false(sender.is_lost);
	assert_true(given_up > 10);
	nm_stop_done(&stop);
	close(dir);
	end_child(pid);
}

static void a_stopped_process_stays_stopped(void **state)
{
	pid_t pid = start_child();
	int dir = open_dir(pid), status;
	struct watch watch = {.calls = 0};
	struct nm_stop stop;
	uint64_t was;

	(void)state;
	kill(pid, SIGSTOP);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	init_stop(&stop, pid, dir);
	assert_int_equal(nm_stop_call(&stop, look_twice, &watch, NULL), NM_OK);
	was = counters[0];
	usleep(20000);
	assert_int_equal(counters[0], was);
	kill(pid, SIGCONT);
	wait_for_counting();
	nm_stop_done(&stop);
	close(dir);
	end_child(pid);
}

static void one_that_is_traced_is_left_to_its_tracer(void **state)
{
	pid_t pid = start_child();
	int dir = open_dir(pid);
	struct watch watch = {.calls = 0};
	struct nm_error err;
	struct nm_stop stop;

	(void)state;
	assert_int_equal(ptrace(PTRACE_SEIZE, pid, NULL, NULL), 0);
	init_stop(&stop, pid, dir);
	assert_int_equal(nm_stop_call(&stop, look_twice, &watch, &err), NM_E_PERM);
	assert_non_null(strstr(err.message, "traces it already"));
	assert_int_equal(watch.calls, 0);
	wait_for_counting();
	nm_stop_done(&stop);
	close(dir);
	end_child(pid);
}

static void one_that_has_ended_is_gone(void **state)
{
	pid_t pid = start_child();
	int dir = open_dir(pid);
	struct watch watch = {.calls = 0};
	struct nm_stop stop;

	(void)state;
	init_stop(&stop, pid, dir);
	end_child(pid);
	assert_int_equal(nm_stop_call(&stop, look_twice, &watch, NULL), NM_E_GONE);
	assert_int_equal(watch.calls, 0);
	nm_stop_done(&stop);
	close(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_threads_stand_still_and_go_on),
		cmocka_unit_test(a_signal_meanwhile_is_not_lost),
		cmocka_unit_test(a_signal_is_not_lost_when_the_stop_is_given_up),
		cmocka_unit_test(a_stopped_process_stays_stopped),
		cmocka_unit_test(one_that_is_traced_is_left_to_its_tracer),
		cmocka_unit_test(one_that_has_ended_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
