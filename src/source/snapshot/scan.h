/*
 * scan.h - JSON, read forwards: numbers as fast as can be, texts, and what is passed over
 *
 * The first failure is remembered with its place in the text; nothing is read after it.
 *
 * Owns     its buffer, until nm_scan_done(). The input is borrowed.
 * Source   RFC 8259. More is accepted than it allows where that does no harm.
 */
#ifndef NM_SNAPSHOT_SCAN_H
#define NM_SNAPSHOT_SCAN_H

#include "base/strbuf.h"
#include "source/snapshot/input.h"

struct nm_scan {
	struct nm_input *input;
	unsigned char *buffer; /* ended by '\0', which no number, text or space holds */
	const unsigned char *at, *end;
	uint64_t offset; /* of the buffer, in the text */
	bool is_at_end;
	/* The first failure. */
	const char *wrong; /* what was expected, or found */
	uint64_t wrong_at;
	bool has_input_failed;
};

/* NM_E_NOMEM. */
int nm_scan_init(struct nm_scan *scan, struct nm_input *input, struct nm_error *err);
void nm_scan_done(struct nm_scan *scan);

/* Where in the text it stands. */
static inline uint64_t nm_scan_offset(const struct nm_scan *scan)
{
	return scan->offset + (uint64_t)(scan->at - scan->buffer);
}

/* Remember a failure here; false always. */
bool nm_scan_fail(struct nm_scan *scan, const char *wrong);

/* Read on, keeping what is from `at` on. False: there is no more, or no room. */
bool nm_scan_more(struct nm_scan *scan);

/* The next byte that is no space, without taking it; 0 at the end. */
int nm_scan_peek(struct nm_scan *scan);

/* Take that byte. False, and a failure: it is another. */
bool nm_scan_take(struct nm_scan *scan, char byte, const char *expected);

/* Take a ',' (true) or `close` (false); anything else is a failure, and false. */
bool nm_scan_goes_on(struct nm_scan *scan, char close);

/* A whole number from 0 on; false, and a failure, when there is none or it is above `maximum`. */
bool nm_scan_number_slow(struct nm_scan *scan, uint64_t maximum, uint64_t *out);

static inline bool nm_scan_number(struct nm_scan *scan, uint64_t maximum, uint64_t *out)
{
	const unsigned char *at = scan->at;
	uint64_t value = 0;
	unsigned digits = 0;

	while (*at == '\n' || *at == ' ')
		at++;
	for (; *at >= '0' && *at <= '9' && digits < 19; digits++)
		value = 10 * value + (*at++ - '0');
	/* At the end of the buffer the number may go on. */
	if (digits == 0 || value > maximum || (*at != ',' && *at != ']'))
		return nm_scan_number_slow(scan, maximum, out);
	scan->at = at;
	*out = value;
	return true;
}

/* A text, with its escapes undone, as UTF-8; halves of surrogate pairs stay as they are (WTF-8). Is put
   behind what `out` holds. */
bool nm_scan_text(struct nm_scan *scan, struct nm_strbuf *out);

/* Where texts have no escapes and are whole in the buffer: where it is; false without a failure when
   nm_scan_text() must be asked. Until the next call. */
bool nm_scan_plain_text(struct nm_scan *scan, const char **out, size_t *out_length);

/* Pass over a value, whatever it is. */
bool nm_scan_skip(struct nm_scan *scan);

/* A value as it stands there, at most `maximum` bytes of it. */
bool nm_scan_copy(struct nm_scan *scan, size_t maximum, struct nm_strbuf *out);

/* NM_E_CORRUPT with the place, or as nm_input_fail(). */
int nm_scan_error(const struct nm_scan *scan, const char *path, struct nm_error *err);

#endif
