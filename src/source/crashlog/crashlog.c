#include "source/crashlog/crashlog.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "source/crashlog/fatal.h"

#define PID_MAX (1 << 22)

void nm_crashlog_init(struct nm_crashlog *log)
{
	memset(log, 0, sizeof(*log));
}

/* The collections of a process; those heard of longest ago make room. */
static struct nm_crashlog_gcs *gcs_of(struct nm_crashlog *log, pid_t pid)
{
	struct nm_crashlog_gcs *oldest = &log->pids[0];

	for (size_t i = 0; i < NM_CRASHLOG_PIDS_MAX; i++) {
		struct nm_crashlog_gcs *one = &log->pids[i];

		if (one->pid == pid) {
			one->used_at = ++log->clock;
			return one;
		}
		if (one->used_at < oldest->used_at)
			oldest = one;
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->pid = pid;
	oldest->used_at = ++log->clock;
	return oldest;
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " ");
}

/* A plain decimal number below 10^12, or false: strtod would take "inf" and hexadecimal. */
static bool read_number(const char **at, double *out)
{
	const char *p = skip_blanks(*at);
	size_t length = strspn(p, "0123456789.");

	if (!isdigit((unsigned char)*p) || length > 15)
		return false;
	*out = strtod(p, NULL);
	*at = p + length;
	return *out < 1e12;
}

static bool expect(const char **at, const char *text)
{
	const char *p = skip_blanks(*at);

	if (strncmp(p, text, strlen(text)) != 0)
		return false;
	*at = p + strlen(text);
	return true;
}

/*
 * "Mark-Compact (reduce) 63.6 (65.8) -> 63.6 (65.8) MB, pooled: 0 MB, 97.95 / 0.00 ms".
 * Until Node 18 "Mark-sweep"; "pooled" from Node 22 on. Source: v8/src/heap/gc-tracer.cc,
 * GCTracer::Print.
 */
static bool parse_gc(const char **at, struct nm_gc *out)
{
	const char *kind = skip_blanks(*at), *p;
	struct nm_gc gc = {.at_ms = 0};
	double number;
	size_t length;

	for (p = kind; *p && !(p[0] == ' ' && isdigit((unsigned char)p[1])); p++)
		if (!isalpha((unsigned char)*p) && !strchr(" -()", *p))
			return false;
	length = (size_t)(p - kind);
	if (length == 0 || length >= sizeof(gc.kind))
		return false;
	memcpy(gc.kind, kind, length);
	if (!read_number(&p, &gc.before_mb) || !expect(&p, "(") || !read_number(&p, &number) ||
	    !expect(&p, ") ->") || !read_number(&p, &gc.after_mb) || !expect(&p, "(") ||
	    !read_number(&p, &number) || !expect(&p, ") MB,"))
		return false;
	if (expect(&p, "pooled:") && (!read_number(&p, &number) || !expect(&p, "MB,")))
		return false;
	if (!read_number(&p, &gc.pause_ms) || !expect(&p, "/"))
		return false;
	*at = p;
	*out = gc;
	return true;
}

static bool is_known(const struct nm_crashlog_gcs *gcs, const struct nm_gc *gc)
{
	for (unsigned i = 0; i < gcs->count; i++)
		if (gcs->gcs[i].at_ms == gc->at_ms && gcs->gcs[i].before_mb == gc->before_mb)
			return true;
	return false;
}

static void add_gc(struct nm_crashlog_gcs *gcs, const struct nm_gc *gc)
{
	if (gcs->count == NM_GCS_MAX)
		memmove(&gcs->gcs[0], &gcs->gcs[1], --gcs->count * sizeof(gcs->gcs[0]));
	gcs->gcs[gcs->count++] = *gc;
}

/* "[4121:0x5581a0]      970 ms: Mark-Compact ..." at the bracket; what follows it on the line
   may be the next one: "Last few GCs" are cut to fit a ring of 512 bytes and not parted. */
static void read_gc(struct nm_crashlog *log, const char *bracket)
{
	const char *at = bracket + 1;
	struct nm_crashlog_gcs *gcs;
	double pid, at_ms;
	uint64_t isolate;
	struct nm_gc gc;

	if (!read_number(&at, &pid) || pid < 1 || pid > PID_MAX || strncmp(at, ":0x", 3) != 0)
		return;
	isolate = strtoull(at + 1, NULL, 16);
	at += 3;
	at += strspn(at, "0123456789abcdefABCDEF:");
	if (*at++ != ']' || !read_number(&at, &at_ms) || !expect(&at, "ms:") || !parse_gc(&at, &gc))
		return;
	gc.at_ms = at_ms;
	gc.isolate = isolate;
	gcs = gcs_of(log, (pid_t)pid);
	gcs->is_dying = gcs->is_dying || log->in_last_gcs;
	/* With --trace-gc the last ones are told twice; young ones may be alike within a millisecond. */
	if (log->in_last_gcs && is_known(gcs, &gc))
		return;
	add_gc(gcs, &gc);
	if (!log->in_last_gcs && log->traced)
		log->traced(log->context, (pid_t)pid, &gc);
}

