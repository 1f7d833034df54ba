#include "cmd/relay_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmd/relay.h"

/* Copies which nodemem has not taken yet. Dying words are some 10 KiB at most. */
#define BACKLOG_MAX (256 * 1024)
#define BLOCK_MAX   (64 * 1024)
/* At a sync no more than this is passed on: more than a pipe holds, but not for ever. */
#define SYNC_MAX (2 * 1024 * 1024)
/* How long a sync waits for nodemem to take its copies. */
#define SYNC_WAIT_MS 1000

struct copier {
	int from;
	int to;
	int peer;	    /* -1 once nodemem is gone */
	bool is_stdout;	    /* what cannot be printed is an error for the command */
	bool at_line_start; /* the last byte that was printed ended a line */
	size_t backlog_length;
	char backlog[BACKLOG_MAX];
};

static volatile sig_atomic_t size_changed;

static void note_size_change(int number)
{
	(void)number;
	size_changed = 1;
}

/* Nothing that is meant for nodemem or the command may end the relay. */
static void ignore_signals(sigset_t *out_while_waiting)
{
	static const int ignored[] = {SIGINT,  SIGTERM, SIGHUP,	 SIGQUIT,
				      SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM};
	struct sigaction action = {.sa_handler = note_size_change};
	sigset_t mask;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigaction(SIGWINCH, &action, NULL);
	sigemptyset(out_while_waiting);
	sigemptyset(&mask);
	sigaddset(&mask, SIGWINCH);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* Keep nothing open but the three, so that nobody waits for the end of a file because of us. */
static void close_others(struct copier *copier)
{
	struct rlimit limit = {.rlim_cur = 1024};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int from = fcntl(copier->from, F_DUPFD, 5);
	int peer = fcntl(copier->peer, F_DUPFD, 5);

	if (null < 0 || from < 0 || peer < 0)
		_exit(1);
	copier->to = dup2(copier->to, STDERR_FILENO);
	copier->from = dup2(from, 3);
	copier->peer = dup2(peer, 4);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (syscall(SYS_close_range, 5, ~0u, 0) == 0)
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	for (rlim_t fd = 5; fd < limit.rlim_cur && fd < 65536; fd++)
		close((int)fd);
}

/* When nobody reads the real one any more, the command must see the same on its own: that
   is what our end does. */
static void write_all(struct copier *copier, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(copier->to, bytes, length);

		if (written > 0) {
			copier->at_line_start = bytes[written - 1] == '\n';
			bytes += written;
			length -= (size_t)written;
		} else if (written < 0 && errno == EAGAIN) {
			struct pollfd room = {.fd = copier->to, .events = POLLOUT};

			poll(&room, 1, -1);
		} else if (written < 0 && (errno == EPIPE || errno == EIO || errno == EBADF)) {
			_exit(0);
		} else if (written < 0 && errno != EINTR) {
			/* A full disk. Nobody looks for an error on stderr: lost, as without us. */
			if (copier->is_stdout)
				_exit(1);
			return;
		}
	}
}

