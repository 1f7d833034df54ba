#include "source/crashlog/log.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/crashlog/crashlog.h"
#include "source/crashlog/kernel.h"
#include "source/crashlog/notes.h"
#include "source/crashlog/prefix.h"

#define SOURCES_MAX 8
/* What a process writes when it dies is one piece: words this close to each other are of one death. */
#define SAME_DEATH 12
/* A supervisor's note comes after the stack traces. */
#define NOTE_LATER 300
/* Several notes of one end stand together: of systemd, of npm. */
#define NOTE_AGAIN 12
/* The kernel tells of all that it kills together in one go. */
#define SAME_GROUP 50
/* Node writes where the report went next to its words. */
#define REPORT_NEAR 40

/* One writer of lines. */
struct source {
	char name[64];
	uint64_t used_at;
	uint64_t words_line; /* where its last words stood; 0: none */
	uint64_t error_line; /* where the error stood that it printed last */
	char report[200];    /* the file of a diagnostic report that it wrote */
	uint64_t report_line;
	struct nm_crashlog log;
};

struct nm_log {
	struct nm_deaths *out;
	struct nm_lines lines;
	struct source sources[SOURCES_MAX];
	struct nm_kernel_log kernel;
	struct nm_notes notes;
	uint64_t note_line; /* where the last note stood */
	char note_source[64];
	uint64_t line; /* counted from 1 */
	uint64_t clock;
	struct nm_prefix prefix; /* of the line */
};

struct nm_log *nm_log_open(struct nm_deaths *out)
{
	struct nm_log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	log->out = out;
	out->kind = NM_FILE_LOG;
	nm_lines_init(&log->lines);
	nm_kernel_log_init(&log->kernel);
	nm_notes_init(&log->notes);
	return log;
}

/* Who wrote nothing for the longest time makes room. */
static struct source *find_source(struct nm_log *log, const char *name)
{
	struct source *oldest = &log->sources[0];

	for (size_t i = 0; i < SOURCES_MAX; i++) {
		struct source *one = &log->sources[i];

		if (one->used_at != 0 && strcmp(one->name, name) == 0) {
			one->used_at = ++log->clock;
			return one;
		}
		if (one->used_at < oldest->used_at)
			oldest = one;
	}
	memset(oldest, 0, sizeof(*oldest));
	nm_crashlog_init(&oldest->log);
	snprintf(oldest->name, sizeof(oldest->name), "%s", name);
	oldest->used_at = ++log->clock;
	return oldest;
}

