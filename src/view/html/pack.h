/*
 * pack.h - many numbers in a page: columns of differences, deflated, as base64
 *
 * A column is a run of numbers that the page's script reads back in the order in which they were put
 * (web/columns.js). Each is a varint: 0 for an unknown number, else 1 more than the zigzag of its difference
 * to the last known one of the column, which begins at 0. 64 bits of JavaScript are not enough for every
 * size: what is above NM_PACK_MAX is unknown.
 *
 * Owns     a buffer and a compressor, until nm_pack_done().
 * Costs    300 KiB; of a week of samples some 5 bytes each in the page.
 */
#ifndef NM_VIEW_HTML_PACK_H
#define NM_VIEW_HTML_PACK_H

#include <stdio.h>
#include <zlib.h>

#include "base/error.h"

/* 4 PiB: the zigzag of a difference is then exact in a JavaScript number. */
#define NM_PACK_MAX (UINT64_C(1) << 52)

struct nm_pack {
	FILE *out; /* borrowed */
	z_stream stream;
	unsigned char plain[16384];
	size_t plain_used;
	unsigned char rest[3]; /* bytes that do not fill a group of base64 yet */
	size_t rest_used;
	int64_t last;
	bool has_stream;
	bool failed;
};

/* NM_E_NOMEM. */
int nm_pack_init(struct nm_pack *pack, FILE *out, struct nm_error *err);

/* Begin a column. */
void nm_pack_column(struct nm_pack *pack);

/* The next number of it. */
void nm_pack_add(struct nm_pack *pack, uint64_t value);
void nm_pack_add_unknown(struct nm_pack *pack);

/* Write what is left. NM_E_NOMEM. */
int nm_pack_finish(struct nm_pack *pack, struct nm_error *err);

void nm_pack_done(struct nm_pack *pack);

#endif
