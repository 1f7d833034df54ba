#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/units.h"
#include "model/node_rule.h"

/* Measured on 18.20, 20.20, 22.23, 24.21 and 26.10, and on 16.18: heap_size_limit in KiB. */
struct measured {
	uint64_t memory_kib;
	unsigned limit_kib[5]; /* 16, 18 and 20 alike; 22; 24; 26 */
};

static const unsigned majors[] = {16, 20, 22, 24, 26};

#define MIB 1024

static const struct measured cells[] = {
	{64 * MIB, {259 * MIB, 259 * MIB, 259 * MIB, 259 * MIB, 262 * MIB}},
	{256 * MIB, {259 * MIB, 259 * MIB, 259 * MIB, 259 * MIB, 262 * MIB}},
	{257 * MIB, {259 * MIB, 259 * MIB, 259 * MIB, 259 * MIB, 268 * MIB}},
	{512 * MIB, {259 * MIB, 259 * MIB, 259 * MIB, 259 * MIB, 268 * MIB}},
	{513 * MIB, {274944, 274944, 274944, 311808, 287232}},
	{600 * MIB + 37 * 4, {319744, 319744, 319744, 356608, 332032}},
	{768 * MIB, {396 * MIB, 396 * MIB, 396 * MIB, 432 * MIB, 408 * MIB}},
	{1000 * MIB + 4, {524544, 524544, 524544, 561408, 536832}},
	{1024 * MIB, {524 * MIB, 524 * MIB, 524 * MIB, 560 * MIB, 536 * MIB}},
	{2048 * MIB, {1048 * MIB, 1048 * MIB, 1048 * MIB, 1120 * MIB, 1072 * MIB}},
	{2049 * MIB, {1098240, 1098240, 1098240, 1245696, 1147392}},
	{4096 * MIB, {2096 * MIB, 2096 * MIB, 2096 * MIB, 2240 * MIB, 2144 * MIB}},
	{12288 * MIB, {2096 * MIB, 2096 * MIB, 2096 * MIB, 2240 * MIB, 2144 * MIB}},
	{15360 * MIB - 4, {2096 * MIB, 2096 * MIB, 2096 * MIB, 2240 * MIB, 2144 * MIB}},
	{15360 * MIB, {2096 * MIB, 2096 * MIB, 4144 * MIB, 4288 * MIB, 4192 * MIB}},
	{15872 * MIB - 4, {2096 * MIB, 2096 * MIB, 4144 * MIB, 4288 * MIB, 4192 * MIB}},
	{15872 * MIB, {4144 * MIB, 4144 * MIB, 4144 * MIB, 4288 * MIB, 4192 * MIB}},
	{65536 * MIB, {4144 * MIB, 4144 * MIB, 4144 * MIB, 4288 * MIB, 4192 * MIB}},
};

static void the_default_heap_limit_is_as_measured(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		for (size_t k = 0; k < sizeof(majors) / sizeof(majors[0]); k++) {
			bool proven;
			struct nm_node_heap heap =
				nm_node_rule_heap(nm_node_rule_find(majors[k], &proven),
						  cells[i].memory_kib * NM_KIB);

			assert_true(proven);
			if (heap.limit != cells[i].limit_kib[k] * NM_KIB)
				fail_msg("Node %u with %llu KiB: %llu KiB, not %u", majors[k],
					 (unsigned long long)cells[i].memory_kib,
					 (unsigned long long)(heap.limit / NM_KIB),
					 cells[i].limit_kib[k]);
			assert_int_equal(heap.limit, heap.old_space + 3 * heap.semi_space);
		}
}

struct belief_case {
	const char *name;
	unsigned major;
	struct nm_node_sight sight;
	uint64_t memory;
	enum nm_belief_source source;
};

#define ALL                                                                                     \
	{                                                                                       \
		NM_SIGHT_OWN_MAX | NM_SIGHT_OWN_HIGH | NM_SIGHT_TOP_MAX | NM_SIGHT_DATA, 1, 90, \
			50, 40, 60, 0, 30                                                       \
	}

