#include "cmd/top/watch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "model/sample.h"
#include "source/find.h"
#include "source/proc/file.h"
#include "source/proc/stat.h"

/* Finding new processes may take this part of our time, and is done no more often than this. */
#define FIND_SHARE  300
#define FIND_MIN_MS 1000

/* Reading the limits of a process takes 0.25 ms, a forecast up to 1 ms: of many processes not every second. */
#define LIMITS_MS_EACH	200
#define LIMITS_MS_LEAST 1000
#define LIMITS_MS_MOST	60000
#define FORECAST_ROUNDS 5
#define PARENT_ROUNDS	10

/* Between a process and its nearest ancestor that is Node: npm, shells, supervisors. */
#define ANCESTORS_MAX 16

/* ---- the processes ------------------------------------------------------------------------- */

static void free_process(struct nm_top_process *process)
{
	if (!process)
		return;
	nm_follow_done(&process->follow);
	nm_sample_done(&process->sample);
	free(process);
}

static struct nm_top_process *process_of(const struct nm_top_watch *watch,
					 const struct nm_member *member)
{
	return member->record == 0 ? NULL : watch->processes[member->record - 1];
}

static pid_t read_parent(int proc, pid_t pid)
{
	const int pid_dir = nm_proc_open_pid(proc, pid);
	struct nm_proc_stat stat;
	pid_t parent = 0;

	if (pid_dir < 0)
		return 0;
	if (nm_proc_stat_read(pid_dir, &stat) == 0)
		parent = stat.parent;
	close(pid_dir);
	return parent;
}

/* What is known of the member so far, made if there is nothing yet. NULL when there is no room or memory. */
static struct nm_top_process *add_process(struct nm_top_watch *watch, struct nm_member *member)
{
	struct nm_top_process *process = process_of(watch, member);
	size_t slot = 0;

	if (process)
		return process;
	while (slot < NM_FAMILY_MAX && watch->processes[slot])
		slot++;
	process = slot < NM_FAMILY_MAX ? calloc(1, sizeof(*process)) : NULL;
	if (!process)
		return NULL;
	process->pid = member->pid;
	nm_sample_init(&process->sample);
	nm_follow_init(&process->follow);
	watch->processes[slot] = process;
	member->record = slot + 1;
	return process;
}

static int copy_sample(struct nm_sample *to, const struct nm_sample *from)
{
	struct nm_isolate *isolates;
	unsigned room;

	if (nm_sample_reserve(to, from->isolate_count) != NM_OK)
		return NM_E_NOMEM;
	isolates = to->isolates;
	room = to->isolate_room;
	*to = *from;
	to->isolates = isolates;
	to->isolate_room = room;
	if (from->isolate_count > 0)
		memcpy(isolates, from->isolates, from->isolate_count * sizeof(*isolates));
	return NM_OK;
}

static void pace_limits(const struct nm_top_watch *watch, struct nm_follow *follow)
{
	const int64_t wanted = (int64_t)watch->family.count * LIMITS_MS_EACH;

	follow->limits_every_ms = wanted < LIMITS_MS_LEAST  ? LIMITS_MS_LEAST
				  : wanted > LIMITS_MS_MOST ? LIMITS_MS_MOST
							    : wanted;
}

static void on_sample(void *context, struct nm_member *member)
{
	struct nm_top_watch *watch = context;
	struct nm_top_process *process = add_process(watch, member);

	if (!process || copy_sample(&process->sample, &member->sample) != NM_OK)
		return;
	memcpy(process->name, member->label, sizeof(process->name));
	process->info = *nm_target_info(member->target);
	process->problem[0] = '\0';
	pace_limits(watch, &process->follow);
	nm_follow_sample(&process->follow, member->target, &member->sample, NULL);
	nm_trail_add(&process->trail, &member->sample);
	/* Not all in the same round, but at once when there is none. */
	if (process->forecast_at == 0 ||
	    (watch->round + (uint64_t)process->pid) % FORECAST_ROUNDS == 0) {
		nm_follow_forecast(&process->follow, &process->forecast);
		process->forecast_at = watch->round + 1;
	}
}

static void make_rows(struct nm_top_watch *watch);

static void drop_ended(struct nm_top_watch *watch)
{
	for (size_t i = 0; i < NM_FAMILY_MAX; i++) {
		struct nm_top_process *process = watch->processes[i];

		if (!process || !process->has_ended || process->pid == watch->kept)
			continue;
		free_process(process);
		watch->processes[i] = NULL;
	}
}

static void on_end(void *context, struct nm_member *member)
{
	struct nm_top_watch *watch = context;
	struct nm_top_process *process = process_of(watch, member);

	if (!process)
		return;
	process->has_ended = true;
	drop_ended(watch);
	make_rows(watch);
}

