/*
 * run_output.h - what `run` prints: rows, notes and the end, through the relay and as JSON
 */
#ifndef NM_CMD_RUN_OUTPUT_H
#define NM_CMD_RUN_OUTPUT_H

#include "cmd/command.h"
#include "cmd/family.h"
#include "cmd/relay.h"
#include "model/ending.h"

struct nm_run_output {
	struct nm_relay *relay;
	struct nm_view_options text; /* .out is set while something is printed */
	struct nm_view_options json; /* .out is NULL without --json */
	bool is_quiet;
	bool is_steady; /* a row each sample; else when a second passed or much has changed */
	bool has_labels;
	size_t rows;
};

/* Show a new sample of `member`, which is the `processes`th Node process at most. */
void nm_run_output_sample(struct nm_run_output *output, struct nm_member *member, uint64_t since_ms,
			  size_t processes);

/* A line of its own. */
void nm_run_output_note(struct nm_run_output *output, const char *format, ...) NM_PRINTF(2, 3);

void nm_run_output_end(struct nm_run_output *output, const struct nm_ending *ending);

#endif
