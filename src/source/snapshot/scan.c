#include "source/snapshot/scan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE ((size_t)1 << 20)
/* Zeros behind what was read. */
#define ENDING 8
/* The longest escape: two halves of a surrogate pair. */
#define ESCAPE_MAX 12

static bool is_space(int byte)
{
	return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static bool is_digit(int byte)
{
	return byte >= '0' && byte <= '9';
}

int nm_scan_init(struct nm_scan *scan, struct nm_input *input, struct nm_error *err)
{
	memset(scan, 0, sizeof(*scan));
	scan->input = input;
	scan->buffer = calloc(BUFFER_SIZE + ENDING, 1);
	if (!scan->buffer)
		return nm_error_nomem(err);
	scan->at = scan->end = scan->buffer;
	return NM_OK;
}

void nm_scan_done(struct nm_scan *scan)
{
	free(scan->buffer);
	memset(scan, 0, sizeof(*scan));
}

bool nm_scan_fail(struct nm_scan *scan, const char *wrong)
{
	if (scan->wrong)
		return false;
	scan->wrong = scan->is_at_end && scan->at == scan->end ? "it ends too early" : wrong;
	scan->wrong_at = nm_scan_offset(scan);
	return false;
}

bool nm_scan_more(struct nm_scan *scan)
{
	const size_t kept = (size_t)(scan->end - scan->at);
	long got;

	if (scan->is_at_end || scan->wrong || kept == BUFFER_SIZE)
		return false;
	scan->offset = nm_scan_offset(scan);
	memmove(scan->buffer, scan->at, kept);
	got = nm_input_read(scan->input, scan->buffer + kept, BUFFER_SIZE - kept);
	scan->has_input_failed = got < 0;
	scan->is_at_end = got <= 0;
	scan->at = scan->buffer;
	scan->end = scan->buffer + kept + (got > 0 ? (size_t)got : 0);
	memset(scan->buffer + (scan->end - scan->buffer), 0, ENDING);
	return got > 0;
}

int nm_scan_peek(struct nm_scan *scan)
{
	do {
		while (is_space(*scan->at))
			scan->at++;
		if (scan->at < scan->end)
			return scan->wrong ? 0 : *scan->at;
	} while (nm_scan_more(scan));
	return 0;
}

bool nm_scan_take(struct nm_scan *scan, char byte, const char *expected)
{
	if (nm_scan_peek(scan) != byte)
		return nm_scan_fail(scan, expected);
	scan->at++;
	return true;
}

bool nm_scan_goes_on(struct nm_scan *scan, char close)
{
	int byte = nm_scan_peek(scan);

	if (byte != ',' && byte != close)
		return nm_scan_fail(scan, "a comma or the end of a list was expected");
	scan->at++;
	return byte == ',';
}

bool nm_scan_number(struct nm_scan *scan, uint64_t maximum, uint64_t *out)
{
	uint64_t value = 0;

	if (!is_digit(nm_scan_peek(scan)))
		return nm_scan_fail(scan, "a whole number was expected");
	do {
		for (; is_digit(*scan->at); scan->at++) {
			uint64_t digit = (uint64_t)(*scan->at - '0');

			if (digit > maximum || value > (maximum - digit) / 10)
				return nm_scan_fail(scan, "a number is too large");
			value = 10 * value + digit;
		}
	} while (scan->at == scan->end && nm_scan_more(scan));
	*out = value;
	return true;
}

static bool read_hex(const struct nm_scan *scan, size_t at, unsigned *out)
{
	unsigned value = 0;

	if ((size_t)(scan->end - scan->at) < at + 4)
		return false;
	for (size_t i = at; i < at + 4; i++) {
		unsigned byte = scan->at[i], letter = (byte | 0x20u) - 'a';

		if (is_digit((int)byte))
			value = 16 * value + (byte - '0');
		else if (letter < 6)
			value = 16 * value + 10 + letter;
		else
			return false;
	}
	*out = value;
	return true;
}

static void add_code_point(struct nm_strbuf *out, unsigned code)
{
	char bytes[4];

	if (code < 0x80) {
		bytes[0] = (char)code;
		nm_strbuf_add(out, bytes, 1);
	} else if (code < 0x800) {
		bytes[0] = (char)(0xc0 | code >> 6);
		bytes[1] = (char)(0x80 | (code & 0x3f));
		nm_strbuf_add(out, bytes, 2);
	} else if (code < 0x10000) {
		bytes[0] = (char)(0xe0 | code >> 12);
		bytes[1] = (char)(0x80 | (code >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (code & 0x3f));
		nm_strbuf_add(out, bytes, 3);
	} else {
		bytes[0] = (char)(0xf0 | code >> 18);
		bytes[1] = (char)(0x80 | (code >> 12 & 0x3f));
		bytes[2] = (char)(0x80 | (code >> 6 & 0x3f));
		bytes[3] = (char)(0x80 | (code & 0x3f));
		nm_strbuf_add(out, bytes, 4);
	}
}

/* At a backslash and a 'u'. */
static bool undo_unicode(struct nm_scan *scan, struct nm_strbuf *out)
{
	unsigned code, low;

	if (!read_hex(scan, 2, &code))
		return nm_scan_fail(scan, "an escape of a text is not whole");
	scan->at += 6;
	if (code >= 0xd800 && code < 0xdc00 && scan->at[0] == '\\' && scan->at[1] == 'u' &&
	    read_hex(scan, 2, &low) && low >= 0xdc00 && low < 0xe000) {
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		scan->at += 6;
	}
	add_code_point(out, code);
	return true;
}

/* At a backslash. */
static bool undo_escape(struct nm_scan *scan, struct nm_strbuf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (scan->end - scan->at < ESCAPE_MAX)
		nm_scan_more(scan);
	if (scan->end - scan->at < (scan->at[1] == 'u' ? 6 : 2)) {
		scan->at = scan->end;
		return nm_scan_fail(scan, "an escape of a text is not whole");
	}
	if (scan->at[1] == 'u')
		return undo_unicode(scan, out);
	found = scan->at[1] ? strchr(from, scan->at[1]) : NULL;
	if (!found)
		return nm_scan_fail(scan, "an escape of a text is not known");
	nm_strbuf_add(out, &to[found - from], 1);
	scan->at += 2;
	return true;
}

bool nm_scan_plain_text(struct nm_scan *scan, const char **out, size_t *out_length)
{
	const unsigned char *start, *quote;

	if (nm_scan_peek(scan) != '"')
		return false;
	start = scan->at + 1;
	quote = memchr(start, '"', (size_t)(scan->end - start));
	if (!quote || memchr(start, '\\', (size_t)(quote - start)))
		return false;
	*out = (const char *)start;
	*out_length = (size_t)(quote - start);
	scan->at = quote + 1;
	return true;
}

bool nm_scan_text(struct nm_scan *scan, struct nm_strbuf *out)
{
	if (!nm_scan_take(scan, '"', "a text was expected"))
		return false;
	do {
		while (scan->at < scan->end && *scan->at != '"') {
			const unsigned char *stop = scan->at;

			while (stop < scan->end && *stop != '"' && *stop != '\\')
				stop++;
			nm_strbuf_add(out, (const char *)scan->at, (size_t)(stop - scan->at));
			scan->at = stop;
			if (stop < scan->end && *stop == '\\' && !undo_escape(scan, out))
				return false;
		}
	} while (scan->at == scan->end && nm_scan_more(scan));
	return nm_scan_take(scan, '"', "a text has no end");
}

/* What a value has been passed of. */
struct passed {
	uint64_t depth;
	bool is_in_text, is_escaped;
	bool is_done;
};

/* Up to the end of the value, or of the buffer. */
static void pass_on(struct nm_scan *scan, struct passed *passed)
{
	for (; scan->at < scan->end && !passed->is_done; scan->at++) {
		const int byte = *scan->at;

		if (passed->is_escaped) {
			passed->is_escaped = false;
		} else if (passed->is_in_text) {
			passed->is_escaped = byte == '\\';
			passed->is_in_text = byte != '"';
			passed->is_done = byte == '"' && passed->depth == 0;
		} else if (byte == '"') {
			passed->is_in_text = true;
		} else if (byte == '[' || byte == '{') {
			passed->depth++;
		} else if (byte == ']' || byte == '}' || byte == ',') {
			/* The end of a number or a word, which is not its own. */
			if (passed->depth == 0) {
				passed->is_done = true;
				return;
			}
			passed->depth -= byte != ',';
			passed->is_done = passed->depth == 0 && byte != ',';
		}
	}
}

static bool pass(struct nm_scan *scan, struct nm_strbuf *out)
{
	struct passed passed = {.depth = 0};

	if (nm_scan_peek(scan) == 0)
		return nm_scan_fail(scan, "a value was expected");
	do {
		const unsigned char *start = scan->at;

		pass_on(scan, &passed);
		if (out)
			nm_strbuf_add(out, (const char *)start, (size_t)(scan->at - start));
	} while (!passed.is_done && nm_scan_more(scan));
	return passed.is_done || nm_scan_fail(scan, "a value has no end");
}

bool nm_scan_skip(struct nm_scan *scan)
{
	return pass(scan, NULL);
}

bool nm_scan_copy(struct nm_scan *scan, size_t maximum, struct nm_strbuf *out)
{
	nm_strbuf_init(out, maximum);
	return pass(scan, out) && (!out->failed || nm_scan_fail(scan, "a value is too long"));
}

int nm_scan_error(const struct nm_scan *scan, const char *path, struct nm_error *err)
{
	if (scan->has_input_failed)
		return nm_input_fail(scan->input, err);
	return nm_error_set(err, NM_E_CORRUPT,
			    "%s is no whole heap snapshot: at byte %" PRIu64 ": %s", path,
			    scan->wrong_at, scan->wrong);
}
