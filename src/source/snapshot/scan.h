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

#include <string.h>

#include "base/strbuf.h"
#include "source/snapshot/input.h"

struct nm_scan {
	struct nm_input *input;
	unsigned char *buffer; /* ended by eight '\0', which no number, text or space holds */
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
bool nm_scan_number(struct nm_scan *scan, uint64_t maximum, uint64_t *out);

/* Two, four and eight digits together: eight bytes of '0' to '9', the first in the lowest byte. */
static inline uint64_t nm_scan_eight(uint64_t word)
{
	word &= UINT64_C(0x0f0f0f0f0f0f0f0f);
	word = (word * (10 * 0x100 + 1)) >> 8;
	word = ((word & UINT64_C(0x00ff00ff00ff00ff)) * (100 * 0x10000 + 1)) >> 16;
	return ((word & UINT64_C(0x0000ffff0000ffff)) * (10000 * (UINT64_C(1) << 32) + 1)) >> 32;
}

/*
 * A whole number and the comma behind it, without a branch for each digit. Returns where the comma
 * ends; NULL: nm_scan_number() must be asked. Nothing is taken.
 */
static inline const unsigned char *nm_scan_quick(const unsigned char *at, uint64_t *out)
{
	const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0), digit = UINT64_C(0x3030303030303030);
	uint64_t word, other;
	unsigned count;

	memcpy(&word, at, sizeof(word));
	/* The high half of each byte that is none of '0' to '9' is not 0. */
	other = ((word & high) ^ digit) | (((word + UINT64_C(0x0606060606060606)) & high) ^ digit);
	if (other != 0) {
		count = (unsigned)__builtin_ctzll(other) / 8;
		if (count == 0)
			return NULL;
		*out = nm_scan_eight(word << (64 - 8 * count));
		at += count;
	} else {
		*out = nm_scan_eight(word);
		at += sizeof(word);
		for (count = 0; *at >= '0' && *at <= '9' && count < 10; count++)
			*out = 10 * *out + (*at++ - '0');
	}
	/* V8 up to 12 has a line for each record. */
	at += *at == '\n';
	return *at == ',' ? at + 1 : NULL;
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
