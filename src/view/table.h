/*
 * table.h - columns of text, printed a row at a time
 *
 * The widths are fixed before the first row, so that rows can be printed as they come.
 */
#ifndef NM_VIEW_TABLE_H
#define NM_VIEW_TABLE_H

#include "view/view.h"

/* The widest a size can be in MiB with two decimals, or in bytes. */
#define NM_WIDTH_MIB   9
#define NM_WIDTH_BYTES 12

/* Width of a column of sizes with this heading. */
int nm_table_size_width(const struct nm_view_options *how, const char *heading);

/* A right-aligned size, "-" when not known. A blank comes before it. */
void nm_table_size(const struct nm_view_options *how, int width, bool known, uint64_t bytes);

void nm_table_heading(const struct nm_view_options *how, int width, const char *heading);

/* A bar of `width` characters, filled in proportion to `part` in [0, 1]. */
void nm_table_bar(const struct nm_view_options *how, int width, double part);

/* Text that the target chose, with control characters replaced. At most `max` columns. */
void nm_table_foreign(FILE *out, const char *text, size_t max);

/* The same, and blanks up to `width` columns. */
void nm_table_padded(FILE *out, const char *text, size_t width);

#define NM_COLOR_DIM	"\033[2m"
#define NM_COLOR_BOLD	"\033[1m"
#define NM_COLOR_GREEN	"\033[32m"
#define NM_COLOR_YELLOW "\033[33m"
#define NM_COLOR_RED	"\033[31m"
#define NM_COLOR_OFF	"\033[0m"

/* The sequence if colours are wanted, else "". */
const char *nm_table_color(const struct nm_view_options *how, const char *sequence);

#endif
