/*
 * live.h - what the live page of `serve` is told: all processes in short, and the past of one
 */
#ifndef NM_VIEW_JSON_LIVE_H
#define NM_VIEW_JSON_LIVE_H

#include <stdio.h>

#include "model/fleet.h"
#include "model/past.h"

struct nm_json_live_options {
	bool allow_actions;
	const struct nm_fleet_ended *ended; /* in any order */
	size_t ended_count;
};

/* One line. */
void nm_json_live_fleet(FILE *out, const struct nm_fleet *fleet,
			const struct nm_json_live_options *options);

void nm_json_live_past(FILE *out, const struct nm_target_info *info, const struct nm_past *past);

#endif
