#include "cmd/family.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "source/proc/children.h"
#include "source/proc/file.h"
#include "source/proc/stat.h"

/* Looking for processes may take this part of our time. */
#define LOOK_SHARE  50
#define LOOK_MIN_MS 20
/* A process is tried again after 3, 6, 12, ... ms; more often when it is Node and starting. */
#define FIRST_TRY_MS	3
#define STARTING_TRY_MS 15
#define STARTING_TRIES	200
#define LAST_TRY_MS	500
/* Node has several threads from its start; a process with one is a fork before its exec. */
#define THREADS_MIN 2
#define PATIENCE    10

static void free_member(uv_handle_t *handle)
{
	free(handle->data);
}

static void drop_member(struct nm_member *member)
{
	nm_target_close(member->target);
	nm_sample_done(&member->sample);
	if (member->has_poll)
		uv_close((uv_handle_t *)&member->poll, free_member);
	if (member->pidfd >= 0)
		close(member->pidfd);
	if (!member->has_poll)
		free(member);
}

static void end_member(struct nm_family *family, size_t index)
{
	struct nm_member *member = family->members[index];

	/* The others keep their order. */
	memmove(&family->members[index], &family->members[index + 1],
		(--family->count - index) * sizeof(family->members[0]));
	if (member->record != 0)
		family->events.ended(family->context, member);
	drop_member(member);
}

static void on_end(uv_poll_t *poll, int status, int events)
{
	struct nm_member *member = poll->data;
	struct nm_family *family = member->family;

	(void)status;
	(void)events;
	for (size_t i = 0; i < family->count; i++)
		if (family->members[i] == member) {
			end_member(family, i);
			return;
		}
}

static void add_member(struct nm_family *family, pid_t pid)
{
	struct nm_member *member = calloc(1, sizeof(*member));

	if (!member || family->count == NM_FAMILY_MAX) {
		free(member);
		return;
	}
	member->family = family;
	member->pid = pid;
	member->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (member->pidfd < 0 && errno == ESRCH) {
		free(member);
		return;
	}
	member->try_at_ms = uv_now(family->loop);
	nm_sample_init(&member->sample);
	if (member->pidfd >= 0 && uv_poll_init(family->loop, &member->poll, member->pidfd) == 0) {
		member->has_poll = true;
		member->poll.data = member;
		uv_poll_start(&member->poll, UV_READABLE, on_end);
	}
	family->members[family->count++] = member;
}

int nm_family_init(struct nm_family *family, uv_loop_t *loop, pid_t root,
		   const struct nm_family_events *events, void *context, struct nm_error *err)
{
	memset(family, 0, sizeof(*family));
	family->loop = loop;
	family->events = *events;
	family->context = context;
	family->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (family->proc < 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot open /proc");
	if (root != 0)
		add_member(family, root);
	return NM_OK;
}

/* Where there is no pidfd. */
static void drop_ended(struct nm_family *family)
{
	for (size_t i = family->count; i > 0; i--)
		if (family->members[i - 1]->pidfd < 0 &&
		    kill(family->members[i - 1]->pid, 0) != 0 && errno == ESRCH)
			end_member(family, i - 1);
}

void nm_family_look(struct nm_family *family)
{
	uint64_t now = uv_now(family->loop), begun = uv_hrtime();
	pid_t pids[NM_FAMILY_MAX];
	size_t known, count = 0;

	if (now < family->look_at_ms)
		return;
	drop_ended(family);
	for (; count < family->count; count++)
		pids[count] = family->members[count]->pid;
	known = count;
	nm_proc_descendants(family->proc, pids, NM_FAMILY_MAX, &count);
	for (size_t i = known; i < count; i++)
		add_member(family, pids[i]);
	family->look_at_ms = now + LOOK_MIN_MS + (uv_hrtime() - begun) / 1000000 * LOOK_SHARE;
}

/* ---- what a process is called ------------------------------------------------------------ */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* The first word that is no option, cut off in place; "" when there is none. `text` is the
   command line behind the program's name. */
static char *find_script(char *text)
{
	static const char *const with_value[] = {"-r", "--require",    "--import",  "--loader",
						 "-C", "--conditions", "--env-file"};
	bool skip = false;

	for (char *word = strtok_r(text, " ", &text); word; word = strtok_r(NULL, " ", &text)) {
		if (skip || word[0] != '-') {
			if (!skip)
				return word;
			skip = false;
			continue;
		}
		if (strcmp(word, "-e") == 0 || strcmp(word, "--eval") == 0 ||
		    strcmp(word, "-p") == 0 || strcmp(word, "--print") == 0)
			return NULL;
		for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++)
			skip = skip || strcmp(word, with_value[i]) == 0;
	}
	return NULL;
}

