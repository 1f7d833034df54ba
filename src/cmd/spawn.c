#include "cmd/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void nm_spawn_keep_free(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void nm_inherited_take(struct nm_inherited *inherited, const sigset_t *signals)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, standard = {.sa_handler = SIG_DFL};
	sigset_t mask = *signals;

	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, &inherited->mask);
	sigaction(SIGPIPE, &ignore, &inherited->on_pipe);
	/* Were it ignored, as some parents leave it, the kernel would not keep the exit code. */
	sigaction(SIGCHLD, &standard, &inherited->on_child);
}

/* In the new process. Everything else that nodemem opened closes by itself. */
static _Noreturn void become(char **words, int stdout_fd, int stderr_fd,
			     const struct nm_inherited *inherited, int failure_fd)
{
	int problem;

	sigaction(SIGPIPE, &inherited->on_pipe, NULL);
	sigaction(SIGCHLD, &inherited->on_child, NULL);
	sigprocmask(SIG_SETMASK, &inherited->mask, NULL);
	if (dup2(stderr_fd, STDERR_FILENO) >= 0 && dup2(stdout_fd, STDOUT_FILENO) >= 0)
		execvp(words[0], words);
	problem = errno;
	while (write(failure_fd, &problem, sizeof(problem)) < 0 && errno == EINTR)
		;
	_exit(127);
}

int nm_spawn(char **words, int stdout_fd, int stderr_fd, const struct nm_inherited *inherited,
	     pid_t *out, struct nm_error *err)
{
	int ends[2], problem = 0;
	ssize_t got;
	pid_t pid;

	/* Closes when exec succeeds, and tells the errno when it does not. */
	if (pipe2(ends, O_CLOEXEC) != 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		become(words, stdout_fd, stderr_fd, inherited, ends[1]);
	problem = pid < 0 ? errno : 0;
	close(ends[1]);
	if (pid > 0) {
		do {
			got = read(ends[0], &problem, sizeof(problem));
		} while (got < 0 && errno == EINTR);
		if (got == (ssize_t)sizeof(problem))
			waitpid(pid, NULL, 0);
		else
			problem = 0;
	}
	close(ends[0]);
	if (problem != 0)
		return nm_error_set_errno(err, NM_E_IO, problem, "cannot start '%s'", words[0]);
	*out = pid;
	return NM_OK;
}
