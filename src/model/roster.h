/*
 * roster.h - many processes in rows: sorted, filtered, as a tree
 *
 * Plain data; nothing is owned. What a row points to belongs to whoever watches the processes.
 */
#ifndef NM_MODEL_ROSTER_H
#define NM_MODEL_ROSTER_H

#include "model/forecast.h"
#include "model/trail.h"

#define NM_ROSTER_MAX 1024

struct nm_roster_row {
	const struct nm_target_info *info;
	const struct nm_sample *sample;
	const char *name;    /* of the script, or the program; plain */
	const char *problem; /* why there are no numbers; NULL when there are */
	pid_t parent;	     /* its nearest ancestor among the rows; 0 for none */
	const struct nm_forecast *forecast;
	const struct nm_trail *trail;
};

#define NM_ROSTER_LIST(X)          \
	X(PID, "pid")              \
	X(NAME, "name")            \
	X(RSS, "rss")              \
	X(HEAP, "heapUsed")        \
	X(BUFFERS, "arrayBuffers") \
	X(FULL, "full")            \
	X(TIME, "timeToLimit")     \
	X(AGE, "age")

enum nm_roster_key {
#define X(name, text) NM_ROSTER_##name,
	NM_ROSTER_LIST(X)
#undef X
		NM_ROSTER_COUNT,
};

/* "heapUsed" */
const char *nm_roster_key_name(enum nm_roster_key key);

/* False when there is none of that name. */
bool nm_roster_find_key(const char *name, enum nm_roster_key *out);

struct nm_roster_order {
	enum nm_roster_key key;
	bool is_inverted; /* the other way round than is usual for the key */
	bool is_tree;
	char filter[64]; /* only those that have this in them; "" for all */
};

/* Where a row stands. */
struct nm_roster_line {
	size_t row;
	unsigned depth; /* in the tree */
	uint32_t rails; /* bit n: its ancestor of depth n, or itself, has a sibling further down */
};

/* How full the fullest heap of a row is, in percent of its limit: nm_isolate_fullness(). */
bool nm_roster_fullness(const struct nm_roster_row *row, unsigned *out_percent);

/* The isolate with the fullest heap; NULL when it is not known. */
const struct nm_isolate *nm_roster_fullest(const struct nm_roster_row *row);

/* Is `text` in the name, the command, the version or the number of the row? Upper and lower case are the same. */
bool nm_roster_matches(const struct nm_roster_row *row, const char *text);

/*
 * Largest first; names and pids smallest first, as the time to a limit; the unknown last, and those alike in the
 * order of their pids. In a tree, that holds among the children of a process. `out` has room for all rows, of which
 * there are NM_ROSTER_MAX at most. Returns how many lines there are.
 */
size_t nm_roster_arrange(const struct nm_roster_row *rows, size_t count,
			 const struct nm_roster_order *order, struct nm_roster_line *out);

#endif
