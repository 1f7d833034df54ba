#include "source/crashlog/report.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "source/crashlog/fatal.h"

#define DEPTH_MAX 32
/* What JavaScript can hold exactly; from there on "no limit" begins too. */
#define NUMBER_MAX 9007199254740992.0
#define PID_MAX	   4194304
/* Whole numbers beyond 2^63 stand in reports for "no limit", and a JSON integer cannot hold them. */
#define FLAGS (JSON_DECODE_INT_AS_REAL | JSON_DISABLE_EOF_CHECK)

bool nm_report_is_one(const char *text, size_t length)
{
	const char *at = text, *end = text + length;
	static const char *const words[] = {"{", "\"header\"", ":", "{"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t size = strlen(words[i]);

		while (at < end && isspace((unsigned char)*at))
			at++;
		if ((size_t)(end - at) < size || memcmp(at, words[i], size) != 0)
			return false;
		at += size;
	}
	/* The next key, "reportVersion", may be beyond what was read of it. */
	while (at < end && isspace((unsigned char)*at))
		at++;
	return end - at >= 15 ? memcmp(at, "\"reportVersion\"", 15) == 0 : true;
}

/* ---- a report that is cut ------------------------------------------------------------------ */

struct nesting {
	char closers[DEPTH_MAX];
	unsigned depth;
};

/* Where the last whole member or element ends, and what is open there. Reports are written with a line
   for each, so that a comma outside of a string is that place. */
static size_t find_last_whole(const char *text, size_t length, struct nesting *out)
{
	struct nesting now = {.depth = 0};
	bool is_in_string = false;
	size_t whole = 0;

	out->depth = 0;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (is_in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				is_in_string = false;
			continue;
		}
		if (c == '"') {
			is_in_string = true;
		} else if (c == '{' || c == '[') {
			if (now.depth == DEPTH_MAX)
				break;
			now.closers[now.depth++] = c == '{' ? '}' : ']';
		} else if (c == '}' || c == ']') {
			if (now.depth == 0)
				break;
			now.depth--;
		}
		if (c == ',' || c == '}' || c == ']') {
			whole = c == ',' ? i : i + 1;
			*out = now;
		}
	}
	return whole;
}

/* The part of a report that is there, with all closed that was open. NULL: not even that. */
static json_t *mend(const char *text, size_t length)
{
	struct nesting open;
	size_t whole = find_last_whole(text, length, &open);
	json_t *document;
	char *copy = malloc(whole + DEPTH_MAX);

	if (!copy)
		return NULL;
	memcpy(copy, text, whole);
	for (unsigned i = open.depth; i > 0; i--)
		copy[whole++] = open.closers[i - 1];
	document = json_loadb(copy, whole, FLAGS, NULL);
	free(copy);
	return document;
}

static json_t *parse(const char *text, size_t length, const char *name, struct nm_deaths *out,
		     struct nm_error *err)
{
	json_error_t wrong;
	json_t *document = json_loadb(text, length, FLAGS, &wrong);

	if (document)
		return document;
	document = mend(text, length);
	if (document)
		snprintf(
			out->note, sizeof(out->note),
			"The report is broken or cut at line %d of it (%s): what stands after that is "
			"not known.",
			wrong.line, wrong.text);
	else
		nm_error_set(err, NM_E_CORRUPT, "%s is no whole diagnostic report: %s, at line %d",
			     name, wrong.text, wrong.line);
	return document;
}

/* ---- values -------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool number_of(const json_t *object, const char *key, uint64_t *out)
{
	const json_t *value = json_object_get(object, key);
	double number = json_is_number(value) ? json_number_value(value) : -1;

	if (!(number >= 0 && number < NUMBER_MAX))
		return false;
	*out = (uint64_t)number;
	return true;
}

static void copy(char *out, size_t room, const char *text)
{
	size_t length = 0;

	for (; text[length] && text[length] != '\n' && length + 1 < room; length++)
		out[length] = iscntrl((unsigned char)text[length]) ? ' ' : text[length];
	out[length] = '\0';
}

/* ---- the parts ----------------------------------------------------------------------------- */

