/*
 * oracle.c - what the C library itself says of its heap, from inside a process under test
 *
 * Preloaded, with NODEMEM_ORACLE=ASK,ANSWER naming two pipes by number. For a byte 'i' it answers
 * with a line of mallinfo2(), for 't' it calls malloc_trim(0). Its thread waits in read(), never
 * allocates, and takes no signal that is meant for the process.
 *
 * With NODEMEM_BLOCK_BREAK=1 something lies in the way of the program's break, as V8's code does by
 * chance in some of a hundred processes: malloc's main arena then goes on in mappings of its own.
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define STACK_SIZE 65536
#define BREAK_ROOM (1 << 20)

static int ask_fd, answer_fd;

static int say_info(char *line, size_t size)
{
	struct mallinfo2 info = mallinfo2();

	return snprintf(line, size,
			"{\"arena\":%zu,\"inUse\":%zu,\"free\":%zu,\"fastbins\":%zu,"
			"\"mmapped\":%zu,\"mmappedChunks\":%zu}\n",
			info.arena, info.uordblks, info.fordblks, info.fsmblks, info.hblkhd,
			info.hblks);
}

static void *answer(void *unused)
{
	char question, line[256];
	int length;

	while (read(ask_fd, &question, 1) == 1) {
		if (question == 'i')
			length = say_info(line, sizeof(line));
		else
			length =
				snprintf(line, sizeof(line), "{\"released\":%d}\n", malloc_trim(0));
		if (write(answer_fd, line, (size_t)length) != length)
			break;
	}
	return unused;
}

static void start_thread(void)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	pthread_t thread;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	if (pthread_create(&thread, &attributes, answer, NULL) == 0)
		pthread_detach(thread);
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void block_break(void)
{
	char *end = sbrk(0);
	void *at = end + BREAK_ROOM;

	if (mmap(at, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) !=
	    at) {
		perror("oracle: the break cannot be blocked");
		_exit(1);
	}
}

/* A child of the process has the variable but not the pipes, or other files in their place. */
__attribute__((constructor)) static void start(void)
{
	const char *pipes = getenv("NODEMEM_ORACLE");

	if (getenv("NODEMEM_BLOCK_BREAK"))
		block_break();
	unsetenv("NODEMEM_BLOCK_BREAK");
	if (!pipes || sscanf(pipes, "%d,%d", &ask_fd, &answer_fd) != 2)
		return;
	unsetenv("NODEMEM_ORACLE");
	start_thread();
}
