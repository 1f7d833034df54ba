/*
 * still.h - a child to be stopped and looked into, for tests; what it says is in memory that we see too
 */
#ifndef NM_TESTS_UNIT_STILL_H
#define NM_TESTS_UNIT_STILL_H

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define STILL_PAGE 4096

struct still_words {
	volatile uint64_t answers; /* how often it answered */
	volatile uint64_t signals;
	volatile uint64_t is_changed; /* it found something of its own to be another */
};

struct still {
	pid_t pid;
	int dir;
	int to, from; /* write a byte to the one, and read the answer from the other */
	struct still_words *words;
};

static inline void *still_map(size_t size, int flags)
{
	void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	return bytes == MAP_FAILED ? NULL : bytes;
}

/* Start a child that runs `run` with its ends of two pipes. */
static inline void still_start(struct still *still,
			       void (*run)(struct still_words *words, int from, int to))
{
	int there[2], back[2];
	char path[32];

	memset(still, 0, sizeof(*still));
	still->words = still_map(STILL_PAGE, MAP_SHARED);
	if (pipe(there) != 0 || pipe(back) != 0)
		return;
	still->pid = fork();
	if (still->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(there[1]);
		close(back[0]);
		run(still->words, there[0], back[1]);
		_exit(0);
	}
	close(there[0]);
	close(back[1]);
	still->to = there[1];
	still->from = back[0];
	snprintf(path, sizeof(path), "/proc/%d", (int)still->pid);
	still->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Does it answer? */
static inline bool still_ask(struct still *still)
{
	char byte = 'x';

	return write(still->to, &byte, 1) == 1 && read(still->from, &byte, 1) == 1 && byte == 'x';
}

static inline void still_end(struct still *still)
{
	kill(still->pid, SIGKILL);
	waitpid(still->pid, NULL, 0);
	close(still->to);
	close(still->from);
	close(still->dir);
	munmap(still->words, STILL_PAGE);
}

#endif
