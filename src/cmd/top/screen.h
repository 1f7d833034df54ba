/*
 * screen.h - `top` on a terminal: a loop that samples, draws and listens to keys
 */
#ifndef NM_CMD_TOP_SCREEN_H
#define NM_CMD_TOP_SCREEN_H

#include "cmd/top/guard.h"
#include "model/roster.h"

struct nm_top_options {
	uint64_t interval_ms;
	struct nm_roster_order order;
	const pid_t *only; /* NULL for all */
	size_t only_count;
	bool has_color;
};

/* Returns the exit code. `options` is a struct nm_top_options. */
int nm_top_screen(void *options, struct nm_top_guard *guard);

#endif