/* The script, or the program where there is none. */
static void read_command(const json_t *words, char *out, size_t room)
{
	const char *name = "node", *slash;
	const json_t *word;
	size_t i;

	json_array_foreach(words, i, word)
	{
		const char *text = json_string_value(word);

		if (i == 0 || !text || !text[0])
			continue;
		if (text[0] == '-') {
			if (strcmp(text, "-e") == 0 || strcmp(text, "-p") == 0)
				break;
			continue;
		}
		name = text;
		break;
	}
	slash = strrchr(name, '/');
	copy(out, room, slash && slash[1] ? slash + 1 : name);
}

/* --max-old-space-size=N among the words, in MiB; the last one counts. */
static uint64_t find_old_limit(const json_t *header)
{
	const json_t *words = json_object_get(header, "commandLine"), *word;
	uint64_t found = 0;
	size_t i;

	json_array_foreach(words, i, word)
	{
		const char *text = json_string_value(word);
		const char *value = text ? strchr(text, '=') : NULL;
		uint64_t mib;

		if (value &&
		    (strncmp(text, "--max-old-space-size=", 21) == 0 ||
		     strncmp(text, "--max_old_space_size=", 21) == 0) &&
		    nm_units_parse_whole(value + 1, 1, 1 << 24, &mib))
			found = mib * NM_MIB;
	}
	return found;
}

static void read_spaces(const json_t *spaces, struct nm_report_heap *heap)
{
	const json_t *space;
	const char *name;

	json_object_foreach((json_t *)spaces, name, space)
	{
		uint64_t used;

		if (!number_of(space, "used", &used))
			continue;
		heap->is_known = true;
		if (strstr(name, "large_object_space"))
			heap->large_used += used;
		else
			heap->small_used += used;
	}
}

static void read_numbers(const json_t *report, struct nm_ending *ending,
			 struct nm_run_process *process)
{
	const json_t *heap = json_object_get(report, "javascriptHeap");
	const json_t *usage = json_object_get(report, "resourceUsage");
	uint64_t limit;

	if (number_of(heap, "usedMemory", &process->heap_used))
		process->has |= NM_HAS_HEAP_USED;
	if (number_of(heap, "totalMemory", &process->peak_heap_total))
		process->has |= NM_HAS_HEAP_TOTAL;
	if (number_of(heap, "memoryLimit", &process->heap_size_limit))
		process->has |= NM_HAS_HEAP_SIZE_LIMIT;
	if (number_of(heap, "externalMemory", &process->peak_external))
		process->has |= NM_HAS_EXTERNAL;
	if (number_of(usage, "rss", &process->rss))
		process->has |= NM_HAS_RSS;
	if (!number_of(usage, "maxRss", &process->peak_rss) || process->peak_rss < process->rss)
		process->peak_rss = process->rss;
	process->peak_heap_used = process->heap_used;
	process->heap_total_at_peak = process->peak_heap_total;
	ending->peak_rss = process->peak_rss;
	number_of(usage, "total_memory", &ending->totalmem);
	if (number_of(usage, "constrained_memory", &limit) && limit > 0)
		ending->kills.cgroup_limit = limit;
	read_spaces(json_object_get(heap, "heapSpaces"), &ending->report);
	/* Those of a report that is cut may be a part only. */
	if (ending->report.small_used + ending->report.large_used < process->heap_used / 10 * 9)
		ending->report.is_known = false;
}

static void add_numbers(struct nm_ending *ending, const struct nm_run_process *process)
{
	char used[32], limit[32];

	if ((process->has & NM_HAS_HEAP_USED) && (process->has & NM_HAS_HEAP_SIZE_LIMIT))
		nm_ending_add_evidence(
			ending, "javascriptHeap: %s used of a limit of %s",
			nm_units_words(process->heap_used, used, sizeof(used)),
			nm_units_words(process->heap_size_limit, limit, sizeof(limit)));
	if (ending->report.is_known)
		nm_ending_add_evidence(
			ending, "heapSpaces: %s in large objects, %s in all others",
			nm_units_words(ending->report.large_used, used, sizeof(used)),
			nm_units_words(ending->report.small_used, limit, sizeof(limit)));
	if (process->has & NM_HAS_RSS)
		nm_ending_add_evidence(ending, "resourceUsage: rss %s",
				       nm_units_words(process->rss, used, sizeof(used)));
}

