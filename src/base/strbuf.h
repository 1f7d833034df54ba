/*
 * strbuf.h - text that grows, up to a maximum given at init
 *
 * Owns     its text, until nm_strbuf_done().
 * A buffer which would pass its maximum, or could not get memory, keeps what it had and
 * remembers: check `failed` once at the end instead of after every call.
 */
#ifndef NM_BASE_STRBUF_H
#define NM_BASE_STRBUF_H

#include "base/error.h"

struct nm_strbuf {
	char *text; /* always ends in '\0' once something was added; NULL before */
	size_t length;
	size_t room;
	size_t maximum;
	bool failed;
};

void nm_strbuf_init(struct nm_strbuf *buf, size_t maximum);
void nm_strbuf_add(struct nm_strbuf *buf, const char *text, size_t length);
void nm_strbuf_adds(struct nm_strbuf *buf, const char *text);
void nm_strbuf_addf(struct nm_strbuf *buf, const char *format, ...) NM_PRINTF(2, 3);

/* The text, "" when nothing was added. */
const char *nm_strbuf_get(const struct nm_strbuf *buf);
void nm_strbuf_clear(struct nm_strbuf *buf);
void nm_strbuf_done(struct nm_strbuf *buf);

#endif
