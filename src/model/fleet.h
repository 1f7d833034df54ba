/*
 * fleet.h - many processes as they were just looked at, and their numbers as points for other systems
 *
 * A point is one number of a family of exports.h with its labels. Unknown is no point. A fleet is made by a
 * command and borrowed while its points are used.
 */
#ifndef NM_MODEL_FLEET_H
#define NM_MODEL_FLEET_H

#include "model/exports.h"
#include "model/forecast.h"

/* Where a process runs, as far as its control group tells without doubt; texts are empty when it does not. */
struct nm_container {
	char id[65];  /* of the container: 64 hexadecimal digits */
	char pod[37]; /* of the Kubernetes pod: its uid */
};

struct nm_fleet_process {
	pid_t pid;
	const char *app; /* the script's name, or ""; plain */
	struct nm_container container;
	const struct nm_target_info *info;  /* NULL while the process is not read */
	const struct nm_sample *sample;	    /* likewise */
	const struct nm_limits *limits;	    /* NULL when not known */
	const struct nm_forecast *forecast; /* likewise */
	const char *problem; /* why it is not read: the name of an enum nm_status; NULL */
	char release[3][12]; /* of Node.js, in parts; filled by nm_points_make() */
};

/* One that is there no more. */
struct nm_fleet_ended {
	pid_t pid;
	char label[32];
	int64_t started_ms, ended_ms; /* since 1970; 0: not known */
};

struct nm_fleet {
	struct nm_fleet_process *processes; /* those that were found first stand first */
	size_t count;
	size_t hidden;	     /* processes started as "node" that may not be looked at */
	int64_t time_ms;     /* since 1970 */
	uint64_t took_us;    /* to look at them */
	const char *version; /* of this program */
};

#define NM_POINT_LABELS	 4
#define NM_POINT_OF_NONE SIZE_MAX

struct nm_point {
	enum nm_export_id id;
	size_t process; /* index; NM_POINT_OF_NONE for what is of none */
	bool is_real;
	uint64_t whole;
	double real;
	unsigned label_count;
	struct {
		enum nm_label_id id;
		const char *value; /* borrowed from the fleet; may be whatever a process chose */
	} labels[NM_POINT_LABELS];
};

struct nm_points {
	struct nm_point *items; /* owned */
	size_t count;
	size_t room;
	size_t dropped; /* points left out because there were more than wanted */
	bool failed;	/* there was no memory for all */
};

/* All points of the fleet, at most `max` for Prometheus: a process is in there whole or not at all. `points`
   is zeroed, or one made before, whose memory is used again. NM_E_NOMEM. */
int nm_points_make(struct nm_points *points, struct nm_fleet *fleet, size_t max);

void nm_points_done(struct nm_points *points);

#endif