/* Send what nodemem has room for. */
static void send_backlog(struct copier *copier)
{
	size_t sent = 0;

	while (copier->peer >= 0 && sent < copier->backlog_length) {
		size_t left = copier->backlog_length - sent;
		size_t part = left < NM_RELAY_MESSAGE_MAX ? left : NM_RELAY_MESSAGE_MAX;
		char kind = NM_RELAY_BYTES;
		struct iovec parts[2] = {{&kind, 1}, {copier->backlog + sent, part}};
		struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

		if (sendmsg(copier->peer, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
			if (errno != EAGAIN && errno != ENOBUFS) {
				close(copier->peer);
				copier->peer = -1;
			}
			break;
		}
		sent += part;
	}
	copier->backlog_length -= sent;
	memmove(copier->backlog, copier->backlog + sent, copier->backlog_length);
}

static void offer(struct copier *copier, const char *bytes, size_t length)
{
	if (copier->peer < 0)
		return;
	if (copier->backlog_length + length > BACKLOG_MAX) {
		size_t keep = BACKLOG_MAX / 2;

		if (keep > copier->backlog_length)
			keep = copier->backlog_length;
		memmove(copier->backlog, copier->backlog + copier->backlog_length - keep, keep);
		copier->backlog_length = keep;
	}
	memcpy(copier->backlog + copier->backlog_length, bytes, length);
	copier->backlog_length += length;
	send_backlog(copier);
}

/* Pass on what is there now, at most a block. Returns its length. */
static size_t copy_block(struct copier *copier)
{
	static char block[BLOCK_MAX];
	ssize_t got = copier->from < 0 ? 0 : read(copier->from, block, sizeof(block));

	if (got > 0) {
		write_all(copier, block, (size_t)got);
		offer(copier, block, (size_t)got);
		return (size_t)got;
	}
	/* EIO is how a pseudo-terminal tells that its other side is closed. */
	if (copier->from >= 0 && (got == 0 || (errno != EAGAIN && errno != EINTR))) {
		close(copier->from);
		copier->from = -1;
	}
	return 0;
}

/* The command has ended: what it wrote is all there. Somebody else may go on writing. */
static void sync_all(struct copier *copier)
{
	char answer[2] = {NM_RELAY_SYNC, NM_RELAY_IDLE};
	size_t part, passed = 0;

	do {
		part = copy_block(copier);
		passed += part;
	} while (part > 0 && passed < SYNC_MAX);
	for (int waited = 0; copier->peer >= 0 && copier->backlog_length > 0; waited += 10) {
		struct pollfd room = {.fd = copier->peer, .events = POLLOUT};

		if (waited >= SYNC_WAIT_MS)
			break;
		poll(&room, 1, 10);
		send_backlog(copier);
	}
	if (copier->peer >= 0)
		send(copier->peer, answer, copier->from < 0 ? 2 : 1, MSG_NOSIGNAL);
}

static void obey(struct copier *copier)
{
	static char message[1 + NM_RELAY_MESSAGE_MAX];
	ssize_t got = recv(copier->peer, message, sizeof(message), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		close(copier->peer);
		copier->peer = -1;
	} else if (message[0] == NM_RELAY_SYNC) {
		sync_all(copier);
	} else if (message[0] == NM_RELAY_PRINT && got > 1) {
		if (!copier->at_line_start)
			write_all(copier, "\n", 1);
		write_all(copier, message + 1, (size_t)got - 1);
	}
}

static void copy_size(const struct copier *copier)
{
	struct winsize now, before;
	pid_t group;

	size_changed = 0;
	if (copier->from < 0 || ioctl(copier->to, TIOCGWINSZ, &now) != 0 ||
	    ioctl(copier->from, TIOCGWINSZ, &before) != 0 ||
	    memcmp(&now, &before, sizeof(now)) == 0)
		return;
	ioctl(copier->from, TIOCSWINSZ, &now);
	/* The terminal told the command together with us, and it may have looked too early. */
	group = tcgetpgrp(copier->to);
	if (group > 1)
		kill(-group, SIGWINCH);
}

_Noreturn void nm_relay_process(int from, int to, int peer)
{
	static struct copier copier;
	sigset_t while_waiting;

	copier = (struct copier){.from = from,
				 .to = to,
				 .peer = peer,
				 .is_stdout = to == STDOUT_FILENO,
				 .at_line_start = true};
	prctl(PR_SET_NAME, to == STDOUT_FILENO ? "stdout-relay" : "stderr-relay");
	ignore_signals(&while_waiting);
	close_others(&copier);
	fcntl(copier.from, F_SETFL, O_NONBLOCK);
	if (chdir("/") != 0)
		_exit(1);
	while (copier.from >= 0 || copier.peer >= 0) {
		struct pollfd fds[3] = {
			{.fd = copier.from, .events = POLLIN},
			{.fd = copier.peer, .events = POLLIN},
			{.fd = copier.to}, /* tells by itself when its reader is gone */
		};

		if (copier.backlog_length > 0)
			fds[1].events |= POLLOUT;
		if (ppoll(fds, 3, NULL, &while_waiting) < 0)
			memset(fds, 0, sizeof(fds));
		if (size_changed)
			copy_size(&copier);
		if (fds[0].revents)
			copy_block(&copier);
		if (fds[1].revents & POLLOUT)
			send_backlog(&copier);
		if (copier.peer >= 0 && fds[1].revents & (POLLIN | POLLHUP | POLLERR))
			obey(&copier);
		if (fds[2].revents & (POLLERR | POLLHUP))
			break;
	}
	_exit(0);
}