const struct nm_crashlog_gcs *nm_crashlog_find_gcs(const struct nm_crashlog *log, pid_t pid)
{
	for (size_t i = 0; i < NM_CRASHLOG_PIDS_MAX; i++)
		if (log->pids[i].pid == pid && log->pids[i].count > 0)
			return &log->pids[i];
	return NULL;
}

/* The process whose last collections were told most recently, if its fatal error is still due. */
static struct nm_crashlog_gcs *find_dying(struct nm_crashlog *log)
{
	struct nm_crashlog_gcs *dying = NULL;

	for (size_t i = 0; i < NM_CRASHLOG_PIDS_MAX; i++)
		if (log->pids[i].is_dying && (!dying || log->pids[i].used_at > dying->used_at))
			dying = &log->pids[i];
	return dying;
}

static void copy_plain(char *out, size_t room, const char *text, size_t length)
{
	if (length >= room)
		length = room - 1;
	for (size_t i = 0; i < length; i++)
		out[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
	out[length] = '\0';
}

static void add_words(struct nm_crashlog *log, const struct nm_fatal *fatal)
{
	struct nm_crashlog_gcs *dying = find_dying(log);
	struct nm_last_words *words = &log->words[log->words_count];

	log->in_last_gcs = false;
	if (log->words_count == NM_WORDS_MAX)
		return;
	*words = (struct nm_last_words){.kind = fatal->kind, .pid = fatal->pid};
	copy_plain(words->reason, sizeof(words->reason), fatal->reason, fatal->length);
	if (dying) {
		words->pid = dying->pid;
		words->gc_count = dying->count;
		memcpy(words->gcs, dying->gcs, sizeof(words->gcs));
		dying->is_dying = false;
	}
	log->words_count++;
}

/* ---- errors that nobody caught ------------------------------------------------------------- */

/*
 * Node prints the place, a caret below it, the error, its stack and last of all its version:
 *
 *     /srv/app.js:3
 *     throw new TypeError('x');
 *     ^
 *
 *     TypeError: x
 *         at ...
 *
 *     Node.js v20.20.2
 */
static void read_error(struct nm_crashlog *log, const char *line)
{
	if (nm_fatal_is_caret(line)) {
		log->is_below_caret = true;
	} else if (log->is_below_caret ? line[strspn(line, " \t")] != '\0'
				       : nm_fatal_is_error(line)) {
		copy_plain(log->candidate, sizeof(log->candidate), line, strlen(line));
		log->has_candidate = true;
		log->is_below_caret = false;
	} else if (nm_fatal_is_trailer(line)) {
		memcpy(log->error, log->candidate, sizeof(log->error));
		log->candidate[0] = '\0';
		log->errors++;
	}
}

/* What does not come with words of its own: an abort for an error, and abort() alone. */
static bool read_abort(struct nm_crashlog *log, const char *line)
{
	if (strcmp(line, "FROM") == 0 && strncmp(log->candidate, "Uncaught ", 9) == 0) {
		add_words(log, &(struct nm_fatal){.kind = NM_WORDS_ABORT,
						  .reason = log->candidate,
						  .length = strlen(log->candidate)});
		return true;
	}
	if (!nm_fatal_is_first_frame(line))
		return false;
	if (!log->was_told)
		add_words(log, &(struct nm_fatal){.kind = NM_WORDS_OTHER, .reason = ""});
	log->was_told = false;
	return true;
}

void nm_crashlog_line(struct nm_crashlog *log, const char *line)
{
	struct nm_fatal fatal;
	const char *found;

	if (strstr(line, "<--- Last few GCs --->")) {
		log->in_last_gcs = true;
		return;
	}
	if (nm_fatal_read(line, &fatal)) {
		add_words(log, &fatal);
		log->was_told = true;
		return;
	}
	if (read_abort(log, line))
		return;
	read_error(log, line);
	if (strstr(line, "ERR_WORKER_OUT_OF_MEMORY"))
		log->worker_ran_out = true;
	if (strstr(line, "RangeError: Array buffer allocation failed") ||
	    strstr(line, "RangeError: Failed to allocate memory") ||
	    strstr(line, "'ERR_MEMORY_ALLOCATION_FAILED'")) /* from Node 26 on */
		log->buffer_failed = true;
	if (strstr(line, "<--- JS stacktrace --->"))
		log->in_last_gcs = false;
	for (found = strchr(line, '['); found; found = strchr(found + 1, '['))
		read_gc(log, found);
}

static void take_line(void *context, const char *line)
{
	nm_crashlog_line(context, line);
}

void nm_crashlog_feed(struct nm_crashlog *log, const char *bytes, size_t length)
{
	nm_lines_feed(&log->lines, bytes, length, take_line, log);
}

void nm_crashlog_end(struct nm_crashlog *log)
{
	nm_lines_end(&log->lines, take_line, log);
}
