#include "cmd/serve/lookout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/error.h"
#include "source/proc/container.h"
#include "version.h"

#define FIND_EVERY_MS	2000
#define LIMITS_EVERY_MS 1000

static int64_t now_ms(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return (int64_t)now.tv_sec * 1000 + now.tv_usec / 1000;
}

/* ---- what the family tells --------------------------------------------------------------- */

static struct nm_watched *find_watched(struct nm_lookout *lookout, struct nm_member *member)
{
	struct nm_watched *watched;
	size_t slot = 0;

	if (member->record != 0)
		return lookout->watched[member->record - 1];
	while (slot < NM_FAMILY_MAX && lookout->watched[slot])
		slot++;
	watched = slot < NM_FAMILY_MAX ? calloc(1, sizeof(*watched)) : NULL;
	if (!watched)
		return NULL;
	watched->member = member;
	nm_outlook_init(&watched->outlook);
	nm_container_read(lookout->family.proc, member->pid, &watched->container);
	lookout->watched[slot] = watched;
	member->record = slot + 1;
	return watched;
}

static void free_watched(struct nm_watched *watched)
{
	if (!watched)
		return;
	nm_outlook_done(&watched->outlook);
	if (watched->has_limits)
		nm_limits_done(&watched->limits);
	nm_past_done(&watched->past);
	free(watched);
}

static void read_limits(struct nm_watched *watched)
{
	const struct nm_sample *sample = &watched->member->sample;
	const int64_t since_ms = sample->time_ms - watched->limits_ms;
	struct nm_limits limits;

	/* The clock may have been set back. */
	if (since_ms >= 0 && since_ms < LIMITS_EVERY_MS)
		return;
	watched->limits_ms = sample->time_ms;
	if (watched->has_limits)
		nm_limits_done(&watched->limits);
	watched->has_limits =
		nm_limits_read(watched->member->target, sample, &limits, NULL) == NM_OK;
	if (!watched->has_limits)
		return;
	watched->limits = limits;
	nm_outlook_add_limits(&watched->outlook, sample, &limits);
}

static void on_sample(void *context, struct nm_member *member)
{
	struct nm_watched *watched = find_watched(context, member);

	if (!watched)
		return;
	nm_target_read_available(member->target, &member->sample);
	nm_outlook_add_sample(&watched->outlook, &member->sample, NULL);
	read_limits(watched);
	nm_outlook_forecast(&watched->outlook, member->sample.time_ms, &watched->forecast);
	nm_past_add(&watched->past, &member->sample);
}

static void on_end(void *context, struct nm_member *member)
{
	struct nm_lookout *lookout = context;
	struct nm_watched *watched = lookout->watched[member->record - 1];
	struct nm_fleet_ended *ended = &lookout->ended[lookout->ended_count % NM_ENDED_MAX];

	memset(ended, 0, sizeof(*ended));
	ended->pid = member->pid;
	memcpy(ended->label, member->label, sizeof(ended->label));
	if (member->target)
		ended->started_ms = nm_target_info(member->target)->started_ms;
	ended->ended_ms = now_ms();
	lookout->ended_count++;
	lookout->watched[member->record - 1] = NULL;
	free_watched(watched);
	/* The fleet may speak of it. */
	lookout->fleet.count = 0;
	lookout->looked_at_ms = 0;
}

static void on_unreadable(void *context, const struct nm_error *err)
{
	const struct nm_lookout *lookout = context;

	if (lookout->is_verbose)
		fprintf(stderr, "nodemem: %s\n", err->message);
}

/* ---- looking ----------------------------------------------------------------------------- */

static void describe(const struct nm_lookout *lookout, struct nm_member *member,
		     struct nm_fleet_process *out)
{
	const struct nm_watched *watched =
		member->record != 0 ? lookout->watched[member->record - 1] : NULL;

	memset(out, 0, sizeof(*out));
	out->pid = member->pid;
	out->app = member->label;
	if (member->problem.code != NM_OK)
		out->problem = nm_status_name(member->problem.code);
	if (!watched || !member->target)
		return;
	out->container = watched->container;
	out->info = nm_target_info(member->target);
	out->sample = &member->sample;
	out->limits = watched->has_limits ? &watched->limits : NULL;
	out->forecast = &watched->forecast;
}

