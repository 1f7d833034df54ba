#include "source/v8/calibrate_child.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calibrate_script.h"

#define LINE_MAX_SIZE (64 * 1024)
#define ANSWER_MS     20000

struct nm_v8_child {
	char path[512];
	pid_t pid;
	int to_child;
	int from_child;
	bool has_begun;
	size_t length; /* of what is in `line` */
	char line[LINE_MAX_SIZE];
};

extern char **environ;

/* The environment without what would change the child's heap or make it run other code. */
static char **make_environment(void)
{
	size_t count = 0, kept = 0;
	char **environment;

	while (environ[count])
		count++;
	environment = calloc(count + 1, sizeof(*environment));
	for (size_t i = 0; environment && i < count; i++)
		if (strncmp(environ[i], "NODE_", 5) != 0)
			environment[kept++] = environ[i];
	return environment;
}

static int spawn(struct nm_v8_child *child, bool limited, int in, int out, struct nm_error *err)
{
	char gc[] = "--expose-gc", single[] = "--single-threaded", eval[] = "-e";
	char old[48], semi[48], script[] = CALIBRATE_SCRIPT;
	char *argv[] = {child->path, gc, single, old, semi, eval, script, NULL};
	char *unlimited[] = {child->path, gc, single, eval, script, NULL};
	char **environment = make_environment();
	posix_spawn_file_actions_t actions;
	int failed;

	if (!environment)
		return nm_error_nomem(err);
	snprintf(old, sizeof(old), "--max-old-space-size=%d", NM_V8_CALIBRATE_OLD_MIB);
	snprintf(semi, sizeof(semi), "--max-semi-space-size=%d", NM_V8_CALIBRATE_SEMI_MIB);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	failed = posix_spawn(&child->pid, child->path, &actions, NULL, limited ? argv : unlimited,
			     environment);
	posix_spawn_file_actions_destroy(&actions);
	free(environment);
	if (failed) {
		child->pid = 0;
		return nm_error_set_errno(err, NM_E_IO, failed, "cannot run %s", child->path);
	}
	return NM_OK;
}

