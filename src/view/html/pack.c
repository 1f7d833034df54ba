#include "view/html/pack.h"

#include <string.h>

#define VARINT_MAX 10

/* ---- base64 ------------------------------------------------------------------------------------ */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The digits of three bytes, of which `used` are there. */
static void encode_group(const unsigned char bytes[3], size_t used, char out[4])
{
	const unsigned bits = (unsigned)bytes[0] << 16 | (unsigned)bytes[1] << 8 | bytes[2];

	out[0] = digits[bits >> 18];
	out[1] = digits[bits >> 12 & 63];
	out[2] = used > 1 ? digits[bits >> 6 & 63] : '=';
	out[3] = used > 2 ? digits[bits & 63] : '=';
}

static void write_base64(struct nm_pack *pack, const unsigned char *bytes, size_t length)
{
	char text[4096];
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		pack->rest[pack->rest_used++] = bytes[i];
		if (pack->rest_used < 3)
			continue;
		encode_group(pack->rest, 3, text + used);
		pack->rest_used = 0;
		used += 4;
		if (used == sizeof(text)) {
			fwrite(text, 1, used, pack->out);
			used = 0;
		}
	}
	fwrite(text, 1, used, pack->out);
}

static void end_base64(struct nm_pack *pack)
{
	char text[4];

	if (pack->rest_used == 0)
		return;
	memset(pack->rest + pack->rest_used, 0, sizeof(pack->rest) - pack->rest_used);
	encode_group(pack->rest, pack->rest_used, text);
	fwrite(text, 1, sizeof(text), pack->out);
	pack->rest_used = 0;
}

/* ---- deflate ----------------------------------------------------------------------------------- */

static void deflate_plain(struct nm_pack *pack, int flush)
{
	unsigned char packed[16384];

	pack->stream.next_in = pack->plain;
	pack->stream.avail_in = (uInt)pack->plain_used;
	pack->plain_used = 0;
	do {
		pack->stream.next_out = packed;
		pack->stream.avail_out = sizeof(packed);
		if (deflate(&pack->stream, flush) == Z_STREAM_ERROR) {
			pack->failed = true;
			return;
		}
		write_base64(pack, packed, sizeof(packed) - pack->stream.avail_out);
	} while (pack->stream.avail_out == 0);
}

int nm_pack_init(struct nm_pack *pack, FILE *out, struct nm_error *err)
{
	memset(pack, 0, sizeof(*pack));
	pack->out = out;
	if (deflateInit(&pack->stream, Z_DEFAULT_COMPRESSION) != Z_OK)
		return nm_error_nomem(err);
	pack->has_stream = true;
	return NM_OK;
}

int nm_pack_finish(struct nm_pack *pack, struct nm_error *err)
{
	if (!pack->failed)
		deflate_plain(pack, Z_FINISH);
	if (pack->failed)
		return nm_error_nomem(err);
	end_base64(pack);
	return NM_OK;
}

void nm_pack_done(struct nm_pack *pack)
{
	if (pack->has_stream)
		deflateEnd(&pack->stream);
	pack->has_stream = false;
}

/* ---- columns ----------------------------------------------------------------------------------- */

static void add_varint(struct nm_pack *pack, uint64_t number)
{
	if (pack->failed)
		return;
	if (pack->plain_used + VARINT_MAX > sizeof(pack->plain))
		deflate_plain(pack, Z_NO_FLUSH);
	for (; number >= 0x80; number >>= 7)
		pack->plain[pack->plain_used++] = (unsigned char)(number | 0x80);
	pack->plain[pack->plain_used++] = (unsigned char)number;
}

void nm_pack_column(struct nm_pack *pack)
{
	pack->last = 0;
}

void nm_pack_add(struct nm_pack *pack, uint64_t value)
{
	int64_t difference;

	if (value > NM_PACK_MAX) {
		nm_pack_add_unknown(pack);
		return;
	}
	difference = (int64_t)value - pack->last;
	pack->last = (int64_t)value;
	add_varint(pack,
		   (difference < 0 ? (uint64_t)-difference * 2 - 1 : (uint64_t)difference * 2) + 1);
}

void nm_pack_add_unknown(struct nm_pack *pack)
{
	add_varint(pack, 0);
}
