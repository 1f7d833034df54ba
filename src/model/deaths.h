/*
 * deaths.h - how processes ended, as a file tells of it: a log has many of them
 *
 * Facts are added in the order of the file; nm_deaths_finish() then reaches the verdict of each. Of
 * very many only the last are kept.
 *
 * Owns     the deaths, until nm_deaths_done().
 */
#ifndef NM_MODEL_DEATHS_H
#define NM_MODEL_DEATHS_H

#include "model/ending.h"
#include "model/history.h"

#define NM_DEATHS_MAX 64

/* What a file is. */
enum nm_file_kind {
	NM_FILE_LOG,
	NM_FILE_REPORT,
	NM_FILE_RECORDING,
};

const char *nm_file_kind_name(enum nm_file_kind kind);

struct nm_death {
	struct nm_ending ending;
	uint64_t line; /* where it was first told; 0: not of a log */
	char when[48]; /* as the file writes it; "" when it does not */
};

struct nm_deaths {
	enum nm_file_kind kind;
	struct nm_death *items[NM_DEATHS_MAX]; /* in order of the file */
	size_t count;
	uint64_t total; /* those that were not kept as well */
	uint64_t lines; /* of a log */
	char note[400]; /* a sentence on what the file does not tell, or why it is cut; may be "" */
};

void nm_deaths_init(struct nm_deaths *deaths);

/* One more, all unknown; the first one makes room if need be. NULL when there is no memory. */
struct nm_death *nm_deaths_add(struct nm_deaths *deaths);

/* The last one, for what is told later of it; NULL when there is none. */
struct nm_death *nm_deaths_last(struct nm_deaths *deaths);

/* Reach the verdict of each; those of a recording have theirs. */
void nm_deaths_finish(struct nm_deaths *deaths);

void nm_deaths_done(struct nm_deaths *deaths);

/* The facts of a recorded process and the verdict that was reached then. `totalmem` of the recording's
   machine, 0 for not known. NM_E_NOMEM. `out` is initialised here. */
int nm_ending_of_history(const struct nm_history_process *process, uint64_t totalmem,
			 struct nm_ending *out, struct nm_error *err);

#endif
