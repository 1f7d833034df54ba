#include "model/node_rule.h"

#include <stdlib.h>

#include "base/units.h"

#define OLD_SPACE_MIN (256 * NM_MIB)
#define OLD_SPACE_MAX (2 * NM_GIB)
#define OLD_SPACE_BIG (4 * NM_GIB)
#define PAGE_OF_HEAP  (256 * NM_KIB)

/* Oldest first. A new row needs a release to measure it on, in tests/node/versions.txt. */
static const struct nm_node_rule rules[] = {
	/* libuv 1.43: /sys/fs/cgroup/memory/memory.limit_in_bytes and nothing else. */
	{16, false, false, 15872 * NM_MIB, 128, false, NM_MIB, 16 * NM_MIB},
	{18, false, false, 15872 * NM_MIB, 128, false, NM_MIB, 16 * NM_MIB},
	/* libuv 1.45 and later: the group that /proc/self/cgroup names. */
	{20, true, false, 15872 * NM_MIB, 128, false, NM_MIB, 16 * NM_MIB},
	{22, true, false, 15360 * NM_MIB, 128, false, NM_MIB, 16 * NM_MIB},
	/* libuv 1.52: resource limits too. */
	{24, true, true, 15360 * NM_MIB, 32, false, NM_MIB, 64 * NM_MIB},
	{26, true, true, 15360 * NM_MIB, 128, true, 2 * NM_MIB, 32 * NM_MIB},
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

const struct nm_node_rule *nm_node_rule_find(unsigned major, bool *out_proven)
{
	const struct nm_node_rule *rule = &rules[0];

	for (size_t i = 0; i < RULE_COUNT; i++)
		if (rules[i].major <= major)
			rule = &rules[i];
	*out_proven = rule->major == major;
	return rule;
}

unsigned nm_node_rule_major(const char *version)
{
	const char *digits = version + (version[0] == 'v');
	char *end;
	long major;

	if (digits[0] < '1' || digits[0] > '9')
		return 0;
	major = strtol(digits, &end, 10);
	return (*end == '.' || *end == '\0') && major < 1000 ? (unsigned)major : 0;
}

const struct nm_node_rule *nm_node_rule_of(const char *version, bool *out_proven)
{
	unsigned major = nm_node_rule_major(version);

	return major == 0 ? NULL : nm_node_rule_find(major, out_proven);
}

struct belief {
	uint64_t memory;
	enum nm_belief_source source;
};

static void lower(struct belief *belief, bool known, uint64_t memory, enum nm_belief_source source)
{
	/* Nothing is limited to 0 and runs: libuv takes it for "not known" as well. */
	if (!known || memory == 0 || memory >= belief->memory)
		return;
	belief->memory = memory;
	belief->source = source;
}

uint64_t nm_node_rule_believes(const struct nm_node_rule *rule, const struct nm_node_sight *sight,
			       enum nm_belief_source *out_source)
{
	struct belief belief = {sight->totalmem, NM_BELIEF_MACHINE};
	bool has_own = (sight->has & (NM_SIGHT_OWN_MAX | NM_SIGHT_OWN_HIGH)) != 0;

	if (rule->sees_own_group) {
		lower(&belief, (sight->has & NM_SIGHT_OWN_MAX) != 0, sight->own_max,
		      NM_BELIEF_GROUP_MAX);
		lower(&belief, (sight->has & NM_SIGHT_OWN_HIGH) != 0, sight->own_high,
		      sight->cgroup_version == 1 ? NM_BELIEF_GROUP_SOFT : NM_BELIEF_GROUP_HIGH);
	}
	if (!rule->sees_own_group || (!has_own && sight->cgroup_version == 0))
		lower(&belief, (sight->has & NM_SIGHT_TOP_MAX) != 0, sight->top_max,
		      NM_BELIEF_TOP_MAX);
	if (rule->sees_rlimits) {
		lower(&belief, (sight->has & NM_SIGHT_ADDRESS_SPACE) != 0, sight->address_space,
		      NM_BELIEF_ADDRESS_SPACE);
		lower(&belief, (sight->has & NM_SIGHT_DATA) != 0, sight->data, NM_BELIEF_DATA);
	}
	*out_source = belief.source;
	return belief.memory;
}

static uint64_t power_of_two(uint64_t size)
{
	uint64_t power = 1;

	while (power < size && power < (UINT64_C(1) << 62))
		power *= 2;
	return power;
}

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
	return value < least ? least : value > most ? most : value;
}

static uint64_t round_up_page(uint64_t size)
{
	return (size + PAGE_OF_HEAP - 1) / PAGE_OF_HEAP * PAGE_OF_HEAP;
}

struct nm_node_heap nm_node_rule_heap(const struct nm_node_rule *rule, uint64_t memory)
{
	uint64_t most = memory >= rule->big_from ? OLD_SPACE_BIG : OLD_SPACE_MAX;
	uint64_t old = clamp(memory / 2, OLD_SPACE_MIN, most);
	uint64_t whole = rule->semi_of_memory ? memory : old;
	struct nm_node_heap heap;

	/* The smallest heap has the smallest semi-space, whatever its part of it would be. */
	heap.semi_space = clamp(power_of_two((whole + rule->semi_share - 1) / rule->semi_share),
				rule->semi_min, rule->semi_max);
	if (!rule->semi_of_memory && old == OLD_SPACE_MIN)
		heap.semi_space = rule->semi_min;
	heap.old_space = round_up_page(old);
	heap.limit = heap.old_space + 3 * heap.semi_space;
	return heap;
}

const struct nm_node_rule *nm_node_rule_older(const struct nm_node_rule *rule,
					      const struct nm_node_sight *sight,
					      struct nm_node_heap *out_heap)
{
	enum nm_belief_source source;
	uint64_t semi =
		nm_node_rule_heap(rule, nm_node_rule_believes(rule, sight, &source)).semi_space;

	while (rule-- > rules) {
		*out_heap = nm_node_rule_heap(rule, nm_node_rule_believes(rule, sight, &source));
		if (out_heap->semi_space != semi)
			return rule;
	}
	return NULL;
}

const char *nm_belief_text(enum nm_belief_source source)
{
	static const char *const texts[] = {
#define X(name, text) text,
		NM_BELIEF_LIST(X)
#undef X
	};

	return texts[source];
}