void nm_family_label(const char *text, char *out, size_t room)
{
	char command[sizeof(((struct nm_target_info *)NULL)->command)], *rest;
	const char *name, *script;

	snprintf(command, sizeof(command), "%s", text);
	rest = command + strcspn(command, " ");
	if (*rest)
		*rest++ = '\0';
	name = base_name(command);
	if (strncmp(name, "node", 4) == 0 && (script = find_script(rest)))
		name = base_name(script);
	snprintf(out, room, "%s", name[0] ? name : "node");
	for (char *c = out; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
}

/* ---- reading ----------------------------------------------------------------------------- */

/* A number for the program that the process runs; 0 when it cannot be told. */
static uint64_t program_of(const struct nm_family *family, pid_t pid)
{
	struct stat stat;
	char name[32];

	snprintf(name, sizeof(name), "%d/exe", (int)pid);
	if (fstatat(family->proc, name, &stat, 0) != 0)
		return 0;
	return (uint64_t)stat.st_ino * 31 + (uint64_t)stat.st_dev;
}

static bool may_be_node(const struct nm_family *family, const struct nm_member *member)
{
	struct nm_proc_stat stat;
	char name[32], text[1024];

	snprintf(name, sizeof(name), "%d/stat", (int)member->pid);
	return nm_proc_read(family->proc, name, text, sizeof(text)) > 0 &&
	       nm_proc_stat_parse(text, &stat) == NM_OK && !nm_proc_stat_is_still_image(&stat) &&
	       (stat.threads >= THREADS_MIN || member->tries >= PATIENCE);
}

/* It cannot be read any more, though it may live: it runs another program now. */
static void start_over(struct nm_member *member)
{
	nm_target_close(member->target);
	member->target = NULL;
	member->is_settled = false;
	member->tries = 0;
	member->try_at_ms = uv_now(member->family->loop);
}

static void take_sample(struct nm_member *member)
{
	struct nm_family *family = member->family;
	int status = nm_target_sample(member->target, &member->sample, NULL);

	if (status == NM_OK)
		family->events.sampled(family->context, member);
	else if (status != NM_E_BUSY)
		start_over(member);
}

/* Is it of use to go on trying? Between fork and exec a process is not yet what it will be. */
static void settle(struct nm_member *member, int status)
{
	switch (status) {
	case NM_E_BUSY:
		member->is_settled = false;
		break;
	case NM_E_NOT_NODE:
		member->is_settled = true;
		break;
	case NM_E_PERM:
	case NM_E_UNSUPPORTED:
		member->is_settled = member->tries >= 4;
		break;
	default:
		member->is_settled = member->tries >= 2 * PATIENCE;
	}
}

static void try_member(struct nm_member *member)
{
	struct nm_family *family = member->family;
	uint64_t program = program_of(family, member->pid);
	int status = NM_E_BUSY;
	struct nm_error err;
	uint64_t wait = FIRST_TRY_MS, most;

	if (member->is_settled && program == member->program)
		return;
	if (program != member->program)
		member->tries = 0;
	member->is_settled = false;
	member->problem.code = NM_OK;
	member->program = program;
	err.message[0] = '\0';
	if (may_be_node(family, member))
		status = nm_target_open(member->pid, &member->target, &err);
	member->tries++;
	if (status == NM_OK) {
		nm_family_label(nm_target_info(member->target)->command, member->label,
				sizeof(member->label));
		take_sample(member);
		return;
	}
	settle(member, status);
	if (member->is_settled && status != NM_E_NOT_NODE) {
		member->problem = err;
		family->events.unreadable(family->context, &err);
	}
	most = status == NM_E_BUSY && member->tries < STARTING_TRIES ? STARTING_TRY_MS
								     : LAST_TRY_MS;
	for (unsigned i = 1; i < member->tries && wait < most; i++)
		wait *= 2;
	member->try_at_ms = uv_now(family->loop) + (wait < most ? wait : most);
}

uint64_t nm_family_try(struct nm_family *family)
{
	uint64_t now = uv_now(family->loop), next = 0;

	for (size_t i = 0; i < family->count; i++) {
		struct nm_member *member = family->members[i];
		uint64_t wait;

		if (member->target)
			continue;
		if (member->is_settled || now >= member->try_at_ms)
			try_member(member);
		if (member->target || member->is_settled)
			continue;
		wait = member->try_at_ms > now ? member->try_at_ms - now : 1;
		if (next == 0 || wait < next)
			next = wait;
	}
	return next;
}

void nm_family_add(struct nm_family *family, pid_t root)
{
	for (size_t i = 0; i < family->count; i++)
		if (family->members[i]->pid == root)
			return;
	add_member(family, root);
}

int nm_family_add_all(struct nm_family *family, struct nm_error *err)
{
	struct nm_pid_list list;
	int status = nm_find_node(&list, err);

	if (status != NM_OK)
		return status;
	for (size_t i = 0; i < list.count + list.hidden_node; i++)
		nm_family_add(family, list.pids[i]);
	family->hidden = list.hidden - list.hidden_node;
	nm_pid_list_done(&list);
	return NM_OK;
}

void nm_family_sample(struct nm_family *family, bool (*wanted)(const struct nm_member *member))
{
	for (size_t i = 0; i < family->count; i++)
		if (family->members[i]->target && (!wanted || wanted(family->members[i])))
			take_sample(family->members[i]);
}

void nm_family_done(struct nm_family *family)
{
	while (family->count > 0)
		drop_member(family->members[--family->count]);
	if (family->proc >= 0)
		close(family->proc);
}
