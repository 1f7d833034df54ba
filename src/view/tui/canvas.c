#include "view/tui/canvas.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#define COLUMNS_MAX  512
#define PERCENT_WARN 70
#define PERCENT_BAD  90

/* How each ink looks in colours, and without. Only the first eight colours are used, and none of those that are hard
   to read on black or on white. */
static const struct {
	short front, back;
	attr_t with, without;
} inks[NM_INK_COUNT] = {
	[NM_INK_PLAIN] = {-1, -1, A_NORMAL, A_NORMAL},
	[NM_INK_DIM] = {-1, -1, A_DIM, A_DIM},
	[NM_INK_STRONG] = {-1, -1, A_BOLD, A_BOLD},
	[NM_INK_TITLE] = {COLOR_CYAN, -1, A_BOLD, A_BOLD},
	[NM_INK_HEADING] = {COLOR_BLACK, COLOR_GREEN, A_NORMAL, A_REVERSE},
	[NM_INK_SORTED] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE | A_BOLD | A_UNDERLINE},
	[NM_INK_SELECTED] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
	[NM_INK_KEY] = {-1, -1, A_BOLD, A_BOLD},
	[NM_INK_LABEL] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
	[NM_INK_GOOD] = {COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
	[NM_INK_WARN] = {COLOR_YELLOW, -1, A_NORMAL, A_BOLD},
	[NM_INK_BAD] = {COLOR_RED, -1, A_BOLD, A_BOLD | A_UNDERLINE},
	[NM_INK_USED] = {COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
	[NM_INK_FREE] = {COLOR_CYAN, -1, A_NORMAL, A_NORMAL},
	[NM_INK_BUFFERS] = {COLOR_YELLOW, -1, A_NORMAL, A_NORMAL},
	[NM_INK_OTHER] = {COLOR_MAGENTA, -1, A_NORMAL, A_NORMAL},
	[NM_INK_CURVE] = {COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
};

void nm_canvas_init_colors(void)
{
	for (int i = 0; i < NM_INK_COUNT; i++)
		init_pair((short)(i + 1), inks[i].front, inks[i].back);
}

static attr_t attributes_of(const struct nm_canvas *canvas, enum nm_ink ink)
{
	return canvas->has_color ? inks[ink].with : inks[ink].without;
}

static short pair_of(const struct nm_canvas *canvas, enum nm_ink ink)
{
	return canvas->has_color ? (short)(ink + 1) : 0;
}

/* The next character of `*text`, which is passed over; '?' for what may not be drawn. */
static wchar_t next_character(const char **text, mbstate_t *state)
{
	wchar_t character;
	const size_t length = mbrtowc(&character, *text, MB_LEN_MAX, state);

	if (length == (size_t)-1 || length == (size_t)-2 || length == 0) {
		memset(state, 0, sizeof(*state));
		++*text;
		return L'?';
	}
	*text += length;
	return iswprint((wint_t)character) ? character : L'?';
}

/* The columns of the text that fit, which `out`, with room for COLUMNS_MAX, may get. */
static int shape(const char *text, int width, wchar_t *out, int *out_count)
{
	mbstate_t state = {0};
	int columns = 0, count = 0;

	if (width > COLUMNS_MAX)
		width = COLUMNS_MAX;
	while (*text && count < COLUMNS_MAX) {
		wchar_t character = next_character(&text, &state);
		const int needed = wcwidth(character);

		/* Marks that stand above others are left out. */
		if (needed <= 0)
			continue;
		if (columns + needed > width)
			break;
		columns += needed;
		out[count++] = character;
	}
	*out_count = count;
	return columns;
}

static int clip(const struct nm_canvas *canvas, int y, int x, int width)
{
	if (y < 0 || y >= canvas->rows || x < 0 || x >= canvas->columns)
		return 0;
	return width < canvas->columns - x ? width : canvas->columns - x;
}

static void draw(const struct nm_canvas *canvas, int y, int x, enum nm_ink ink,
		 const wchar_t *characters, int count)
{
	wattr_set(canvas->window, attributes_of(canvas, ink), pair_of(canvas, ink), NULL);
	mvwaddnwstr(canvas->window, y, x, characters, count);
	wattr_set(canvas->window, A_NORMAL, 0, NULL);
}

int nm_canvas_text(const struct nm_canvas *canvas, int y, int x, int width, enum nm_ink ink,
		   const char *text)
{
	wchar_t characters[COLUMNS_MAX];
	int count, columns;

	width = clip(canvas, y, x, width);
	if (width <= 0)
		return 0;
	columns = shape(text, width, characters, &count);
	draw(canvas, y, x, ink, characters, count);
	return columns;
}

int nm_canvas_format(const struct nm_canvas *canvas, int y, int x, int width, enum nm_ink ink,
		     const char *format, ...)
{
	char text[4 * COLUMNS_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return nm_canvas_text(canvas, y, x, width, ink, text);
}

void nm_canvas_right(const struct nm_canvas *canvas, int y, int x, int width, enum nm_ink ink,
		     const char *text)
{
	wchar_t characters[COLUMNS_MAX];
	int count;
	const int columns = shape(text, width, characters, &count);

	nm_canvas_text(canvas, y, x + width - columns, columns, ink, text);
}

void nm_canvas_fill(const struct nm_canvas *canvas, int y, int x, int width, enum nm_ink ink)
{
	width = clip(canvas, y, x, width);
	if (width <= 0)
		return;
	wattr_set(canvas->window, attributes_of(canvas, ink), pair_of(canvas, ink), NULL);
	mvwhline(canvas->window, y, x, ' ', width);
	wattr_set(canvas->window, A_NORMAL, 0, NULL);
}

void nm_canvas_restyle(const struct nm_canvas *canvas, int y, int x, int width, enum nm_ink ink)
{
	width = clip(canvas, y, x, width);
	if (width > 0)
		mvwchgat(canvas->window, y, x, width, attributes_of(canvas, ink),
			 pair_of(canvas, ink), NULL);
}

const char *nm_canvas_glyph(const struct nm_canvas *canvas, const char *utf8, const char *ascii)
{
	return canvas->is_utf8 ? utf8 : ascii;
}

const char *nm_canvas_part_glyph(const struct nm_canvas *canvas, enum nm_split_part part)
{
	static const char *const utf8[] = {"█", "▒", "▓", "░"};
	static const char *const ascii[] = {"#", "-", "=", "."};

	return nm_canvas_glyph(canvas, utf8[part], ascii[part]);
}

enum nm_ink nm_canvas_part_ink(enum nm_split_part part)
{
	return (enum nm_ink)(NM_INK_USED + part);
}

static void repeat(const struct nm_canvas *canvas, int y, int x, int count, enum nm_ink ink,
		   const char *glyph)
{
	for (int i = 0; i < count; i++)
		nm_canvas_text(canvas, y, x + i, 1, ink, glyph);
}

void nm_canvas_split(const struct nm_canvas *canvas, int y, int x, int width,
		     const uint64_t parts[NM_SPLIT_COUNT], uint64_t scale)
{
	unsigned cells[NM_SPLIT_COUNT];

	nm_split_cells(parts, NM_SPLIT_COUNT, scale, (unsigned)width, cells);
	for (int i = 0; i < NM_SPLIT_COUNT; i++) {
		const enum nm_split_part part = (enum nm_split_part)i;

		repeat(canvas, y, x, (int)cells[i], nm_canvas_part_ink(part),
		       nm_canvas_part_glyph(canvas, part));
		x += (int)cells[i];
	}
}

enum nm_ink nm_canvas_level_ink(unsigned percent)
{
	return percent >= PERCENT_BAD	 ? NM_INK_BAD
	       : percent >= PERCENT_WARN ? NM_INK_WARN
					 : NM_INK_GOOD;
}

void nm_canvas_meter(const struct nm_canvas *canvas, int y, int x, int width, double part,
		     enum nm_ink ink)
{
	const int room = width - 2;
	const double limited = part > 1 ? 1 : part > 0 ? part : 0;

	if (room <= 0)
		return;
	if (ink == NM_INK_PLAIN)
		ink = nm_canvas_level_ink((unsigned)(100 * limited));
	nm_canvas_text(canvas, y, x, 1, NM_INK_STRONG, "[");
	repeat(canvas, y, x + 1, (int)(limited * room + 0.5), ink,
	       nm_canvas_glyph(canvas, "█", "#"));
	nm_canvas_text(canvas, y, x + width - 1, 1, NM_INK_STRONG, "]");
}
