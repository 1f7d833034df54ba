#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void nm_strbuf_init(struct nm_strbuf *buf, size_t maximum)
{
	memset(buf, 0, sizeof(*buf));
	buf->maximum = maximum;
}

/* Make room for `more` bytes and the closing zero. */
static bool reserve(struct nm_strbuf *buf, size_t more)
{
	size_t wanted, room;
	char *text;

	if (buf->failed || more >= buf->maximum || buf->length > buf->maximum - more - 1) {
		buf->failed = true;
		return false;
	}
	wanted = buf->length + more + 1;
	if (wanted <= buf->room)
		return true;
	room = buf->room ? buf->room : 64;
	while (room < wanted)
		room *= 2;
	text = realloc(buf->text, room);
	if (!text) {
		buf->failed = true;
		return false;
	}
	buf->text = text;
	buf->room = room;
	return true;
}

void nm_strbuf_add(struct nm_strbuf *buf, const char *text, size_t length)
{
	if (!reserve(buf, length))
		return;
	memcpy(buf->text + buf->length, text, length);
	buf->length += length;
	buf->text[buf->length] = '\0';
}

void nm_strbuf_adds(struct nm_strbuf *buf, const char *text)
{
	nm_strbuf_add(buf, text, strlen(text));
}

void nm_strbuf_addf(struct nm_strbuf *buf, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0 || !reserve(buf, (size_t)length))
		return;
	va_start(args, format);
	vsnprintf(buf->text + buf->length, (size_t)length + 1, format, args);
	va_end(args);
	buf->length += (size_t)length;
}

const char *nm_strbuf_get(const struct nm_strbuf *buf)
{
	return buf->text ? buf->text : "";
}

void nm_strbuf_clear(struct nm_strbuf *buf)
{
	buf->length = 0;
	buf->failed = false;
	if (buf->text)
		buf->text[0] = '\0';
}

void nm_strbuf_done(struct nm_strbuf *buf)
{
	free(buf->text);
	memset(buf, 0, sizeof(*buf));
}