/* The error stands in the stack, below the place where it was thrown. */
static void read_error(const json_t *stack, char *out, size_t room)
{
	const json_t *lines = json_object_get(stack, "stack"), *line;
	const char *message = text_of(stack, "message");
	bool is_below_caret = false;
	size_t i;

	copy(out, room, message);
	if (nm_fatal_is_error(message))
		return;
	json_array_foreach(lines, i, line)
	{
		const char *text = json_string_value(line);

		if (!text)
			continue;
		text += strspn(text, " ");
		if (nm_fatal_is_caret(text)) {
			is_below_caret = true;
		} else if (text[0] && (is_below_caret || nm_fatal_is_error(text))) {
			copy(out, room, text);
			return;
		}
	}
}

/* What it was written for. False: the process lived on. */
static bool read_trigger(const json_t *report, struct nm_ending *ending)
{
	const json_t *header = json_object_get(report, "header");
	const char *trigger = text_of(header, "trigger"), *event = text_of(header, "event");
	struct nm_last_words *words = &ending->words[0];

	nm_ending_add_evidence(ending, "trigger: %.40s, event: %.150s", trigger, event);
	if (strcmp(trigger, "Exception") == 0) {
		read_error(json_object_get(report, "javascriptStack"), ending->error,
			   sizeof(ending->error));
		nm_ending_add_evidence(ending, "javascriptStack: %s", ending->error);
		ending->buffer_failed =
			strstr(ending->error, "Array buffer allocation failed") != NULL ||
			strstr(ending->error, "Failed to allocate memory") != NULL;
		return true;
	}
	if (strcmp(trigger, "OOMError") != 0 && strcmp(trigger, "FatalError") != 0)
		return false;
	words->kind = NM_WORDS_OTHER;
	if (strstr(event, "JavaScript heap out of memory"))
		words->kind = NM_WORDS_HEAP_LIMIT;
	else if (strstr(event, "out of memory"))
		words->kind = NM_WORDS_NO_MEMORY;
	words->pid = ending->pid;
	copy(words->reason, sizeof(words->reason), event);
	ending->words_count = 1;
	return true;
}

static void tell_other(const json_t *header, struct nm_deaths *out)
{
	const char *trigger = text_of(header, "trigger");
	size_t used = strlen(out->note);

	snprintf(out->note + used, sizeof(out->note) - used,
		 "%sThe report was written on %s%.40s%s, which ends no process.", used ? " " : "",
		 strcmp(trigger, "Signal") == 0 ? "a signal" : "a call of process.report (",
		 strcmp(trigger, "Signal") == 0 ? "" : trigger,
		 strcmp(trigger, "Signal") == 0 ? "" : ")");
}

static int take(const json_t *report, struct nm_deaths *out, struct nm_error *err)
{
	const json_t *header = json_object_get(report, "header");
	struct nm_run_process *process;
	struct nm_ending *ending;
	struct nm_death *death = nm_deaths_add(out);
	uint64_t pid = 0;

	if (!death)
		return nm_error_nomem(err);
	ending = &death->ending;
	ending->source = NM_ENDING_REPORT;
	copy(death->when, sizeof(death->when), text_of(header, "dumpEventTime"));
	read_command(json_object_get(header, "commandLine"), ending->command,
		     sizeof(ending->command));
	if (number_of(header, "processId", &pid) && pid <= PID_MAX)
		ending->pid = (pid_t)pid;
	process = nm_ending_add_process(ending);
	if (!process)
		return nm_error_nomem(err);
	process->pid = ending->pid;
	process->has_ended = true;
	copy(process->label, sizeof(process->label), ending->command);
	copy(process->node, sizeof(process->node), text_of(header, "nodejsVersion"));
	ending->report.old_limit = find_old_limit(header);
	if (!read_trigger(report, ending)) {
		tell_other(header, out);
		nm_ending_done(ending);
		free(death);
		out->count--;
		out->total--;
		return NM_OK;
	}
	read_numbers(report, ending, process);
	add_numbers(ending, process);
	return NM_OK;
}

int nm_report_read(const char *text, size_t length, const char *name, struct nm_deaths *out,
		   struct nm_error *err)
{
	json_t *report;
	int status;

	out->kind = NM_FILE_REPORT;
	report = parse(text, length, name, out, err);
	if (!report)
		return NM_E_CORRUPT;
	status = json_is_object(json_object_get(report, "header"))
			 ? take(report, out, err)
			 : nm_error_set(err, NM_E_CORRUPT,
					"%s has no header of a diagnostic report", name);
	json_decref(report);
	nm_deaths_finish(out);
	return status;
}