static void add_evidence(struct nm_ending *ending, uint64_t line, const char *from)
{
	char text[200];
	size_t length = 0;

	from += strspn(from, " \t");
	for (; *from && length + 1 < sizeof(text); from++)
		text[length++] = iscntrl((unsigned char)*from) ? ' ' : *from;
	while (length > 0 && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
	nm_ending_add_evidence(ending, "line %llu: %s", (unsigned long long)line, text);
}

static void add_line(const struct nm_log *log, struct nm_ending *ending)
{
	add_evidence(ending, log->line, log->prefix.text);
}

/* A death that this line tells of, without evidence. NULL when there is no memory. */
static struct nm_death *add_death(struct nm_log *log, enum nm_ending_source source)
{
	struct nm_death *death = nm_deaths_add(log->out);
	const char *name = log->prefix.name;

	if (!death)
		return NULL;
	death->line = log->line;
	death->ending.source = source;
	death->ending.pid = log->prefix.pid;
	memcpy(death->when, log->prefix.when, sizeof(death->when));
	snprintf(death->ending.command, sizeof(death->ending.command), "%s",
		 name[0] ? name : "Node.js");
	return death;
}

/* So that numbers which become known have a place. */
static void add_process(struct nm_ending *ending, pid_t pid)
{
	struct nm_run_process *process;

	if (pid == 0)
		return;
	ending->pid = pid;
	process = nm_ending_add_process(ending);
	if (!process)
		return;
	process->pid = pid;
	process->has_ended = true;
	snprintf(process->label, sizeof(process->label), "%.31s", ending->command);
}

/* ---- what Node and V8 said ----------------------------------------------------------------- */

static void add_report(struct source *source, struct nm_ending *ending)
{
	if (source->report[0])
		nm_ending_add_evidence(ending, "a diagnostic report was written: %s",
				       source->report);
	source->report[0] = '\0';
}

/* Words after words: a thread that died too, or the C++ runtime after V8. */
static bool is_more_of(const struct nm_log *log, const struct source *source, pid_t pid)
{
	const struct nm_death *death = nm_deaths_last(log->out);

	if (!death)
		return false;
	/* The kernel may have told first that it was a trap. */
	if (pid != 0 && pid == death->ending.pid && death->ending.words_count == 0 &&
	    log->line - death->line <= NOTE_LATER)
		return true;
	return source->words_line != 0 && log->line - source->words_line <= SAME_DEATH &&
	       death->line >= source->words_line && (pid == 0 || pid == death->ending.pid);
}

static void take_words(struct nm_log *log, struct source *source)
{
	const struct nm_last_words words = source->log.words[0];
	const pid_t pid = words.pid ? words.pid : log->prefix.pid;
	struct nm_death *death;

	source->log.words_count = 0;
	if (is_more_of(log, source, pid)) {
		death = nm_deaths_last(log->out);
	} else {
		death = add_death(log, NM_ENDING_LOG);
		if (!death)
			return;
		add_process(&death->ending, pid);
		source->words_line = log->line;
	}
	if (words.kind == NM_WORDS_ABORT)
		add_evidence(&death->ending, source->error_line, words.reason);
	else
		add_line(log, &death->ending);
	if (death->ending.words_count < NM_WORDS_MAX)
		death->ending.words[death->ending.words_count++] = words;
	add_report(source, &death->ending);
}

static void take_error(struct nm_log *log, struct source *source)
{
	struct nm_death *death = add_death(log, NM_ENDING_LOG);

	source->log.errors = 0;
	if (!death)
		return;
	add_process(&death->ending, log->prefix.pid);
	memcpy(death->ending.error, source->log.error, sizeof(death->ending.error));
	death->ending.worker_ran_out = source->log.worker_ran_out;
	death->ending.buffer_failed = source->log.buffer_failed;
	source->log.worker_ran_out = source->log.buffer_failed = false;
	add_evidence(&death->ending, source->error_line, death->ending.error);
	add_report(source, &death->ending);
}

/* The report is named before or after the words. */
static void take_report_name(struct nm_log *log, struct source *source)
{
	static const char start[] = "Writing Node.js report to file: ";
	const char *text = log->prefix.text;
	struct nm_death *death = nm_deaths_last(log->out);

	if (source->report[0] && log->line - source->report_line > REPORT_NEAR)
		source->report[0] = '\0';
	if (strncmp(text, start, strlen(start)) != 0)
		return;
	snprintf(source->report, sizeof(source->report), "%.199s", text + strlen(start));
	for (char *at = source->report; *at; at++)
		if (iscntrl((unsigned char)*at))
			*at = '?';
	source->report_line = log->line;
	if (death && source->words_line != 0 && death->line >= source->words_line &&
	    log->line - source->words_line <= REPORT_NEAR)
		add_report(source, &death->ending);
}

/* ---- what others said ---------------------------------------------------------------------- */

/* Of a group that is killed together, the one chosen first may be told twice. Is this one told already? */
static bool is_told(struct nm_log *log, const struct nm_kernel_kill *kill)
{
	struct nm_deaths *deaths = log->out;

	for (size_t i = deaths->count; kill->record.is_group && i > 0; i--) {
		struct nm_ending *ending = &deaths->items[i - 1]->ending;

		if (!ending->kill.is_known || log->line - deaths->items[i - 1]->line > SAME_GROUP)
			break;
		ending->kill.is_group = true;
		if (ending->pid == kill->pid) {
			add_line(log, ending);
			return true;
		}
	}
	return false;
}

static void take_kill(struct nm_log *log, const struct nm_kernel_kill *kill)
{
	struct nm_death *death;
	struct nm_ending *ending;
	struct nm_run_process *process;

	if (is_told(log, kill))
		return;
	memcpy(log->prefix.name, kill->name, sizeof(log->prefix.name));
	death = add_death(log, NM_ENDING_KERNEL);
	if (!death)
		return;
	ending = &death->ending;
	add_line(log, ending);
	ending->signal = SIGKILL;
	ending->exit_code = 128 + SIGKILL;
	ending->kill = kill->record;
	add_process(ending, kill->pid);
	if (ending->process_count > 0) {
		process = &ending->processes[0];
		process->rss = process->peak_rss =
			kill->record.anon_rss + kill->record.file_rss + kill->record.shmem_rss;
		process->has = NM_HAS_RSS;
		ending->peak_rss = process->rss;
	}
	if (!kill->record.is_cgroup) {
		ending->kills.on_machine = 1;
		return;
	}
	ending->kills.in_cgroup = 1;
	ending->kills.cgroup_was_full = true;
	ending->kills.groups = kill->record.is_group;
	ending->kills.cgroup_limit = kill->cgroup_limit;
	memcpy(ending->kills.cgroup_name, kill->cgroup, sizeof(ending->kills.cgroup_name));
	if (kill->cgroup_limit != 0)
		nm_ending_add_evidence(ending, "its limit: %llu bytes",
				       (unsigned long long)kill->cgroup_limit);
}

/* Is the note about the death that was told last? */
static bool is_note_of(const struct nm_log *log, const struct nm_note *note,
		       const struct nm_death *death)
{
	const struct nm_ending *ending = &death->ending;
	bool was_noted = log->note_line >= death->line;

	if (note->pid != 0 && ending->pid != 0 && note->pid != ending->pid)
		return false;
	if (was_noted && (log->line - log->note_line > NOTE_AGAIN ||
			  strcmp(log->note_source, log->prefix.source) != 0))
		return false;
	if (log->line - death->line > NOTE_LATER)
		return false;
	if (ending->signal != 0)
		return note->signal == ending->signal;
	if (ending->exit_code > 0)
		return note->exit_code == ending->exit_code;
	/* Words of V8 end in a signal, an error that nobody caught does not; npm makes 1 of all. */
	if (note->signal == SIGKILL || note->signal == SIGTERM)
		return false;
	return ending->words_count > 0 || note->signal == 0;
}

static void fill_from_note(struct nm_ending *ending, const struct nm_note *note)
{
	ending->signal = note->signal;
	ending->exit_code = note->exit_code;
	if (note->oom == NM_NOTE_NO_OOM || ending->kill.is_known)
		return;
	ending->oom_was_told = true;
	if (note->oom == NM_NOTE_CONTAINER_OOM) {
		nm_ending_add_evidence(ending, "the container is said to be OOMKilled");
		ending->kills.in_cgroup = 1;
		ending->kills.cgroup_was_full = true;
	} else {
		ending->kills.on_machine = 1;
	}
}

static void take_note(struct nm_log *log, const struct nm_note *note)
{
	struct nm_death *death = nm_deaths_last(log->out);

	if (!death || !is_note_of(log, note, death)) {
		if (note->name[0])
			memcpy(log->prefix.name, note->name, sizeof(log->prefix.name));
		/* The tag is the supervisor's, and so is its number. */
		log->prefix.pid = note->pid;
		death = add_death(log, NM_ENDING_LOG);
		if (!death)
			return;
		add_process(&death->ending, note->pid);
	}
	add_line(log, &death->ending);
	fill_from_note(&death->ending, note);
	log->note_line = log->line;
	memcpy(log->note_source, log->prefix.source, sizeof(log->note_source));
}

/* ---- the lines ----------------------------------------------------------------------------- */

static void take_line(void *context, const char *line)
{
	struct nm_log *log = context;
	struct nm_kernel_kill kill;
	struct source *source;
	struct nm_note note;

	log->line++;
	nm_prefix_strip(line, &log->prefix);
	if (nm_kernel_log_line(&log->kernel, log->prefix.text, &kill)) {
		take_kill(log, &kill);
		return;
	}
	source = find_source(log, log->prefix.source);
	nm_crashlog_line(&source->log, log->prefix.text);
	if (source->log.has_candidate)
		source->error_line = log->line;
	source->log.has_candidate = false;
	if (source->log.words_count > 0)
		take_words(log, source);
	else if (source->log.errors > 0)
		take_error(log, source);
	else if (nm_notes_line(&log->notes, log->prefix.text, &note))
		take_note(log, &note);
	else
		take_report_name(log, source);
}

void nm_log_feed(struct nm_log *log, const char *bytes, size_t length)
{
	nm_lines_feed(&log->lines, bytes, length, take_line, log);
}

void nm_log_end(struct nm_log *log)
{
	nm_lines_end(&log->lines, take_line, log);
	log->out->lines = log->line;
	nm_deaths_finish(log->out);
}

void nm_log_close(struct nm_log *log)
{
	free(log);
}