int nm_v8_child_open(const char *path, bool limited, struct nm_v8_child **out, struct nm_error *err)
{
	struct nm_v8_child *child = calloc(1, sizeof(*child));
	int in[2] = {-1, -1}, from[2] = {-1, -1};
	int status;

	if (!child)
		return nm_error_nomem(err);
	/* A name without a slash is a file of this folder here, never one of PATH. */
	snprintf(child->path, sizeof(child->path), "%s%s", strchr(path, '/') ? "" : "./", path);
	/* A socket, because writing to one can be told not to raise SIGPIPE. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0 ||
	    pipe2(from, O_CLOEXEC) != 0)
		status = nm_error_set_errno(err, NM_E_IO, errno, "cannot make a pipe");
	else
		status = spawn(child, limited, in[0], from[1], err);
	child->to_child = in[1];
	child->from_child = from[0];
	if (in[0] >= 0)
		close(in[0]);
	if (from[1] >= 0)
		close(from[1]);
	if (status != NM_OK) {
		nm_v8_child_close(child);
		return status;
	}
	*out = child;
	return NM_OK;
}

pid_t nm_v8_child_pid(const struct nm_v8_child *child)
{
	return child->pid;
}

static bool take_size(const json_t *object, const char *key, uint64_t *out)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*out = (uint64_t)json_integer_value(value);
	return true;
}

static bool take_text(const json_t *object, const char *key, const char *before, char *out,
		      size_t room)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && (size_t)snprintf(out, room, "%s%s", before, text) < room;
}

static int take_spaces(const json_t *spaces, struct nm_v8_truth *out, struct nm_error *err)
{
	size_t count = json_array_size(spaces);

	for (size_t i = 0; i < count; i++) {
		const json_t *space = json_array_get(spaces, i);
		const char *name = json_string_value(json_object_get(space, "space_name"));

		if (!name || i >= NM_V8_SPACE_COUNT || !nm_v8_space_find(name, &out->spaces[i]))
			return nm_error_set(err, NM_E_UNSUPPORTED,
					    "cannot calibrate: V8 has a space named %s, which this "
					    "nodemem does not know (a newer nodemem may)",
					    name ? name : "nothing");
		if (!take_size(space, "space_size", &out->size[i]) ||
		    !take_size(space, "space_used_size", &out->used[i]))
			return nm_error_set(err, NM_E_CORRUPT,
					    "cannot calibrate: the sizes of %s are no numbers",
					    name);
	}
	out->space_count = (uint32_t)count;
	return NM_OK;
}

static int parse_truth(const struct nm_v8_child *child, struct nm_v8_truth *out,
		       struct nm_error *err)
{
	struct nm_v8_truth truth = {.heap_total = 0};
	json_t *document = json_loads(child->line, 0, NULL);
	const json_t *usage = json_object_get(document, "usage");
	const json_t *collections = json_object_get(document, "collections");
	const json_t *versions = json_object_get(document, "versions");
	int status;

	truth.only_collected = json_is_true(json_object_get(collections, "alone"));
	if (!take_size(usage, "heapTotal", &truth.heap_total) ||
	    !take_size(usage, "heapUsed", &truth.heap_used) ||
	    !take_size(usage, "external", &truth.external) ||
	    !take_size(usage, "arrayBuffers", &truth.array_buffers) ||
	    !take_size(json_object_get(document, "heap"), "heap_size_limit",
		       &truth.heap_size_limit) ||
	    !take_size(collections, "major", &truth.major_gcs) ||
	    !take_size(collections, "minor", &truth.minor_gcs) ||
	    !take_text(versions, "node", "v", truth.node, sizeof(truth.node)) ||
	    !take_text(versions, "v8", "", truth.v8, sizeof(truth.v8)))
		status = nm_error_set(err, NM_E_NOT_NODE,
				      "cannot calibrate: %s does not answer as Node.js does",
				      child->path);
	else
		status = take_spaces(json_object_get(document, "spaces"), &truth, err);
	json_decref(document);
	if (status == NM_OK)
		*out = truth;
	return status;
}

/* Read until there is a whole line, the child ends (0), or time is up. */
static int read_line(struct nm_v8_child *child, struct nm_error *err)
{
	child->length = 0;
	for (;;) {
		struct pollfd poll_fd = {.fd = child->from_child, .events = POLLIN};
		ssize_t got;

		if (poll(&poll_fd, 1, ANSWER_MS) == 0)
			return nm_error_set(err, NM_E_IO,
					    "cannot calibrate: %s gave no answer in %d s",
					    child->path, ANSWER_MS / 1000);
		got = read(child->from_child, child->line + child->length,
			   sizeof(child->line) - 1 - child->length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return 0;
		child->length += (size_t)got;
		child->line[child->length] = '\0';
		if (child->line[child->length - 1] == '\n')
			return 1;
		if (child->length == sizeof(child->line) - 1)
			return nm_error_set(err, NM_E_LIMIT, "cannot calibrate: %s says too much",
					    child->path);
	}
}

int nm_v8_child_step(struct nm_v8_child *child, struct nm_v8_truth *out, struct nm_error *err)
{
	int status;

	if (child->has_begun && send(child->to_child, "\n", 1, MSG_NOSIGNAL) != 1)
		return nm_error_set(err, NM_E_IO, "cannot calibrate: %s ended early", child->path);
	status = read_line(child, err);
	if (status == 0 && !child->has_begun)
		return nm_error_set(err, NM_E_NOT_NODE,
				    "cannot calibrate: %s does not run as Node.js does "
				    "(a bundled application or another program)",
				    child->path);
	child->has_begun = true;
	if (status <= 0)
		return status;
	status = parse_truth(child, out, err);
	return status == NM_OK ? 1 : status;
}

void nm_v8_child_close(struct nm_v8_child *child)
{
	if (!child)
		return;
	if (child->to_child >= 0)
		close(child->to_child);
	if (child->from_child >= 0)
		close(child->from_child);
	if (child->pid > 0) {
		kill(child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
	}
	free(child);
}
