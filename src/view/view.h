/*
 * view.h - showing models as text, JSON or CSV
 *
 * A view renders and never reads a target. The formats are a table in view.c; a row which a
 * format cannot show is NULL there.
 */
#ifndef NM_VIEW_VIEW_H
#define NM_VIEW_VIEW_H

#include <stdio.h>

#include "nodemem.h"

struct nm_view;
struct nm_ending;
struct nm_deaths;
struct nm_memory_verdict;
struct nm_buffers;
struct nm_findings;
struct nm_class_row;
struct nm_heap;
struct nm_constructors;
struct nm_heap_statistics;
struct nm_class_key;
struct nm_duplicates;
struct nm_leaks;
struct nm_paths;
struct nm_retainers;
struct nm_dominated;
struct nm_forecast;
struct nm_roster_row;
struct nm_roster_line;

struct nm_view_options {
	FILE *out;
	const struct nm_view *format;
	bool color;
	bool bytes;    /* sizes in bytes instead of MiB */
	bool isolates; /* every isolate and space, not the main one's totals only */
	int width;     /* columns of the terminal; 0 when it is none and nothing need be cut */
};

/* One process as `ps` shows it. */
struct nm_view_process {
	const struct nm_target_info *info;
	const struct nm_sample *sample;
	const char *problem; /* why there are no numbers; NULL when there are */
};

/* The label of a row is cut to this. */
#define NM_LABEL_WIDTH 14

/* A series is a stream of samples of one or several processes: head, rows, and a foot which explains
   the marks in them. Head and foot are NULL where a format has none. */
struct nm_series_row {
	const struct nm_target_info *info;
	const struct nm_sample *sample;
	uint64_t since_ms; /* since the watching began */
	const char *label; /* to tell several processes apart in text; NULL for one */
};

/* One process as `stat` tells it. */
struct nm_view_stat {
	const struct nm_target_info *info;
	const struct nm_sample *sample;
	const struct nm_ledger *ledger;
	const struct nm_limits *limits; /* NULL when they could not be read */
	const struct nm_memory_verdict *verdict;
};

/* Processes as `top` shows them in its batch form. */
struct nm_view_top {
	const struct nm_roster_row *rows;
	const struct nm_roster_line *lines; /* those that are shown, in that order */
	size_t count;
	size_t hidden; /* processes of any kind that may not be looked at */
	int64_t time_ms;
};

/* When a limit is reached, as `forecast` tells it. */
struct nm_view_forecast {
	const struct nm_target_info *info;
	const struct nm_forecast *forecast;
	const char *ended; /* how it did since then; NULL: it has not */
};

/* The classes of a heap as `histo` shows them. */
struct nm_view_classes {
	const struct nm_classes *classes;
	const struct nm_class_row *rows; /* in the order in which they are shown */
	size_t row_count;
	size_t top; /* show so many; 0 for all */
	bool with_garbage;
	bool is_compared; /* the rows tell what grew */
};

/* The memory of ArrayBuffers as `buffers` shows it. */
struct nm_view_buffers {
	const struct nm_buffers *buffers;
	pid_t pid;	 /* 0 for a file */
	const char *via; /* how the image was taken; "" for a file */
	uint64_t stopped_us;
	uint64_t missing_bytes; /* of a core file */
	size_t top;		/* show so many; 0 for all */
};

/* Where the objects of a heap come from. */
struct nm_view_origin {
	pid_t pid;	 /* 0 for a file */
	const char *via; /* how the image was taken; "" for a snapshot */
	uint64_t stopped_us;
	uint64_t missing_bytes; /* of a core file */
};

/* Objects by class as `heap` shows them. */
struct nm_view_heap {
	struct nm_view_origin origin;
	const struct nm_heap *heap;
	const struct nm_constructors *classes;
	const struct nm_heap_statistics *statistics;
	size_t top; /* show so many; 0 for all */
};

/* A class that changed between two heaps. */
struct nm_view_diff_row {
	const struct nm_class_key *key; /* NULL: there is the name only */
	const char *name;
	bool knows_both; /* what came and what went, not only the difference */
	uint64_t added_count, removed_count;
	uint64_t added_size, removed_size;
	int64_t count_delta, size_delta;
};

struct nm_view_diff {
	struct nm_view_origin origin;	     /* of the last heap */
	const struct nm_view_diff_row *rows; /* in the order in which they are shown */
	size_t count;
	size_t top;	   /* show so many; 0 for all */
	bool is_survivors; /* of three heaps: what came with the second and stayed */
};

