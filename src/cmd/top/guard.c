#include "cmd/top/guard.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <term.h>
#include <unistd.h>

/* Of the parent, for ps and killall. */
#define GUARD_NAME "screen-guard"

/* Mouse reports off, in each way of asking for them: terminfo has no word for it. */
#define MOUSE_OFF "\033[?1000l\033[?1002l\033[?1003l\033[?1006l"

/* Of what a child said on stderr, so much is shown after it. */
#define WORDS_MAX 8192

static void add_sequence(struct nm_top_guard *guard, const char *sequence)
{
	const size_t length = strlen(guard->sequence);

	/* What terminfo has not is NULL or (char *)-1. */
	if (sequence && sequence != (const char *)-1 &&
	    length + strlen(sequence) < sizeof(guard->sequence))
		memcpy(guard->sequence + length, sequence, strlen(sequence) + 1);
}

/* Learn the terminal, as it is now and how to get back there. */
static int learn_terminal(struct nm_top_guard *guard, struct nm_error *err)
{
	static char end_alternate[] = "rmcup", end_keypad[] = "rmkx", show_cursor[] = "cnorm",
		    plain[] = "sgr0", move[] = "cup";
	const char *moves;
	int found;

	if (tcgetattr(STDIN_FILENO, &guard->before) != 0)
		return nm_error_set_errno(err, NM_E_IO, errno,
					  "cannot read the modes of the terminal");
	if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "the type of the terminal is not known here (set TERM, or use "
				    "--batch)");
	moves = tigetstr(move);
	if (!moves || moves == (const char *)-1)
		return nm_error_set(err, NM_E_UNSUPPORTED,
				    "a terminal of this type can show no screen (use --batch)");
	add_sequence(guard, MOUSE_OFF);
	add_sequence(guard, tigetstr(plain));
	add_sequence(guard, tigetstr(end_keypad));
	add_sequence(guard, tigetstr(show_cursor));
	add_sequence(guard, tigetstr(end_alternate));
	return NM_OK;
}

void nm_top_guard_drawing(struct nm_top_guard *guard, bool is_drawing)
{
	if (is_drawing)
		tcgetattr(STDIN_FILENO, &guard->shared->drawing);
	guard->shared->is_drawing = is_drawing;
}

void nm_top_guard_restore(const struct nm_top_guard *guard)
{
	const tcflag_t looked_at = ICANON | ECHO;
	struct termios now;

	if (!guard->shared->is_drawing)
		return;
	guard->shared->is_drawing = false;
	if (write(STDOUT_FILENO, guard->sequence, strlen(guard->sequence)) < 0)
		return;
	/* A shell that has the terminal by now has set its own modes. */
	if (tcgetattr(STDIN_FILENO, &now) == 0 &&
	    (now.c_lflag & looked_at) == (guard->shared->drawing.c_lflag & looked_at))
		tcsetattr(STDIN_FILENO, TCSADRAIN, &guard->before);
}

/* ---- the parent ---------------------------------------------------------------------------- */

/* The child stands still: so do we, until somebody lets us go on. The terminal is the shell's in between. */
static void stand_still(const struct nm_top_guard *guard, pid_t child)
{
	struct sigaction usual = {.sa_handler = SIG_DFL}, before;
	sigset_t stop, old;

	nm_top_guard_restore(guard);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigaction(SIGTSTP, &usual, &before);
	/* Not SIGSTOP: where no shell is there to let us go on, this does nothing. */
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	sigaction(SIGTSTP, &before, NULL);
	kill(child, SIGCONT);
}

/* True when the child has ended. */
static bool look_at_child(const struct nm_top_guard *guard, pid_t child, int *status)
{
	while (waitpid(child, status, WNOHANG | WUNTRACED) == child) {
		if (!WIFSTOPPED(*status))
			return true;
		stand_still(guard, child);
	}
	return false;
}

/* Returns how the child ended, as waitpid(2) tells it. All signals are blocked. */
static int wait_for_child(const struct nm_top_guard *guard, pid_t child)
{
	sigset_t all;
	siginfo_t info;
	int status = 0;

	sigfillset(&all);
	while (!look_at_child(guard, child, &status)) {
		const int number = sigwaitinfo(&all, &info);

		/* What a key caused, the child got from the terminal as we did. */
		if (number > 0 && number != SIGCHLD && number != SIGWINCH && info.si_code <= 0 &&
		    info.si_pid != child)
			kill(child, number);
	}
	return status;
}

/* What the child said on stderr, now that there is a terminal to say it on. */
static void show_words(const struct nm_top_guard *guard)
{
	char words[WORDS_MAX];
	ssize_t length;

	if (guard->stderr_fd < 0)
		return;
	length = pread(guard->stderr_fd, words, sizeof(words), 0);
	if (length > 0)
		fwrite(words, 1, (size_t)length, stderr);
}

static int end_as_child(const struct nm_top_guard *guard, int status)
{
	/* Nothing is left to do when it ended in peace. */
	nm_top_guard_restore(guard);
	show_words(guard);
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	fprintf(stderr, "nodemem: the process that draws the screen was ended by signal %d (%s)\n",
		WTERMSIG(status), strsignal(WTERMSIG(status)));
	return 128 + WTERMSIG(status);
}

/* ---- both ---------------------------------------------------------------------------------- */

static int make_shared(struct nm_top_guard *guard, int fds[2], struct nm_error *err)
{
	guard->shared = mmap(NULL, sizeof(*guard->shared), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (guard->shared == MAP_FAILED)
		return nm_error_nomem(err);
	if (pipe2(fds, O_CLOEXEC) != 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot make a pipe");
	guard->stderr_fd = isatty(STDERR_FILENO) ? memfd_create("stderr", MFD_CLOEXEC) : -1;
	return NM_OK;
}

int nm_top_guard_run(int (*draw)(void *context, struct nm_top_guard *guard), void *context,
		     struct nm_error *err)
{
	struct nm_top_guard guard = {.sequence = ""};
	sigset_t all, before;
	int fds[2] = {-1, -1}, code;
	pid_t child;

	if (learn_terminal(&guard, err) != NM_OK || make_shared(&guard, fds, err) != NM_OK)
		return -1;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	child = fork();
	if (child < 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		nm_error_set_errno(err, NM_E_IO, errno, "cannot start a process");
		return -1;
	}
	if (child == 0) {
		close(fds[1]);
		guard.parent_fd = fds[0];
		if (guard.stderr_fd >= 0)
			dup2(guard.stderr_fd, STDERR_FILENO);
		/* In the background, where we are when our parent was killed, the terminal may be put right. */
		sigaddset(&before, SIGTTOU);
		sigprocmask(SIG_SETMASK, &before, NULL);
		code = draw(context, &guard);
		_exit(code);
	}
	close(fds[0]);
	prctl(PR_SET_NAME, GUARD_NAME);
	code = end_as_child(&guard, wait_for_child(&guard, child));
	sigprocmask(SIG_SETMASK, &before, NULL);
	return code;
}
