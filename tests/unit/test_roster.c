#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "model/roster.h"

#define COUNT 5

struct planted {
	struct nm_target_info infos[COUNT];
	struct nm_sample samples[COUNT];
	struct nm_forecast forecasts[COUNT];
	struct nm_roster_row rows[COUNT];
};

static struct planted plant(void)
{
	static const struct {
		pid_t pid, parent;
		const char *name;
		uint64_t rss; /* 0: not known */
	} plan[COUNT] = {
		{10, 0, "Api", 300},  {20, 10, "job", 500}, {30, 20, "job", 100},
		{40, 10, "web", 900}, {50, 99, "odd", 0},
	};
	struct planted planted = {0};

	for (int i = 0; i < COUNT; i++) {
		planted.infos[i].pid = plan[i].pid;
		snprintf(planted.infos[i].command, sizeof(planted.infos[i].command), "node %s.js",
			 plan[i].name);
		planted.samples[i].rss = plan[i].rss;
		planted.samples[i].has = plan[i].rss ? NM_HAS_RSS : 0;
		planted.rows[i].name = plan[i].name;
		planted.rows[i].parent = plan[i].parent;
	}
	return planted;
}

/* The pids in the order of their lines, after ">" for each step into the tree. */
static const char *arrange(struct planted *planted, const struct nm_roster_order *order)
{
	static char text[200];
	struct nm_roster_line lines[COUNT];
	size_t count, used = 0;

	for (int i = 0; i < COUNT; i++) {
		planted->rows[i].info = &planted->infos[i];
		planted->rows[i].sample = &planted->samples[i];
		planted->rows[i].forecast = &planted->forecasts[i];
	}
	count = nm_roster_arrange(planted->rows, COUNT, order, lines);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.*s%d", i ? " " : "",
					 (int)lines[i].depth, ">>>>",
					 (int)planted->rows[lines[i].row].info->pid);
	return text;
}

static void the_largest_come_first_and_the_unknown_last(void **state)
{
	struct planted planted = plant();
	struct nm_roster_order order = {.key = NM_ROSTER_RSS};

	(void)state;
	assert_string_equal(arrange(&planted, &order), "40 20 10 30 50");
	order.is_inverted = true;
	assert_string_equal(arrange(&planted, &order), "30 10 20 40 50");
}

static void names_and_pids_come_in_ascending_order(void **state)
{
	struct planted planted = plant();
	struct nm_roster_order order = {.key = NM_ROSTER_NAME};

	(void)state;
	assert_string_equal(arrange(&planted, &order), "10 20 30 50 40");
	order.key = NM_ROSTER_PID;
	assert_string_equal(arrange(&planted, &order), "10 20 30 40 50");
	order.is_inverted = true;
	assert_string_equal(arrange(&planted, &order), "50 40 30 20 10");
}

static void the_limit_that_is_nearest_in_time_comes_first(void **state)
{
	struct planted planted = plant();
	const struct nm_roster_order order = {.key = NM_ROSTER_TIME};

	(void)state;
	for (int i = 0; i < COUNT; i++)
		planted.forecasts[i].reason = NM_FORECAST_NO_TREND;
	planted.forecasts[1].reason = planted.forecasts[3].reason = NM_FORECAST_OK;
	planted.forecasts[1].eta_ms = 7000;
	planted.forecasts[3].eta_ms = 5000;
	assert_string_equal(arrange(&planted, &order), "40 20 10 30 50");
}

static void children_stand_below_their_parents(void **state)
{
	struct planted planted = plant();
	const struct nm_roster_order order = {.key = NM_ROSTER_RSS, .is_tree = true};

	(void)state;
	assert_string_equal(arrange(&planted, &order), "10 >40 >20 >>30 50");
}

static void rails_tell_whether_there_is_more_below(void **state)
{
	struct planted planted = plant();
	const struct nm_roster_order order = {.key = NM_ROSTER_PID, .is_tree = true};
	struct nm_roster_line lines[COUNT];

	(void)state;
	arrange(&planted, &order);
	assert_int_equal(nm_roster_arrange(planted.rows, COUNT, &order, lines), COUNT);
	/* 10, below it 20 and 40, and 30 below 20. */
	assert_int_equal(lines[1].rails, 1u << 1);
	assert_int_equal(lines[2].rails, 1u << 1);
	assert_int_equal(lines[3].rails, 0);
}

static void parents_that_contradict_each_other_hide_nobody(void **state)
{
	struct planted planted = plant();
	const struct nm_roster_order order = {.key = NM_ROSTER_PID, .is_tree = true};

	(void)state;
	planted.rows[0].parent = 20;
	planted.rows[4].parent = 50;
	assert_string_equal(arrange(&planted, &order), "50 10 >20 >>30 >40");
}

static void set_filter(struct nm_roster_order *order, const char *text)
{
	snprintf(order->filter, sizeof(order->filter), "%s", text);
}

static void a_filter_looks_into_name_command_and_number(void **state)
{
	struct planted planted = plant();
	struct nm_roster_order order = {.key = NM_ROSTER_PID, .filter = "API"};

	(void)state;
	assert_string_equal(arrange(&planted, &order), "10");
	set_filter(&order, "b.js");
	assert_string_equal(arrange(&planted, &order), "20 30 40");
	set_filter(&order, "50");
	assert_string_equal(arrange(&planted, &order), "50");
	set_filter(&order, "nothing");
	assert_string_equal(arrange(&planted, &order), "");
	/* A child whose parent is filtered out is a root. */
	set_filter(&order, "job");
	order.is_tree = true;
	assert_string_equal(arrange(&planted, &order), "20 >30");
}

static void keys_are_found_by_name(void **state)
{
	enum nm_roster_key key;

	(void)state;
	for (int i = 0; i < NM_ROSTER_COUNT; i++) {
		assert_true(nm_roster_find_key(nm_roster_key_name((enum nm_roster_key)i), &key));
		assert_int_equal(key, i);
	}
	assert_false(nm_roster_find_key("size", &key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_come_first_and_the_unknown_last),
		cmocka_unit_test(names_and_pids_come_in_ascending_order),
		cmocka_unit_test(the_limit_that_is_nearest_in_time_comes_first),
		cmocka_unit_test(children_stand_below_their_parents),
		cmocka_unit_test(rails_tell_whether_there_is_more_below),
		cmocka_unit_test(parents_that_contradict_each_other_hide_nobody),
		cmocka_unit_test(a_filter_looks_into_name_command_and_number),
		cmocka_unit_test(keys_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
