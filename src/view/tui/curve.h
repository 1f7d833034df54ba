/*
 * curve.h - series of values as characters: a row of them, or a chart
 *
 * Pure: from values to characters, without a terminal. NM_TRAIL_UNKNOWN is no value and draws nothing.
 */
#ifndef NM_VIEW_TUI_CURVE_H
#define NM_VIEW_TUI_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/tui/canvas.h"

#define NM_CURVE_LEVELS 8

/*
 * The height of each value, 1 to NM_CURVE_LEVELS, or 0 for none, between the least and the greatest of them. What
 * moves by less than a twentieth of its size stays low: noise is no mountain.
 */
void nm_curve_levels(const uint64_t *values, size_t count, uint8_t *out);

/* The least and greatest value; false when there is none. */
bool nm_curve_range(const uint64_t *values, size_t count, uint64_t *out_least,
		    uint64_t *out_greatest);

/* A row of `width` characters. `values` has as many. */
void nm_curve_spark(const struct nm_canvas *canvas, int y, int x, int width, enum nm_ink ink,
		    const uint64_t *values);

/* Dots that a character of a chart is wide. */
int nm_curve_dots_across(const struct nm_canvas *canvas);

#define NM_CURVE_CELLS_MAX 512

/*
 * Draw a curve into a box of `rows` by `width` characters, the value `bottom` at its lower edge and `top` at its upper.
 * `values` has one for each dot across.
 */
void nm_curve_chart(const struct nm_canvas *canvas, int y, int x, int rows, int width,
		    enum nm_ink ink, const uint64_t *values, uint64_t bottom, uint64_t top);

/* A round number of bytes that is not less than `bytes`, for the upper end of an axis. */
uint64_t nm_curve_round_up(uint64_t bytes);

#endif
