/*
 * call.c - what a command asks of its call: options, words, and one place to print errors
 */
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "cmd/command.h"

const char *nm_call_option(const struct nm_call *call, const char *name)
{
	const struct nm_option *options = call->command->options;

	for (int i = 0; options && options[i].name; i++)
		if (strcmp(options[i].name, name) == 0)
			return call->values[i];
	return NULL;
}

bool nm_call_duration(struct nm_call *call, const char *name, uint64_t min_ms, uint64_t *out_ms)
{
	const char *text = nm_call_option(call, name);
	uint64_t ms;

	if (!text)
		return true;
	if (!nm_units_parse_duration(text, &ms)) {
		nm_call_usage(call, "--%s: not a duration: '%s' (500ms, 2s, 5m, 1h)", name, text);
		return false;
	}
	if (ms < min_ms) {
		nm_call_usage(call, "--%s: too short: '%s' (at least %llu ms)", name, text,
			      (unsigned long long)min_ms);
		return false;
	}
	*out_ms = ms;
	return true;
}

bool nm_call_bytes(struct nm_call *call, const char *name, uint64_t min, uint64_t *out)
{
	const char *text = nm_call_option(call, name);
	uint64_t bytes;

	if (!text)
		return true;
	if (!nm_units_parse_bytes(text, &bytes) || bytes < min) {
		nm_call_usage(call, "--%s: not a size of %llu bytes or more: '%s' (512M, 2G)", name,
			      (unsigned long long)min, text);
		return false;
	}
	*out = bytes;
	return true;
}

bool nm_call_whole(struct nm_call *call, const char *name, uint64_t min, uint64_t max,
		   uint64_t *out)
{
	const char *text = nm_call_option(call, name);

	if (!text)
		return true;
	if (nm_units_parse_whole(text, min, max, out))
		return true;
	nm_call_usage(call, "--%s: not a whole number from %llu to %llu: '%s'", name,
		      (unsigned long long)min, (unsigned long long)max, text);
	return false;
}

bool nm_call_via(struct nm_call *call, enum nm_via *out)
{
	const char *text = nm_call_option(call, "via");

	*out = NM_VIA_AUTO;
	for (int via = NM_VIA_AUTO; text && via <= NM_VIA_FORK; via++) {
		if (strcmp(text, nm_via_name((enum nm_via)via)) != 0)
			continue;
		*out = (enum nm_via)via;
		return true;
	}
	if (!text)
		return true;
	nm_call_usage(call, "--via: no way to take an image: '%s' (auto, copy or fork)", text);
	return false;
}

bool nm_call_pid(struct nm_call *call, int index, pid_t *out)
{
	const char *word = call->words[index];
	uint64_t pid;

	if (nm_units_parse_whole(word, 1, 1u << 22, &pid)) {
		*out = (pid_t)pid;
		return true;
	}
	if (access(word, F_OK) == 0)
		nm_call_usage(call, "'%s' is a file, and %s takes a process id", word,
			      call->command->name);
	else
		nm_call_usage(call, "not a process id: '%s' (nodemem ps lists the Node processes)",
			      word);
	return false;
}

bool nm_call_target(struct nm_call *call, int index, pid_t *out_pid, const char **out_path)
{
	const char *word = call->words[index];
	uint64_t pid;

	*out_path = NULL;
	if (!nm_units_parse_whole(word, 1, 1u << 22, &pid) && access(word, F_OK) == 0) {
		*out_path = word;
		return true;
	}
	return nm_call_pid(call, index, out_pid);
}

static int exit_code(int status)
{
	switch (status) {
	case NM_OK:
		return NM_EXIT_OK;
	case NM_E_USAGE:
		return NM_EXIT_USAGE;
	case NM_E_GONE:
	case NM_E_NOT_NODE:
		return NM_EXIT_NO_TARGET;
	case NM_E_PERM:
		return NM_EXIT_NOT_PERMITTED;
	default:
		return NM_EXIT_FAILED;
	}
}

int nm_call_fail(const struct nm_call *call, const struct nm_error *err)
{
	/* What was shown before the error comes first, also where both go to one file. */
	fflush(stdout);
	fprintf(stderr, "nodemem: %s\n", err->message);
	if (call->view.format == &nm_view_json)
		nm_view_json_error(call->view.out, err);
	return exit_code(err->code);
}

int nm_call_usage(const struct nm_call *call, const char *format, ...)
{
	struct nm_error err = {.code = NM_E_USAGE};
	va_list args;

	va_start(args, format);
	vsnprintf(err.message, sizeof(err.message), format, args);
	va_end(args);
	nm_call_fail(call, &err);
	fprintf(stderr, "Try 'nodemem %s --help'.\n", call->command->name);
	return NM_EXIT_USAGE;
}

void nm_call_time(int64_t time_ms, char *out, size_t room)
{
	const time_t seconds = (time_t)(time_ms / 1000);
	struct tm local;

	if (!localtime_r(&seconds, &local) || strftime(out, room, "%F %T", &local) == 0)
		snprintf(out, room, "%lld", (long long)time_ms);
}
