#include "cmd/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cmd/relay_process.h"

/* A pseudo-terminal like the one at `to`, but which leaves the bytes alone: the real one will
   turn line feeds into what it needs. */
static int open_terminal(int to, int *out_from, int *out_end)
{
	struct termios settings;
	struct winsize size;
	bool has_size = ioctl(to, TIOCGWINSZ, &size) == 0;

	if (tcgetattr(to, &settings) != 0)
		return -errno;
	settings.c_oflag &= ~(tcflag_t)OPOST;
	if (openpty(out_from, out_end, NULL, &settings, has_size ? &size : NULL) != 0)
		return -errno;
	fcntl(*out_from, F_SETFD, FD_CLOEXEC);
	fcntl(*out_end, F_SETFD, FD_CLOEXEC);
	return 0;
}

static int open_channel(int to, int *out_from, int *out_end)
{
	int ends[2];

	/* Without a free pseudo-terminal a pipe is better than nothing. */
	if (isatty(to) && open_terminal(to, out_from, out_end) == 0)
		return 0;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	*out_from = ends[0];
	*out_end = ends[1];
	return 0;
}

int nm_relay_start(struct nm_relay *relay, int to, struct nm_error *err)
{
	int peers[2] = {-1, -1}, from = -1, end = -1, status;
	pid_t pid;

	*relay = (struct nm_relay){.peer = -1, .end = -1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, peers) != 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot make a socket pair");
	status = open_channel(to, &from, &end);
	if (status != 0) {
		close(peers[0]);
		close(peers[1]);
		return nm_error_set_errno(err, NM_E_IO, -status,
					  "cannot make a pipe for the command");
	}
	pid = fork();
	if (pid == 0) {
		close(end);
		close(peers[0]);
		nm_relay_process(from, to, peers[1]);
	}
	status = errno;
	close(from);
	close(peers[1]);
	if (pid < 0) {
		close(end);
		close(peers[0]);
		return nm_error_set_errno(err, NM_E_IO, status, "cannot start the relay");
	}
	relay->pid = pid;
	relay->peer = peers[0];
	relay->end = end;
	return NM_OK;
}

void nm_relay_given(struct nm_relay *relay)
{
	if (relay->end >= 0)
		close(relay->end);
	relay->end = -1;
}

/* The loop makes the socket non-blocking, so waiting is done here. */
static void wait_for(const struct nm_relay *relay, short events)
{
	struct pollfd peer = {.fd = relay->peer, .events = events};

	poll(&peer, 1, -1);
}

static void send_message(struct nm_relay *relay, char kind, const char *text, size_t length,
			 bool must)
{
	struct iovec parts[2] = {{&kind, 1}, {(void *)(uintptr_t)text, length}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t sent;

	if (relay->peer < 0)
		return;
	do {
		sent = sendmsg(relay->peer, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EAGAIN && must)
			wait_for(relay, POLLOUT);
	} while (sent < 0 && (errno == EINTR || (errno == EAGAIN && must)));
	if (sent < 0 && errno != EAGAIN)
		nm_relay_close(relay);
}

void nm_relay_print(struct nm_relay *relay, const char *text, size_t length, bool must)
{
	while (length > 0) {
		size_t part = length < NM_RELAY_MESSAGE_MAX ? length : NM_RELAY_MESSAGE_MAX;

		send_message(relay, NM_RELAY_PRINT, text, part, must);
		text += part;
		length -= part;
	}
}

/* One message: its kind, 0 when there is none and -1 when there will be none any more. */
static int receive(struct nm_relay *relay, nm_relay_take *take, void *context)
{
	char message[1 + NM_RELAY_MESSAGE_MAX];
	ssize_t got;

	if (relay->peer < 0)
		return -1;
	do {
		got = recv(relay->peer, message, sizeof(message), MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got <= 0) {
		nm_relay_close(relay);
		return -1;
	}
	if (message[0] == NM_RELAY_BYTES)
		take(context, message + 1, (size_t)got - 1);
	if (message[0] == NM_RELAY_SYNC)
		relay->is_idle = got > 1 && message[1] == NM_RELAY_IDLE;
	return message[0];
}

bool nm_relay_read(struct nm_relay *relay, nm_relay_take *take, void *context)
{
	int kind;

	/* Not for ever: a command that writes without end must not keep us from all else. */
	for (int i = 0; i < 64; i++) {
		kind = receive(relay, take, context);
		if (kind <= 0)
			break;
	}
	return relay->peer >= 0;
}

void nm_relay_sync(struct nm_relay *relay, nm_relay_take *take, void *context)
{
	int kind;

	send_message(relay, NM_RELAY_SYNC, "", 0, true);
	do {
		kind = receive(relay, take, context);
		if (kind == 0)
			wait_for(relay, POLLIN);
	} while (kind >= 0 && kind != NM_RELAY_SYNC);
}

void nm_relay_close(struct nm_relay *relay)
{
	nm_relay_given(relay);
	if (relay->peer >= 0)
		close(relay->peer);
	relay->peer = -1;
	/* Where nobody else takes note of orphans, as in many a container, it would stay for ever. */
	if (relay->is_idle)
		waitpid(relay->pid, NULL, 0);
	relay->is_idle = false;
}
