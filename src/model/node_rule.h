/*
 * node_rule.h - THE RULE TABLE: how each release line of Node.js sizes its heap
 *
 * At its start Node looks for the memory that it may use, in places which depend on the release
 * (libuv's uv_get_constrained_memory), and computes V8's heap limit from it, in a way which depends
 * on the release too (V8's Heap::HeapSizeFromPhysicalMemory). Everything in the table was measured
 * on real releases and is measured anew by tests/node/limits.py.
 */
#ifndef NM_MODEL_NODE_RULE_H
#define NM_MODEL_NODE_RULE_H

#include "nodemem.h"

struct nm_node_rule {
	unsigned major;
	bool sees_own_group; /* of cgroup v1 and v2; otherwise the top of v1 only */
	bool sees_rlimits;   /* RLIMIT_AS and RLIMIT_DATA */
	uint64_t big_from;   /* memory from which the heap may be 4 GiB instead of 2 */
	uint64_t semi_share; /* a semi-space is this part of the heap, or of the memory ... */
	bool semi_of_memory; /* ... if this is set, rounded up to a power of two */
	uint64_t semi_min;
	uint64_t semi_max;
};

/* The rule of the release line; of the next older one, or the oldest, where it is not in the table:
   *out_proven is false then. */
const struct nm_node_rule *nm_node_rule_find(unsigned major, bool *out_proven);

/* The major number of "v20.20.2" or "20"; 0 when it is none. */
unsigned nm_node_rule_major(const char *version);

/* The rule of a version as above; NULL when it is none. */
const struct nm_node_rule *nm_node_rule_of(const char *version, bool *out_proven);

enum nm_node_sight_has {
	NM_SIGHT_OWN_MAX = 1u << 0,
	NM_SIGHT_OWN_HIGH = 1u << 1,
	NM_SIGHT_TOP_MAX = 1u << 2,
	NM_SIGHT_ADDRESS_SPACE = 1u << 3,
	NM_SIGHT_DATA = 1u << 4,
};

/* What a Node process would find in the places where any release looks. What has no bit sets no
   limit. */
struct nm_node_sight {
	unsigned has;	    /* enum nm_node_sight_has */
	int cgroup_version; /* of the own group's numbers */
	uint64_t totalmem;
	uint64_t own_max;  /* memory.max or memory.limit_in_bytes of its own group */
	uint64_t own_high; /* memory.high or memory.soft_limit_in_bytes of its own group */
	uint64_t top_max;  /* /sys/fs/cgroup/memory/memory.limit_in_bytes */
	uint64_t address_space;
	uint64_t data;
};

/* The memory that this Node thinks it has. */
uint64_t nm_node_rule_believes(const struct nm_node_rule *rule, const struct nm_node_sight *sight,
			       enum nm_belief_source *out_source);

/* The parts of the heap limit that this Node takes for so much memory when no flag says another. */
struct nm_node_heap {
	uint64_t old_space;
	uint64_t semi_space;
	uint64_t limit; /* heap_size_limit: old space and three semi-spaces */
};

struct nm_node_heap nm_node_rule_heap(const struct nm_node_rule *rule, uint64_t memory);

/*
 * The nearest older rule under which the same process, with the same limits, would take another
 * semi-space; NULL when there is none. *out_heap is the heap that it would take.
 */
const struct nm_node_rule *nm_node_rule_older(const struct nm_node_rule *rule,
					      const struct nm_node_sight *sight,
					      struct nm_node_heap *out_heap);

const char *nm_belief_text(enum nm_belief_source source);

#endif