/* Texts that a heap has more than once. */
struct nm_view_strings {
	struct nm_view_origin origin;
	const struct nm_heap *heap;
	const struct nm_duplicates *duplicates;
	size_t top;
};

/* What grows from snapshot to snapshot, as `leaks` shows it. */
struct nm_view_leaks {
	struct nm_view_origin origin; /* of the last heap */
	const struct nm_leaks *leaks;
	const struct nm_constructors *classes; /* of the last snapshot */
	const struct nm_paths *paths;	       /* in it */
	unsigned side_count;		       /* snapshots */
	size_t top;			       /* show so many; 0 for all */
};

/* Paths to an object, or to those of a class, as `retainers` shows them. */
struct nm_view_retainers {
	struct nm_view_origin origin;
	const struct nm_retainers *retainers;
	const char *class_name; /* NULL for one object */
	size_t top;		/* show so many; 0 for all */
};

/* A part of the dominator tree as `dominators` shows it. */
struct nm_view_dominators {
	struct nm_view_origin origin;
	const struct nm_dominated *dominated;
};

/* A recording of processes as it ended. */
struct nm_view_recorded {
	const char *path;
	uint64_t duration_ms;
	uint64_t samples;
	size_t process_count;
};

/* A page that was written, as `report` tells of it. */
struct nm_view_page {
	const char *file;
	const char *kind; /* what is in it: "heap", "history" */
	uint64_t bytes;
};

/* The deaths that a file tells of, as `why` shows them: the last one first. */
struct nm_view_deaths {
	const struct nm_deaths *deaths;
	const char *name; /* of the file */
	size_t count;	  /* show so many of those that are there */
};

struct nm_view {
	const char *name;
	void (*usage)(const struct nm_view_options *how, const struct nm_target_info *info,
		      const struct nm_sample *sample);
	void (*series_head)(const struct nm_view_options *how, bool labels);
	void (*series_row)(const struct nm_view_options *how, const struct nm_series_row *row);
	void (*series_foot)(const struct nm_view_options *how, bool saw_gc);
	void (*processes)(const struct nm_view_options *how, const struct nm_view_process *rows,
			  size_t count, size_t hidden);
	void (*top)(const struct nm_view_options *how, const struct nm_view_top *top);
	void (*system)(const struct nm_view_options *how, const struct nm_system *system);
	void (*ledger)(const struct nm_view_options *how, const struct nm_target_info *info,
		       const struct nm_ledger *ledger, const struct nm_ledger *since);
	void (*stat)(const struct nm_view_options *how, const struct nm_view_stat *stat);
	void (*forecast)(const struct nm_view_options *how, const struct nm_view_forecast *view);
	/* The same below a series. */
	void (*trend)(const struct nm_view_options *how, const struct nm_forecast *forecast);
	void (*calibration)(const struct nm_view_options *how, const struct nm_calibration *found);
	void (*ending)(const struct nm_view_options *how, const struct nm_ending *ending);
	void (*deaths)(const struct nm_view_options *how, const struct nm_view_deaths *view);
	void (*limits)(const struct nm_view_options *how, const struct nm_target_info *info,
		       const struct nm_sample *sample, const struct nm_limits *limits);
	void (*classes)(const struct nm_view_options *how, const struct nm_view_classes *classes);
	void (*buffers)(const struct nm_view_options *how, const struct nm_view_buffers *buffers);
	void (*dump)(const struct nm_view_options *how, const char *path,
		     const struct nm_dump *dump);
	void (*heap)(const struct nm_view_options *how, const struct nm_view_heap *heap);
	void (*strings)(const struct nm_view_options *how, const struct nm_view_strings *strings);
	void (*diff)(const struct nm_view_options *how, const struct nm_view_diff *diff);
	void (*leaks)(const struct nm_view_options *how, const struct nm_view_leaks *leaks);
	void (*retainers)(const struct nm_view_options *how, const struct nm_view_retainers *view);
	void (*dominators)(const struct nm_view_options *how,
			   const struct nm_view_dominators *view);
	void (*page)(const struct nm_view_options *how, const struct nm_view_page *page);
	void (*findings)(const struct nm_view_options *how, const struct nm_findings *findings);
	void (*recorded)(const struct nm_view_options *how,
			 const struct nm_view_recorded *recorded);
};

extern const struct nm_view nm_view_text;
extern const struct nm_view nm_view_json;
extern const struct nm_view nm_view_csv;

/* {"error":{"code":..,"message":..}} as one line. */
void nm_view_json_error(FILE *out, const struct nm_error *err);

#endif
