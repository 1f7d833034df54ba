/*
 * simulated.h - processes that leak, and processes that do not, made of numbers
 *
 * The heap of one is what lives in it and garbage, which a major collection frees when use passes V8's
 * threshold. What lives is a base, a leak, and noise of a kind. The same seed makes the same process.
 */
#ifndef NM_TESTS_UNIT_SIMULATED_H
#define NM_TESTS_UNIT_SIMULATED_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "model/outlook.h"

#define SIMULATED_LIST(X)                                                                  \
	X(LINEAR, "linear", true)                                                          \
	X(SAWTOOTH, "with a sawtooth", true)	 /* a cache that fills and is emptied */   \
	X(BURSTS, "in bursts", true)		 /* few large pieces at random times */    \
	X(PLATEAUS, "with plateaus", true)	 /* by turns it leaks and it does not */   \
	X(OUTLIERS, "with outliers", true)	 /* now and then a request holds much */   \
	X(AFTER_WARMUP, "after a warm-up", true) /* the heap of the program comes first */ \
	X(CYCLE, "with a daily cycle", true)                                               \
	X(FLAT, "steady", false)                                                           \
	X(FLAT_WALK, "wandering", false) /* about a mean to which it comes back slowly */  \
	X(FLAT_CYCLE, "daily cycle", false)                                                \
	X(FLAT_WARMUP, "warm-up", false)                                                   \
	X(FLAT_SAWTOOTH, "sawtooth", false)                                                \
	X(FLAT_STEP, "one or two steps", false)                                            \
	X(FLAT_STOPPED, "a leak that ended", false)

enum simulated_kind {
#define X(name, text, leaks) SIMULATED_##name,
	SIMULATED_LIST(X)
#undef X
		SIMULATED_KINDS,
};

#define SIMULATED_FIRST_FLAT SIMULATED_FLAT

struct simulated {
	enum simulated_kind kind;
	uint64_t random;
	bool has_counts; /* V8's counters of collections are known */
	bool is_rss;	 /* all of it without collections, as a container's usage */
	double limit, base;
	double steps_seen, steps_to_death; /* of the leak without noise */
	double step_ms;
	double fast, fast_phi; /* noise from step to step */
	double slow, slow_steps;
	double size, period, phase; /* of the sawtooth, the cycle, the warm-up or the step */
	/* Now. */
	double step, leaked, fast_now, slow_now, live, garbage, garbage_a_step, threshold;
	double turn_left;
	bool is_leaking;
	uint64_t majors;
};

