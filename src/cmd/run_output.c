#include "cmd/run_output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

/* Without -i, a row comes when this long passed, or when rss grew or heapUsed changed by this much
   and by a sixteenth. */
#define ROW_MS	   1000
#define ROW_CHANGE (32 * NM_MIB)
#define ROW_PART   16
/* The heading is told again after so many rows. */
#define ROWS_PER_HEADING 40

/* All that is printed until send_text() becomes one message, which nothing can come between. */
static bool start_text(struct nm_run_output *output, char **text, size_t *length)
{
	*text = NULL;
	*length = 0;
	output->text.out = open_memstream(text, length);
	return output->text.out != NULL;
}

static void send_text(struct nm_run_output *output, char **text, size_t *length, bool must)
{
	fclose(output->text.out);
	output->text.out = NULL;
	nm_relay_print(output->relay, *text, *length, must);
	free(*text);
}

static bool is_much(uint64_t before, uint64_t now)
{
	uint64_t change = now > before ? now - before : before - now;

	return change >= ROW_CHANGE && change >= before / ROW_PART;
}

/* Is it time for a row of this process? */
static bool is_due(const struct nm_run_output *output, const struct nm_member *member,
		   uint64_t since_ms)
{
	const struct nm_isolate *isolate = nm_sample_main(&member->sample);

	if (output->is_steady || member->row_ms == 0 || since_ms - member->row_ms >= ROW_MS)
		return true;
	/* rss falls fast when a process ends and lets go of all: that is no news. */
	return (member->sample.rss > member->row_rss &&
		is_much(member->row_rss, member->sample.rss)) ||
	       is_much(member->row_used, isolate ? isolate->heap_used : 0);
}

static void print_heading(struct nm_run_output *output, const struct nm_member *member,
			  size_t processes)
{
	const struct nm_isolate *isolate = nm_sample_main(&member->sample);
	const struct nm_target_info *info = nm_target_info(member->target);
	bool labels = processes > 1;
	char text[32];

	if (output->rows == 0)
		fprintf(output->text.out, "nodemem: watching %s, process %d, Node %s%s%s\n",
			member->label, (int)member->pid, info->node[0] ? info->node : "?",
			isolate && isolate->heap_size_limit ? ", heap limit " : "",
			isolate && isolate->heap_size_limit
				? nm_units_words(isolate->heap_size_limit, text, sizeof(text))
				: "");
	if (output->rows % ROWS_PER_HEADING == 0 || labels != output->has_labels)
		nm_view_text.series_head(&output->text, labels);
	output->has_labels = labels;
}

/* "worker[4121]", the name cut so that the number, which tells them apart, is seen. */
static void make_label(const struct nm_member *member, char *out, size_t room)
{
	const char *dot = strrchr(member->label, '.');
	size_t length =
		dot && dot != member->label ? (size_t)(dot - member->label) : strlen(member->label);
	char number[16];

	snprintf(number, sizeof(number), "[%d]", (int)member->pid);
	if (length + strlen(number) > NM_LABEL_WIDTH)
		length = NM_LABEL_WIDTH - strlen(number);
	snprintf(out, room, "%.*s%s", (int)length, member->label, number);
}

void nm_run_output_note(struct nm_run_output *output, const char *format, ...)
{
	size_t length;
	va_list args;
	char *text;

	if (!start_text(output, &text, &length))
		return;
	fputs("nodemem: ", output->text.out);
	va_start(args, format);
	vfprintf(output->text.out, format, args);
	va_end(args);
	fputc('\n', output->text.out);
	send_text(output, &text, &length, false);
}

/* A full disk does not end the command; it is told once, and no more is written. */
static void check_json(struct nm_run_output *output)
{
	int os_errno = errno;

	if (!ferror(output->json.out))
		return;
	output->json.out = NULL;
	nm_run_output_note(output, "cannot write all of the JSON: %s", strerror(os_errno));
}

void nm_run_output_sample(struct nm_run_output *output, struct nm_member *member, uint64_t since_ms,
			  size_t processes)
{
	const struct nm_isolate *isolate = nm_sample_main(&member->sample);
	struct nm_series_row row = {
		.info = nm_target_info(member->target),
		.sample = &member->sample,
		.since_ms = since_ms,
	};
	char label[64], *text;
	size_t length;

	if (output->json.out) {
		nm_view_json.series_row(&output->json, &row);
		check_json(output);
	}
	if (output->is_quiet || !is_due(output, member, since_ms) ||
	    !start_text(output, &text, &length))
		return;
	print_heading(output, member, processes);
	make_label(member, label, sizeof(label));
	row.label = output->has_labels ? label : NULL;
	nm_view_text.series_row(&output->text, &row);
	send_text(output, &text, &length, false);
	output->rows++;
	member->row_ms = since_ms + (since_ms == 0);
	member->row_rss = member->sample.rss;
	member->row_used = isolate ? isolate->heap_used : 0;
}

void nm_run_output_end(struct nm_run_output *output, const struct nm_ending *ending)
{
	size_t length;
	char *text;

	if (output->json.out) {
		nm_view_json.ending(&output->json, ending);
		check_json(output);
	}
	if (!start_text(output, &text, &length))
		return;
	nm_view_text.ending(&output->text, ending);
	send_text(output, &text, &length, true);
}