/* Members that are no Node processes are none of the fleet. */
static void make_fleet(struct nm_lookout *lookout)
{
	size_t count = 0;

	for (size_t i = 0; i < lookout->family.count; i++) {
		struct nm_member *member = lookout->family.members[i];

		if (member->record != 0 || member->problem.code != NM_OK)
			describe(lookout, member, &lookout->processes[count++]);
	}
	lookout->fleet.processes = lookout->processes;
	lookout->fleet.count = count;
	lookout->fleet.hidden = lookout->family.hidden;
	lookout->fleet.time_ms = now_ms();
	lookout->fleet.version = NM_VERSION;
}

static void look(struct nm_lookout *lookout)
{
	const uint64_t begun = uv_hrtime();

	nm_family_sample(&lookout->family, NULL);
	make_fleet(lookout);
	lookout->fleet.took_us = (uv_hrtime() - begun) / 1000;
	uv_update_time(lookout->loop);
	lookout->looked_at_ms = uv_now(lookout->loop);
	lookout->looks++;
	if (lookout->looked)
		lookout->looked(lookout->context);
}

static void on_try_again(uv_timer_t *timer)
{
	struct nm_lookout *lookout = timer->data;
	const uint64_t next = nm_family_try(&lookout->family);

	if (next != 0)
		uv_timer_start(timer, on_try_again, next, 0);
}

static void find_more(struct nm_lookout *lookout)
{
	if (lookout->is_all)
		nm_family_add_all(&lookout->family, NULL);
	nm_family_look(&lookout->family);
	on_try_again(&lookout->try_again);
}

static void on_tick(uv_timer_t *timer)
{
	struct nm_lookout *lookout = timer->data;
	const uint64_t slot = uv_now(lookout->loop) / FIND_EVERY_MS;

	if (lookout->every_ms >= FIND_EVERY_MS || slot != lookout->looked_at_ms / FIND_EVERY_MS)
		find_more(lookout);
	look(lookout);
}

void nm_lookout_set_pace(struct nm_lookout *lookout, uint64_t every_ms)
{
	if (lookout->every_ms == every_ms)
		return;
	lookout->every_ms = every_ms;
	uv_timer_start(&lookout->timer, on_tick, every_ms, every_ms);
}

int nm_lookout_init(struct nm_lookout *lookout, uv_loop_t *loop, const pid_t *pids, size_t count,
		    struct nm_error *err)
{
	static const struct nm_family_events events = {on_sample, on_end, on_unreadable};
	int status;

	lookout->loop = loop;
	lookout->is_all = count == 0;
	lookout->processes = calloc(NM_FAMILY_MAX, sizeof(*lookout->processes));
	if (!lookout->processes)
		return nm_error_nomem(err);
	status = nm_family_init(&lookout->family, loop, 0, &events, lookout, err);
	if (status != NM_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		nm_family_add(&lookout->family, pids[i]);
	uv_timer_init(loop, &lookout->timer);
	uv_timer_init(loop, &lookout->try_again);
	lookout->timer.data = lookout->try_again.data = lookout;
	lookout->is_started = true;
	uv_update_time(loop);
	find_more(lookout);
	look(lookout);
	nm_lookout_set_pace(lookout, NM_CALM_MS);
	return NM_OK;
}

struct nm_fleet *nm_lookout_fleet(struct nm_lookout *lookout, uint64_t age_ms)
{
	uv_update_time(lookout->loop);
	if (lookout->looked_at_ms == 0 || uv_now(lookout->loop) - lookout->looked_at_ms > age_ms)
		look(lookout);
	return &lookout->fleet;
}

const struct nm_watched *nm_lookout_find(const struct nm_lookout *lookout, pid_t pid)
{
	for (size_t i = 0; i < NM_FAMILY_MAX; i++)
		if (lookout->watched[i] && lookout->watched[i]->member->pid == pid)
			return lookout->watched[i]->member->target ? lookout->watched[i] : NULL;
	return NULL;
}

void nm_lookout_stop(struct nm_lookout *lookout)
{
	if (!lookout->is_started)
		return;
	uv_close((uv_handle_t *)&lookout->timer, NULL);
	uv_close((uv_handle_t *)&lookout->try_again, NULL);
	nm_family_done(&lookout->family);
}

void nm_lookout_done(struct nm_lookout *lookout)
{
	for (size_t i = 0; i < NM_FAMILY_MAX; i++)
		free_watched(lookout->watched[i]);
	free(lookout->processes);
}
