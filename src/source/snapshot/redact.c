#include "source/snapshot/redact.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

struct state {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t value, unsigned by)
{
	return value << by | value >> (64 - by);
}

static void round_once(struct state *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static void take_word(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	round_once(s);
	round_once(s);
	s->v0 ^= word;
}

int nm_redact_init(struct nm_redact *redact, struct nm_error *err)
{
	if (getrandom(redact->key, sizeof(redact->key), 0) == (ssize_t)sizeof(redact->key))
		return NM_OK;
	return nm_error_set_errno(err, NM_E_IO, errno, "cannot get random numbers");
}

uint64_t nm_redact_hash(const struct nm_redact *redact, const char *text, size_t length)
{
	struct state s = {
		redact->key[0] ^ UINT64_C(0x736f6d6570736575),
		redact->key[1] ^ UINT64_C(0x646f72616e646f6d),
		redact->key[0] ^ UINT64_C(0x6c7967656e657261),
		redact->key[1] ^ UINT64_C(0x7465646279746573),
	};
	uint64_t word, last = (uint64_t)length << 56;
	size_t whole = length - length % 8;

	for (size_t at = 0; at < whole; at += 8) {
		memcpy(&word, text + at, sizeof(word));
		take_word(&s, word);
	}
	for (size_t i = 0; i < length % 8; i++)
		last |= (uint64_t)(unsigned char)text[whole + i] << 8 * i;
	take_word(&s, last);
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		round_once(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

void nm_redact_text(const struct nm_redact *redact, const char *text, size_t length,
		    char out[NM_REDACT_ROOM])
{
	snprintf(out, NM_REDACT_ROOM, "(%zu bytes, %016" PRIx64 ")", length,
		 nm_redact_hash(redact, text, length));
}
