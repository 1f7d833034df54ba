/*
 * spawn.h - starting a command as if nodemem were not there
 *
 * The command gets the signal mask and the signal dispositions that nodemem itself was given
 * (a shell's `nohup` and `trap ''` work through them); uv_spawn() would reset both.
 */
#ifndef NM_CMD_SPAWN_H
#define NM_CMD_SPAWN_H

#include <signal.h>

#include "base/error.h"

/* What nodemem was started with, as far as it changes it for itself. */
struct nm_inherited {
	sigset_t mask;
	struct sigaction on_pipe;
	struct sigaction on_child;
};

/* Our own files must not take the places of stdin, stdout and stderr. Before anything is opened. */
void nm_spawn_keep_free(void);

/* Remember, block `signals` and SIGCHLD for reading with signalfd(), and ignore SIGPIPE. */
void nm_inherited_take(struct nm_inherited *inherited, const sigset_t *signals);

/*
 * Start words[0] with stdin as it is, and these two as stdout and stderr. NM_E_IO with the errno of
 * exec: ENOENT when there is no such command.
 */
int nm_spawn(char **words, int stdout_fd, int stderr_fd, const struct nm_inherited *inherited,
	     pid_t *out, struct nm_error *err);

#endif