static const struct belief_case belief_cases[] = {
	{"16 looks at the top of version 1", 16, ALL, 60, NM_BELIEF_TOP_MAX},
	{"18 as well", 18, ALL, 60, NM_BELIEF_TOP_MAX},
	{"20 looks at its own group, and its soft limit", 20, ALL, 40, NM_BELIEF_GROUP_SOFT},
	{"22 too", 22, ALL, 40, NM_BELIEF_GROUP_SOFT},
	{"24 looks at RLIMIT_DATA too", 24, ALL, 30, NM_BELIEF_DATA},
	{"26 and at RLIMIT_AS",
	 26,
	 {.has = NM_SIGHT_ADDRESS_SPACE, .totalmem = 9, .address_space = 8},
	 8,
	 NM_BELIEF_ADDRESS_SPACE},
	{"18 does not know version 2",
	 18,
	 {.has = NM_SIGHT_OWN_MAX, .cgroup_version = 2, .totalmem = 90, .own_max = 50},
	 90,
	 NM_BELIEF_MACHINE},
	{"memory.high counts",
	 20,
	 {.has = NM_SIGHT_OWN_HIGH, .cgroup_version = 2, .totalmem = 90, .own_high = 50},
	 50,
	 NM_BELIEF_GROUP_HIGH},
	{"without a group of its own, the top",
	 20,
	 {.has = NM_SIGHT_TOP_MAX, .cgroup_version = 0, .totalmem = 90, .top_max = 50},
	 50,
	 NM_BELIEF_TOP_MAX},
	{"with an unlimited one, not the top",
	 20,
	 {.has = NM_SIGHT_TOP_MAX, .cgroup_version = 1, .totalmem = 90, .top_max = 50},
	 90,
	 NM_BELIEF_MACHINE},
	{"more than the machine has is no limit",
	 20,
	 {.has = NM_SIGHT_OWN_MAX, .cgroup_version = 2, .totalmem = 90, .own_max = 99},
	 90,
	 NM_BELIEF_MACHINE},
	{"0 is no limit",
	 20,
	 {.has = NM_SIGHT_OWN_MAX, .cgroup_version = 2, .totalmem = 90, .own_max = 0},
	 90,
	 NM_BELIEF_MACHINE},
};

static void node_believes_what_it_sees(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(belief_cases) / sizeof(belief_cases[0]); i++) {
		const struct belief_case *one = &belief_cases[i];
		enum nm_belief_source source;
		bool proven;
		uint64_t memory = nm_node_rule_believes(nm_node_rule_find(one->major, &proven),
							&one->sight, &source);

		if (memory != one->memory || source != one->source)
			fail_msg("%s: %llu, %s", one->name, (unsigned long long)memory,
				 nm_belief_text(source));
	}
}

static void a_release_in_no_row_is_unproven(void **state)
{
	const struct {
		unsigned major, row;
		bool proven;
	} cases[] = {{14, 16, false}, {16, 16, true},  {17, 16, false}, {23, 22, false},
		     {26, 26, true},  {27, 26, false}, {99, 26, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool proven;

		assert_int_equal(nm_node_rule_find(cases[i].major, &proven)->major, cases[i].row);
		assert_int_equal(proven, cases[i].proven);
	}
}

static void a_version_is_read(void **state)
{
	const struct {
		const char *text;
		unsigned major;
	} cases[] = {
		{"v20.20.2", 20}, {"24", 24}, {"v8", 8},  {"", 0},  {"v", 0},
		{"x24", 0},	  {"24x", 0}, {"-24", 0}, {"0", 0}, {"99999999999999999999", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(nm_node_rule_major(cases[i].text), cases[i].major);
}

static void the_older_rule_with_another_semi_space_is_found(void **state)
{
	const struct nm_node_sight pod = {.has = NM_SIGHT_OWN_MAX,
					  .cgroup_version = 2,
					  .totalmem = 64 * NM_GIB,
					  .own_max = 512 * NM_MIB};
	struct nm_node_heap heap;
	bool proven;

	(void)state;
	assert_int_equal(nm_node_rule_older(nm_node_rule_find(22, &proven), &pod, &heap)->major,
			 18);
	assert_int_equal(heap.semi_space, 16 * NM_MIB);
	assert_int_equal(nm_node_rule_older(nm_node_rule_find(26, &proven), &pod, &heap)->major,
			 24);
	assert_int_equal(heap.semi_space, NM_MIB);
	assert_null(nm_node_rule_older(nm_node_rule_find(18, &proven), &pod, &heap));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_heap_limit_is_as_measured),
		cmocka_unit_test(node_believes_what_it_sees),
		cmocka_unit_test(a_release_in_no_row_is_unproven),
		cmocka_unit_test(a_version_is_read),
		cmocka_unit_test(the_older_rule_with_another_semi_space_is_found),
	};

	return cmocka_run_group_tests_name("node_rule", tests, NULL, NULL);
}
