#include "source/crashlog/fatal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PID_MAX (1 << 22)

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* node::OOMErrorHandler and node::OnFatalError: "FATAL ERROR: <where> Allocation failed - <what> out of
   memory", "FATAL ERROR: v8::ToLocalChecked Empty MaybeLocal". */
static void read_node(const char *text, struct nm_fatal *out)
{
	static const char *const sizes[] = {"invalid array length", "invalid table size",
					    "invalid size error",   "Invalid string length",
					    "Invalid array length", "invalid string length"};
	const char *failed = strstr(text, "Allocation failed");

	out->reason = text;
	out->length = failed && failed > text ? (size_t)(failed - text) : strlen(text);
	while (out->length > 0 && text[out->length - 1] == ' ')
		out->length--;
	out->kind = NM_WORDS_OTHER;
	if (strstr(text, "JavaScript heap out of memory"))
		out->kind = NM_WORDS_HEAP_LIMIT;
	else if (strstr(text, "out of memory"))
		out->kind = starts_with(text, "Zone") ? NM_WORDS_ZONE : NM_WORDS_NO_MEMORY;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (strstr(text, sizes[i]))
			out->kind = NM_WORDS_INVALID_SIZE;
}

/* V8's own words, when it dies before or beside Node's handler: v8/src/api/api.cc,
   V8::FatalProcessOutOfMemory, v8/src/base/logging.cc, FatalOOM and V8_Fatal. */
static bool read_v8(const char *line, struct nm_fatal *out)
{
	static const struct {
		const char *start;
		enum nm_words_kind kind;
		unsigned skip; /* of the start, what is not part of the reason */
	} forms[] = {
		{"# Fatal process out of memory: Zone", NM_WORDS_ZONE, 31},
		{"# Fatal process out of memory: ", NM_WORDS_NO_MEMORY, 31},
		{"# Fatal process OOM in ", NM_WORDS_NO_MEMORY, 23},
		{"# Fatal JavaScript out of memory: ", NM_WORDS_HEAP_LIMIT, 34},
		{"# Fatal JavaScript OOM in ", NM_WORDS_HEAP_LIMIT, 26},
		{"# Fatal JavaScript invalid size error ", NM_WORDS_INVALID_SIZE, 19},
		/* VirtualMemory or malloc gave nothing: v8/src/utils/allocation.h. */
		{"# Check failed: (result.ptr) != nullptr", NM_WORDS_NO_MEMORY, 2},
		{"# Check failed: ", NM_WORDS_OTHER, 2},
		{"# Debug check failed: ", NM_WORDS_OTHER, 2},
		{"# unreachable code", NM_WORDS_OTHER, 2},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *found = strstr(line, forms[i].start);

		if (!found)
			continue;
		out->kind = forms[i].kind;
		out->reason = found + forms[i].skip;
		out->length = strlen(out->reason);
		return true;
	}
	return false;
}

/* libstdc++, __verbose_terminate_handler. */
static bool read_terminate(const char *line, struct nm_fatal *out)
{
	const char *found = strstr(line, "terminate called ");
	const char *quote;

	if (!found)
		return false;
	out->kind = NM_WORDS_OTHER;
	out->reason = found;
	out->length = strlen(found);
	quote = strchr(found, '\'');
	if (quote &&
	    (starts_with(quote, "'std::bad_alloc'") || starts_with(quote, "'St9bad_alloc'"))) {
		out->kind = NM_WORDS_BAD_ALLOC;
		out->reason = "std::bad_alloc";
		out->length = strlen(out->reason);
	}
	return true;
}

/* node::Assert: until Node 18 "node[123]: ../src/a.cc:1:f(): Assertion `(x)' failed.", later in two
   lines, "  #  node[123]: f() at ../src/a.cc:1" and "  #  Assertion failed: (x)". */
static bool read_assertion(const char *line, struct nm_fatal *out)
{
	const char *found = strstr(line, "#  Assertion failed: "), *bracket;

	out->kind = NM_WORDS_OTHER;
	if (found) {
		out->reason = found + strlen("#  ");
		out->length = strlen(out->reason);
		return true;
	}
	found = strstr(line, ": Assertion `");
	if (!found || !strstr(found, "' failed."))
		return false;
	out->reason = found + 2;
	out->length = strlen(out->reason);
	bracket = strchr(line, '[');
	if (bracket && bracket < found && strstr(bracket, "]: ")) {
		long pid = strtol(bracket + 1, NULL, 10);

		out->pid = pid > 0 && pid < PID_MAX ? (pid_t)pid : 0;
	}
	return true;
}

bool nm_fatal_read(const char *line, struct nm_fatal *out)
{
	const char *found = strstr(line, "FATAL ERROR: ");

	memset(out, 0, sizeof(*out));
	if (found) {
		read_node(found + strlen("FATAL ERROR: "), out);
		return true;
	}
	return read_v8(line, out) || read_terminate(line, out) || read_assertion(line, out);
}

bool nm_fatal_is_first_frame(const char *line)
{
	const char *at = skip_blanks(line);

	return starts_with(at, "1: 0x") && isxdigit((unsigned char)at[5]);
}

bool nm_fatal_is_trailer(const char *line)
{
	const char *at = line;
	unsigned dots = 0;

	if (!starts_with(at, "Node.js v"))
		return false;
	at += strlen("Node.js v");
	if (!isdigit((unsigned char)*at))
		return false;
	for (; isdigit((unsigned char)*at) || *at == '.'; at++)
		dots += *at == '.';
	/* A nightly has a suffix: v26.0.0-nightly2026... */
	if (*at == '-')
		at += strcspn(at, " \t");
	return dots == 2 && *skip_blanks(at) == '\0';
}

bool nm_fatal_is_caret(const char *line)
{
	const char *at = skip_blanks(line);
	size_t count = strspn(at, "^");

	return count > 0 && *skip_blanks(at + count) == '\0';
}

bool nm_fatal_is_error(const char *line)
{
	const char *at = line, *end;

	if (starts_with(at, "Uncaught "))
		return true;
	end = at;
	while (isalnum((unsigned char)*end) || *end == '_' || *end == '$')
		end++;
	if (end - at < 5 || strncmp(end - 5, "Error", 5) != 0)
		return false;
	if (starts_with(end, " [")) {
		end += 2;
		end += strspn(end, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		if (*end++ != ']')
			return false;
	}
	return *end == ':' || *end == '\0';
}
