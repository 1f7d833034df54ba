#include "view/tui/curve.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "model/trail.h"

/* A movement of less than this part of the value is none. */
#define NOISE 20

#define BRAILLE_ACROSS 2
#define BRAILLE_DOWN   4

bool nm_curve_range(const uint64_t *values, size_t count, uint64_t *out_least,
		    uint64_t *out_greatest)
{
	uint64_t least = NM_TRAIL_UNKNOWN, greatest = 0;

	for (size_t i = 0; i < count; i++) {
		if (values[i] == NM_TRAIL_UNKNOWN)
			continue;
		least = values[i] < least ? values[i] : least;
		greatest = values[i] > greatest ? values[i] : greatest;
	}
	*out_least = least;
	*out_greatest = greatest;
	return least != NM_TRAIL_UNKNOWN;
}

void nm_curve_levels(const uint64_t *values, size_t count, uint8_t *out)
{
	uint64_t least, greatest;
	double span;

	memset(out, 0, count);
	if (!nm_curve_range(values, count, &least, &greatest))
		return;
	span = (double)(greatest - least);
	if (span < (double)greatest / NOISE)
		span = (double)greatest / NOISE;
	for (size_t i = 0; i < count; i++)
		if (values[i] != NM_TRAIL_UNKNOWN)
			out[i] = (uint8_t)(1 + (span > 0 ? (double)(values[i] - least) / span *
									   (NM_CURVE_LEVELS - 1) +
								   0.5
							 : 0));
}

void nm_curve_spark(const struct nm_canvas *canvas, int y, int x, int width, enum nm_ink ink,
		    const uint64_t *values)
{
	static const char *const utf8[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const ascii[] = {" ", "_", ".", "-", "~", "=", "+", "*", "#"};
	uint8_t levels[NM_CURVE_CELLS_MAX];

	if (width > NM_CURVE_CELLS_MAX)
		width = NM_CURVE_CELLS_MAX;
	if (width <= 0)
		return;
	nm_curve_levels(values, (size_t)width, levels);
	for (int i = 0; i < width; i++)
		nm_canvas_text(canvas, y, x + i, 1, ink,
			       nm_canvas_glyph(canvas, utf8[levels[i]], ascii[levels[i]]));
}

/* ---- charts -------------------------------------------------------------------------------- */

int nm_curve_dots_across(const struct nm_canvas *canvas)
{
	return canvas->is_utf8 ? BRAILLE_ACROSS : 1;
}

/* Which dot of `dots` down a value is, from above. */
static int dot_of(uint64_t value, uint64_t bottom, uint64_t top, int dots)
{
	double part;

	if (value <= bottom || top <= bottom)
		return dots - 1;
	part = (double)(value - bottom) / (double)(top - bottom);
	if (part > 1)
		part = 1;
	return (int)((1 - part) * (dots - 1) + 0.5);
}

/* Which bit of U+2800 is the dot in that place. */
static uint8_t braille_bit(int across, int down)
{
	static const uint8_t bits[BRAILLE_DOWN][BRAILLE_ACROSS] = {
		{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

	return bits[down][across];
}

struct stroke {
	bool is_there;
	int here, from, to; /* dots from above */
};

/* From the value before to this one, so that the curve has no holes. */
static struct stroke make_stroke(const uint64_t *values, int index, uint64_t bottom, uint64_t top,
				 int dots)
{
	struct stroke stroke = {.is_there = values[index] != NM_TRAIL_UNKNOWN};
	int before;

	if (!stroke.is_there)
		return stroke;
	stroke.here = stroke.from = stroke.to = dot_of(values[index], bottom, top, dots);
	if (index == 0 || values[index - 1] == NM_TRAIL_UNKNOWN)
		return stroke;
	before = dot_of(values[index - 1], bottom, top, dots);
	if (before < stroke.here - 1)
		stroke.from = before + 1;
	else if (before > stroke.here + 1)
		stroke.to = before - 1;
	return stroke;
}

static uint8_t ascii_cell(int row, const struct stroke *stroke)
{
	if (row == stroke->here)
		return '*';
	return row >= stroke->from && row <= stroke->to ? '|' : 0;
}

static void put_cell(const struct nm_canvas *canvas, int y, int x, enum nm_ink ink, uint8_t cell)
{
	const char braille[] = {(char)0xe2, (char)(0xa0 | cell >> 6), (char)(0x80 | (cell & 0x3f)),
				'\0'};
	const char ascii[] = {(char)cell, '\0'};

	if (cell != 0)
		nm_canvas_text(canvas, y, x, 1, ink, nm_canvas_glyph(canvas, braille, ascii));
}

/* What is in the character of row `row`, whose strokes are these: dots of braille, or ASCII; 0 for nothing. */
static uint8_t cell_of(const struct nm_canvas *canvas, const struct stroke *strokes, int row)
{
	uint8_t bits = 0;

	if (!canvas->is_utf8)
		return strokes[0].is_there ? ascii_cell(row, &strokes[0]) : 0;
	for (int across = 0; across < BRAILLE_ACROSS; across++)
		for (int down = 0; strokes[across].is_there && down < BRAILLE_DOWN; down++) {
			const int dot = row * BRAILLE_DOWN + down;

			if (dot >= strokes[across].from && dot <= strokes[across].to)
				bits |= braille_bit(across, down);
		}
	return bits;
}

void nm_curve_chart(const struct nm_canvas *canvas, int y, int x, int rows, int width,
		    enum nm_ink ink, const uint64_t *values, uint64_t bottom, uint64_t top)
{
	const int across = nm_curve_dots_across(canvas);
	const int dots = rows * (canvas->is_utf8 ? BRAILLE_DOWN : 1);

	for (int column = 0; column < width; column++) {
		struct stroke strokes[BRAILLE_ACROSS];

		for (int i = 0; i < across; i++)
			strokes[i] = make_stroke(values, column * across + i, bottom, top, dots);
		for (int row = 0; row < rows; row++)
			put_cell(canvas, y + row, x + column, ink, cell_of(canvas, strokes, row));
	}
}

uint64_t nm_curve_round_up(uint64_t bytes)
{
	uint64_t unit = NM_MIB;

	if (bytes <= unit)
		return unit;
	/* 1, 2, 4, 5, 8, 10 times a power of ten, of MiB. */
	for (; unit < UINT64_MAX / 100; unit *= 10) {
		static const unsigned steps[] = {1, 2, 4, 5, 8, 10};

		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
			if (bytes <= steps[i] * unit)
				return steps[i] * unit;
	}
	return bytes;
}
