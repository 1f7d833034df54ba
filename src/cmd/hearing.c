#include "cmd/hearing.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Do both lead to one file, terminal or pipe? */
static bool are_one(int one, int other)
{
	struct stat first, second;

	return fstat(one, &first) == 0 && fstat(other, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* V8 takes both spellings, and there are --trace-gc-verbose and more. */
bool nm_hearing_is_traced(char *const *words)
{
	for (; *words; words++)
		if (strncmp(*words, "--trace-gc", 10) == 0 ||
		    strncmp(*words, "--trace_gc", 10) == 0)
			return true;
	return false;
}

static void init_log(struct nm_crashlog *log, nm_crashlog_traced *traced, void *context)
{
	nm_crashlog_init(log);
	log->traced = traced;
	log->context = context;
}

int nm_hearing_start(struct nm_hearing *hearing, bool with_stdout, nm_crashlog_traced *traced,
		     void *context, struct nm_error *err)
{
	const bool is_one = with_stdout && are_one(STDOUT_FILENO, STDERR_FILENO);
	int status =
		nm_relay_start(&hearing->err.relay, is_one ? STDOUT_FILENO : STDERR_FILENO, err);

	hearing->has_out = false;
	hearing->stdout_end = STDOUT_FILENO;
	hearing->stderr_end = hearing->err.relay.end;
	init_log(&hearing->err.log, traced, context);
	init_log(&hearing->out.log, traced, context);
	if (status != NM_OK || !with_stdout)
		return status;
	if (is_one) {
		hearing->stdout_end = hearing->stderr_end;
		return NM_OK;
	}
	status = nm_relay_start(&hearing->out.relay, STDOUT_FILENO, err);
	if (status != NM_OK) {
		nm_relay_close(&hearing->err.relay);
		return status;
	}
	hearing->has_out = true;
	hearing->stdout_end = hearing->out.relay.end;
	return NM_OK;
}

void nm_hearing_given(struct nm_hearing *hearing)
{
	nm_relay_given(&hearing->err.relay);
	if (hearing->has_out)
		nm_relay_given(&hearing->out.relay);
}

static void take(void *context, const char *bytes, size_t length)
{
	struct nm_ear *ear = context;

	nm_crashlog_feed(&ear->log, bytes, length);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct nm_ear *ear = poll->data;

	(void)status;
	(void)events;
	if (!nm_relay_read(&ear->relay, take, ear))
		uv_poll_stop(poll);
}

static void listen_to(struct nm_ear *ear, uv_loop_t *loop)
{
	ear->poll.data = ear;
	uv_poll_init(loop, &ear->poll, ear->relay.peer);
	uv_poll_start(&ear->poll, UV_READABLE, on_readable);
}

void nm_hearing_listen(struct nm_hearing *hearing, uv_loop_t *loop)
{
	listen_to(&hearing->err, loop);
	if (hearing->has_out)
		listen_to(&hearing->out, loop);
}

void nm_hearing_read(struct nm_hearing *hearing)
{
	nm_relay_read(&hearing->err.relay, take, &hearing->err);
	if (hearing->has_out)
		nm_relay_read(&hearing->out.relay, take, &hearing->out);
}

void nm_hearing_sync(struct nm_hearing *hearing)
{
	/* What goes to stdout first, as the end is told on stderr. */
	if (hearing->has_out)
		nm_relay_sync(&hearing->out.relay, take, &hearing->out);
	nm_relay_sync(&hearing->err.relay, take, &hearing->err);
}

void nm_hearing_end(struct nm_hearing *hearing)
{
	nm_crashlog_end(&hearing->err.log);
	nm_crashlog_end(&hearing->out.log);
}

void nm_hearing_close(struct nm_hearing *hearing)
{
	nm_relay_close(&hearing->err.relay);
	if (hearing->has_out)
		nm_relay_close(&hearing->out.relay);
}

const struct nm_crashlog_gcs *nm_hearing_gcs(const struct nm_hearing *hearing, pid_t pid)
{
	const struct nm_crashlog_gcs *gcs = nm_crashlog_find_gcs(&hearing->err.log, pid);

	return gcs ? gcs : nm_crashlog_find_gcs(&hearing->out.log, pid);
}