static inline double simulated_uniform(struct simulated *it)
{
	uint64_t z = it->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static inline double simulated_between(struct simulated *it, double low, double high)
{
	return low + (high - low) * simulated_uniform(it);
}

static inline double simulated_normal(struct simulated *it)
{
	const double u = 1 - simulated_uniform(it);

	return sqrt(-2 * log(u)) * cos(2 * M_PI * simulated_uniform(it));
}

/* Every quantity that the kinds need; each kind looks at its own. */
static inline void simulated_begin(struct simulated *it, enum simulated_kind kind, uint64_t seed)
{
	memset(it, 0, sizeof(*it));
	it->kind = kind;
	it->random = seed * SIMULATED_KINDS + (uint64_t)kind;
	it->has_counts = simulated_uniform(it) < 0.5;
	it->limit = 0x1p20 * exp(simulated_between(it, log(50), log(4000)));
	it->base = it->limit * simulated_between(it, 0.05, 0.3);
	it->steps_seen = floor(simulated_between(it, 300, 3000));
	it->steps_to_death = it->steps_seen / simulated_between(it, 0.25, 0.7);
	/* A minute to a week. */
	it->step_ms = exp(simulated_between(it, log(60e3), log(7 * 86400e3))) / it->steps_seen;
	it->fast = it->limit * simulated_between(it, 0.001, 0.01);
	it->fast_phi = simulated_between(it, 0, 0.95);
	it->slow = it->limit * simulated_between(it, 0, 0.01);
	it->slow_steps = it->steps_seen / simulated_between(it, 5, 30);
	it->garbage_a_step = it->limit * simulated_between(it, 0.002, 0.03);
	it->phase = simulated_uniform(it);
	it->is_leaking = true;
	switch (kind) {
	case SIMULATED_SAWTOOTH:
	case SIMULATED_FLAT_SAWTOOTH:
		it->size = it->limit * simulated_between(it, 0.01, 0.05);
		it->period = it->steps_seen / simulated_between(it, 6, 40);
		break;
	case SIMULATED_CYCLE:
		it->size = it->limit * simulated_between(it, 0.005, 0.03);
		it->period = it->steps_seen / simulated_between(it, 3, 8);
		break;
	case SIMULATED_FLAT_CYCLE:
		it->size = it->limit * simulated_between(it, 0.02, 0.1);
		it->period = it->steps_seen / simulated_between(it, 1.5, 8);
		break;
	case SIMULATED_BURSTS:
		it->size = simulated_between(it, 30, 100); /* bursts until the end */
		break;
	case SIMULATED_PLATEAUS:
		it->size = simulated_between(it, 0.3, 0.7); /* part of the time it leaks */
		it->period = it->steps_seen / simulated_between(it, 6, 20);
		break;
	case SIMULATED_OUTLIERS:
		it->size = it->limit * simulated_between(it, 0.05, 0.3);
		break;
	case SIMULATED_AFTER_WARMUP:
		it->size = it->limit * simulated_between(it, 0.02, 0.2);
		it->period = it->steps_seen / simulated_between(it, 10, 50);
		break;
	case SIMULATED_FLAT_WALK:
		it->slow = it->limit * simulated_between(it, 0.005, 0.05);
		it->slow_steps = it->steps_seen / simulated_between(it, 4, 30);
		break;
	case SIMULATED_FLAT_WARMUP:
		it->size = it->limit * simulated_between(it, 0.02, 0.4);
		it->period = it->steps_seen / simulated_between(it, 5, 50);
		break;
	case SIMULATED_FLAT_STEP:
	case SIMULATED_FLAT_STOPPED:
		it->size = it->limit * simulated_between(it, 0.05, 0.3);
		break;
	default:
		break;
	}
	it->slow_now = it->slow * simulated_normal(it);
	it->threshold = it->base * 1.5;
}

static inline double simulated_leak(struct simulated *it)
{
	const double even = (it->limit - it->base) / it->steps_to_death;
	const double bursts_a_step = it->size / it->steps_to_death;

	switch (it->kind) {
	case SIMULATED_BURSTS:
		return simulated_uniform(it) < bursts_a_step
			       ? even / bursts_a_step * simulated_between(it, 0.5, 1.5)
			       : 0;
	case SIMULATED_PLATEAUS:
		if (--it->turn_left <= 0) {
			it->is_leaking = !it->is_leaking;
			it->turn_left = it->period * simulated_between(it, 0.7, 1.3) *
					(it->is_leaking ? it->size : 1 - it->size);
		}
		return it->is_leaking ? even / it->size : 0;
	case SIMULATED_FLAT_STOPPED:
		return it->step < it->steps_seen * (0.15 + 0.45 * it->phase)
			       ? it->size / (it->steps_seen * (0.15 + 0.45 * it->phase))
			       : 0;
	default:
		return it->kind < SIMULATED_FIRST_FLAT ? even : 0;
	}
}

static inline double simulated_shape(const struct simulated *it)
{
	const double turns = it->period > 0 ? it->step / it->period : 0;
	const double share = it->step / it->steps_seen;

	switch (it->kind) {
	case SIMULATED_SAWTOOTH:
	case SIMULATED_FLAT_SAWTOOTH:
		return it->size * fmod(turns + it->phase, 1);
	case SIMULATED_CYCLE:
	case SIMULATED_FLAT_CYCLE:
		return it->size * (1 + sin(2 * M_PI * (turns + it->phase)));
	case SIMULATED_AFTER_WARMUP:
	case SIMULATED_FLAT_WARMUP:
		return it->size * (1 - exp(-turns));
	case SIMULATED_FLAT_STEP:
		return it->size * ((share > 0.1 + 0.6 * it->phase) +
				   (it->phase > 0.5 && share > 0.2 + 0.7 * it->phase));
	default:
		return 0;
	}
}

/* What lives after the next step, but for outliers: when that reaches the limit, it is over. */
static inline double simulated_live(struct simulated *it)
{
	const double back = 1 / it->slow_steps;

	it->step++;
	it->leaked += simulated_leak(it);
	it->fast_now = it->fast_phi * it->fast_now +
		       sqrt(1 - it->fast_phi * it->fast_phi) * it->fast * simulated_normal(it);
	it->slow_now += sqrt(2 * back) * it->slow * simulated_normal(it) - back * it->slow_now;
	return fmax(it->base + it->leaked + simulated_shape(it) + it->fast_now + it->slow_now,
		    it->base / 4);
}

static inline void simulated_look(struct simulated *it, struct nm_heap_use *out)
{
	double live = simulated_live(it);

	if (it->kind == SIMULATED_OUTLIERS && simulated_uniform(it) < 0.02)
		live += it->size * simulated_uniform(it);
	/* What dies is garbage first. */
	it->garbage +=
		it->garbage_a_step * simulated_between(it, 0.5, 1.5) + fmax(it->live - live, 0);
	it->live = live;
	if (live + it->garbage > it->threshold || it->garbage > it->limit / 3) {
		it->majors++;
		it->garbage = it->garbage_a_step * simulated_uniform(it);
		it->threshold =
			live + fmax(live * simulated_between(it, 0.1, 0.5), it->garbage_a_step * 2);
	}
	memset(out, 0, sizeof(*out));
	out->time_ms = (int64_t)(1.7e12 + it->step * it->step_ms);
	out->old_used = (uint64_t)(live + it->garbage);
	out->has_counts = it->has_counts;
	out->majors = it->majors;
}

/* Watch it for `steps_seen`, then forecast. False when it died before. */
static inline bool simulated_watch(struct simulated *it, struct nm_forecast *out)
{
	static struct nm_trend used;
	const struct nm_forecast_of of = {NM_LIMIT_CGROUP_MAX, "/", (uint64_t)it->limit,
					  NM_BASIS_USED, &used};
	struct nm_collection found[NM_COLLECTIONS_MAX];
	struct nm_heap_use use = {.time_ms = 0};
	struct nm_outlook outlook;
	unsigned count;

	memset(&used, 0, sizeof(used));
	nm_outlook_init(&outlook);
	while (it->step < it->steps_seen && it->live < it->limit) {
		simulated_look(it, &use);
		nm_outlook_add_heap(&outlook, "main", (uint64_t)it->limit, &use, found, &count);
		nm_trend_add(&used, use.time_ms, use.old_used);
	}
	nm_outlook_forecast(&outlook, use.time_ms, out);
	if (it->is_rss)
		nm_forecast_make(&of, use.time_ms, out);
	nm_outlook_done(&outlook);
	return it->live < it->limit;
}

/* Let it live on: ms from now until what lives reaches the limit. */
static inline double simulated_death(struct simulated *it)
{
	const double begun = it->step;

	while (it->step < 100 * it->steps_to_death)
		if (simulated_live(it) >= it->limit)
			break;
	return (it->step - begun) * it->step_ms;
}

#endif
