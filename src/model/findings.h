/*
 * findings.h - what is wrong with the limits of Node processes, and the setting that mends it
 *
 * From plain facts to findings; nothing is read here. The ids are fixed: scripts rely on them.
 *
 * Owns     a list of findings owns its items, until nm_findings_done(). Facts own their sample and
 *          their limits, until nm_facts_done().
 */
#ifndef NM_MODEL_FINDINGS_H
#define NM_MODEL_FINDINGS_H

#include "model/node_flags.h"
#include "model/node_rule.h"

enum nm_severity { NM_SEVERITY_INFO, NM_SEVERITY_WARNING, NM_SEVERITY_CRITICAL };

struct nm_finding {
	const char *id; /* static text: "heap-above-container" */
	enum nm_severity severity;
	pid_t pid; /* 0 when it is not of one process */
	char text[600];
	char fix[600]; /* may be empty */
};

struct nm_plan;

struct nm_findings {
	struct nm_finding *items; /* owned */
	size_t count;
	size_t looked_at;	    /* processes */
	const struct nm_plan *plan; /* borrowed; NULL when real processes were looked at */
	bool failed;		    /* no memory for one of them */
};

/* What is known of one process. */
struct nm_facts {
	pid_t pid;
	struct nm_target_info info;
	struct nm_error problem; /* why its memory cannot be read; code NM_OK when it can */
	struct nm_sample sample;
	bool has_limits;
	struct nm_limits limits;
	struct nm_node_flags flags;
	bool has_inspector; /* it listens */
	bool inspector_is_local;
	char inspector[64]; /* "127.0.0.1:9229" */
	int ptrace_scope;   /* of Yama; -1 where there is no Yama */
};

/* A release line with so much memory, without a process. */
struct nm_plan {
	unsigned major;
	uint64_t totalmem; /* of the machine */
	uint64_t memory;   /* limit of the container, in its own control group; 0 for none */
	int cgroup_version;

	/* Computed by nm_plan_make(). */
	bool is_proven;
	uint64_t believes;
	enum nm_belief_source believes_from;
	struct nm_node_heap heap;
	bool kernel_first;	/* a growing heap meets the kernel before its own limit */
	uint64_t old_space_mib; /* for --max-old-space-size, so that it does not; 0: no room */
	unsigned older_major;	/* of a release line with another heap here; 0 for none */
	struct nm_node_heap older;
};

const char *nm_severity_name(enum nm_severity severity);

void nm_findings_init(struct nm_findings *findings);
void nm_findings_done(struct nm_findings *findings);

/* How many there are of this severity or worse. */
size_t nm_findings_count(const struct nm_findings *findings, enum nm_severity severity);

/* What follows from the facts of one process. */
void nm_findings_add_process(struct nm_findings *findings, const struct nm_facts *facts);

/* Node processes which together may take more than the control group that they share. With `pid`
   only the group of that process counts. */
void nm_findings_add_shared(struct nm_findings *findings, const struct nm_facts *facts,
			    size_t count, pid_t pid);

/* Processes that could not be looked at; `node` of them were started as "node". */
void nm_findings_add_hidden(struct nm_findings *findings, size_t hidden, size_t node,
			    int ptrace_scope);

void nm_plan_make(struct nm_plan *plan);
void nm_findings_add_plan(struct nm_findings *findings, const struct nm_plan *plan);

void nm_facts_init(struct nm_facts *facts);
void nm_facts_done(struct nm_facts *facts);

/*
 * A value for --max-old-space-size in MiB, for one of `sharers` processes in `memory`: three
 * quarters of its share, and less when what it has beside the heap and its semi-spaces need more.
 * 0 when there is no room worth trying.
 */
uint64_t nm_findings_old_space_mib(uint64_t memory, size_t sharers, uint64_t beside,
				   uint64_t semi_space);

/* For the files that make findings: a new one at the end, NULL when there is no memory. */
struct nm_finding *nm_findings_add(struct nm_findings *findings, const char *id,
				   enum nm_severity severity, pid_t pid);

/* Append to one of the two texts of a finding, which may be NULL. */
#define NM_FINDING_TEXT(finding, ...) nm_finding_say(finding, false, __VA_ARGS__)
#define NM_FINDING_FIX(finding, ...)  nm_finding_say(finding, true, __VA_ARGS__)
void nm_finding_say(struct nm_finding *finding, bool fix, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The advice to set --max-old-space-size, or to give more memory where that does not help. */
void nm_finding_fix_heap(struct nm_finding *finding, uint64_t mib);

/* What a Node process that does nothing has in memory beside its JavaScript heap: 30 to 37 MiB
   measured for Node 16 to 26. */
#define NM_NODE_BESIDE_HEAP (UINT64_C(40) << 20)

#endif
