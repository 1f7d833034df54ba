/*
 * progress.h - how far long work has come, on a terminal
 *
 * A thread looks from outside: how far a file has been read (/proc/self/fdinfo), or how large the one that is
 * being written is. Nothing is shown in the first second, nor where stderr is no terminal; at the end the line is
 * gone again.
 */
#ifndef NM_CMD_PROGRESS_H
#define NM_CMD_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>

struct nm_progress {
	const char *doing; /* "reading" */
	const char *path;
	bool is_written; /* by us, under its name and ".part" */
	bool is_running;
	bool is_over;
	bool has_shown;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t end;
};

/* `path` is NULL for work on no file. */
void nm_progress_begin(struct nm_progress *progress, const char *doing, const char *path,
		       bool is_written);

void nm_progress_end(struct nm_progress *progress);

#endif