/* Told by the member itself: see make_rows(). */
static void on_unreadable(void *context, const struct nm_error *err)
{
	(void)context;
	(void)err;
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* What the kernel tells everybody. False when it has ended. */
static bool describe(struct nm_top_process *process, const struct nm_member *member)
{
	const bool is_there = nm_find_describe(process->pid, &process->info, &process->sample);

	process->sample.isolate_count = 0;
	nm_family_label(process->info.command, process->name, sizeof(process->name));
	memcpy(process->problem, member->problem.message, sizeof(process->problem));
	return is_there;
}

void nm_top_watch_row(const struct nm_top_process *process, struct nm_roster_row *out)
{
	*out = (struct nm_roster_row){
		.info = &process->info,
		.sample = &process->sample,
		.name = process->name,
		.problem = process->problem[0] ? process->problem : NULL,
		.forecast = process->forecast_at > 0 ? &process->forecast : NULL,
		.trail = &process->trail,
		.parent = process->parent,
	};
}

static bool has_row(const struct nm_top_watch *watch, pid_t pid)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->rows[i].info->pid == pid)
			return true;
	return false;
}

/* The nearest ancestor with a row. Parents change seldom: now and then is enough. */
static void find_parents(struct nm_top_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++) {
		struct nm_top_process *process = nm_top_watch_find(watch, watch->rows[i].info->pid);
		pid_t pid;

		if (!process || (process->parent_at > 0 &&
				 (watch->round + (uint64_t)process->pid) % PARENT_ROUNDS != 0))
			continue;
		pid = read_parent(watch->family.proc, process->pid);
		for (int k = 0; k < ANCESTORS_MAX && pid > 1 && !has_row(watch, pid); k++)
			pid = read_parent(watch->family.proc, pid);
		process->parent = pid > 1 && has_row(watch, pid) ? pid : 0;
		process->parent_at = watch->round + 1;
		watch->rows[i].parent = process->parent;
	}
}

static void make_rows(struct nm_top_watch *watch)
{
	watch->count = 0;
	for (size_t i = 0; i < watch->family.count; i++) {
		struct nm_member *member = watch->family.members[i];
		struct nm_top_process *process = process_of(watch, member);

		if (!member->target && member->problem.code != NM_OK) {
			process = add_process(watch, member);
			if (process && !describe(process, member))
				process = NULL;
		} else if (!member->target) {
			process = NULL;
		}
		if (process)
			nm_top_watch_row(process, &watch->rows[watch->count++]);
	}
}

struct nm_top_process *nm_top_watch_find(const struct nm_top_watch *watch, pid_t pid)
{
	struct nm_top_process *ended = NULL;

	for (size_t i = 0; i < NM_FAMILY_MAX; i++) {
		struct nm_top_process *process = watch->processes[i];

		if (!process || process->pid != pid)
			continue;
		/* The number may have been given to another one since. */
		if (!process->has_ended)
			return process;
		ended = process;
	}
	return ended;
}

/* ---- rounds -------------------------------------------------------------------------------- */

int nm_top_watch_init(struct nm_top_watch *watch, uv_loop_t *loop, const pid_t *only,
		      size_t only_count, struct nm_error *err)
{
	static const struct nm_family_events events = {on_sample, on_end, on_unreadable};

	memset(watch, 0, sizeof(*watch));
	watch->only = only;
	watch->only_count = only_count;
	return nm_family_init(&watch->family, loop, 0, &events, watch, err);
}

static int find_processes(struct nm_top_watch *watch, struct nm_error *err)
{
	const uint64_t now = uv_now(watch->family.loop), begun = uv_hrtime();
	int status = NM_OK;

	if (now < watch->find_at_ms)
		return NM_OK;
	for (size_t i = 0; i < watch->only_count; i++)
		nm_family_add(&watch->family, watch->only[i]);
	if (!watch->only)
		status = nm_family_add_all(&watch->family, err);
	watch->find_at_ms = now + FIND_MIN_MS + (uv_hrtime() - begun) * FIND_SHARE / 1000000;
	return status;
}

int nm_top_watch_round(struct nm_top_watch *watch, struct nm_error *err)
{
	const int status = find_processes(watch, err);

	nm_family_sample(&watch->family, NULL);
	/* Those that are new are sampled by this. */
	nm_family_try(&watch->family);
	make_rows(watch);
	find_parents(watch);
	watch->round++;
	return status;
}

uint64_t nm_top_watch_try(struct nm_top_watch *watch)
{
	const uint64_t wait = nm_family_try(&watch->family);

	make_rows(watch);
	find_parents(watch);
	return wait;
}

void nm_top_watch_keep(struct nm_top_watch *watch, pid_t pid)
{
	watch->kept = pid;
	drop_ended(watch);
}

struct nm_target *nm_top_watch_target(const struct nm_top_watch *watch, pid_t pid)
{
	for (size_t i = 0; i < watch->family.count; i++)
		if (watch->family.members[i]->pid == pid)
			return watch->family.members[i]->target;
	return NULL;
}

void nm_top_watch_done(struct nm_top_watch *watch)
{
	nm_family_done(&watch->family);
	for (size_t i = 0; i < NM_FAMILY_MAX; i++)
		free_process(watch->processes[i]);
}
